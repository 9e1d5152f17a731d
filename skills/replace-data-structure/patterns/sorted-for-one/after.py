def cheapest(prices: list[int]) -> int:
    """The lowest price, zero without any."""
    if not prices:
        return 0
    return min(prices)
