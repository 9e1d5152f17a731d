"""The command line as a person or a script runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from shop_workspace import CHECK, build_shop

import effnb.session
from effnb.cli import app, main
from effnb.demo import Summary
from effnb.domain import DetectionSummary, Ingested, ProfileDiff, Regression, Suppressed, Transcript


class Outcome:
    """What a command printed and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        """The one JSON value on stdout."""
        assert self.code == 0, self.err
        assert self.out.count("\n") == 1
        return json.loads(self.out)

    @property
    def mistake(self) -> str:
        """The one line that says what is wrong."""
        assert (self.code, self.out) == (1, ""), (self.code, self.out, self.err)
        assert self.err.startswith("effnb: ")
        assert self.err.count("\n") == 1
        return self.err.strip()


@pytest.fixture
def effnb_(monkeypatch, capsys):
    """Run a command in a folder, in this process, and close the stores it opened."""
    opened = []
    real = effnb.session.open_session

    def remembered(path=None):
        opened.append(real(path))
        return opened[-1]

    monkeypatch.setattr(effnb.session, "open_session", remembered)
    monkeypatch.setattr("effnb.demo.open_session", remembered)

    def run(folder: Path, *arguments: str) -> Outcome:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["effnb", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        return Outcome(int(end.value.code or 0), captured.out, captured.err)

    yield run
    for one in opened:
        one.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """The made-up shop, detected."""
    root = tmp_path_factory.mktemp("cli") / "shop"
    build_shop(root)
    session = effnb.session.open_session(root)
    session.tools.run_detection()
    session.close()
    return root


@pytest.fixture
def bare(tmp_path) -> Path:
    """A workspace without data."""
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "effnb.toml").write_text("")
    return folder


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_help_lists_exactly_the_registered_commands(effnb_, tmp_path):
    registered = [(one.name or one.callback.__name__) for one in app.registered_commands]
    registered += [one.name for one in app.registered_groups]
    shown = effnb_(tmp_path, "--help").out.partition("Commands:")[2]
    assert [line.split()[0] for line in shown.splitlines() if line.startswith("  ") and line[2] != " "] == registered


@pytest.mark.parametrize("command", [one.name or one.callback.__name__ for one in app.registered_commands])
def test_every_command_says_what_it_does_and_what_its_options_mean(effnb_, tmp_path, command):
    done = effnb_(tmp_path, command, "--help")
    assert done.code == 0
    text = done.out.partition("Options:")[0]
    assert len(text.partition("\n\n")[2].strip()) > 20
    assert files(tmp_path) == set()


def test_regressions_json_is_the_domain_models(effnb_, shop):
    rows = [Regression.model_validate(row) for row in effnb_(shop, "regressions", "--json").json]
    assert CHECK in {row.function for row in rows}
    assert {row.kind for row in rows} == {"regression"}
    (planned,) = effnb_(shop, "regressions", "--kind", "planned", "--json").json
    assert planned["planned_by"] == "flag:wrap"


def test_suppressed_json_can_be_narrowed(effnb_, shop):
    rows = [Suppressed.model_validate(row) for row in effnb_(shop, "suppressed", "--json").json]
    assert len(rows) > 10
    gone = effnb_(shop, "suppressed", "--stage", "went-away", "--json").json
    assert [row["id"] for row in gone] == [row.id for row in rows if row.stage == "went-away"]
    assert effnb_(shop, "suppressed", "--function", "PRICE:PRICE", "--json").json
    assert effnb_(shop, "suppressed", "--service", "other", "--json").json == []


def test_detect_json_is_the_summary(effnb_, shop, tmp_path):
    shutil.copytree(shop, tmp_path / "copy")
    summary = DetectionSummary.model_validate(effnb_(tmp_path / "copy", "detect", "--json").json)
    assert (summary.services, summary.planned) == (("shop",), 1)


def test_investigate_json_is_the_transcript(effnb_, shop, tmp_path):
    shutil.copytree(shop, tmp_path / "copy")
    key = next(row["id"] for row in effnb_(shop, "regressions", "--json").json if row["function"] == CHECK)
    transcript = Transcript.model_validate(effnb_(tmp_path / "copy", "investigate", key, "--json").json)
    assert (transcript.state, transcript.resolution.status, transcript.tokens) == ("finished", "explained", 0)


