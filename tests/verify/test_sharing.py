"""Repeated parts are written once and come back where they were."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from effnb.verify._sharing import expand, share

PART = {"sku": "x" * 200}


def restored(shared, rows):
    table: dict[str, object] = {}
    for key, value in shared.items():  # in the order they are written, inner ones first
        table[key] = expand(value, table)
    return [expand(row, table) for row in rows]


def test_a_part_of_many_rows_is_written_once():
    rows = [[PART, n] for n in range(9)]
    shared, placed = share(rows)
    assert json.dumps([shared, placed]).count("x" * 200) == 1
    assert restored(shared, placed) == rows


def test_parts_inside_parts_are_shared_too():
    rows = [{"all": [PART, {"sku": "y" * 200}], "n": n} for n in range(3)] + [PART]
    shared, placed = share(rows)
    text = json.dumps([shared, placed])
    assert (text.count("x" * 200), text.count("y" * 200)) == (1, 1)
    assert restored(shared, placed) == rows


def test_what_occurs_once_or_is_short_stays_where_it_is():
    assert share([PART, [1, 2], [1, 2]]) == ({}, [PART, [1, 2], [1, 2]])


values = st.recursive(
    st.integers() | st.text(max_size=3) | st.just("z" * 170),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
    max_leaves=30,
)


@settings(deadline=None)
@given(st.lists(values, max_size=6))
def test_anything_comes_back(rows):
    assert restored(*share([*rows, *rows])) == [*rows, *rows]
