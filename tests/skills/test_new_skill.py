"""The template is a whole skill; frozen cases stay as they were written."""

from __future__ import annotations

import hashlib

import pytest

from effnb.errors import ConfigError, SkillError
from effnb.skills import changed_frozen, lint_skill, load_cases, load_skill, new_skill
from effnb.tools import Toolbox


def test_new_skill_has_no_faults(tmp_path):
    skill = new_skill("find-it", tmp_path)
    assert skill.body.startswith("# Find it")
    assert lint_skill(skill, Toolbox(None)) == ()
    assert sorted(case.kind for case in load_cases(skill)) == ["cause", "failing-tool", "look-alike", "missing-data"]


@pytest.mark.parametrize("name", ["", "Mine", "a b", "../up", "a--b", "x" * 65])
def test_name_outside_the_format_is_refused(tmp_path, name):
    with pytest.raises(SkillError, match="cannot name a skill"):
        new_skill(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_existing_folder_is_left_alone(tmp_path):
    new_skill("mine", tmp_path)
    with pytest.raises(ConfigError, match="exists already"):
        new_skill("mine", tmp_path)


def test_frozen_case_that_was_edited_is_told(tmp_path):
    skill = new_skill("mine", tmp_path)
    frozen = skill.path / "cases" / "frozen"
    frozen.mkdir()
    (skill.path / "cases" / "too_small.json").rename(frozen / "too_small.json")
    digest = hashlib.sha256((frozen / "too_small.json").read_bytes()).hexdigest()
    (frozen / "SHA256SUMS").write_text(f"{digest}  too_small.json\n")
    assert [case.name for case in load_cases(skill) if case.frozen] == ["frozen/too_small"]
    assert changed_frozen(skill) == ()
    (frozen / "too_small.json").write_text((frozen / "too_small.json").read_text().replace("0.30", "0.31"))
    (frozen / "later.json").write_text((skill.path / "cases" / "dearest_rise.json").read_text())
    assert changed_frozen(skill) == ("later.json", "too_small.json")
    assert "frozen case later.json is not what SHA256SUMS says it was" in lint_skill(load_skill(skill.path))


def test_open_format_validator_is_heard(tmp_path):
    skill = new_skill("mine", tmp_path)
    prose = skill.path / "SKILL.md"
    prose.write_text(prose.read_text().replace("license: Apache-2.0", "licence: Apache-2.0"))
    assert any(
        fault.startswith("open format: Unexpected fields in frontmatter: licence") for fault in lint_skill(skill)
    )
