import logging
from itertools import count

log = logging.getLogger("shop")

_ship_records = count(1)


def ship(orders: list[str]) -> int:
    """How many orders were shipped."""
    for order in orders:
        if (record := next(_ship_records)) <= 100 or record % 20 == 0:
            log.info("shipped %s", order)
    return len(orders)
