from pathlib import Path


def replace_all(path: Path, words: list[str]) -> None:
    for word in words:
        text = path.read_text()
        path.write_text(text.replace(word, ""))
