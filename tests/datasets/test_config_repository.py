from __future__ import annotations

import subprocess
import tomllib

from effnb.datasets import bundled
from effnb.datasets._config_repository import write_config_repository


def git(folder, *arguments):
    return subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True).stdout


def test_the_settings_in_force_are_files_and_their_changes_commits(tmp_path):
    history = bundled("data", "storefront") / "config_history.jsonl"
    write_config_repository(history, tmp_path / "config")
    search = tomllib.loads((tmp_path / "config" / "search.toml").read_text())
    assert search == {"search": {"max_candidates": 140}}
    log = git(tmp_path / "config", "log", "--format=%ae %aI %s", "--", "search.toml").splitlines()
    assert (
        log[0]
        == "search@storefront.example 2026-10-15T09:30:00+00:00 Score more products so that rare brands are found"
    )
    assert tomllib.loads(git(tmp_path / "config", "show", "HEAD~5:search.toml"))["search"]["max_candidates"] == 110


def test_two_makings_have_the_same_commits(tmp_path):
    history = bundled("data", "storefront") / "config_history.jsonl"
    for name in ("a", "b"):
        write_config_repository(history, tmp_path / name)
    assert git(tmp_path / "a", "rev-parse", "HEAD") == git(tmp_path / "b", "rev-parse", "HEAD")
