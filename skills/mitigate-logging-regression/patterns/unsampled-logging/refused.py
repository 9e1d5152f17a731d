import logging

log = logging.getLogger("shop")


def ship(orders: list[str]) -> None:
    while orders:
        log.info("shipped %s", orders.pop())
