"""Tutorials, typed as they stand there, on a demo that was built before."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tutorials import script

pytestmark = pytest.mark.slow


def test_write_a_skill(root: Path, demo: Path, tmp_path: Path) -> None:
    text = (root / "docs/tutorials/write-a-skill.md").read_text(encoding="utf-8")
    assert "effnb demo try\n" in text
    shutil.copytree(demo, tmp_path / "try")  # building it is another test's business
    typed = tmp_path / "typed.sh"
    typed.write_text(script(text).replace("effnb demo try\n", ""))
    programs = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(root)}
    done = subprocess.run(
        ["bash", str(typed)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("4 of 4 cases end as expected") == 3
    assert "route-regression: sound\n" in done.stdout
    promised = next(line.strip() for line in text.splitlines() if line.startswith("    explained: "))
    assert promised in done.stdout
