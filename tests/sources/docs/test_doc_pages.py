"""Pages of a folder, and their sections."""

from __future__ import annotations

import pytest

from effnb.errors import SourceUnavailable
from effnb.sources.docs import FolderDocs, sections, title_of

PAGE = "before\n\n# One\ntext\n```\n# code\n```\n## Two ##\n"


def test_sections_begin_at_headings_and_code_is_no_heading():
    assert [(one.heading, one.line, one.text) for one in sections(PAGE)] == [
        ("", 1, "before"),
        ("One", 3, "text\n```\n# code\n```"),
        ("Two", 8, ""),
    ]
    assert sections("") == []


def test_the_title_is_the_first_heading_or_the_file():
    assert title_of("a/b.md", PAGE) == "One"
    assert title_of("a/b.md", "no heading") == "b.md"


def test_pages_are_sorted_and_nothing_outside_the_folder_is_read(tmp_path):
    docs = tmp_path / "docs"
    (docs / "sub").mkdir(parents=True)
    (docs / "b.md").write_text("# B")
    (docs / "sub" / "a.txt").write_text("a")
    (docs / ".hidden.md").write_text("no")
    (docs / "code.py").write_text("no")
    (tmp_path / "secret.md").write_text("secret")
    (docs / "link.md").symlink_to(tmp_path / "secret.md")
    assert [one.path for one in FolderDocs(docs).fetch_pages()] == ["b.md", "sub/a.txt"]


def test_a_missing_folder_names_the_setting(tmp_path):
    with pytest.raises(SourceUnavailable, match=r"no folder .*; set \[sources\] docs in effnb\.toml"):
        FolderDocs(tmp_path / "gone")