def test_ingest_and_compare_json(effnb_, bare):
    for name, text in (("a.folded", "main;x 30\nmain;y 70\n"), ("b.folded", "main;x 50\nmain;y 50\n")):
        (bare / name).write_text(text)
    (row,) = effnb_(bare, "ingest", "a.folded", "--service", "web", "--at", "2026-01-05T00:00:00Z", "--json").json
    assert Ingested.model_validate(row).samples == 100
    diff = ProfileDiff.model_validate(effnb_(bare, "compare", "a.folded", "b.folded", "--json").json)
    assert diff.rows[0].delta == pytest.approx(0.2)


def test_empty_answers_are_empty_json(effnb_, bare):
    assert effnb_(bare, "regressions", "--json").json == []
    assert effnb_(bare, "suppressed", "--json").json == []


def test_a_human_is_told_what_was_searched(effnb_, bare, shop):
    assert effnb_(bare, "regressions").out.startswith(
        "nothing found: regression findings of the newest detection over no service"
    )
    shown = effnb_(shop, "regressions").out
    assert CHECK in shown
    assert "next: effnb investigate reg-" in shown


def test_the_workspace_is_found_upward(effnb_, shop):
    assert effnb_(shop / "repo" / "shop", "regressions", "--json").json


def test_a_name_from_data_is_shown_as_it_is(effnb_, shop, tmp_path):
    shutil.copytree(shop, tmp_path / "copy")
    session = effnb.session.open_session(tmp_path / "copy")
    (one, *_) = session.regressions()
    session.workspace.findings.replace([one.model_copy(update={"function": "[bold red]m:f[/]"})], [])
    session.close()
    assert "[bold red]m:f[/]" in effnb_(tmp_path / "copy", "regressions").out


@pytest.mark.parametrize(
    "command", [["detect"], ["regressions", "--json"], ["suppressed"], ["investigate", "reg-1"], ["ingest", "x.folded"]]
)
def test_no_workspace_is_one_line_and_writes_nothing(effnb_, tmp_path, command):
    said = effnb_(tmp_path, *command).mistake
    assert "no effnb.toml in" in said
    assert "`effnb init`" in said
    assert files(tmp_path) == set()


@pytest.mark.parametrize("command", [["investigate", "reg-0"], ["investigate", "reg-0", "--json"]])
def test_an_unknown_id_names_the_known_ones(effnb_, shop, command):
    assert "no regression 'reg-0'; filed: reg-" in effnb_(shop, *command).mistake


def test_detecting_in_an_empty_store_says_what_to_do_first(effnb_, bare):
    assert (
        effnb_(bare, "detect", "--json").mistake == "effnb: the store holds no samples; run `effnb ingest PATH` first"
    )


def test_what_is_no_repository_is_said_to_be_none(effnb_, shop, tmp_path):
    shutil.copytree(shop, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "repo")
    (tmp_path / "copy" / "repo").mkdir()
    before = effnb_(tmp_path / "copy", "regressions", "--json").json
    assert "is not a git repository; set [sources] repository" in effnb_(tmp_path / "copy", "detect").mistake
    assert effnb_(tmp_path / "copy", "regressions", "--json").json == before


@pytest.mark.parametrize("content", [b"\x00\x01\xff garbage \xfe", b"", b"{}"])
def test_an_unreadable_profile_is_named_and_nothing_is_stored(effnb_, bare, content):
    (bare / "bad.bin").write_bytes(content)
    assert "bad.bin" in effnb_(bare, "ingest", "bad.bin", "--service", "web").mistake
    assert not [name for name in files(bare) if name.endswith(".parquet")]
    assert effnb_(bare, "regressions", "--json").json == []


def test_a_missing_profile_is_named(effnb_, bare):
    assert "gone.folded" in effnb_(bare, "ingest", "gone.folded", "--service", "web").mistake


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to ingest; give files or folders, --prometheus or --pyroscope"),
        (["a.folded"], "a.folded does not say which service it is of; add --service NAME"),
        (["a.folded", "--service", "w", "--at", "noon"], "--at 'noon' is not a time; write it as 2026-"),
        (
            ["a.folded", "--service", "w", "--at", "2026-01-05T00:00:00"],
            "has no zone; write it as 2026-01-05T00:00:00Z",
        ),
        (["a.folded", "--service", "w", "--format", "word"], "word"),
        (["--prometheus"], "no Prometheus queries are configured"),
    ],
)
def test_mistakes_of_ingest(effnb_, bare, arguments, said):
    (bare / "a.folded").write_text("main 5\n")
    assert said in effnb_(bare, "ingest", *arguments).mistake
    assert not [name for name in files(bare) if name.endswith(".parquet")]


