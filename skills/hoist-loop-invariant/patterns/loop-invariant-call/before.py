def shared(left: list[int], right: list[int]) -> list[int]:
    """What is in both."""
    return [value for value in left if value in set(right)]
