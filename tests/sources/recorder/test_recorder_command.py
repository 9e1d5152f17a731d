"""``effnb record`` as a person types it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from effnb.cli import _record
from effnb.errors import BadQuery
from effnb.verify import load_function_workload, load_service_workload


@pytest.fixture
def app() -> typer.Typer:
    application = typer.Typer()
    application.callback()(lambda: None)
    _record.register(application)
    return application


def arguments(repo: Path, out: Path, *more: str) -> list[str]:
    return ["record", "--repo", str(repo), "--service", "web", "--out", str(out), "--cmd", "python -m shop.work", *more]


def test_json_is_the_only_thing_on_stdout(repo: Path, tmp_path: Path, app: typer.Typer) -> None:
    typed = arguments(repo, tmp_path, "--revisions", "main~2", "--arg-suffix", "1", "--variant", "again", "--json")
    result = CliRunner().invoke(app, typed, catch_exceptions=False)
    (row,) = json.loads(result.stdout)
    assert (row["variant"], row["command"]) == ("again", ["python", "-m", "shop.work", "1"])
    assert f"1/1 {row['revision'][:12]} {row['samples']:,} samples" in result.stderr


def test_the_summary_says_how_much_lies_where(repo: Path, tmp_path: Path, app: typer.Typer) -> None:
    result = CliRunner().invoke(app, arguments(repo, tmp_path, "--revisions", "main~2", "--arg-suffix", "1"))
    rows = json.loads((tmp_path / "index.json").read_text())
    assert result.stdout == f"recorded web: {rows[0]['samples']:,} samples at 1 revisions, in {tmp_path}\n"


def test_environment_is_given_as_pairs(repo: Path, tmp_path: Path, app: typer.Typer) -> None:
    with pytest.raises(BadQuery, match="NAME=VALUE"):
        CliRunner().invoke(
            app, arguments(repo, tmp_path, "--revisions", "main", "--env", "DEBUG"), catch_exceptions=False
        )


def test_a_cancelled_job_cleans_up(repo: Path, scratch: Path, tmp_path: Path) -> None:
    script = f"import tempfile; tempfile.tempdir = {str(scratch)!r}; from effnb.cli import main; main()"
    typed = arguments(repo, tmp_path / "out", "--revisions", "main~2", "--arg-suffix", "999")
    with subprocess.Popen([sys.executable, "-c", script, *typed], stderr=subprocess.PIPE, text=True) as recorder:
        while not list(scratch.rglob("stdout")):
            assert recorder.poll() is None
        recorder.terminate()
        recorder.communicate(timeout=30)
    assert (recorder.returncode, list(scratch.iterdir())) == (143, [])


def test_the_newest_revision_is_sampled_for_its_arguments(repo: Path, tmp_path: Path, app: typer.Typer) -> None:
    typed = arguments(repo, tmp_path / "out", "--revisions", "main~2..main~1", "--arg-suffix", "1")
    result = CliRunner().invoke(app, typed, catch_exceptions=False)
    folder = tmp_path / "out" / "workloads" / "web"
    outer = load_function_workload(folder / "shop.work-outer.jsonl.gz")
    service = load_service_workload(folder)
    (row,) = json.loads((tmp_path / "out" / "index.json").read_text())
    assert (service.command, service.revision) == (("python", "-m", "shop.work", "1"), row["revision"])
    assert (outer.revision, outer.distinct, [sample.args for sample in outer.samples]) == (row["revision"], 1, [[3000]])
    assert "inside another function" in service.not_replayable["shop.work:outer.<locals>.nested"]
    assert re.search(r"arguments of \d hot functions in .*web, \d not replayable", result.stderr)
    before = (folder / "workload.json").stat().st_mtime_ns
    CliRunner().invoke(app, typed, catch_exceptions=False)
    assert (folder / "workload.json").stat().st_mtime_ns == before


def test_without_arguments_only_stacks_are_recorded(repo: Path, tmp_path: Path, app: typer.Typer) -> None:
    typed = arguments(repo, tmp_path / "out", "--revisions", "main~2", "--arg-suffix", "1", "--no-arguments")
    CliRunner().invoke(app, typed, catch_exceptions=False)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"index.json", "web"}
