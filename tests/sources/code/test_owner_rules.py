"""Who owns a file, by OWNERS and CODEOWNERS."""

from __future__ import annotations

import pytest

from effnb.sources.code import owner_rules, owning_rule

OWNERS = "# who\nshop/ Shop <shop@example.org>\nshop/price/ prices@example.org # dear\nempty/\n"
CODEOWNERS = "* @all\n*.sql @data\n/docs/ @writers\nshop/*/old.py @past\n**/tests/ @qa\n"


def test_lines_without_an_owner_are_no_rules():
    assert [(one.pattern, one.owner, one.contact, one.line) for one in owner_rules("OWNERS", OWNERS)] == [
        ("shop/", "Shop", "shop@example.org", 2),
        ("shop/price/", "prices@example.org", "prices@example.org", 3),
    ]


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("shop/price/a.py", "prices@example.org"),
        ("shop/price", "prices@example.org"),
        ("shop/a.py", "Shop"),
        ("shopping/a.py", None),
    ],
)
def test_in_owners_the_longest_prefix_counts(path, owner):
    rule = owning_rule(owner_rules("OWNERS", OWNERS), path)
    assert (rule.owner if rule else None) == owner


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("a.py", "@all"),
        ("x/y/b.sql", "@data"),
        ("docs/a.md", "@writers"),
        ("x/docs/a.md", "@all"),
        ("shop/cart/old.py", "@past"),
        ("shop/cart/deep/old.py", "@all"),
        ("shop/tests/t.py", "@qa"),
    ],
)
def test_in_codeowners_the_last_pattern_that_matches_counts(path, owner):
    assert owning_rule(owner_rules("CODEOWNERS", CODEOWNERS), path).owner == owner


def test_no_rules_decide_nothing():
    assert owning_rule([], "a.py") is None
