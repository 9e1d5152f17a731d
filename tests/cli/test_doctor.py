"""The doctor tries things and says what is missing."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from effnb.cli import app


def run(*words: str):
    return CliRunner().invoke(app, ["doctor", *words])


def found(result) -> dict[str, dict[str, str]]:
    return {one["what"]: one for one in json.loads(result.stdout)}


def test_a_machine_is_examined_without_a_workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run("--json")
    assert result.exit_code == 0, result.output
    one = found(result)
    assert one["git"]["state"] == "ok"
    assert one["git"]["detail"].startswith("git version")
    assert one["workspace"]["state"] == "limited"
    assert one["sandbox"]["detail"].split(":")[0] in ("strong", "partial", "none")


def test_without_a_sandbox_it_says_that_nothing_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    result = run("--json")
    one = found(result)
    assert one["sandbox"]["state"] == "limited"
    assert one["sandbox"]["detail"].startswith("none: ")
    assert "no bwrap on PATH" in one["sandbox"]["detail"]
    assert one["sandbox"]["next_step"].startswith("candidate code is not run")
    assert one["git"]["state"] == "missing"
    assert result.exit_code == 1


def test_store_and_sources_of_a_workspace_are_tried(tmp_path, monkeypatch):
    (tmp_path / "effnb.toml").write_text(
        '[sources]\ndocs = "pages"\nlogs = "lost"\n[sources.prometheus]\nurl = "http://x"\ntoken_env = "NO_TOKEN"\n'
    )
    (tmp_path / "pages").mkdir()
    monkeypatch.chdir(tmp_path)
    result = run("--json")
    one = found(result)
    assert one["store"]["detail"] == "state ok; samples of no service yet"
    assert one["docs"]["state"] == "ok"
    assert one["logs"]["next_step"] == "mend the path in effnb.toml"
    assert one["prometheus"]["next_step"] == "set NO_TOKEN"
    assert result.exit_code == 1


def test_the_key_of_a_model_is_named_and_never_shown(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    result = run()
    assert "OPENAI_API_KEY" in result.stdout
    assert "very-secret" not in result.output
