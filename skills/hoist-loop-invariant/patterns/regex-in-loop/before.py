import re


def numbers(prefix: str, names: list[str]) -> list[str]:
    """Names without their prefix."""
    found = []
    for name in names:
        pattern = re.compile(rf"{re.escape(prefix)}-0*([0-9]+)")
        match = pattern.fullmatch(name)
        found.append(match.group(1) if match else name)
    return found
