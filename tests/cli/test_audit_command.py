"""``effnb audit``: the log of every call is checked against itself and against reports, and written out."""

from __future__ import annotations

import json
import sqlite3
import sys

import pytest

from effnb.cli import main
from effnb.report import heads_in
from effnb.report._page import render_page
from effnb.session import open_session


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "effnb.toml").write_text("")
    session = open_session(tmp_path)
    for _ in range(3):
        session.tools.list_regressions()
    (tmp_path / "reports").mkdir()
    page = render_page(title="t", body="", anchor=session.workspace.audit.head())
    (tmp_path / "reports" / "a.html").write_text(page)
    session.close()

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["effnb", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        return int(end.value.code or 0), captured.out, captured.err

    return command


def cut(folder, sql):
    with sqlite3.connect(folder / ".effnb" / "state.db") as connection:
        connection.execute(sql)
    connection.close()


def test_an_intact_log_is_compared_with_the_reports_beside_it(run):
    code, out, err = run("audit", "verify", "--json")
    told = json.loads(out)
    assert (code, told["rows"], told["anchors"], told["problems"], err) == (0, 3, 1, [], "")
    assert run("audit", "verify", "--anchor", told["head"])[0] == 0


def test_a_cut_log_is_found_by_its_reports(run, tmp_path):
    cut(tmp_path, "DELETE FROM audit WHERE k = 3")
    code, _, err = run("audit", "verify")
    assert code == 1
    assert "the log has 2 rows, a head kept elsewhere says 3: it was cut" in err
    assert err.count("\n") == 1


def test_an_edited_log_is_found_without_them(run, tmp_path):
    cut(tmp_path, "UPDATE audit SET body = replace(body, 'list_regressions', 'nothing') WHERE k = 2")
    code, _, err = run("audit", "verify", "--report", str(tmp_path / "reports" / "a.html"))
    assert (code, "row 2 was changed after it was written" in err) == (1, True)


def test_export_is_one_json_line_an_entry(run, tmp_path):
    code, out, _ = run("audit", "export")
    lines = [json.loads(line) for line in out.splitlines()]
    assert (code, [line["k"] for line in lines], lines[1]["previous"]) == (0, [1, 2, 3], lines[0]["hash"])
    assert lines[0]["actor"]["kind"] == "user"
    assert run("audit", "export", "-o", str(tmp_path / "log.jsonl"))[0] == 0
    assert (tmp_path / "log.jsonl").read_text() == out


@pytest.mark.parametrize("arguments", [("--anchor", "3"), ("--anchor", "x:" + "0" * 64), ("--report", "none.html")])
def test_wrong_heads_are_refused_in_one_line(run, arguments):
    code, _, err = run("audit", "verify", *arguments)
    assert (code, err.count("\n"), err.startswith("effnb: ")) == (1, 1, True)


def test_a_page_without_a_workspace_holds_no_head(tmp_path):
    (tmp_path / "page.html").write_text(render_page(title="t", body='<p>data-effnb-audit="x"</p>'))
    assert heads_in(tmp_path) == ()
