"""Log extracts in three forms."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from effnb.domain import Window
from effnb.errors import SourceError
from effnb.sources.logs import FolderLogs
from effnb.sources.logs._text import read_text

DAY = Window(start=datetime(2026, 1, 5, tzinfo=UTC), end=datetime(2026, 1, 6, tzinfo=UTC))


@pytest.mark.parametrize(
    ("line", "level", "logger", "message"),
    [
        ("2026-01-05T10:00:00Z WARNING shop.price: slow", "WARNING", "shop.price", "slow"),
        ("2026-01-05 10:00:00,000 [error] slow", "ERROR", "", "slow"),
        ("[2026-01-05T11:00:00+01:00] shop: INFO: slow", "INFO", "shop", "slow"),
        ("2026-01-05T10:00:00.000000000Z slow: it was", "INFO", "slow", "it was"),
        ("2026-01-05 10:00:00 Information is no level", "INFO", "", "Information is no level"),
    ],
)
def test_lines_of_text_are_taken_apart(line, level, logger, message):
    (found,) = read_text(Path("x.log"), line + "\n")
    assert found.at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert (found.level, found.logger, found.message) == (level, logger, message)


def test_lines_without_a_time_belong_to_the_record_before():
    text = "2026-01-05T10:00:00Z ERROR x: failed\nTraceback:\n  boom\n2026-01-05T10:00:01Z x: next\n"
    first, second = read_text(Path("x.log"), text)
    assert first.message == "failed\nTraceback:\n  boom"
    assert second.message == "next"


def test_times_that_are_none_are_named():
    with pytest.raises(SourceError, match="'2026-13-05T10:00:00' is no time"):
        list(read_text(Path("x.log"), "2026-13-05T10:00:00Z x\n"))


def test_journal_messages_of_bytes_and_levels_by_priority(tmp_path):
    (tmp_path / "web.journal").write_text(
        '{"__REALTIME_TIMESTAMP": "1767607200123456", "PRIORITY": "3", "MESSAGE": [104, 105, 255], '
        '"_SYSTEMD_UNIT": "web.service"}\n'
    )
    (line,) = FolderLogs(tmp_path).fetch_lines("web", DAY)
    assert (line.level, line.logger, line.message) == ("ERROR", "web.service", "hi\ufffd")
    assert line.at == datetime(2026, 1, 5, 10, 0, 0, 123456, tzinfo=UTC)


def test_several_extracts_of_a_service_are_one_log(tmp_path):
    (tmp_path / "web.log").write_text("2026-01-05T10:00:02Z second\n2026-01-05T10:00:00Z first\n")
    (tmp_path / "web.jsonl").write_text(
        '{"at": "2026-01-05T10:00:01Z", "level": "INFO", "logger": "", "message": "m"}\n'
    )
    logs = FolderLogs(tmp_path)
    assert [line.message for line in logs.fetch_lines("web", DAY)] == ["first", "m", "second"]
    assert logs.services() == ("web",)
    assert logs.covered("web").start == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert logs.covered("other") is None
