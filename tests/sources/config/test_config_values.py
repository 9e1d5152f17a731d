"""Config files as keys and values, and their history in git."""

from __future__ import annotations

import pytest
from source_worlds import HOUR, T0, Repository

from effnb.errors import BadQuery, SourceError
from effnb.sources.changes import GitRepository
from effnb.sources.config import GitSettingsHistory, config_values


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        ("toml", 'a = 1\nname = "x"\n[b]\nc = [1, 2]\nd = true\n[b.e]\nf = 0.5\n[b.g]\n'),
        ("json", '{"a": 1, "name": "x", "b": {"c": [1, 2], "d": true, "e": {"f": 0.5}, "g": {}}}'),
        ("yaml", "a: 1\nname: x\nb:\n  c: [1, 2]\n  d: true\n  e: {f: 0.5}\n  g: {}\n"),
    ],
)
def test_nested_tables_are_dotted_keys_with_values_as_text(suffix, text):
    expected = {"a": "1", "name": "x", "b.c": "[1, 2]", "b.d": "true", "b.e.f": "0.5", "b.g": "{}"}
    assert config_values(text, suffix, "f") == expected


def test_an_empty_file_has_no_keys():
    assert config_values("\n", "yaml", "f") == {}


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"


@pytest.mark.parametrize(
    ("suffix", "text", "said"),
    [
        ("toml", "a = ", "cannot read f as toml: "),
        ("json", "[1]", "it holds list, a table is expected"),
        ("json", '{"a":' * 100 + "1" + "}" * 100, "nested deeper than 50 tables"),
        ("json", "[" * 100_000, "cannot read f as json"),
        ("yaml", BOMB, "it uses aliases"),
        ("yaml", "a: !!python/object/apply:os.system [id]", "could not determine a constructor"),
        ("yaml", "x" * (5 << 20), "larger than 4 MiB"),
    ],
)
def test_what_cannot_be_read_is_one_line(suffix, text, said):
    with pytest.raises(SourceError, match=said) as failure:
        config_values(text, suffix, "f")
    assert "\n" not in str(failure.value)


def test_keys_that_come_and_go_have_one_value_only(tmp_path):
    made = Repository(tmp_path / "repo")
    for i, text in enumerate(["a = 1\n", "b = 2\n", "b = 2\n\n# a comment\n"]):
        made.commit(T0 + i * HOUR, {"c.toml": text, "other.txt": str(i)})
    source = GitSettingsHistory(GitRepository(tmp_path / "repo"), "c.toml")
    found = [(one.key, one.old, one.new, one.title, one.author) for one in source.fetch_changes("any")]
    assert found == [
        ("a", None, "1", "At 10:00", "ada@example.org"),
        ("a", "1", None, "At 11:00", "ada@example.org"),
        ("b", None, "2", "At 11:00", "ada@example.org"),
    ]


def test_a_file_of_another_kind_is_refused(tmp_path):
    Repository(tmp_path / "repo").commit(T0, {"c.ini": "a"})
    with pytest.raises(BadQuery, match=r"'c\.ini' is none of toml, json, yaml, yml"):
        GitSettingsHistory(GitRepository(tmp_path / "repo"), "c.ini")
