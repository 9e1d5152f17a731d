"""Config changes from the history of a config file in git, key by key."""

from __future__ import annotations

from collections.abc import Iterator

from effnb.domain import Change, Window
from effnb.errors import BadQuery
from effnb.sources._protocols import ChangeSource
from effnb.sources.config._values import SUFFIXES, config_values


class GitSettingsHistory:
    """Every key of one file that a commit changed. A change counts for the time of its commit.

    ``service`` is the one that reads the file; unset when all do.
    """

    def __init__(self, repository: ChangeSource, file: str, service: str | None = None) -> None:
        self._repository = repository
        self._file = file
        self._suffix = file.rpartition(".")[2].lower()
        self._service = service
        self.place = f"{file} in {repository.place}"
        if self._suffix not in SUFFIXES:
            raise BadQuery(f"config file {file!r} is none of {', '.join(SUFFIXES)}; name one that is")

    def fetch_changes(self, service: str | None = None, window: Window | None = None) -> list[Change]:
        """Changes that act on a service inside a window, or all, oldest first; empty when there were none.

        Raises:
            SourceUnavailable: The repository has never had such a file.
            SourceError: The file of a commit in the window, or of the one before, cannot be read.
        """
        commits = self._repository.history_of(self._file)
        if service is not None and self._service not in (None, service):
            return []
        mine = [one for one in commits if window is None or window.contains(one.at)]
        return [change for commit in mine for change in self._changes(commit)]

    def _changes(self, commit: Change) -> Iterator[Change]:
        old, new = self._values(f"{commit.id}^"), self._values(commit.id)
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) != new.get(key):
                yield Change(
                    id=f"config:{key}",
                    kind="config",
                    key=key,
                    old=old.get(key),
                    new=new.get(key),
                    title=commit.title,
                    body=commit.body,
                    author=commit.author,
                    at=commit.at,
                    service=self._service,
                )

    def _values(self, revision: str) -> dict[str, str]:
        text = self._repository.read(revision, self._file)
        return config_values(text, self._suffix, f"{self._file} at {revision[:12]}")
