"""``%%ask``: any text becomes one awaited call, in a kernel too."""

from __future__ import annotations

import ast

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient

from effnb.notebook._ask import enable_ask, rewrite

HARD = """Who said "{x}" and 'y'?
\\n %s <b>"""


def asked(lines: list[str]) -> tuple[str, str]:
    """Session and text of the call a cell was rewritten to."""
    (line,) = lines
    call = ast.parse(line).body[0].value.value
    return call.args[0].id, call.args[1].value


@pytest.mark.parametrize("text", ["What costs most in web?", HARD, "", "trailing?"])
def test_the_text_of_the_cell_arrives_as_it_is(text):
    cell = f"%%ask\n{text}\n".splitlines(keepends=True)
    assert asked(rewrite(cell)) == ("s", text.strip())


def test_another_session_may_be_named_and_nothing_else():
    assert asked(rewrite(["%%ask other\n", "Why?\n"])) == ("other", "Why?")
    (line,) = rewrite(["%%ask exit()\n", "Why?\n"])
    with pytest.raises(ValueError, match="takes the name of a session"):
        exec(line, {})


@pytest.mark.parametrize("cell", [["x = 1\n"], ["%%asking\n", "?\n"], ["# %%ask\n"], []])
def test_other_cells_stay_as_they_are(cell):
    assert rewrite(cell) == cell


def test_it_is_added_once():
    shell = InteractiveShell()
    enable_ask(shell)
    enable_ask(shell)
    assert sum(getattr(one, "__name__", "") == "rewrite" for one in shell.input_transformers_cleanup) == 1


def test_a_kernel_without_a_person_shows_the_answer_and_keeps_it(tmp_path, monkeypatch):
    (tmp_path / "effnb.toml").write_text("")
    monkeypatch.setenv("EFFNB_MODE", "report")
    cells = [
        f"import effnb\nfrom effnb.notebook import setup\nsetup()\ns = effnb.open({str(tmp_path)!r})",
        "%%ask\nWhat will <b>search</b> cost next year?",
        "print(s.conversation.answers[0].status)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=120).execute()
    (shown,) = notebook.cells[1].outputs
    assert "about the future" in shown["data"]["text/plain"]
    assert "&lt;b&gt;search&lt;/b&gt;" in shown["data"]["text/html"]
    assert notebook.cells[2].outputs[0]["text"] == "declined\n"
