from __future__ import annotations

import gzip
import json
import subprocess

import pytest

from effnb.errors import ToolFailed
from effnb.session import open_session

SOURCE = """\
import zlib

WORDS = ["a", "b", "c", "d"]


def pack(data: bytes) -> bytes:
    return zlib.compress(data, 9)


def known(found: list[str]) -> list[str]:
    return [word for word in found if word in WORDS]
"""
SETTINGS = '[sources]\nrepository = "repo"\nworkloads = "workloads"\n'
HEAD = {"function": "shop.text:known", "service": "web", "calls": 50, "distinct": 5, "repeat_rate": 0.9, "revision": ""}


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "effnb.toml").write_text(SETTINGS)
    folder = tmp_path / "repo" / "shop"
    folder.mkdir(parents=True)
    (folder / "text.py").write_text(SOURCE)
    (folder / "other.py").write_text("import gzip\n\n\ndef pack(data):\n    return gzip.compress(data)\n")
    (tmp_path / "repo" / "OWNERS").write_text("shop/ Shop <shop@example.org>\n")
    workload = tmp_path / "workloads" / "web" / "known.jsonl.gz"
    workload.parent.mkdir(parents=True)
    workload.write_bytes(gzip.compress(json.dumps(HEAD).encode() + b"\n"))
    (workload.parent / "cut.jsonl.gz").write_bytes(workload.read_bytes()[:20])
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Begin"]):
        identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
        subprocess.run(["git", *identity, *command], cwd=tmp_path / "repo", check=True)
    session = open_session(tmp_path)
    yield session.tools
    session.close()


def patterns(listing) -> set[tuple[str, str]]:
    return {(one.function, one.pattern) for one in listing}


ALL = {
    ("shop.text:pack", "maximum-compression-level"),
    ("shop.text:known", "list-membership"),
    ("shop.other:pack", "maximum-compression-level"),
}


def test_a_scan_files_what_it_found_with_owner_and_recorded_arguments(shop):
    found = shop.scan_code()
    assert patterns(found) == patterns(shop.list_opportunities()) == ALL
    known = next(one for one in found if one.function == "shop.text:known")
    assert (known.owner, known.repeat_rate, known.workload) == ("Shop", 0.9, "workloads/web/known.jsonl.gz")
    assert (known.cost, known.expected_saving) == (None, None)
    assert "not ranked by cost" in found.searched


def test_before_a_scan_nothing_was_looked_for(shop):
    listing = shop.list_opportunities()
    assert not listing.total
    assert "run `effnb scan`" in listing.searched


def test_a_dismissed_one_stays_away_with_its_reason(shop):
    first = shop.scan_code()[0]
    shop.dismiss_opportunity(id=first.id, reason="runs once a month")
    again = shop.scan_code()
    assert [one.dismissed for one in again if one.id == first.id] == ["runs once a month"]
    assert first.id not in {one.id for one in shop.list_opportunities()}
    assert "1 dismissed are left out" in shop.list_opportunities().searched
    assert [one.id for one in shop.list_opportunities(dismissed=True)] == [first.id]


def test_a_scan_of_one_file_leaves_what_stands_elsewhere(shop, tmp_path):
    shop.scan_code()
    (tmp_path / "repo" / "shop" / "text.py").write_text("X = 1\n")
    assert not shop.scan_code(path="shop/text.py").total
    assert patterns(shop.list_opportunities()) == {("shop.other:pack", "maximum-compression-level")}


def test_lists_can_be_narrowed(shop):
    shop.scan_code()
    assert patterns(shop.list_opportunities(pattern="list-membership")) == {("shop.text:known", "list-membership")}
    assert not shop.list_opportunities(service="web").total


def test_one_is_described_by_id_and_a_wrong_id_names_the_nearest(shop):
    first = shop.scan_code()[0]
    assert shop.describe_opportunity(id=first.id) == first
    with pytest.raises(ToolFailed, match=f"did you mean '{first.id}'"):
        shop.describe_opportunity(id=first.id[:-1])


@pytest.mark.parametrize("path", ["../..", "nowhere.py", "/etc"])
def test_only_the_repository_is_scanned(shop, path):
    with pytest.raises(ToolFailed, match="inside the repository"):
        shop.scan_code(path=path)
