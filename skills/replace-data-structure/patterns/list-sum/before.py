def flatten(rows: list[list[int]]) -> list[int]:
    """All values of all rows."""
    return sum(rows, [])
