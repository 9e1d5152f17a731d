def drain(queue: list[int]) -> int:
    total = 0
    while queue:
        total += queue.pop(0)
    return total
