"""Rollouts from Kubernetes objects as exported JSON: ``kubectl get replicasets,deployments -o json``.

Each ReplicaSet is one version of a Deployment: it was made when that version first arrived. Events would say more, and
the cluster forgets them within hours. A return to an older version makes no new ReplicaSet; it shows only in the number
of its revision, and its time only in the Deployment's condition, so both kinds of objects are worth exporting.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from effnb.domain import Rollout, Window
from effnb.errors import SourceDenied, SourceError, SourceUnavailable

REVISION = "deployment.kubernetes.io/revision"
NAMES = ("app.kubernetes.io/name", "app")
VERSION = "app.kubernetes.io/version"
COMMIT = re.compile(r"[0-9a-f]{7,40}")
LARGEST = 256 << 20

Entry = dict[str, Any]


class KubernetesRollouts:
    """The objects in a file, or in all JSON files of a folder (one a cluster), read once.

    Service: the label ``app.kubernetes.io/name`` or ``app``, else the Deployment's name. Host group: the namespace;
    with several files, the file's name before it. Version: the label ``app.kubernetes.io/version``, else the tag of the
    first container's image.
    """

    def __init__(self, path: Path) -> None:
        self.place = f"Kubernetes objects in {path.name}"
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not files:
            raise SourceUnavailable(f"folder {path} holds no JSON files; export the objects with kubectl -o json")
        prefixed = path.is_dir() and len(files) > 1
        every = [one for file in files for one in _rollouts(file, f"{file.stem}/" if prefixed else "")]
        self._all = sorted(every, key=lambda rollout: rollout.started_at)

    def fetch_rollouts(self, service: str | None = None, window: Window | None = None) -> list[Rollout]:
        """Rollouts of a service that started inside a window, or all, oldest first; empty when there were none."""
        mine = [one for one in self._all if service is None or one.service == service]
        return [one for one in mine if window is None or window.contains(one.started_at)]


def _rollouts(file: Path, prefix: str) -> Iterator[Rollout]:
    items = _load(file)
    try:
        deployments = {_key(one): one for one in items if one.get("kind") == "Deployment"}
        sets: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for one in items:
            owner = _owner(one)
            if one.get("kind") == "ReplicaSet" and owner:
                sets[one["metadata"]["namespace"], owner].append(one)
        for key, versions in sets.items():
            yield from _of_deployment(key, versions, deployments.get(key, {}), prefix)
    except (KeyError, TypeError, ValueError, AttributeError, ValidationError) as error:
        said = " ".join(str(error).split())[:160]
        raise SourceError(
            f"{file} holds an object that is no ReplicaSet or Deployment ({said}); export it again"
        ) from error


def _of_deployment(key: tuple[str, str], versions: list[Entry], deployment: Entry, prefix: str) -> Iterator[Rollout]:
    """Arrivals of the versions of one Deployment, oldest first."""
    versions.sort(key=lambda one: _moment(one["metadata"]["creationTimestamp"]))
    current = max(versions, key=lambda one: int(one["metadata"].get("annotations", {}).get(REVISION, 0)))
    settled = _settled(deployment)
    previous: str | None = None
    for one in versions:
        started = _moment(one["metadata"]["creationTimestamp"])
        runs = one is current and versions[-1] is current and not _is_complete(one)
        ended = settled if one is current and versions[-1] is current and settled and settled >= started else None
        yield _rollout(one, key, prefix, started, None if runs else ended, previous, runs)
        previous = _version(one)
    if current is not versions[-1] and settled is not None:
        yield _rollout(current, key, prefix, settled, settled, previous, False)


def _rollout(
    one: Entry,
    key: tuple[str, str],
    prefix: str,
    started: datetime,
    ended: datetime | None,
    previous: str | None,
    runs: bool,
) -> Rollout:
    return Rollout(
        id=f"{key[0]}/{one['metadata']['name']}@{started:%Y%m%dT%H%M%S}",
        service=_service(one, key[1]),
        host_group=f"{prefix}{key[0]}",
        version=_version(one),
        previous=previous,
        started_at=started,
        finished_at=ended,
        status="running" if runs else "finished",
    )


def _load(file: Path) -> list[Entry]:
    try:
        if file.stat().st_size > LARGEST:
            raise SourceError(f"{file} is larger than {LARGEST >> 20} MiB; export fewer namespaces")
        value = json.loads(file.read_text(encoding="utf-8"))
    except PermissionError as error:
        raise SourceDenied(f"cannot read {file}: permission denied; ask its owner for read access") from error
    except OSError as error:
        raise SourceUnavailable(
            f"cannot read {file}: {error.strerror}; set [sources] kubernetes in effnb.toml"
        ) from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{file} is not JSON ({' '.join(str(error).split())[:120]}); export it again") from error
    items = value.get("items") if isinstance(value, dict) else None
    if not isinstance(items, list) or not all(isinstance(one, dict) for one in items):
        raise SourceError(f"{file} is no list of Kubernetes objects; export with kubectl get rs,deploy -o json")
    return items


def _key(one: Entry) -> tuple[str, str]:
    return one["metadata"]["namespace"], one["metadata"]["name"]


def _owner(one: Entry) -> str:
    owners = one["metadata"].get("ownerReferences", [])
    return next((str(owner["name"]) for owner in owners if owner.get("kind") == "Deployment"), "")


def _service(one: Entry, owner: str) -> str:
    labels = one["metadata"].get("labels", {})
    return next((str(labels[name]) for name in NAMES if name in labels), owner)


def _version(one: Entry) -> str:
    labels = one["spec"]["template"]["metadata"].get("labels", {})
    if VERSION in labels:
        return str(labels[VERSION])
    image = str(one["spec"]["template"]["spec"]["containers"][0]["image"])
    tag = image.rpartition("@")[2] if "@" in image else image.rpartition("/")[2].partition(":")[2] or image
    commit = COMMIT.fullmatch(tag.rpartition("-")[2])
    return commit[0] if commit else tag


def _is_complete(one: Entry) -> bool:
    wanted = int(one["spec"].get("replicas", 1))
    return int(one.get("status", {}).get("availableReplicas", 0)) >= wanted


def _settled(deployment: Entry) -> datetime | None:
    """When the Deployment's newest rollout was complete; None when nobody says so."""
    for condition in deployment.get("status", {}).get("conditions", []):
        if condition.get("type") == "Progressing" and condition.get("reason") == "NewReplicaSetAvailable":
            return _moment(condition["lastUpdateTime"])
    return None


def _moment(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    if when.tzinfo is None:
        raise ValueError(f"time {text!r} has no time zone")
    return when
