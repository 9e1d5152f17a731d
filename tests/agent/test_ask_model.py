"""Questions with a language model: the same ``ask``, its calls through the gate, its evidence checked."""

from __future__ import annotations

import pytest
from servers import Says, call, fake_model

from effnb.session import Session, open_session


@pytest.fixture(autouse=True)
def _models_on_loopback_may_be_asked(monkeypatch):
    monkeypatch.setattr("pydantic_ai.models.ALLOW_MODEL_REQUESTS", True)


def concluded(value: int) -> Says:
    evidence = [{"call": "c1", "field": "total", "value": value}]
    finding = {"claim": "Nothing is filed.", "evidence": evidence}
    return call("final_result", status="not_found", summary="None is filed.", findings=[finding])


def session_with(server, folder) -> Session:
    lines = "\n".join(f"{name} = {value!r}" for name, value in server.settings().items())
    (folder / "effnb.toml").write_text(f'[agent]\nmodel = "fake"\n\n[models.fake]\n{lines}\n')
    return open_session(folder)


def test_the_model_chooses_the_calls_and_code_checks_what_it_cites(tmp_path):
    said = [call("list_regressions"), concluded(7), concluded(0)]
    with fake_model("openai", lambda _: said.pop(0)) as server:
        session = session_with(server, tmp_path)
        answer = session.ask("How many regressions are filed?")
        session.close()
    assert (answer.status, answer.text) == ("answered", "None is filed.")
    assert [(one.call, one.field, one.value) for one in answer.values] == [("c1", "total", 0)]
    assert [one.tool for one in answer.calls] == ["list_regressions"]
    assert "fake" in answer.model
    assert answer.run_id.startswith("run-")
    assert "the tool returned 0" in server.seen[-1].everything


def test_a_follow_up_tells_the_model_what_was_said_before(tmp_path):
    def policy(asked):
        return (
            concluded(0)
            if "list_regressions" in asked.everything and asked.texts[-1][0] != "user"
            else call("list_regressions")
        )

    with fake_model("openai", policy) as server:
        session = session_with(server, tmp_path)
        session.ask("How many regressions are filed?")
        session.ask("and improvements?")
        session.close()
    assert "Asked before: How many regressions are filed?" in server.seen[-1].everything
    assert "Answered: None is filed." in server.seen[-1].everything
