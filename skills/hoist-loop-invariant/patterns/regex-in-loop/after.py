import re


def numbers(prefix: str, names: list[str]) -> list[str]:
    """Names without their prefix."""
    found = []
    pattern = re.compile(rf"{re.escape(prefix)}-0*([0-9]+)")
    for name in names:
        match = pattern.fullmatch(name)
        found.append(match.group(1) if match else name)
    return found
