"""The audit log: what is written stays readable and every tampering shows."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime

import pytest

from effnb.domain import Actor, AuditHead
from effnb.errors import StoreError
from effnb.store import AuditLog, Redactor
from effnb.store._audit import START, link_of

ADA = Actor(kind="user", name="ada", surface="cli")


def line(audit: AuditLog, value: int, **more) -> AuditHead:
    entry = {"tool": "double", "tier": "read", "args": {"value": value}, "args_sha": "x", "outcome": "success"} | more
    return audit.append(at=datetime(2026, 1, 1, tzinfo=UTC), actor=ADA, **entry)


@pytest.fixture
def audit(state):
    made = AuditLog(state, Redactor(["hunter2hunter2"]))
    for value in range(20):
        line(made, value)
    return made


def test_an_untouched_log_is_intact(audit):
    assert audit.head().rows == 20
    check = audit.verify([audit.head(), AuditHead(rows=0, hash=START)])
    assert (check.rows, check.problems, check.anchors) == (20, (), 2)
    assert [entry.args["value"] for entry in audit.entries()] == list(range(20))


def test_an_empty_log_has_a_head(state):
    assert AuditLog(state).head() == AuditHead(rows=0, hash=START)
    assert AuditLog(state).verify().problems == ()


def edited(connection, k):
    connection.execute("UPDATE audit SET body = replace(body, 'success', 'refused') WHERE k = ?", (k,))


def edited_and_rehashed(connection, k):
    row = connection.execute("SELECT * FROM audit WHERE k = ?", (k,)).fetchone()
    body = row["body"].replace("success", "refused")
    hashed = link_of(body, row["previous"])
    connection.execute("UPDATE audit SET body = ?, hash = ? WHERE k = ?", (body, hashed, k))


def deleted(connection, k):
    connection.execute("DELETE FROM audit WHERE k = ?", (k,))


def deleted_and_closed_up(connection, k):
    connection.execute("DELETE FROM audit WHERE k = ?", (k,))
    connection.execute("UPDATE audit SET k = k - 1 WHERE k > ?", (k,))


def swapped(connection, k):
    for old, new in ((k, -1), (k + 1, k), (-1, k + 1)):
        connection.execute("UPDATE audit SET k = ? WHERE k = ?", (new, old))


def put_in(connection, k):
    for old in range(20, k - 1, -1):
        connection.execute("UPDATE audit SET k = ? WHERE k = ?", (old + 1, old))
    row = connection.execute("SELECT * FROM audit WHERE k = ?", (k + 1,)).fetchone()
    body = json.dumps(json.loads(row["body"]) | {"tool": "innocent"})
    connection.execute(
        "INSERT INTO audit VALUES (?, ?, ?, ?)", (k, body, row["previous"], link_of(body, row["previous"]))
    )


@pytest.mark.parametrize("k", [1, 2, 7, 11, 18, 19])
@pytest.mark.parametrize("tamper", [edited, edited_and_rehashed, deleted, deleted_and_closed_up, swapped, put_in])
def test_every_tampering_shows_without_an_anchor(audit, state, tamper, k):
    tamper(state.connection, k)
    assert audit.verify().problems


@pytest.mark.parametrize("left", [0, 1, 10, 19])
def test_a_cut_tail_shows_with_an_anchor_only(audit, state, left):
    head = audit.head()
    state.connection.execute("DELETE FROM audit WHERE k > ?", (left,))
    assert audit.verify().problems == ()
    assert audit.verify([head]).problems == (f"the log has {left} rows, a head kept elsewhere says 20: it was cut",)


def test_a_log_rewritten_from_the_start_shows_with_an_anchor(audit, state):
    head = audit.head()
    state.connection.execute("DELETE FROM audit")
    for value in range(30):
        line(audit, value + 1)
    assert audit.verify().problems == ()
    assert audit.verify([head]).problems == (
        "row 20 is not the one a head kept elsewhere names: the log was rewritten",
    )


def test_exported_rows_can_be_checked_by_anybody(audit):
    rows = list(audit.rows())
    assert rows[0]["previous"] == START
    assert all(later["previous"] == row["hash"] for row, later in itertools.pairwise(rows))
    assert rows[-1]["hash"] == audit.head().hash


def test_secrets_are_blacked_out_before_they_are_written(audit, state):
    line(audit, 0, args={"note": "use hunter2hunter2 now", "token": "abc"}, detail="Bearer abcdefgh12345678")
    assert audit.verify().problems == ()
    entry = list(audit.entries())[-1]
    assert entry.args == {"note": "use [secret] now", "token": "[secret]"}
    assert entry.detail == "Bearer [secret]"
    assert "hunter2" not in state.path.read_bytes().decode("latin-1")


def test_a_log_that_cannot_be_written_is_an_error(audit, state):
    state.connection.execute("PRAGMA query_only=ON")
    with pytest.raises(StoreError, match="cannot write the audit log"):
        line(audit, 1)
