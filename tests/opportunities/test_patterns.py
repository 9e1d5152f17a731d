"""Each pattern of a skill folder with its own pair: before and after, and a form it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from effnb.errors import SkillError
from effnb.opportunities import Module, Refused, Rule, bundled_folder, bundled_rules, load_rules, load_setting_rules

RULES = bundled_rules()


def fixture(rule: Rule, name: str) -> Path:
    return bundled_folder() / rule.skill / "patterns" / rule.name / name


def read(rule: Rule, name: str) -> Module:
    earlier = fixture(rule, "earlier.py")
    texts = (earlier.read_text(),) if earlier.exists() else ()
    return Module(fixture(rule, name).read_text(), name, earlier=texts)


def mended(rule: Rule, module: Module) -> str:
    """The module with all sites mended, one after the other."""
    while sites := sorted(rule.find(module), key=lambda site: site.line):
        module = Module(rule.fix(module, sites[0]), earlier=module.earlier)
    return module.source


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_before_becomes_after_to_the_byte(rule):
    assert mended(rule, read(rule, "before.py")) == fixture(rule, "after.py").read_text()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_nothing_is_left_to_mend_after(rule):
    module = read(rule, "after.py")
    assert not list(rule.find(module))


@pytest.mark.parametrize(
    "rule", [one for one in RULES if fixture(one, "refused.py").exists()], ids=lambda rule: rule.name
)
def test_the_other_form_is_not_mended(rule):
    module = read(rule, "refused.py")
    for site in rule.find(module):
        with pytest.raises(Refused) as refusal:
            rule.fix(module, site)
        assert "\n" not in str(refusal.value)


def test_there_are_enough_patterns_and_each_says_what_it_gains_and_risks():
    assert len(RULES) + len(load_setting_rules()) >= 18
    for rule in RULES:
        assert rule.criteria
        assert rule.rationale
        assert rule.ratio.basis
        assert rule.words
        assert "{function}" in rule.advice


def test_a_rule_is_found_only_where_its_words_are():
    for rule in RULES:
        text = fixture(rule, "before.py").read_text()
        assert any(word in text for word in rule.words), rule.name


def test_a_pattern_file_that_is_broken_is_named(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "pattern.py").write_text("RULES = 1\n")
    with pytest.raises(SkillError, match="does not export RULES"):
        load_rules([tmp_path])
    (folder / "pattern.py").write_text("1 / 0\n")
    with pytest.raises(SkillError, match="ZeroDivisionError"):
        load_rules([folder])


def test_two_skills_may_not_share_a_pattern(tmp_path):
    source = (bundled_folder() / "restore-lost-cache" / "pattern.py").read_text()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pattern.py").write_text(source)
    with pytest.raises(SkillError, match="two skills define the pattern 'lost-memo'"):
        load_rules([tmp_path])
