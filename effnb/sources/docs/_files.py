"""Documentation from a folder of Markdown and text files."""

from __future__ import annotations

from pathlib import Path

from effnb.domain import DocPage
from effnb.errors import SourceDenied, SourceError, SourceUnavailable
from effnb.sources.docs._sections import title_of

SUFFIXES = (".md", ".markdown", ".rst", ".txt")
LARGEST_PAGE = 4 << 20
MOST_PAGES = 20_000


class FolderDocs:
    """Pages below a folder, by their path inside it; a link that leads out of the folder is not followed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = f"folder {folder.name}"
        if not folder.is_dir():
            raise SourceUnavailable(f"no folder {folder}; set [sources] docs in effnb.toml")

    def fetch_pages(self) -> list[DocPage]:
        """Every page, whole, sorted by path; empty when the folder holds none.

        Raises:
            SourceDenied: a page may not be read.
            SourceError: a page is too large, or there are too many.
        """
        root = self.folder.resolve()
        paths = sorted(path for path in self.folder.rglob("*") if _is_page(path, root))
        if len(paths) > MOST_PAGES:
            raise SourceError(
                f"{self.folder} holds {len(paths):,} pages, more than {MOST_PAGES:,}; name a folder in it"
            )
        return [_page(path, self.folder) for path in paths]


def _is_page(path: Path, root: Path) -> bool:
    return (
        not path.name.startswith(".")
        and path.suffix.lower() in SUFFIXES
        and path.is_file()
        and path.resolve().is_relative_to(root)
    )


def _page(path: Path, folder: Path) -> DocPage:
    name = path.relative_to(folder).as_posix()
    try:
        if path.stat().st_size > LARGEST_PAGE:
            raise SourceError(f"{path} is larger than {LARGEST_PAGE >> 20} MiB; move it out of the folder")
        text = path.read_text(encoding="utf-8", errors="replace")
    except PermissionError as error:
        raise SourceDenied(f"cannot read {path}: permission denied; ask its owner for read access") from error
    except OSError as error:
        raise SourceUnavailable(f"cannot read {path}: {error.strerror}; check [sources] docs in effnb.toml") from error
    return DocPage(path=name, title=title_of(name, text), text=text)
