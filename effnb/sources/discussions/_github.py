"""Messages from GitHub: what pull requests say, and what people answered there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from effnb.domain import Message, Window
from effnb.sources._github import GitHub, Row, moment

NEWEST = {"sort": "created", "direction": "desc"}


class GitHubDiscussions:
    """Pull requests of one repository, with the comments on them, on their lines, and on issues."""

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self.place = f"pull requests of {github.place}"

    def fetch_messages(self, window: Window | None = None) -> list[Message]:
        """Messages written inside a window, or all, oldest first; empty when there were none."""
        found = self._fetch("pulls", {**NEWEST, "state": "all"}, window, _opening)
        for path in ("issues/comments", "pulls/comments"):
            found += self._fetch(path, NEWEST, window, _comment)
        return sorted(found, key=lambda message: message.at)

    def _fetch(
        self, path: str, query: dict[str, str], window: Window | None, read: Callable[[Row], dict[str, Any]]
    ) -> list[Message]:
        """Newest first, so that what is older than the window ends the pages."""

        def is_older(row: Row) -> bool:
            return window is not None and self._at(path, row) < window.start

        rows = self._github.rows(path, query, enough=is_older)
        mine = [(self._at(path, row), row) for row in rows]
        return [self._message(path, at, row, read) for at, row in mine if window is None or window.contains(at)]

    def _at(self, path: str, row: Row) -> datetime:
        try:
            return moment(row, "created_at")
        except (KeyError, TypeError, ValueError) as error:
            raise self._github.wrong(path, row, error) from error

    def _message(self, path: str, at: datetime, row: Row, read: Callable[[Row], dict[str, Any]]) -> Message:
        try:
            # A deleted account leaves its rows without an author.
            author = (row["user"] or {"login": "ghost"})["login"]
            said = read(row)
            return Message(
                at=at, author=author, channel=f"{self._github.repository}#{said['number']}", text=said["text"]
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._github.wrong(path, row, error) from error


def _opening(row: Row) -> dict[str, Any]:
    return {"number": int(row["number"]), "text": f"{row['title']}\n\n{row['body'] or ''}".strip()}


def _comment(row: Row) -> dict[str, Any]:
    """Comments name what they are on by its address, which ends in its number."""
    about = row.get("pull_request_url") or row["issue_url"]
    return {"number": int(str(about).rpartition("/")[2]), "text": row["body"] or ""}
