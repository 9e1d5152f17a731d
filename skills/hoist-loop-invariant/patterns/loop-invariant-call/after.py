def shared(left: list[int], right: list[int]) -> list[int]:
    """What is in both."""
    right_set = set(right)
    return [value for value in left if value in right_set]
