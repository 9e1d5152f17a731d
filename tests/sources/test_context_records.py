"""Rollouts, settings and experiments from JSON Lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from effnb.domain import Rollout, Window
from effnb.errors import SourceUnavailable
from effnb.sources.config import FileSettingsHistory
from effnb.sources.experiments import FileExperiments
from effnb.sources.rollouts import FileRollouts

JANUARY = Window(start=datetime(2026, 1, 1, tzinfo=UTC), end=datetime(2026, 2, 1, tzinfo=UTC))


@pytest.fixture
def lines(tmp_path):
    def write(*records: object, raw: str | None = None):
        path = tmp_path / "records.jsonl"
        text = "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in records) if raw is None else raw
        path.write_text(text, encoding="utf-8")
        return path

    return write


def rollout(key: str, at: str, service: str = "web") -> dict[str, str]:
    return {"id": key, "service": service, "host_group": "east", "version": "abc", "started_at": at}


def test_rollouts_of_a_service_inside_a_window_oldest_first(lines):
    source = FileRollouts(
        lines(
            rollout("late", "2026-01-20T00:00:00Z"),
            rollout("early", "2026-01-01T00:00:00+00:00"),
            rollout("other", "2026-01-10T00:00:00Z", service="jobs"),
            rollout("after", "2026-02-01T00:00:00Z"),
        )
    )
    assert [one.id for one in source.fetch_rollouts("web", JANUARY)] == ["early", "late"]
    assert source.fetch_rollouts("search", JANUARY) == []


def test_config_changes_hold_both_values_as_text(lines):
    record = {"change_id": "config:a", "key": "a", "old": 1, "new": None, "at": "2026-01-05T00:00:00Z"}
    about = {"author": "Ops <ops@example.org>", "service": None, "title": "Less"}
    (change,) = FileSettingsHistory(lines(record | about), "config").fetch_changes("any", JANUARY)
    assert (change.id, change.kind, change.key, change.old, change.new) == ("config:a", "config", "a", "1", None)


def test_flag_changes_hold_the_share_of_requests(lines):
    record = {
        "change_id": "flag:x",
        "flag": "x",
        "old_fraction": 0.0,
        "new_fraction": 0.5,
        "at": "2026-01-05T00:00:00Z",
    }
    source = FileSettingsHistory(lines(record | {"author": "a", "service": "web", "title": "t"}), "flag")
    (change,) = source.fetch_changes("web", JANUARY)
    assert (change.key, change.old, change.new) == ("x", "0.0", "0.5")
    assert source.fetch_changes("jobs", JANUARY) == []


EXPERIMENT = {"change_id": "flag:x", "experiment_id": "e1", "name": "X", "service": "web", "owner": "o"}


@pytest.mark.parametrize(
    ("planned", "expected"), [(0.05, 0.05), ({"service": "web", "relative": 0.1}, 0.1), ({}, None), (None, None)]
)
def test_planned_cost_is_a_number_or_a_table(lines, planned, expected):
    source = FileExperiments(lines(EXPERIMENT | {"planned_cost": planned}))
    assert source.fetch_experiments("web")[0].planned_cost == expected


def test_experiments_with_a_step_inside_the_window(lines):
    step = {"at": "2026-01-05T00:00:00Z", "fraction": 0.5}
    source = FileExperiments(lines(EXPERIMENT | {"steps": [step]}, EXPERIMENT | {"change_id": "flag:y"}))
    assert [one.change_id for one in source.fetch_experiments("web", JANUARY)] == ["flag:x"]
    assert len(source.fetch_experiments("web")) == 2
    assert source.fetch_experiments("jobs") == []


def test_steps_are_in_time_order_whatever_the_file_says(lines):
    steps = [{"at": f"2026-01-0{day}T00:00:00Z", "fraction": day / 10} for day in (5, 2, 9)]
    (found,) = FileExperiments(lines(EXPERIMENT | {"steps": steps})).fetch_experiments("web")
    assert [step.fraction for step in found.steps] == [0.2, 0.5, 0.9]


def test_an_empty_file_is_no_records(lines):
    assert FileRollouts(lines(raw="\n  \n")).fetch_rollouts("web", JANUARY) == []


def test_a_line_separator_inside_a_text_does_not_end_the_record(lines):
    record = {
        "change_id": "config:a",
        "key": "a",
        "at": "2026-01-05T00:00:00Z",
        "author": "a",
        "title": "one\u2028two\x85",
    }
    (change,) = FileSettingsHistory(lines(record), "config").fetch_changes("web", JANUARY)
    assert change.title == "one\u2028two\x85"


def test_windows_line_ends_are_read(lines):
    text = json.dumps(rollout("a", "2026-01-05T00:00:00Z")) + "\r\n"
    assert len(FileRollouts(lines(raw=text)).fetch_rollouts("web", JANUARY)) == 1


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ("\n{oops\n", ":2 is not JSON: "),
        ("[1]\n", ":1 holds list, an object is expected"),
        ('{"id": "a"}\n', ":1 service: Field required; mend that record"),
        (json.dumps(rollout("a", "2026-01-05T00:00:00")), ":1 started_at: Input should have timezone info"),
        (json.dumps(rollout("a", "2026-01-05T00:00:00Z") | {"hosts": 3}), ":1 hosts: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_record_is_named_with_its_place(lines, raw, said):
    with pytest.raises(SourceUnavailable) as failure:
        FileRollouts(lines(raw=raw))
    assert said in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_missing_file_names_the_setting(tmp_path):
    with pytest.raises(SourceUnavailable, match=r"cannot read .*gone\.jsonl: .*; check \[sources\] in effnb\.toml"):
        FileRollouts(tmp_path / "gone.jsonl")


def test_a_rollout_written_by_effnb_is_read_back(lines):
    kept = Rollout.model_validate(rollout("a", "2026-01-05T00:00:00Z"))
    assert FileRollouts(lines(raw=kept.model_dump_json())).fetch_rollouts("web", JANUARY) == [kept]
