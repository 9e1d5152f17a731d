import re


def broken(text: str) -> bool:
    return re.search(r"(unclosed", text) is not None
