from __future__ import annotations

import asyncio

import pytest
from test_fix_card import Desk
from test_fix_view import FIX

from effnb.errors import AnalysisError, ConfigError
from effnb.widgets import FixPanel

SUBJECTS = [("words in shop", "opp-1"), ("line in shop", "opp-2")]


class Bench(Desk):
    """Makes a fix for the first subject and refuses the second."""

    def resolve(self, subject):
        if subject == "opp-2":
            raise AnalysisError("the list is used <elsewhere>; resolve it by hand")
        self.known = self.record
        return self.record

    known = None

    def fix_of(self, subject):
        return self.known


@pytest.fixture
def panel(tmp_path):
    return FixPanel(Bench(tmp_path), SUBJECTS)


def press(panel, subject):
    async def run():
        panel.open()
        panel.subject.value = subject
        await panel.resolve()

    asyncio.run(run())


def test_a_made_fix_appears_as_a_card(panel):
    press(panel, "opp-1")
    assert panel.record.fix == FIX
    assert len(panel.place.children) == 1
    assert "fix-1: verified" in panel.status.value


def test_a_refusal_is_said_in_its_place(panel):
    press(panel, "opp-2")
    assert panel.place.children == ()
    assert "the list is used &lt;elsewhere&gt;" in panel.status.value


def test_what_was_made_before_is_shown_at_once(tmp_path):
    bench = Bench(tmp_path)
    bench.resolve("opp-1")
    panel = FixPanel(bench, SUBJECTS)

    async def run():
        panel.open()

    asyncio.run(run())
    assert len(panel.place.children) == 1


def test_a_report_shows_the_fix_or_the_refusal(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EFFNB_MODE", "report")
    bench = Bench(tmp_path)
    FixPanel(bench, SUBJECTS, "opp-1").show()
    assert "effnb resolve opp-1" in capsys.readouterr().out
    FixPanel(bench, SUBJECTS, "opp-1", make=True).show()
    assert "fix fix-1" in capsys.readouterr().out
    bench.known = None
    FixPanel(bench, SUBJECTS, "opp-2", make=True).show()
    assert "resolve it by hand" in capsys.readouterr().out


def test_nothing_to_resolve_says_what_to_run(tmp_path, capsys):
    FixPanel(Bench(tmp_path), []).show()
    assert "effnb scan" in capsys.readouterr().out


def test_an_unknown_subject_names_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match="no subject 'opp-9' to resolve; there are: opp-1, opp-2"):
        FixPanel(Bench(tmp_path), SUBJECTS, "opp-9")
