def known(table: dict[str, int], names: list[str]) -> list[str]:
    """Names the table has."""
    return [name for name in names if name in table]
