import re

_FIRST_NUMBER_FOUND = re.compile(r"\d+", re.ASCII)


def first_number(text: str) -> str:
    """The first number of a text."""
    found = _FIRST_NUMBER_FOUND.search(text)  # digits only
    return found.group() if found else ""
