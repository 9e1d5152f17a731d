"""Which files a scan reads, and how their functions are called in profiles."""

from __future__ import annotations

import io
import os
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from effnb.opportunities._known import words

SKIPPED_FOLDERS = words("""
    node_modules __pycache__ site-packages dist-packages venv env build dist target vendor third_party bower_components
    eggs wheels htmlcov
""")
"""Folders of code that is somebody else's or made by a tool; hidden folders are skipped too."""
GENERATED_NAMES = ("_pb2.py", "_pb2_grpc.py", ".min.js", ".bundle.js", ".pb.go", "_generated.py", ".generated.py")
MAX_BYTES = 1_000_000
HEAD_BYTES = 2_000
LANGUAGES = {
    ".py": "python",
    ".go": "go",
    ".java": "java",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".tsx": "tsx",
    ".cc": "cpp",
    ".cpp": "cpp",
    ".cxx": "cpp",
    ".hpp": "cpp",
    ".rs": "rust",
}
"""Language of a file by its suffix."""


@dataclass
class Skipped:
    """How many files were left out, by reason, and the first of those that could not be read."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def note(self, reason: str, file: str = "") -> None:
        """Count a file that was left out; with ``file`` it is also named."""
        self.counts[reason] += 1
        if file and len(self.examples) < 5:
            self.examples.append(file)

    def __str__(self) -> str:
        named = f" ({', '.join(self.examples)})" if self.examples else ""
        return ", ".join(f"{n} {reason}" for reason, n in sorted(self.counts.items())) + named


@dataclass(frozen=True)
class SourceFile:
    """A file that a scan reads."""

    path: Path
    name: str
    """Path relative to the scanned folder, with slashes."""
    language: str


def source_files(root: Path, under: str, skipped: Skipped) -> Iterator[SourceFile]:
    """Source files of a folder in a stable order; ``under`` narrows it to a file or folder inside."""
    start = root / under if under else root
    if start.is_file():
        if (language := LANGUAGES.get(start.suffix.lower())) is not None:
            yield SourceFile(start, start.relative_to(root).as_posix(), language)
        return
    for folder, folders, names in os.walk(start):
        kept = [name for name in folders if not name.startswith(".") and name not in SKIPPED_FOLDERS]
        if len(kept) < len(folders):
            skipped.counts["folders of others or of tools"] += len(folders) - len(kept)
        folders[:] = sorted(kept)
        for name in sorted(names):
            path = Path(folder, name)
            language = LANGUAGES.get(path.suffix.lower())
            if language is None:
                continue
            if path.is_symlink():
                skipped.note("symbolic links")
            else:
                yield SourceFile(path, path.relative_to(root).as_posix(), language)


def read_source(file: SourceFile, skipped: Skipped, max_bytes: int = MAX_BYTES) -> str | None:
    """Text of a file with its line ends and byte-order mark; None, counted with the reason, when it is left out."""
    text, reason, example = _read(file, max_bytes)
    if reason:
        skipped.note(reason, example)
    return text


def _read(file: SourceFile, max_bytes: int) -> tuple[str | None, str, str]:
    """Text, or why there is none and how to name the file."""
    if file.name.endswith(GENERATED_NAMES):
        return None, "generated", ""
    try:
        if file.path.stat().st_size > max_bytes:
            return None, f"larger than {max_bytes // 1000} kB", file.name
        data = file.path.read_bytes()
    except OSError as error:
        return None, "unreadable", f"{file.name}: {error.strerror}"
    if b"\0" in data:
        return None, "binary", ""
    if is_generated(data[:HEAD_BYTES]):
        return None, "generated", ""
    try:
        return data.decode(_encoding(file, data)), "", ""
    except (UnicodeDecodeError, SyntaxError, LookupError):
        return None, "in an encoding that cannot be read", file.name


def _encoding(file: SourceFile, data: bytes) -> str:
    if file.language != "python" or data.startswith(b"\xef\xbb\xbf"):
        return "utf-8"
    return tokenize.detect_encoding(io.BytesIO(data).readline)[0]


def is_generated(head: bytes) -> bool:
    """Whether the beginning of a file says that a tool wrote it."""
    lower = head.lower()
    return b"@generated" in lower or (b"generated" in lower and b"do not edit" in lower)


def is_test(name: str) -> bool:
    """Whether a path is test code by the usual names."""
    path = PurePosixPath(name)
    folders = {"tests", "test", "testing", "__tests__", "spec", "specs", "benchmarks"}
    stem = path.name.partition(".")[0]
    named = stem.startswith("test_") or stem.endswith(("_test", "_tests", "Test", "_spec")) or stem == "conftest"
    return named or bool(folders & set(path.parts[:-1])) or ".test." in path.name or ".spec." in path.name


def package_root(root: Path) -> Path:
    """The folder module names begin at: above the topmost package a folder lies in."""
    top = root.resolve()
    while (top / "__init__.py").exists():
        top = top.parent
    return top


def module_name(path: Path, top: Path) -> str:
    """Dotted name of a file's module, as profiles spell it; ``src`` in front is dropped."""
    parts = list(path.resolve().relative_to(top).with_suffix("").parts)
    if len(parts) > 1 and parts[0] == "src":
        parts = parts[1:]
    if len(parts) > 1 and parts[-1] == "__init__":
        parts = parts[:-1]
    return ".".join(parts)
