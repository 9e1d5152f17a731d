"""What a git repository says about its changes, hostile ones included."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from effnb.errors import BadQuery, SourceUnavailable
from effnb.sources.changes import GitRepository

SOURCE = """\
import math

RATE = 0.19


class Tax:
    def of(self, net):
        return net * RATE

    def gross(self, net):
        def rounded(value):
            return round(value, 2)

        return rounded(net + self.of(net))


async def fetch(item):
    return await item
"""


def touched(commits, sha, since=None) -> dict[str, tuple[int, int]]:
    found = commits.repository.touched_functions(sha, since)
    return {one.function: (one.lines_added, one.lines_removed) for one in found}


@pytest.fixture
def shop(commits):
    commits.commit({"shop/tax.py": SOURCE, "README.md": "x"})
    return commits


def edited(old: str, new: str) -> dict[str, str]:
    assert SOURCE.count(old) == 1
    return {"shop/tax.py": SOURCE.replace(old, new)}


def test_an_edited_method_is_touched_alone(shop):
    sha = shop.commit(edited("return net * RATE", "return net * RATE * 1"))
    assert touched(shop, sha) == {"shop.tax:Tax.of": (1, 1)}


def test_a_nested_function_is_touched_not_its_owner(shop):
    sha = shop.commit(edited("round(value, 2)", "round(value, 3)"))
    assert touched(shop, sha) == {"shop.tax:Tax.gross.<locals>.rounded": (1, 1)}


def test_an_async_function_counts_like_any_other(shop):
    sha = shop.commit(edited("return await item", "result = await item\n    return result"))
    assert touched(shop, sha) == {"shop.tax:fetch": (2, 1)}


def test_a_constant_of_the_module_counts_for_the_functions_that_name_it(shop):
    sha = shop.commit(edited("RATE = 0.19", "RATE = 0.21"))
    assert touched(shop, sha) == {"shop.tax:Tax.of": (1, 1)}


def test_hunks_in_two_functions_touch_both(shop):
    text = edited("return net * RATE", "return RATE * net")["shop/tax.py"].replace("await item", "await item()")
    sha = shop.commit({"shop/tax.py": text})
    assert touched(shop, sha) == {"shop.tax:Tax.of": (1, 1), "shop.tax:fetch": (1, 1)}


def test_one_hunk_over_two_functions_touches_both(shop):
    old = "        return net * RATE\n\n    def gross(self, net):\n"
    sha = shop.commit(edited(old, "        return 0\n\n    def gross(self, net, extra=0):\n"))
    assert touched(shop, sha) == {"shop.tax:Tax.of": (1, 1), "shop.tax:Tax.gross": (1, 1)}


def test_comments_imports_and_blank_lines_touch_nothing(shop):
    sha = shop.commit(edited("import math\n", "import math\nimport json\n\n# said twice\n"))
    assert touched(shop, sha) == {}


def test_a_decorator_belongs_to_its_function(shop):
    sha = shop.commit(edited("async def fetch", "@staticmethod\nasync def fetch"))
    assert touched(shop, sha) == {"shop.tax:fetch": (1, 0)}


def test_a_new_file_touches_all_it_brings(commits):
    sha = commits.commit(
        {"a.py": "def f():\n    return 1\n", "b/__init__.py": "X = 1\n", "src/c.py": "def g(): pass\n"}
    )
    assert touched(commits, sha) == {"a:f": (2, 0), "b:<module>": (1, 0), "c:g": (1, 0)}


def test_a_deleted_file_touches_all_it_held(shop):
    sha = shop.commit({"shop/tax.py": None})
    assert set(touched(shop, sha)) == {
        "shop.tax:<module>",
        "shop.tax:Tax.of",
        "shop.tax:Tax.gross",
        "shop.tax:Tax.gross.<locals>.rounded",
        "shop.tax:fetch",
    }
    assert all(added == 0 and removed > 0 for added, removed in touched(shop, sha).values())


def test_a_renamed_file_touches_both_names(shop):
    sha = shop.commit({"shop/tax.py": None, "shop/duty.py": SOURCE.replace("0.19", "0.20")})
    found = touched(shop, sha)
    assert found["shop.tax:Tax.of"] == (0, 3)
    assert found["shop.duty:Tax.of"] == (3, 0)


def test_files_of_other_kinds_are_left_out(shop):
    assert touched(shop, shop.commit({"README.md": "y", "shop/data.json": "{}"})) == {}


def test_a_span_of_commits_is_looked_at_as_one(shop):
    base = shop.git("rev-parse", "HEAD")
    shop.commit(edited("RATE = 0.19", "RATE = 0.21"))
    sha = shop.commit(edited("return await item", "return item"))
    assert touched(shop, sha, base) == {"shop.tax:fetch": (1, 1)}


def test_a_form_feed_does_not_move_the_lines(commits):
    """A form feed parts sections in older Python files; neither git nor Python ends a line there."""
    text = "import os\n\x0c\nimport sys\x0c\n# a\n\n\ndef f():\n    return 1\n"
    commits.commit({"old.py": text})
    sha = commits.commit({"old.py": text.replace("return 1", "return 2")})
    assert touched(commits, sha) == {"old:f": (1, 1)}


def test_source_that_does_not_parse_counts_for_its_module(commits):
    commits.commit({"py2.py": "print 'a'\n"})
    assert touched(commits, commits.commit({"py2.py": "print 'b'\n"})) == {"py2:<module>": (1, 1)}


def test_a_longer_import_over_several_lines_touches_nothing(commits):
    commits.commit({"a.py": "from os import (\n    path,\n)\n\n\ndef f():\n    return path\n"})
    sha = commits.commit({"a.py": "from os import (\n    path,\n    sep,\n)\n\n\ndef f():\n    return path\n"})
    assert touched(commits, sha) == {}


def test_a_longer_docstring_touches_nothing(commits):
    commits.commit({"a.py": 'def f():\n    """Say.\n\n    More.\n    """\n    return 1\n'})
    sha = commits.commit({"a.py": 'def f():\n    """Say.\n\n    More, and better.\n    """\n    return 1\n'})
    assert touched(commits, sha) == {}


def test_commits_come_oldest_first_with_their_words(commits):
    first = commits.commit({"a": "1"}, "First\n\nWith a body.\nOf two lines.")
    second = commits.commit({"a": "2"}, "Second")
    third = commits.commit({"a": "3"}, "Third")
    found = commits.repository.commits(first, third)
    assert [(one.id, one.title) for one in found] == [(second, "Second"), (third, "Third")]
    everything = commits.repository.commits(None, "main")
    assert [one.id for one in everything] == [first, second, third]
    assert everything[0].body == "With a body.\nOf two lines."
    assert everything[0].author == "ada@example.org"
    assert everything[2].at == datetime(2026, 1, 1, 2, tzinfo=UTC)
    assert commits.repository.commits(third, third) == []


def test_merges_are_left_out_but_what_they_bring_is_not(commits):
    base = commits.commit({"a": "1"})
    commits.git("checkout", "-q", "-b", "side")
    side = commits.commit({"b": "1"}, "On the side")
    commits.git("checkout", "-q", "main")
    commits.commit({"c": "1"}, "On main")
    commits.git("merge", "-q", "--no-edit", "side")
    assert {one.title for one in commits.repository.commits(base, "main")} == {"On the side", "On main"}
    assert side in {one.id for one in commits.repository.commits(base, "main")}


@pytest.mark.parametrize("message", ["One\x1eTwo\n\nbo\x1fdy\x1e", "\x1f\x1f\x1f\x1f\x1f", "T\n\n" + "x\n" * 3000])
def test_no_message_can_break_the_list(commits, message):
    base = commits.commit({"a": "0"}, "Base")
    hostile = commits.commit({"a": "1"}, message)
    last = commits.commit({"a": "2"}, "Last")
    assert [one.id for one in commits.repository.commits(base, last)] == [hostile, last]
    assert commits.repository.commit(hostile).author == "ada@example.org"


def test_an_empty_message_is_an_empty_title(commits):
    commits.git("commit", "-q", "--allow-empty", "--allow-empty-message", "-m", "")
    assert commits.repository.commit("HEAD").title == ""


HOSTILE = [
    "--output=pwned",
    "-h",
    "--upload-pack=touch pwned",
    "main; touch pwned",
    "$(touch pwned)",
    "no-such",
    "",
    "main:a.py",
]


@pytest.mark.parametrize("revision", HOSTILE)
def test_hostile_revisions_are_refused_and_do_nothing(commits, tmp_path, monkeypatch, revision):
    commits.commit({"a.py": "def f():\n    return 'key'\n"})
    monkeypatch.chdir(tmp_path)
    repository = commits.repository
    for ask in (
        lambda: repository.resolve(revision),
        lambda: repository.commits(revision, "main"),
        lambda: repository.commits(None, revision),
        lambda: repository.commit(revision),
        lambda: repository.diff(revision),
        lambda: repository.touched_functions(revision),
        lambda: repository.string_readers(revision, "key"),
    ):
        with pytest.raises(BadQuery):
            ask()
    assert not list(tmp_path.rglob("*pwned*"))


@pytest.mark.parametrize("revision", ["--output=pwned", "-p"])
def test_an_option_is_no_revision_to_read_at(commits, revision):
    commits.commit({"a.py": "x = 1\n"})
    with pytest.raises(BadQuery, match="is not a revision; give a commit id, branch or tag"):
        commits.repository.read(revision, "a.py")
    assert not list(commits.folder.glob("*pwned*"))


def test_read_gives_the_text_at_a_revision(commits):
    old = commits.commit({"a.py": "x = 1\n"})
    commits.commit({"a.py": "x = 2\n"})
    assert commits.repository.read(old, "a.py") == "x = 1\n"
    assert commits.repository.read("main", "a.py") == "x = 2\n"
    assert commits.repository.read("main", "b.py") == commits.repository.read("main", None) == ""


def test_string_readers_are_the_functions_that_hold_the_key(commits):
    text = (
        "KEY = 'limit'\n\n\nclass C:\n    def read(self, settings):\n        return settings['limit']\n\n\n"
        'def other(settings):\n    return settings["limits"]\n\n\ndef commented():\n    return 1  # limit\n'
    )
    sha = commits.commit({"shop/a.py": text, "b.txt": "'limit'"})
    assert commits.repository.string_readers(sha, "limit") == {"shop.a:<module>", "shop.a:C.read"}
    assert commits.repository.string_readers(sha, "limits") == {"shop.a:other"}
    assert commits.repository.string_readers(sha, "absent") == frozenset()


@pytest.mark.parametrize("key", ["a.b", "-e", "(", "--", "[x]"])
def test_a_key_is_a_text_not_a_pattern(commits, key):
    sha = commits.commit({"a.py": f"def f(s):\n    return s[{key!r}]\n\n\ndef g(s):\n    return s['aXb']\n"})
    assert commits.repository.string_readers(sha, key) == {"a:f"}


def test_a_persons_own_git_settings_change_nothing(commits, monkeypatch, tmp_path):
    base = commits.commit({"a.py": "def f():\n    return 1\n"}, "Base")
    sha = commits.commit({"a.py": "def f():\n    return 2\n"}, "Next")
    config = tmp_path / "gitconfig"
    config.write_text("[color]\n ui = always\n[diff]\n noprefix = true\n external = false\n[log]\n decorate = full\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert [one.title for one in commits.repository.commits(base, sha)] == ["Next"]
    assert touched(commits, sha) == {"a:f": (1, 1)}
    assert "+    return 2" in commits.repository.diff(sha).splitlines()


def test_the_repository_asked_is_the_one_given(commits, monkeypatch, tmp_path):
    """Inside a git hook GIT_DIR names another repository."""
    sha = commits.commit({"a": "1"}, "Mine")
    other = tmp_path / "other"
    other.mkdir()
    commits.git("init", "-q", str(other))
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert GitRepository(commits.folder).resolve("HEAD") == sha


def test_what_is_no_repository_is_said_to_be_none(tmp_path):
    with pytest.raises(SourceUnavailable, match=r"no folder .*gone; set \[sources\] repository"):
        GitRepository(tmp_path / "gone")
    with pytest.raises(SourceUnavailable, match="is not a git repository; set"):
        GitRepository(tmp_path)
