import re


def first_number(text: str) -> str:
    """The first number of a text."""
    found = re.search(r"\d+", text, re.ASCII)  # digits only
    return found.group() if found else ""
