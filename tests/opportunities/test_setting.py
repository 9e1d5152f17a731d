from __future__ import annotations

from datetime import UTC, datetime

import pytest

from effnb.domain import Change
from effnb.opportunities import Refused, fix_setting, load_setting_rules, set_value

CONFIG, FLAG = (next(one for one in load_setting_rules() if one.kind == kind) for kind in ("config", "flag"))
TOML = "# limits\n[search]\nmax_candidates = 140  # more\nmax_candidates_old = 140\n\n[recs]\nmax_candidates = 140\n"
CHANGE = Change(
    id="config:search.max_candidates",
    kind="config",
    title="Score more products",
    author="Search",
    at=datetime(2026, 10, 15, tzinfo=UTC),
    service="search",
    key="search.max_candidates",
    old="110",
    new="140",
)


@pytest.mark.parametrize(
    ("file", "before", "key", "now", "wanted", "after"),
    [
        ("a.toml", TOML, "search.max_candidates", "140", "110", TOML.replace("140  # more", "110  # more")),
        ("a.json", '{"a": {"b": 2, "c": 2}}', "a.c", "2", "3", '{"a": {"b": 2, "c": 3}}'),
        (
            "a.yaml",
            "a:\n  on: true # why\n  b: old text\n",
            "a.b",
            "old text",
            "new",
            "a:\n  on: true # why\n  b: new\n",
        ),
        ("a.py", "LIMIT: int = 1_000\nOTHER = 1_000\n", "LIMIT", "1000", "5", "LIMIT: int = 5\nOTHER = 1_000\n"),
        ("f.json", '{"recs_v2": true}', "recs_v2", "on", "off", '{"recs_v2": false}'),
        ("a.toml", 'name = "old"\r\nx = 1\r\n', "name", "old", 'a "b"', 'name = "a \\"b\\""\r\nx = 1\r\n'),
        ("a.toml", "share = 0.5\n", "share", "0.5", "0.25", "share = 0.25\n"),
    ],
)
def test_one_value_is_set_and_nothing_else(file, before, key, now, wanted, after):
    assert set_value(before, file, key, now, wanted) == after


@pytest.mark.parametrize(
    ("file", "text", "key", "now", "reason"),
    [
        ("a.toml", "x = 2\n", "x", "3", "somebody changed it since"),
        ("a.toml", "x = 2\n", "y", "2", "somebody changed it since"),
        ("a.toml", "x = = 2\n", "x", "2", "does not parse"),
        ("a.ini", "x = 2\n", "x", "2", "files are edited"),
        ("a.py", "X = 1 + 1\n", "X", "2", "somebody changed it since"),
        ("a.json", '{"a.b": 1, "a": {"b": 1}}', "a.b", "1", "2 ways"),
    ],
)
def test_what_is_not_understood_is_refused(file, text, key, now, reason):
    with pytest.raises(Refused, match=reason):
        set_value(text, file, key, now, "9")


def test_a_config_change_is_taken_back_in_the_file_that_holds_it():
    fix = fix_setting(CHANGE, {"deployed/search.toml": TOML, "README.toml": "x = 1\n"}, CONFIG, subject="reg-1")
    assert "-max_candidates = 140  # more\n+max_candidates = 110  # more\n" in fix.diff
    assert (fix.kind, fix.cause, fix.service, fix.subject) == ("config", CHANGE.id, "search", "reg-1")
    assert "from 110 to 140" in fix.rationale


def test_a_value_that_no_file_holds_is_set_back_where_it_was_set():
    with pytest.raises(Refused, match="set it back to 110 in the configuration system"):
        fix_setting(CHANGE, {"config/defaults.toml": TOML.replace("140", "110")}, CONFIG)


def test_a_flag_is_switched_off():
    change = CHANGE.model_copy(
        update={"id": "flag:recs_v2", "kind": "flag", "key": "recs_v2", "old": "off", "new": "on"}
    )
    fix = fix_setting(change, {"flags.json": '{\n  "recs_v2": true\n}\n'}, FLAG)
    assert '-  "recs_v2": true\n+  "recs_v2": false\n' in fix.diff
    assert fix.kind == "flag"
