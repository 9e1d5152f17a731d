"""Every stage of detection is explained on one page, with a picture of what it keeps and what it drops."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from effnb.detect._pipeline import CAUSE_STAGES, STEP_STAGES

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "stages"
IN_BETWEEN = ("change points", "went-away", "long-path", "merged", "planned", "same-regression")
STAGES = (*STEP_STAGES, *CAUSE_STAGES, *IN_BETWEEN)


def section(stage: str) -> str:
    page = (FOLDER / "overview.md").read_text(encoding="utf-8")
    parts = re.split(r"(?m)^#+ ", page)
    (found,) = [part for part in parts if part.startswith(f"`{stage}`")]
    return found


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_has_its_text_and_its_picture(stage):
    text = section(stage)
    name = f"{stage.replace(' ', '-')}.svg"
    assert re.search(r"\*(Drops|Joins|Leaves out)\*", text)
    assert re.findall(r"\]\(([a-z-]+\.svg)\)", text) == [name]
    drawn = (FOLDER / name).read_text(encoding="utf-8")
    assert len(drawn.encode()) <= 30_000
    texts = {
        "".join(each.itertext()) for each in ElementTree.fromstring(drawn).iter("{http://www.w3.org/2000/svg}text")
    }
    assert stage in texts
    assert sum(word.startswith(("kept", "annotated", "a change point")) for word in texts) == 1
    assert sum(word.startswith(("dropped", "joined", "no change point")) for word in texts) == 1


def test_no_section_is_about_a_stage_that_is_gone():
    page = (FOLDER / "overview.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"(?m)^### `([^`]+)`", page)) == sorted(STAGES)
