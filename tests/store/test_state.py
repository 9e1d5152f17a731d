"""The state file, findings and series."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta

import pytest

from effnb.domain import ChangePoint, Metric, Regression, Series, Suppressed, Window
from effnb.errors import StoreError
from effnb.store import FindingStore, SeriesStore, State
from effnb.store._files import write_text
from effnb.store._state import MIGRATIONS, SCHEMA_VERSION

AT = datetime(2026, 1, 10, tzinfo=UTC)


def regression(key: str, delta: float, kind: str = "regression") -> Regression:
    return Regression(
        id=key,
        service="s",
        function="m:f",
        kind=kind,
        change_point=ChangePoint(at=AT, earliest=AT, latest=AT),
        baseline=Window(start=AT - timedelta(days=1), end=AT),
        analysis=Window(start=AT, end=AT + timedelta(days=1)),
        before=0.1,
        after=0.1 + delta,
        absolute_delta=delta,
        relative_delta=delta / 0.1,
        low=delta,
        high=delta,
    )


def suppressed(key: str, delta: float) -> Suppressed:
    return Suppressed(
        id=key,
        service="s",
        function="m:g",
        at=AT,
        absolute_delta=delta,
        relative_delta=None,
        stage="traffic",
        reason="r",
    )


def test_a_state_from_a_newer_version_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "state.db"
    State(path).close()
    raw = sqlite3.connect(path)
    raw.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    raw.close()
    with pytest.raises(StoreError, match=r"has format .*, this effnb reads .*; install the effnb that wrote it"):
        State(path)
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION + 1,)
    raw.close()


def test_a_state_of_the_first_format_is_brought_up_to_date_with_its_content(tmp_path):
    path = tmp_path / "state.db"
    raw = sqlite3.connect(path, isolation_level=None)
    for statement in MIGRATIONS[0]:
        raw.execute(statement)
    raw.execute("INSERT INTO part VALUES ('p', 'samples', 7, 'x', 's', 't')")
    raw.execute("PRAGMA user_version=1")
    raw.close()
    for _ in range(2):
        state = State(path)
        assert state.connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        assert state.connection.execute("SELECT rows FROM part").fetchone()[0] == 7
        assert state.connection.execute("SELECT count(*) FROM audit").fetchone()[0] == 0
        state.close()


def test_a_migration_that_fails_leaves_the_former_format(tmp_path, monkeypatch):
    path = tmp_path / "state.db"
    monkeypatch.setattr("effnb.store._state.MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE t (a TEXT)", "no statement")))
    monkeypatch.setattr("effnb.store._state.SCHEMA_VERSION", SCHEMA_VERSION + 1)
    with pytest.raises(StoreError, match="cannot open the state file"):
        State(path)
    raw = sqlite3.connect(path)
    assert raw.execute("PRAGMA user_version").fetchone() == (0,)
    assert raw.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    raw.close()


def test_a_file_that_is_no_state_is_refused(tmp_path):
    path = tmp_path / "state.db"
    path.write_bytes(b"not a database, and long enough to look like one" * 40)
    with pytest.raises(StoreError, match=r"cannot open the state file .*move it away"):
        State(path)


def test_only_its_owner_may_read_the_state(tmp_path):
    state = State(tmp_path / "state.db")
    assert oct(state.path.stat().st_mode & 0o777) == "0o600"
    state.close()


def test_a_transaction_takes_effect_whole_or_not_at_all(state):
    with pytest.raises(RuntimeError), state.transaction() as connection:
        connection.execute("INSERT INTO part VALUES ('p', 'samples', 1, 'x', 's', 't')")
        raise RuntimeError
    assert state.connection.execute("SELECT count(*) FROM part").fetchone()[0] == 0


def test_threads_wait_for_each_other(state):
    def write(i: int) -> None:
        for k in range(10):
            with state.transaction() as connection:
                connection.execute("INSERT INTO part VALUES (?, 'samples', 1, 'x', 's', 't')", (f"{i}-{k}",))

    threads = [threading.Thread(target=write, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert state.connection.execute("SELECT count(*) FROM part").fetchone()[0] == 40


def test_findings_come_back_largest_first(state):
    findings = FindingStore(state)
    findings.replace(
        [
            regression("a", 0.01),
            regression("b", 0.03),
            regression("c", -0.5, "improvement"),
            regression("d", 0.2, "planned"),
        ],
        [suppressed("x", 0.01), suppressed("y", -0.02)],
    )
    assert [one.id for one in findings.regressions()] == ["b", "a"]
    assert [one.id for one in findings.regressions("improvement")] == ["c"]
    assert [one.id for one in findings.suppressed()] == ["y", "x"]
    assert findings.regression("d") == regression("d", 0.2, "planned")
    assert findings.regression("x") is None


def test_a_new_detection_replaces_the_former_or_nothing(state):
    findings = FindingStore(state)
    findings.replace([regression("a", 0.01)], [])
    with pytest.raises(sqlite3.IntegrityError):
        findings.replace([regression("b", 0.01), regression("b", 0.02)], [])
    assert [one.id for one in findings.regressions()] == ["a"]
    findings.replace([], [])
    assert findings.regressions() == []


def series(values=(1.0, None, 3.5), counts=(1, 0, 2), **labels: str) -> Series:
    return Series(
        metric=Metric(name="requests", unit="requests", worse="less"),
        labels=labels,
        start=AT,
        step_seconds=60,
        values=values,
        counts=counts,
    )


def test_series_come_back_with_their_gaps(tmp_path, state):
    store = SeriesStore(tmp_path / "parts", state)
    kept = [series(service="a", endpoint="/x"), series(counts=None, service="b")]
    for _ in range(2):
        store.add(kept, source="test")
    assert store.all() == kept
    assert store.select("requests", service="a") == kept[:1]
    assert store.select("requests", service="c") == store.select("latency") == []


def test_a_damaged_series_part_is_a_store_error(tmp_path, state):
    store = SeriesStore(tmp_path / "parts", state)
    store.add([series()], source="test")
    next((tmp_path / "parts" / "series").iterdir()).write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="delete the store folder and ingest again"):
        store.all()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "f.txt"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["f.txt"]
