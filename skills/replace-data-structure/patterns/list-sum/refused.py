def flatten(rows: tuple[object, ...]) -> list[int]:
    return sum(*rows, start=[])
