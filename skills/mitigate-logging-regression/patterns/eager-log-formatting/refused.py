import logging

log = logging.getLogger("shop")


def take(rows: list[int]) -> int:
    log.debug(f"taking {rows.pop()}")
    return len(rows)
