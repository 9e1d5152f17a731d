def cheapest(prices: list[int]) -> int:
    return sorted(prices)[0]
