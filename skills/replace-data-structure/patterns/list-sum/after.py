from itertools import chain


def flatten(rows: list[list[int]]) -> list[int]:
    """All values of all rows."""
    return list(chain.from_iterable(rows))
