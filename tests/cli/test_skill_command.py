"""``effnb skill`` as a person or a script runs it, in a workspace of its own."""

from __future__ import annotations

import io
import json
import sys

import pytest

import effnb.session
from effnb.cli import main


@pytest.fixture
def effnb_(tmp_path, monkeypatch, capsys):
    """Run a command in a new workspace; exit code, stdout, stderr."""
    (tmp_path / "effnb.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EFFNB_WORKSPACE", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    opened = []
    real = effnb.session.open_session
    monkeypatch.setattr(effnb.session, "open_session", lambda *args: opened.append(real(*args)) or opened[-1])

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["effnb", "skill", *words])
        with pytest.raises(SystemExit) as end:
            main()
        return (end.value.code, *capsys.readouterr())

    yield run
    for one in opened:
        one.close()


def test_list_is_one_json_list(effnb_):
    code, out, _ = effnb_("list", "--json")
    listed = json.loads(out)
    assert code == 0
    assert {"name", "description", "source", "state", "reason", "digest", "has_playbook"} <= set(listed[0])
    assert "investigate-cpu-regression" in [one["name"] for one in listed]


def test_from_new_to_run(effnb_):
    assert effnb_("new", "mine")[0] == 0
    code, out, _ = effnb_("test", "skills/mine")
    assert (code, out.splitlines()[-1]) == (0, "4 of 4 cases end as expected")
    assert effnb_("lint", "./skills/mine")[1] == "mine: sound\n"
    code, _, told = effnb_("run", "mine", "-p", "service=web")
    assert code == 1
    assert "mine" in told
    assert "is held: nobody has approved it" in told
    code, shown, told = effnb_("pin", "mine")
    assert code == 1
    assert "+++ playbook.py" in shown
    assert "was not pinned" in told
    assert effnb_("pin", "mine", "--yes", "--by", "ada")[0] == 0
    code, out, _ = effnb_("run", "mine", "-p", "service=web", "--json")
    transcript = json.loads(out)
    assert (code, transcript["skill"], transcript["resolution"]["status"]) == (0, "mine", "not_found")
    assert effnb_("pin", "mine")[1].startswith("skill mine may run already")


def test_changed_skill_is_held_and_its_change_shown(effnb_, tmp_path):
    effnb_("new", "mine")
    effnb_("pin", "mine", "--yes")
    playbook = tmp_path / "skills" / "mine" / "playbook.py"
    playbook.write_text(playbook.read_text().replace("MIN_RISE = 0.005", "MIN_RISE = 0.0"))
    code, _, told = effnb_("test", "mine")
    assert code == 1
    assert "it changed since it was approved" in told
    shown = effnb_("pin", "mine", "--yes")[1]
    assert "-MIN_RISE = 0.005\n+MIN_RISE = 0.0\n" in shown
    assert "SKILL.md" not in shown
    code, out, _ = effnb_("test", "mine")
    assert code == 1
    assert "FAIL mine/too_small (1 calls)\n     ends as explained, has to end as accepted" in out


def test_faults_are_listed_and_exit_1(effnb_, tmp_path):
    effnb_("new", "mine")
    playbook = tmp_path / "skills" / "mine" / "playbook.py"
    playbook.write_text(playbook.read_text().replace('"list_regressions"', '"list_regresions"'))
    code, out, _ = effnb_("lint", "./skills/mine", "--json")
    faults = json.loads(out)[0]["faults"]
    assert code == 1
    assert any("no tool 'list_regresions'; did you mean 'list_regressions'?" in fault for fault in faults)


def test_eval_gives_lift_as_a_number(effnb_):
    code, out, _ = effnb_("eval", "investigate-cpu-regression", "--json")
    score = json.loads(out)[0]
    assert (code, score["as_expected"]) == (0, 1.0)
    assert 0.5 < score["lift"] <= 1.0


def test_record_keeps_a_real_run_as_a_case(effnb_, tmp_path):
    effnb_("new", "mine")
    words = ("record", "skills/mine", "empty", "--kind", "missing-data", "--about", "No data.", "-p", "service=web")
    code, out, _ = effnb_(*words)
    assert code == 0
    assert out.startswith("wrote skills/mine/cases/empty.json: 1 steps, not_found\nNothing was filed.")
    case = json.loads((tmp_path / "skills" / "mine" / "cases" / "empty.json").read_text())
    assert case["results"]["filed"]["result"]["rows"] == []
    assert case["expect"] == {"status": "not_found", "cause": None, "gaps": 0}
    assert effnb_("test", "./skills/mine")[1].splitlines()[-1] == "5 of 5 cases end as expected"
    assert "is there already" in effnb_(*words)[2]
    assert "is none of cause, look-alike" in effnb_(*words[:4], "other", *words[5:])[2]


def test_show_prints_prose_and_state(effnb_):
    code, out, _ = effnb_("show", "investigate-cpu-regression")
    assert code == 0
    assert out.startswith("investigate-cpu-regression · effnb · ready · ")
    assert "\n# Investigate a CPU regression\n" in out
    code, _, told = effnb_("show", "nope")
    assert code == 1
    assert "there are: " in told


def test_skill_without_playbook_runs_with_a_model_only(effnb_, tmp_path):
    folder = tmp_path / "skills" / "prose"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text("---\nname: prose\ndescription: Use when asked.\n---\nThink.\n")
    assert effnb_("pin", "prose", "--yes")[0] == 0
    assert effnb_("test")[0] == 0
    code, _, told = effnb_("run", "prose")
    assert code == 1
    assert "it can only be read, not run without a model" in told
