from pathlib import Path


def counts(path: Path, words: list[str]) -> dict[str, int]:
    """How often each word occurs in a file."""
    found = {}
    for word in words:
        text = path.read_text()
        found[word] = text.count(word)
    return found
