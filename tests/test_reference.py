"""The reference page says what the code does today."""

from __future__ import annotations

import runpy


def test_the_reference_page_is_that_of_the_code(root):
    made = runpy.run_path(str(root / "tools" / "reference.py"))["page"]()
    assert (root / "docs" / "reference.md").read_text(encoding="utf-8") == made, "run make reference"
