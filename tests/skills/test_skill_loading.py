"""Skill folders come from disk and from strangers: what is taken, what is refused, and with which words."""

from __future__ import annotations

import sys

import pytest

from effnb.errors import NotFound, PlaybookError, SkillError
from effnb.skills import bundled_skill, bundled_skills, find_skills, load_playbook, load_skill

GOOD = "name: probe\ndescription: Used when testing."


def folder(tmp_path, front=GOOD, body="Prose.", name="probe", **files):
    path = tmp_path / name
    path.mkdir(exist_ok=True)
    (path / "SKILL.md").write_text(f"---\n{front}\n---\n{body}\n")
    for file, text in files.items():
        (path / f"{file}.py").write_text(text)
    return path


def test_fields_and_prose_are_read_as_text(tmp_path):
    front = f"{GOOD}\nlicense: Apache-2.0\nmetadata:\n  version: 1.0\n  on: yes"
    skill = load_skill(folder(tmp_path, front, "# Title\n\nProse."))
    assert (skill.name, skill.description, skill.license) == ("probe", "Used when testing.", "Apache-2.0")
    assert skill.metadata == {"version": "1.0", "on": "yes"}
    assert skill.body == "# Title\n\nProse."
    assert skill.label == f"probe@{skill.digest[:12]}"


def test_digest_is_that_of_all_files_and_of_nothing_else(tmp_path):
    path = folder(tmp_path, playbook="x = 1")
    before = load_skill(path).digest
    (path / "__pycache__").mkdir()
    (path / "__pycache__" / "playbook.pyc").write_bytes(b"x")
    (path / ".DS_Store").write_bytes(b"x")
    assert load_skill(path).digest == before
    (path / "playbook.py").write_text("x = 2")
    assert load_skill(path).digest != before


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        ("description: x", "name: Field required"),
        ("name: probe", "description: Field required"),
        ("name: other\ndescription: x", "'other' lies in folder 'probe'"),
        ("name: Probe_1\ndescription: x", "name: String should match"),
        (f"name: probe\ndescription: {'x' * 1025}", "at most 1024 characters"),
        (f"{GOOD}\ntools: diff", "unknown fields tools"),
        (f"{GOOD}\nbody: other", "unknown fields body"),
        (f"{GOOD}\nname: probe", "keys given twice: name"),
        (f"{GOOD}\nmetadata: {{a: b}}", "flow style are refused"),
        (f"{GOOD}\nmetadata:\n  - a", "lists and flow style are refused"),
        (f"{GOOD}\nmetadata:\n  a:\n    b:\n      c: d", "nested too deep"),
        (f"{GOOD}\nmetadata:\n  a:\n    b: c", "nested too deep"),
        ("name: &n probe\ndescription: *n", "aliases and anchors are refused"),
        ("a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]", "refused"),
        (f"{GOOD}\nmetadata: {'[' * 5000}", "refused"),
        ("name: !!python/object/apply:os.system [echo]\ndescription: x", "refused"),
        ("name: !!python/name:os.system probe\ndescription: x", "unreadable front matter"),
        ("just text", "not a mapping"),
    ],
)
def test_front_matter_outside_the_format_is_refused(tmp_path, front, reason):
    with pytest.raises(SkillError) as refusal:
        load_skill(folder(tmp_path, front))
    assert reason in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_missing_large_or_binary_file_is_refused(tmp_path):
    with pytest.raises(SkillError, match="cannot read the skill"):
        load_skill(tmp_path / "none")
    with pytest.raises(SkillError, match="larger than 64 KiB"):
        load_skill(folder(tmp_path, body="x" * 70_000))
    path = folder(tmp_path)
    (path / "SKILL.md").write_bytes(b"---\nname: \xff\n---\n")
    with pytest.raises(SkillError, match="is not UTF-8"):
        load_skill(path)
    (path / "SKILL.md").write_text("# No front matter")
    with pytest.raises(SkillError, match="does not begin with front matter"):
        load_skill(path)


def test_symbolic_links_are_refused(tmp_path):
    path = folder(tmp_path)
    (path / "secret").symlink_to("/etc/hostname")
    with pytest.raises(SkillError, match="symbolic link"):
        load_skill(path)


def test_skills_are_found_in_folders_and_by_name(tmp_path):
    folder(tmp_path)
    other = folder(tmp_path, "name: other\ndescription: x", name="other")
    assert [skill.name for skill in find_skills([tmp_path])] == ["other", "probe"]
    assert [skill.name for skill in find_skills([other, tmp_path])] == ["other", "probe"]
    assert find_skills([tmp_path / "none"]) == ()


def test_bundled_skill_is_found_or_named():
    assert bundled_skill("investigate-cpu-regression") in bundled_skills()
    with pytest.raises(NotFound, match=r"there are: .*investigate-cpu-regression"):
        bundled_skill("investigate-everything")


PLAYBOOK = """
from __future__ import annotations
from effnb.domain import Noun, Resolution

class Part(Noun):
    value: int

class Inputs(Noun):
    part: Part

def playbook(inputs: Inputs):
    return Resolution(status="not_found", summary=str(inputs.part.value))
    yield
"""


def test_importing_a_playbook_leaves_nothing_behind(tmp_path):
    path = folder(tmp_path, playbook=PLAYBOOK)
    before = set(sys.modules)
    loaded = load_playbook(load_skill(path))
    assert loaded.accept({"part": {"value": 3}}).part.value == 3
    assert {name for name in set(sys.modules) - before if "playbook" in name} == set()
    assert sorted(p.name for p in path.iterdir()) == ["SKILL.md", "playbook.py"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x = (", "cannot import .*SyntaxError"),
        ("1 / 0", "cannot import .*ZeroDivisionError"),
        ("x = 1", "defines no generator function"),
        ("def playbook(i): return 1", "defines no generator function"),
        ("def playbook(i): yield", "needs a pydantic model"),
        ("def playbook(i: 'Nope'): yield", "cannot be evaluated"),
    ],
)
def test_playbook_of_the_wrong_shape_is_refused(tmp_path, text, reason):
    with pytest.raises(PlaybookError, match=reason):
        load_playbook(load_skill(folder(tmp_path, playbook=text)))


def test_skill_without_playbook_says_so(tmp_path):
    with pytest.raises(PlaybookError, match="can only be read"):
        load_playbook(load_skill(folder(tmp_path)))


def test_files_that_changed_since_loading_are_not_run(tmp_path):
    skill = load_skill(folder(tmp_path, playbook=PLAYBOOK))
    folder(tmp_path, playbook=PLAYBOOK + "\n")
    with pytest.raises(PlaybookError, match="changed since it was loaded"):
        load_playbook(skill)
