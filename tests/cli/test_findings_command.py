"""``effnb detect --set --dry-run`` and ``effnb suppressed``: looking without filing, searching what was let go."""

from __future__ import annotations

import json
import shutil
import sys

import pytest
from shop_workspace import DEPLOYED, build_shop

import effnb.session
from effnb.cli import main
from effnb.domain import DetectionSummary, Suppressed
from effnb.tools.replay_detection import Replay


@pytest.fixture(scope="module")
def detected(tmp_path_factory):
    root = tmp_path_factory.mktemp("findings") / "shop"
    build_shop(root)
    session = effnb.session.open_session(root)
    session.tools.run_detection()
    session.close()
    return root


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command in a folder: exit code, stdout, stderr."""
    opened = []
    real = effnb.session.open_session

    def remembered(path=None):
        opened.append(real(path))
        return opened[-1]

    monkeypatch.setattr(effnb.session, "open_session", remembered)

    def command(folder, *arguments):
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["effnb", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        return int(end.value.code or 0), captured.out, captured.err

    yield command
    for one in opened:
        one.close()


def filed(run, folder):
    return json.loads(run(folder, "regressions", "--json")[1]), json.loads(run(folder, "suppressed", "--json")[1])


def test_a_dry_run_is_a_replay_and_files_nothing(run, detected):
    before = filed(run, detected)
    code, out, err = run(detected, "detect", "--set", "threshold=0.03", "--dry-run", "--json")
    replay = Replay.model_validate(json.loads(out))
    assert (code, out.count("\n"), err) == (0, 1, "")
    assert [(one.name, one.now, one.replayed) for one in replay.changed] == [("threshold", 0.005, 0.03)]
    assert replay.lost.total > 0
    assert filed(run, detected) == before


def test_a_dry_run_tells_a_person_what_it_would_change(run, detected):
    code, out, _ = run(detected, "detect", "--set", "threshold=0.03", "--dry-run")
    assert code == 0
    assert "replayed with threshold = 0.03 (now 0.005); nothing was filed" in out
    assert "lost" in out and "shop.price:check" in out and "threshold:" in out
    assert "next: effnb detect --set threshold=0.03 files it" in out
    as_it_is = run(detected, "detect", "--dry-run")[1]
    assert "replayed with the settings of effnb.toml; nothing was filed" in as_it_is
    assert "0 gained, 0 lost" in as_it_is


def test_other_settings_are_filed_once_and_it_says_so(run, detected, tmp_path):
    copy = shutil.copytree(detected, tmp_path / "copy")
    toml = (copy / "effnb.toml").read_text()
    code, out, err = run(copy, "detect", "--set", "threshold=0.03", "--json")
    summary = DetectionSummary.model_validate(json.loads(out))
    assert (code, summary.regressions) == (0, len(filed(run, copy)[0]))
    assert "filed with threshold = 0.03 for this run only" in err
    assert (copy / "effnb.toml").read_text() == toml
    assert filed(run, copy) != filed(run, detected)
    run(copy, "detect")
    assert filed(run, copy) == filed(run, detected)


@pytest.mark.parametrize("more", [[], ["--dry-run"], ["--dry-run", "--json"], ["--json"]])
@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("treshold=0.1", "no setting 'treshold' of detection; did you mean 'threshold'?"),
        ("threshold=7", "threshold = 7.0 cannot be replayed: Input should be less than 1"),
        ("threshold", "'threshold' is no setting; write it as NAME=VALUE, like threshold=0.005"),
    ],
)
def test_a_wrong_setting_is_one_line_and_files_nothing(run, detected, setting, said, more):
    before = filed(run, detected)
    code, out, err = run(detected, "detect", "--set", setting, *more)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert said in err
    assert filed(run, detected) == before


def test_dropped_change_points_are_searched_by_time(run, detected):
    every = [Suppressed.model_validate(row) for row in filed(run, detected)[1]]
    day = f"{DEPLOYED:%Y-%m-%d}"
    rows = json.loads(run(detected, "suppressed", "--since", day, "--until", f"{DEPLOYED:%Y-%m-%dT%H:%M}", "--json")[1])
    expected = [one.id for one in every if f"{one.at:%Y-%m-%d}" == day and one.at < DEPLOYED]
    assert [row["id"] for row in rows] == expected
    assert json.loads(run(detected, "suppressed", "--since", "2031-01-01T00:00+02:00", "--json")[1]) == []


def test_limit_cuts_both_forms_and_json_is_whole_without_it(run, detected):
    assert len(json.loads(run(detected, "suppressed", "--limit", "3", "--json")[1])) == 3
    every = len(filed(run, detected)[1])
    shown = run(detected, "suppressed", "--limit", "3")[1]
    assert f"{every - 3} more; --limit {every} shows all" in shown


def test_small_ones_can_be_left_out(run, detected):
    rows = json.loads(run(detected, "suppressed", "--min-points", "1", "--json")[1])
    assert all(abs(row["absolute_delta"]) >= 0.01 for row in rows)


def test_an_empty_search_says_what_there_is(run, detected):
    code, out, _ = run(detected, "suppressed", "--stage", "trafic")
    assert code == 0
    assert "nothing found: " in out and "narrowed to stage trafic" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "noon"], "--since 'noon' is no time; write it as 2026-10-05"),
        (["--since", "2026-10-06", "--until", "2026-10-05"], "no time lies from 2026-10-06 00:00 to 2026-10-05 00:00"),
        (["--limit", "0"], "--limit"),
    ],
)
def test_a_wrong_search_is_one_line(run, detected, arguments, said):
    code, out, err = run(detected, "suppressed", *arguments)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert said in err
