"""``effnb runs``, ``resume``, ``approve`` and ``deny``: a run that waits is answered from the command line."""

from __future__ import annotations

import json
import sys
import textwrap

import pytest

import effnb.session
from effnb.cli import main
from effnb.tools import Toolbox, tool, tools

ROLLED_OUT: list[str] = []
SKILL = "---\nname: roll-out\ndescription: Used when testing.\n---\n\nCalls rolls_out.\n"
PLAYBOOK = '''
from collections.abc import Generator
from typing import Any
from effnb.domain import Finding, Noun, Resolution
from effnb.skills import Call, StepFailed, cite, step


class Inputs(Noun):
    """What it takes."""

    what: str
    """Anything."""


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    try:
        done = yield from step("out", "Roll it out?").call("rolls_out", str, what=inputs.what)
    except StepFailed as gap:
        return Resolution(status="needs_person", summary="Not rolled out.", gaps=(gap.reason,))
    claim = Finding(claim="Out.", evidence=(cite("out", done),))
    return Resolution(status="explained", summary="Rolled out.", findings=(claim,))
'''


@tool(tier="write", source="the world")
def rolls_out(workspace, what: str) -> str:
    """Roll something out."""
    ROLLED_OUT.append(what)
    return what


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    ROLLED_OUT.clear()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "effnb.toml").write_text("")
    folder = tmp_path / "skills" / "roll-out"
    folder.mkdir(parents=True)
    (folder / "SKILL.md").write_text(SKILL)
    (folder / "playbook.py").write_text(textwrap.dedent(PLAYBOOK))
    opened, real = [], effnb.session.open_session

    def with_one_more(path=None):
        session = real(path)
        session.tools = Toolbox(session.workspace, [*tools().values(), rolls_out])
        opened.append(session)
        return session

    monkeypatch.setattr(effnb.session, "open_session", with_one_more)

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["effnb", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        return int(end.value.code or 0), captured.out, captured.err

    command("skill", "pin", "roll-out", "--yes")
    yield command
    for one in opened:
        one.close()


def started(run):
    code, out, err = run("skill", "run", "roll-out", "-p", "what=v2", "--json")
    assert code == 3, err
    return json.loads(out)["run_id"], err


def test_a_run_that_meets_a_write_exits_3_with_the_next_command(run):
    key, err = started(run)
    assert f"run {key} waits before step out: rolls_out(what='v2') needs a person's approval" in err
    assert f"next: effnb approve {key}, or effnb deny {key} --reason" in err
    assert (err.count("\n"), ROLLED_OUT) == (1, [])
    code, out, _ = run("runs", "--state", "paused", "--json")
    assert (code, [one["run_id"] for one in json.loads(out)]) == (0, [key])
    assert key in run("runs")[1]


def test_approve_makes_the_call_and_ends_the_run(run):
    key, _ = started(run)
    assert run("resume", key)[0] == 3
    code, out, err = run("approve", key, "--by", "grace", "--step", "out", "--json")
    assert (code, json.loads(out)["state"], ROLLED_OUT, err) == (0, "finished", ["v2"], "")
    code, _, err = run("approve", key)
    assert (code, "waits for no approval; it is finished" in err, ROLLED_OUT) == (1, True, ["v2"])
    lines = [json.loads(line) for line in run("audit", "export")[1].splitlines()]
    assert [(line["outcome"], line["approver"]) for line in lines if line["outcome"] in ("approved", "success")] == [
        ("approved", "grace"),
        ("success", "grace"),
    ]


def test_deny_goes_on_without_the_call(run):
    key, _ = started(run)
    code, out, _ = run("deny", key, "--reason", "freeze week")
    assert (code, ROLLED_OUT) == (0, [])
    assert "not looked at: freeze week" in out


def test_policy_of_the_workspace_approves_for_jobs_nobody_watches(run, tmp_path):
    (tmp_path / "effnb.toml").write_text('[permissions.approve]\ntools = ["rolls_out"]\n')
    code, out, _ = run("skill", "run", "roll-out", "-p", "what=v3", "--json")
    assert (code, json.loads(out)["state"], ROLLED_OUT) == (0, "finished", ["v3"])


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("guided", 'no language model is configured; set [agent] model = "NAME" and [models.NAME] in effnb.toml'),
        ("wild", "no mode 'wild'; there are: playbook, guided, free"),
    ],
)
def test_a_mode_that_cannot_be_had_says_what_to_set(run, mode, told):
    code, _, err = run("skill", "run", "roll-out", "-p", "what=v4", "--mode", mode)
    assert (code, err.count("\n"), told in err) == (1, 1, True), err


def test_a_run_there_is_not_is_said_so(run):
    for command in (("resume", "run-x"), ("approve", "run-x"), ("deny", "run-x", "--reason", "x")):
        code, _, err = run(*command)
        assert (code, "no run 'run-x'" in err) == (1, True)
