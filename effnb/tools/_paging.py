"""How lists are cut into pages, the same for every tool."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field

from effnb.domain import Listing

RowT = TypeVar("RowT", bound=BaseModel)
Limit = Annotated[int, Field(ge=1, le=1000)]
"""Most rows to return."""
Offset = Annotated[int, Field(ge=0)]
"""Rows to leave out from the front."""


def page(
    listing: type[Listing[RowT]], rows: Sequence[RowT], *, searched: str, limit: int, offset: int = 0
) -> Listing[RowT]:
    """The rows from ``offset`` on, ``limit`` at most; the total tells how many there are."""
    return listing(rows=tuple(rows[offset : offset + limit]), searched=searched, total=len(rows))
