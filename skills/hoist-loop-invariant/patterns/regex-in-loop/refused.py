import re


def numbers(prefix: str, names: list[str]) -> int:
    hits = 0
    for name in names:
        if name:
            hits += bool(re.compile(re.escape(prefix)).match(name))
    return hits
