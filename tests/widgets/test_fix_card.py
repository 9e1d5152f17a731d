from __future__ import annotations

from datetime import UTC, datetime

import pytest
from test_fix_view import DIFF, FIX, PROVED

from effnb.domain import AppliedFile, Delivery, FixRecord
from effnb.errors import DeliveryError
from effnb.widgets import FixCard
from effnb.widgets._fix_card import first_path

AT = datetime(2026, 11, 1, tzinfo=UTC)
VERIFIED = PROVED.model_copy(update={"verdict": "verified", "checks": ()})


class Desk:
    """Keeps a record as a session does."""

    def __init__(self, folder, verification=VERIFIED) -> None:
        self.folder = folder
        self.record = FixRecord(fix=FIX, verification=verification)
        self.calls: list[str] = []

    def fix_record(self, fix):
        return self.record

    def fix_folder(self, fix):
        return self.folder

    def _delivered(self, state):
        files = (AppliedFile(path="shop/text.py", before="0", after="1"),)
        delivery = Delivery(fix=FIX.id, state=state, folder="shop", files=files, at=AT)
        self.record = self.record.model_copy(update={"delivery": delivery})
        self.calls.append(state)
        return self.record

    def apply_fix(self, fix):
        return self._delivered("applied")

    def undo_fix(self, fix):
        return self._delivered("undone")

    def open_pull_request(self, fix):
        raise DeliveryError("the forge does not take it; ask <its> owner")


@pytest.fixture
def card(tmp_path):
    card = FixCard(Desk(tmp_path), FIX.id)
    card.open()
    return card


def states(card):
    return {"apply": card.apply.disabled, "undo": card.undo.disabled, "pull": card.pull.disabled}


def test_only_what_makes_sense_can_be_pressed(card):
    assert states(card) == {"apply": False, "undo": True, "pull": False}
    card.apply.click()
    assert states(card) == {"apply": True, "undo": False, "pull": False}
    assert "applied at 2026-11-01" in card.view.value
    card.undo.click()
    assert states(card) == {"apply": False, "undo": True, "pull": False}
    assert card._session.calls == ["applied", "undone"]


def test_an_unproved_fix_is_not_offered(tmp_path):
    card = FixCard(Desk(tmp_path, PROVED), FIX.id)
    card.open()
    assert states(card) == {"apply": True, "undo": True, "pull": True}


def test_a_refusal_is_said_and_the_buttons_come_back(card):
    card.pull.click()
    assert "ask &lt;its&gt; owner" in card.status.value
    assert states(card)["pull"] is False


def test_a_report_shows_the_view_and_makes_no_widget(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("EFFNB_MODE", "report")
    FixCard(Desk(tmp_path), FIX.id).show()
    assert "fix fix-1" in capsys.readouterr().out


def test_the_first_written_file_is_the_one_to_open():
    assert first_path(DIFF) == "shop/text.py"
    assert first_path("--- a/x.py\n+++ /dev/null\n") == ""
