def groups(rows: list[list[int]]) -> int:
    seen = []
    count = 0
    for row in rows:
        if row not in seen:
            seen.append([*row])
            count += 1
    return count
