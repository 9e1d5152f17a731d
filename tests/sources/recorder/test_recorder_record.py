"""The real profiler on a real history."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from effnb.errors import BadQuery, NotEnoughData, SourceError, SourceUnavailable
from effnb.sources.recorder import drop_recordings, list_revisions, load_recordings, record_range, record_revision

NOW = "2026-11-20T12:00:00Z"
Git = Callable[..., str]
COMMAND = "python -m shop.work 1.2"


def worktrees(git: Git, repo: Path) -> int:
    return len(git(repo, "worktree", "list").splitlines())


def test_functions_are_named_by_module_and_qualified_name(git: Git, repo: Path, scratch: Path, tmp_path: Path) -> None:
    recording = record_revision(repo, "main~2", COMMAND, service="web", out=tmp_path / "out", rate=200)
    profile = recording.profile()
    assert profile.labels == {"service": "web", "version": git(repo, "rev-parse", "main~2"), "workload": "default"}
    assert profile.total == recording.samples > 20
    assert {
        "shop.work:<module>",
        "shop.work:main",
        "shop.work:traced.<locals>.inner",
        "shop.work:Till.add",
        "shop.work:outer",
        "shop.work:outer.<locals>.nested",
        "shop.work:outer.<locals>.nested.<locals>.<lambda>",
    } <= set(profile.gcpu())
    assert {sample.frames[0] for sample in profile.samples} == {"shop.work:<module>"}
    assert recording.output == {"requests": recording.output["requests"]}  # the last line, not the one before
    assert (worktrees(git, repo), list(scratch.iterdir())) == (1, [])


def test_a_dearer_revision_shows_in_its_function(repo: Path, tmp_path: Path) -> None:
    cheap, dear = record_range(repo, "main~2,main~1", COMMAND, service="web", out=tmp_path)
    assert cheap.profile().gcpu()["shop.work:Till.add"] < 0.3
    assert dear.profile().gcpu()["shop.work:Till.add"] > 0.5
    assert load_recordings(tmp_path) == [cheap, dear]


def test_an_interrupted_range_keeps_what_it_has_and_goes_on(repo: Path, tmp_path: Path) -> None:
    new: list[bool] = []
    with pytest.raises(SourceUnavailable, match=r"exit code 1: OSError: no till; .*checkout"):
        record_range(repo, "main~2..main", COMMAND, service="web", out=tmp_path)
    before = load_recordings(tmp_path)
    record_range(
        repo, "main~2..main~1", COMMAND, service="web", out=tmp_path, on_done=lambda _, is_new: new.append(is_new)
    )
    assert (new, load_recordings(tmp_path)) == ([False], before)


def test_force_and_another_command_record_again(repo: Path, tmp_path: Path) -> None:
    first = record_range(repo, "main~2", COMMAND, service="web", out=tmp_path)
    other = record_range(repo, "main~2", "python -m shop.work 1.3", service="web", out=tmp_path)
    forced = record_range(repo, "main~2", "python -m shop.work 1.3", service="web", out=tmp_path, force=True)
    assert first[0].recorded_at < other[0].recorded_at < forced[0].recorded_at
    assert load_recordings(tmp_path) == forced


def test_variants_of_a_revision_lie_side_by_side(git: Git, repo: Path, tmp_path: Path) -> None:
    for variant in ("", "flag:new_cart"):
        record_revision(repo, "main~2", COMMAND, service="web", out=tmp_path, variant=variant)
    revision = git(repo, "rev-parse", "main~2")[:12]
    assert [recording.file for recording in load_recordings(tmp_path)] == [
        f"web/{revision}.folded.gz",
        f"web/{revision}~flag-new_cart.folded.gz",
    ]


def test_a_file_put_into_the_checkout_is_there_and_on_record(repo: Path, tmp_path: Path) -> None:
    check = "python -c 'import shop.work as w; w.main(float(open(\"seconds.txt\").read()))'"
    out = tmp_path / "out"
    recording = record_revision(repo, "main~2", check, service="web", out=out, files={"seconds.txt": "1"})
    assert (load_recordings(out)[0].files, recording.samples > 20) == ({"seconds.txt": "1"}, True)
    assert not (repo / "seconds.txt").exists()
    with pytest.raises(BadQuery, match="plain file name"):
        record_revision(repo, "main~2", check, service="web", out=out, files={"../seconds.txt": "1"})


def test_a_command_without_end_is_stopped(repo: Path, tmp_path: Path) -> None:
    recording = record_revision(repo, "main~2", "python -m shop.work 999", service="web", out=tmp_path, seconds=3)
    assert (recording.seconds < 60, recording.output, recording.samples > 20) == (True, None, True)


def test_a_command_that_does_nothing_is_not_a_recording(git: Git, repo: Path, tmp_path: Path) -> None:
    (repo / "shop" / "idle.py").write_text("import time\ntime.sleep(1)\n")
    git(repo, "add", ".")
    git(repo, "commit", "-q", "-m", "idle")
    with pytest.raises((NotEnoughData, SourceUnavailable)) as raised:
        record_revision(repo, "main", "sleep 1", service="web", out=tmp_path)
    assert "recording revision" in str(raised.value)
    assert not (tmp_path / "index.json").exists()


def test_hooks_and_local_changes_stay_out_of_the_recording(repo: Path, tmp_path: Path) -> None:
    hook = repo / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\n")
    hook.chmod(0o755)
    (repo / "shop" / "work.py").write_text("raise SystemExit('a change that was never committed')\n")
    record_revision(repo, "main~2", COMMAND, service="web", out=tmp_path / "out")
    assert not (tmp_path / "hook-ran").exists()


def test_ctrl_c_leaves_no_worktree_and_no_process(git: Git, repo: Path, scratch: Path, tmp_path: Path) -> None:
    script = (
        "import signal, sys, tempfile, pathlib; tempfile.tempdir = sys.argv[2]\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it from birth\n"
        "from effnb.sources.recorder import record_revision\n"
        "command = ['python', '-c', 'import shop.work as w; print(1, flush=True); w.main(99)']\n"
        "record_revision(pathlib.Path(sys.argv[1]), 'main~2', command, service='web', out=pathlib.Path(sys.argv[3]))\n"
    )
    arguments = [sys.executable, "-c", script, str(repo), str(scratch), str(tmp_path / "out")]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as recorder:
        while not any(path.read_text() for path in scratch.rglob("stdout")):
            assert recorder.poll() is None
        os.kill(recorder.pid, signal.SIGINT)
        _, said = recorder.communicate(timeout=30)
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert (worktrees(git, repo), list(scratch.iterdir())) == (1, [])
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert str(scratch) not in running


def test_ranges_leave_out_their_start(git: Git, repo: Path) -> None:
    history = git(repo, "rev-list", "--reverse", "main").split()
    assert list_revisions(repo, f"{history[0]}..main") == history[1:]
    assert list_revisions(repo, "main~1,main~2,main~1") == [history[1], history[0]]


def test_unknown_revisions_and_folders_are_named(repo: Path, tmp_path: Path) -> None:
    with pytest.raises(BadQuery, match="no revision 'nosuch'"):
        list_revisions(repo, "nosuch")
    with pytest.raises(BadQuery, match=r"A\.\.B leaves out A"):
        list_revisions(repo, "main..main")
    with pytest.raises(BadQuery, match="no revision '--all'"):
        list_revisions(repo, "--all")
    (tmp_path / "plain").mkdir()
    with pytest.raises(SourceUnavailable, match="plain is not a git repository"):
        list_revisions(tmp_path / "plain", "main")


def test_recordings_that_are_not_there_or_damaged_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="effnb record"):
        load_recordings(tmp_path)
    (tmp_path / "index.json").write_text('[{"service": "web"}]')
    with pytest.raises(SourceError, match="record again"):
        load_recordings(tmp_path)


def test_dropped_recordings_leave_index_and_disk(tmp_path: Path) -> None:
    made = {"command": ["true"], "rate_hz": 99, "seconds": 1, "samples": 1, "profiler": "py-spy", "recorded_at": NOW}
    rows = [
        {"service": name, "workload": "default", "revision": "0" * 40, "file": f"{name}.gz", **made}
        for name in ("web", "jobs")
    ]
    (tmp_path / "index.json").write_text(json.dumps(rows))
    for name in ("web", "jobs"):
        (tmp_path / f"{name}.gz").touch()
    assert [one.service for one in drop_recordings(tmp_path, lambda one: one.service == "web")] == ["web"]
    assert [one.service for one in load_recordings(tmp_path)] == ["jobs"]
    assert sorted(path.name for path in tmp_path.glob("*.gz")) == ["jobs.gz"]


def test_an_index_cannot_name_files_elsewhere(tmp_path: Path) -> None:
    made = {"command": ["true"], "rate_hz": 99, "seconds": 1, "samples": 1, "profiler": "py-spy", "recorded_at": NOW}
    row = {"service": "web", "workload": "default", "revision": "0" * 40, "file": "../../secret.gz", **made}
    (tmp_path / "index.json").write_text(json.dumps([row]))
    with pytest.raises(SourceError, match="outside"):
        load_recordings(tmp_path)