def test_an_unknown_config_key_names_the_nearest(effnb_, bare):
    (bare / "effnb.toml").write_text("[detect]\ntreshold = 0.1\n")
    assert "unknown key detect.treshold; did you mean 'threshold'?" in effnb_(bare, "regressions").mistake
    assert files(bare) == {"effnb.toml"}


def test_an_unknown_kind_or_option_or_command_is_one_line(effnb_, bare):
    assert "'bogus'; one of regression, improvement, planned" in effnb_(bare, "regressions", "--kind", "bogus").mistake
    assert "--jsn" in effnb_(bare, "detect", "--jsn").mistake
    assert "dtect" in effnb_(bare, "dtect").mistake
    assert "(try `effnb investigate --help`)" in effnb_(bare, "investigate").mistake


@pytest.fixture
def notebook(bare) -> Path:
    cell = nbformat.v4.new_code_cell("workspace = ''", metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), bare / "n.ipynb")
    return bare


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["n.ipynb", "-o", "o.html", "-p", "novalue"], "-p 'novalue' is not NAME=VALUE"),
        (["n.ipynb", "-o", "o.html", "-p", "unheard=1"], "unheard"),
        (["gone.ipynb", "-o", "o.html"], "no notebook 'gone.ipynb'; there are: "),
        (["99_gone", "-o", "o.html"], "no notebook '99_gone'; there are: "),
        (["n.ipynb"], "-o"),
    ],
)
def test_mistakes_of_report_write_nothing(effnb_, notebook, arguments, said):
    before = files(notebook)
    assert said in effnb_(notebook, "report", *arguments).mistake
    assert {name for name in files(notebook) if not name.startswith(".effnb")} == before


def test_init_writes_a_workspace_once(effnb_, tmp_path):
    done = effnb_(tmp_path, "init", "new")
    assert (done.code, files(tmp_path)) == (0, {"new/effnb.toml"})
    (tmp_path / "new" / "effnb.toml").write_text("# mine\n")
    assert "exists already; edit it, or choose another folder" in effnb_(tmp_path, "init", "new").mistake
    assert (tmp_path / "new" / "effnb.toml").read_text() == "# mine\n"


def test_an_initialised_workspace_works(effnb_, tmp_path):
    effnb_(tmp_path, "init")
    assert effnb_(tmp_path, "regressions", "--json").json == []


@pytest.mark.parametrize("command", ["init", "demo", "lab"])
def test_a_file_in_place_of_the_folder_is_one_line(effnb_, tmp_path, command):
    (tmp_path / "taken").write_text("mine")
    assert "taken" in effnb_(tmp_path, command, "taken").mistake
    assert (tmp_path / "taken").read_text() == "mine"


def test_demo_does_not_replace_a_folder_that_is_none(effnb_, tmp_path):
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").write_text("ten years")
    assert "is not empty and not a demo; choose another folder" in effnb_(tmp_path, "demo", "work").mistake
    assert files(tmp_path) == {"work/thesis.txt"}


def test_demo_does_not_replace_a_persons_workspace(effnb_, tmp_path):
    """A workspace of one's own may well keep its records in a folder called context."""
    mine = tmp_path / "mine"
    (mine / "context").mkdir(parents=True)
    (mine / "effnb.toml").write_text('[workspace]\nname = "mine"\n')
    (mine / "context" / "rollouts.jsonl").write_text("")
    assert "choose another folder" in effnb_(tmp_path, "demo", "mine").mistake
    assert files(mine) == {"effnb.toml", "context/rollouts.jsonl"}


def test_the_installed_program_ends_with_the_same_codes(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "from effnb.cli import main; main()", "detect"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("effnb: no effnb.toml in ")


def test_the_summary_of_a_demo_is_documented():
    fields = Summary.model_json_schema()["properties"]
    assert all(field.get("description") for field in fields.values())
