import logging

log = logging.getLogger("shop")


def describe(row: dict[str, int]) -> str:
    """Short text about a row."""
    return ", ".join(sorted(row))


def keep(rows: list[dict[str, int]]) -> int:
    """How many rows are kept."""
    for row in rows:
        # one line a row
        if log.isEnabledFor(logging.DEBUG):
            log.debug(f"kept {describe(row)}")
    return len(rows)


def scale(value: int, factor: int) -> int:
    """A product."""
    log.debug("%s times %s", value, factor)
    return value * factor
