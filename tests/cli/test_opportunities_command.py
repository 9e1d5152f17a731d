from __future__ import annotations

import json
import sys

import pytest

from effnb.cli import main

SOURCE = "import zlib\n\n\ndef pack(data: bytes) -> bytes:\n    return zlib.compress(data, 9)\n"


def run(monkeypatch, capsys, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["effnb", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    out, err = capsys.readouterr()
    return end.value.code, out, err


@pytest.fixture
def plain(tmp_path, monkeypatch):
    """A folder with code and nothing else: no workspace, no git, no profile."""
    (tmp_path / "pack.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EFFNB_WORKSPACE", raising=False)
    return tmp_path


def test_any_folder_can_be_scanned_and_findings_are_no_error(plain, monkeypatch, capsys):
    code, out, _ = run(monkeypatch, capsys, "scan")
    assert code == 0
    assert "maximum-compression-level" in out
    assert "not ranked by cost" in out


def test_json_has_the_promised_names_first_and_nothing_else_on_stdout(plain, monkeypatch, capsys):
    code, out, err = run(monkeypatch, capsys, "scan", str(plain), "--json")
    (row,) = json.loads(out)
    assert code == 0
    assert list(row)[:7] == ["file", "function", "line", "pattern", "confidence", "cost", "expected_saving"]
    assert (row["file"], row["function"], row["line"], row["cost"]) == ("pack.py", "pack:pack", 5, None)
    assert "1 files" in err


def test_one_file_and_one_pattern(plain, monkeypatch, capsys):
    assert json.loads(run(monkeypatch, capsys, "scan", "pack.py", "--pattern", "list-sum", "--json")[1]) == []
    assert len(json.loads(run(monkeypatch, capsys, "scan", "pack.py", "--json")[1])) == 1


def test_a_path_that_is_not_there_fails_in_one_line(plain, monkeypatch, capsys):
    code, out, err = run(monkeypatch, capsys, "scan", "nowhere")
    assert (code, out) == (1, "")
    assert err.startswith("effnb: no folder or file")
    assert err.count("\n") == 1


def test_without_a_workspace_there_is_nothing_to_list(plain, monkeypatch, capsys):
    code, _, err = run(monkeypatch, capsys, "opportunities")
    assert code == 1
    assert "effnb init" in err


def test_list_show_and_dismiss_in_a_workspace(plain, monkeypatch, capsys):
    (plain / "effnb.toml").write_text("")
    (row,) = json.loads(run(monkeypatch, capsys, "scan", "--json")[1])
    assert run(monkeypatch, capsys, "opportunities")[1].count(row["id"]) == 1
    assert json.loads(run(monkeypatch, capsys, "opportunities", "show", row["id"], "--json")[1])["id"] == row["id"]
    code, out, _ = run(monkeypatch, capsys, "opportunities", "dismiss", row["id"], "--reason", "sent once a year")
    assert (code, "sent once a year" in out) == (0, True)
    assert json.loads(run(monkeypatch, capsys, "opportunities", "--json")[1]) == []
    assert json.loads(run(monkeypatch, capsys, "scan", "--json")[1]) == []
    dismissed = json.loads(run(monkeypatch, capsys, "opportunities", "--dismissed", "--json")[1])
    assert [one["dismissed"] for one in dismissed] == ["sent once a year"]
