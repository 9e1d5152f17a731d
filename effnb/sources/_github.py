"""Pages of rows from a GitHub REST API: github.com, GitHub Enterprise, or what answers like them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from effnb.domain._base import to_utc
from effnb.errors import BadQuery, ConfigError, SourceUnavailable
from effnb.sources._http import Server

NAME = re.compile(r"[\w.-]+/[\w.-]+")
PER_PAGE = 100
MOST_PAGES = 50

Row = dict[str, Any]


class GitHub:
    """One repository on one server."""

    def __init__(
        self,
        repository: str,
        *,
        api: str = "https://api.github.com",
        token_env: str | None = None,
        timeout: float = 30.0,
    ) -> None:
        if not NAME.fullmatch(repository):
            raise ConfigError(f"{repository!r} is no repository on GitHub; write owner/name")
        self.repository = repository
        self._server = Server(api, product="GitHub API", token_env=token_env, timeout=timeout)
        self.place = f"{self._server.url} {repository}"

    def rows(
        self, path: str, query: dict[str, str] | None = None, *, enough: Callable[[Row], bool] = lambda _: False
    ) -> Iterator[Row]:
        """Rows below the repository, page by page, up to and without the first that is ``enough``.

        Pages are asked for by number, so no link in an answer can lead to another host.

        Raises:
            BadQuery: There are more pages than are reasonable; ask for a shorter window.
            SourceUnavailable: An answer is not a list of objects, or the server cannot be reached.
        """
        where = f"/repos/{self.repository}/{path}"
        for number in range(1, MOST_PAGES + 1):
            asked = {**(query or {}), "per_page": str(PER_PAGE), "page": str(number)}
            page = self._server.get_json(where, asked, asked=path)
            if not isinstance(page, list) or not all(isinstance(row, dict) for row in page):
                raise self._server.not_itself()
            for row in page:
                if enough(row):
                    return
                yield row
            if len(page) < PER_PAGE:
                return
        raise BadQuery(f"{self.place} has more than {MOST_PAGES * PER_PAGE:,} {path}; ask for a shorter window")

    def wrong(self, path: str, row: Row, error: Exception) -> SourceUnavailable:
        """The error for a row that lacks what every row of its kind has."""
        said = " ".join(str(error).split())[:120]
        return SourceUnavailable(f"{self.place} answers {path} with a row {row.get('id')!r} that is wrong: {said}")


def moment(row: Row, key: str) -> datetime:
    """A time in a row; ``KeyError``, ``TypeError`` or ``ValueError`` when it holds none."""
    when = datetime.fromisoformat(row[key])
    if when.tzinfo is None:
        raise ValueError(f"{key} {row[key]!r} has no time zone")
    return to_utc(when)
