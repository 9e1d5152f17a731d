"""A fix in a person's files: applied only onto the text it was made for, whole or not at all, and taken back so.

The new text is made in a scratch folder by ``git apply`` and then moved over the old file, so a reader sees the one or
the other, and a process that is killed leaves whole files. Everything is checked before the first file is moved.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from effnb.deliver._git import git, output, reason
from effnb.domain import AppliedFile, Delivery, Fix
from effnb.errors import DeliveryError

NO_FILE = "/dev/null"


@dataclass(frozen=True)
class _Change:
    """One file before and after; null where there is none."""

    path: str
    before: bytes | None
    after: bytes | None


def touched_paths(diff: str) -> tuple[str, ...]:
    """Paths a unified diff changes, in its order.

    Raises:
        DeliveryError: It names none, or one that leaves the folder.
    """
    found = re.findall(r"^(?:---|\+\+\+) (?:[ab]/)?([^\t\r\n]+)", diff, re.MULTILINE)
    paths = tuple(dict.fromkeys(path for path in found if path != NO_FILE))
    if not paths:
        raise DeliveryError("the fix's diff names no file; make the fix anew with `effnb resolve`")
    for path in paths:
        if path.startswith(("/", "~")) or ".." in Path(path).parts or ".git" in Path(path).parts:
            raise DeliveryError(f"the fix's diff names {path!r}, which is outside the folder; it is not applied")
    return paths


def apply_fix(fix: Fix, folder: Path, *, at: datetime) -> Delivery:
    """Write the fix into a folder's files.

    Raises:
        DeliveryError: A file is not as it was when the fix was made, holds the fix already, or cannot be written; then
            nothing was changed.
    """
    if is_applied(fix, folder):
        raise DeliveryError(f"fix {fix.id} is applied already; nothing was changed (see `effnb fix show {fix.id}`)")
    _check_base(fix, folder)
    return _write(fix, folder, _changes(fix, folder, back=False), "applied", at)


def undo_fix(fix: Fix, folder: Path, *, at: datetime) -> Delivery:
    """Take the fix out of a folder's files again; later edits elsewhere in them stay.

    Raises:
        DeliveryError: The files do not hold the fix any more; then nothing was changed.
    """
    return _write(fix, folder, _changes(fix, folder, back=True), "undone", at)


def is_applied(fix: Fix, folder: Path) -> bool:
    """Whether the folder's files hold the fix now."""
    try:
        _changes(fix, folder, back=True)
    except DeliveryError:
        return False
    return True


def _changes(fix: Fix, folder: Path, *, back: bool) -> list[_Change]:
    paths = touched_paths(fix.diff)
    before = {path: _read(folder, path) for path in paths}
    with tempfile.TemporaryDirectory(prefix="effnb-") as scratch:
        there = Path(scratch)
        _lay_out(there, before)
        done = git(there, "apply", *(["-R"] if back else []), "--whitespace=nowarn", "-", stdin=fix.diff.encode())
        if done.returncode:
            raise DeliveryError(_why_not(fix, there, back=back, said=reason(done)))
        return [_Change(path, before[path], _bytes(there / path)) for path in paths]


def _why_not(fix: Fix, scratch: Path, *, back: bool, said: str) -> str:
    if not back:
        again = f"run `effnb resolve {fix.subject}` for the code as it is"
        return f"fix {fix.id} does not fit the files any more: {said}; {again}"
    if git(scratch, "apply", "--check", "-", stdin=fix.diff.encode()).returncode == 0:
        return f"fix {fix.id} is not applied; nothing was changed (see `effnb fix show {fix.id}`)"
    return f"fix {fix.id} cannot be taken back, its lines were edited since: {said}; edit by hand, or use git"


def _check_base(fix: Fix, folder: Path) -> None:
    """A file that differs from the base was not what the gate judged, even where the diff would still fit."""
    if not fix.base or git(folder, "rev-parse", "--git-dir").returncode:
        return
    prefix = output(folder, "rev-parse", "--show-prefix")
    for path in touched_paths(fix.diff):
        shown = git(folder, "show", f"{fix.base}:{prefix}{path}")
        at_base, now = shown.stdout if shown.returncode == 0 else None, _read(folder, path)
        if at_base != now and not _same_but_line_ends(at_base, now):
            raise DeliveryError(
                f"{path} differs from commit {fix.base[:12]}, which fix {fix.id} was proved on; commit or stash "
                f"your edits, or run `effnb resolve {fix.subject}` for the code as it is"
            )


def _same_but_line_ends(one: bytes | None, other: bytes | None) -> bool:
    """A checkout may turn line ends; the diff itself then decides whether it fits."""
    return one is not None and other is not None and one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def _write(fix: Fix, folder: Path, changes: list[_Change], state: str, at: datetime) -> Delivery:
    staged = [(folder / change.path, _stage(folder / change.path, change), change) for change in changes]
    done: list[tuple[Path, _Change]] = []
    try:
        for target, new, change in staged:
            _move(target, new)
            done.append((target, change))
    except OSError as error:
        for target, change in reversed(done):
            _move(target, _stage(target, _Change(change.path, change.after, change.before)))
        raise DeliveryError(f"cannot write {error.filename}: {error.strerror}; nothing was changed") from error
    finally:
        for _, new, _ in staged:
            if new is not None:
                new.unlink(missing_ok=True)
    files = tuple(AppliedFile(path=one.path, before=_sha(one.before), after=_sha(one.after)) for one in changes)
    return Delivery.model_validate({"fix": fix.id, "state": state, "folder": str(folder), "files": files, "at": at})


def _stage(target: Path, change: _Change) -> Path | None:
    """The new text beside its target, on disk; null when the file goes."""
    if change.after is None:
        return None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".effnb-tmp-", dir=target.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(change.after)
            file.flush()
            os.fsync(file.fileno())
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o644
        Path(name).chmod(mode)
    except OSError as error:
        raise DeliveryError(f"cannot write beside {change.path}: {error.strerror}; nothing was changed") from error
    return Path(name)


def _move(target: Path, new: Path | None) -> None:
    if new is None:
        target.unlink()
    else:
        new.replace(target)


def _read(folder: Path, path: str) -> bytes | None:
    target = folder / path
    if not target.resolve().is_relative_to(folder.resolve()) or target.is_symlink():
        raise DeliveryError(f"{path} is or passes a symbolic link; the fix is not applied through links")
    return _bytes(target)


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DeliveryError(f"cannot read {path.name}: {error.strerror}; nothing was changed") from error


def _lay_out(scratch: Path, files: dict[str, bytes | None]) -> None:
    # A repository of its own, so that git does not take the scratch folder for a part of one around it.
    output(scratch, "init", "-q")
    for path, data in files.items():
        if data is not None:
            (scratch / path).parent.mkdir(parents=True, exist_ok=True)
            (scratch / path).write_bytes(data)


def _sha(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()
