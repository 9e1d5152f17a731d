def shares(left: list[int], right: list[int]) -> list[set[int]]:
    return [set(right) for _ in left]
