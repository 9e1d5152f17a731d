def cheapest(prices: list[int]) -> int:
    """The lowest price, zero without any."""
    if not prices:
        return 0
    return sorted(prices)[0]
