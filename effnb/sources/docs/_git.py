"""Documentation that lies in the repository, as it was at a revision."""

from __future__ import annotations

from functools import lru_cache

from effnb.domain import DocPage
from effnb.errors import SourceUnavailable
from effnb.sources._protocols import ChangeSource
from effnb.sources.docs._files import SUFFIXES
from effnb.sources.docs._sections import title_of


class GitDocs:
    """Pages below a folder of a repository, by their path in it."""

    def __init__(self, repository: ChangeSource, folder: str, revision: str = "HEAD") -> None:
        self._repository = repository
        self._folder = folder.strip("/")
        self._revision = revision
        self._pages = lru_cache(maxsize=2)(self._load)
        self.place = f"{self._folder or 'every page'} in {repository.place} at {revision}"

    def fetch_pages(self) -> list[DocPage]:
        """Every page, whole, sorted by path; empty when the folder holds no pages.

        Raises:
            BadQuery: There is no such revision.
            SourceUnavailable: There is no such folder at it.
        """
        return list(self._pages(self._repository.resolve(self._revision)))

    def _load(self, commit: str) -> tuple[DocPage, ...]:
        below = f"{self._folder}/" if self._folder else ""
        files = [file for file in self._repository.files(commit) if file.startswith(below)]
        if not files:
            raise SourceUnavailable(
                f"{self._repository.place} has no folder {self._folder!r} at {commit[:12]}; "
                "set [sources] repository_docs in effnb.toml"
            )
        pages = [(file, self._repository.read(commit, file)) for file in files if file.lower().endswith(SUFFIXES)]
        return tuple(DocPage(path=file, title=title_of(file, text), text=text) for file, text in pages)
