from pathlib import Path


def counts(path: Path, words: list[str]) -> dict[str, int]:
    """How often each word occurs in a file."""
    found = {}
    text = path.read_text()
    for word in words:
        found[word] = text.count(word)
    return found
