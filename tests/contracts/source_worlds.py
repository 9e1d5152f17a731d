"""Every implementation of every source kind over the same little world: something happened at three hours.

A world makes a source that holds an event of service ``web`` at each of ``TIMES``, and one of ``jobs`` at the second
where the kind knows services; and the same source with its content broken, gone, or refused.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import source_servers as servers

from effnb.domain import Window
from effnb.sources._github import GitHub
from effnb.sources._http import Server
from effnb.sources.changes import GitRepository
from effnb.sources.config import FileSettingsHistory, GitSettingsHistory
from effnb.sources.discussions import FileDiscussions, GitHubDiscussions
from effnb.sources.docs import FolderDocs, GitDocs
from effnb.sources.experiments import FileExperiments, FlagdExperiments
from effnb.sources.logs import FolderLogs
from effnb.sources.metrics import FolderMetrics, Prometheus, PrometheusMetrics
from effnb.sources.profiles import FolderProfiles, Pyroscope
from effnb.sources.rollouts import FileRollouts, GitHubDeployments, KubernetesRollouts

HOUR = timedelta(hours=1)
T0 = datetime(2026, 1, 5, 10, tzinfo=UTC)
TIMES = (T0, T0 + HOUR, T0 + 2 * HOUR)
ALL = Window(start=T0, end=T0 + 3 * HOUR)
SECONDS = [int(at.timestamp()) for at in TIMES]
STAMPS = [f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in TIMES]
TOKEN_ENV = "EFFNB_TEST_TOKEN"
SHAS = tuple(letter * 40 for letter in "abcd")

Make = Callable[[Path], Any]


@dataclass(frozen=True)
class World:
    """One implementation of a kind."""

    kind: str
    name: str
    open: Callable[[Path], contextlib.AbstractContextManager[Any]]
    """A source over the world, in an empty folder."""
    broken: Callable[[Path], contextlib.AbstractContextManager[Any]]
    """A source whose content cannot be read."""
    gone: Make
    """A source that is not there."""
    is_server: bool = False

    def __str__(self) -> str:
        return f"{self.kind}-{self.name}"


# ----- files


def file_world(kind: str, name: str, source: Make, file: str, text: str, garbage: str) -> World:
    """A source over one file, or over the folder of it when its path has one."""

    def written(content: str) -> Callable[[Path], contextlib.AbstractContextManager[Any]]:
        @contextlib.contextmanager
        def opened(folder: Path) -> Iterator[Any]:
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            os.utime(path, (SECONDS[0], SECONDS[0]))
            yield source(folder / Path(file).parts[0])

        return opened

    return World(kind, name, written(text), written(garbage), lambda folder: source(folder / "gone"))


def lines(*records: dict[str, Any]) -> str:
    # The newest first: a source must not rely on the order of its export.
    return "".join(json.dumps(one) + "\n" for one in reversed(records))


def each(make: Callable[[int], dict[str, Any]], other: dict[str, Any] | None = None) -> str:
    records = [make(i) for i in range(3)]
    return lines(*records, *([{**records[1], **other}] if other else []))


ROLLOUT = each(
    lambda i: {"id": f"r{i}", "service": "web", "host_group": "eu", "version": SHAS[i], "started_at": STAMPS[i]},
    {"id": "j", "service": "jobs"},
)
CONFIG = each(
    lambda i: (
        {"change_id": "config:a.b", "key": "a.b", "old": i, "new": i + 1, "at": STAMPS[i], "author": "x"}
        | {"title": "t", "service": "web"}
    ),
    {"service": "jobs"},
)
EXPERIMENT = each(
    lambda i: (
        {"change_id": f"flag:f{i}", "experiment_id": f"f{i}", "name": "n", "service": "web", "owner": "o"}
        | {"steps": [{"at": STAMPS[i], "fraction": 0.5}]}
    ),
    {"service": "jobs", "change_id": "flag:j"},
)
MESSAGE = each(lambda i: {"at": STAMPS[i], "channel": "c", "author": "a", "text": f"m{i}"})
LOG = each(lambda i: {"at": STAMPS[i], "level": "INFO", "logger": "x.y", "message": f"m{i}"})
TEXT_LOG = "".join(f"{at} INFO x.y: m{i}\n  more of it\n" for i, at in enumerate(STAMPS))
JOURNAL = each(
    lambda i: (
        {"__REALTIME_TIMESTAMP": str(SECONDS[i] * 1_000_000), "PRIORITY": "6", "MESSAGE": f"m{i}"}
        | {"SYSLOG_IDENTIFIER": "x.y"}
    )
)
SERIES = "time,value,host\n" + "".join(f"{at},{i},a\n" for i, at in enumerate(STAMPS))


def replica_set(i: int, service: str = "web") -> dict[str, Any]:
    """One version of a Deployment, as ``kubectl get rs -o json`` prints it (what does not matter left out)."""
    labels = {"app.kubernetes.io/name": service, "pod-template-hash": f"5c{i}"}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": f"{service}-5c{i}",
            "namespace": "shop",
            "creationTimestamp": STAMPS[i],
            "labels": labels,
            "annotations": {"deployment.kubernetes.io/revision": str(i + 1)},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": service, "controller": True}],
        },
        "spec": {
            "replicas": 3 if i == 2 else 0,
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": f"registry.example:5000/shop/{service}:{SHAS[i]}"}]},
            },
        },
        "status": {"replicas": 3 if i == 2 else 0, "availableReplicas": 3 if i == 2 else 0},
    }


KUBERNETES = json.dumps(
    {"apiVersion": "v1", "kind": "List", "items": [*map(replica_set, (2, 0, 1)), replica_set(1, "jobs")]}
)


# ----- git


class Repository:
    """A repository whose commits are made at given times."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._git(T0, "init", "-q", "-b", "main")

    def commit(self, at: datetime, files: dict[str, str]) -> None:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self._git(at, "add", "-A")
        self._git(at, "commit", "-q", "--allow-empty", "-m", f"At {at:%H:%M}")

    def _git(self, at: datetime, *arguments: str) -> None:
        env = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        for role in ("AUTHOR", "COMMITTER"):
            env |= {
                f"GIT_{role}_NAME": "Ada",
                f"GIT_{role}_EMAIL": "ada@example.org",
                f"GIT_{role}_DATE": at.isoformat(),
            }
        subprocess.run(["git", *arguments], cwd=self.folder, env=env, check=True, capture_output=True)


def git_world(kind: str, name: str, source: Callable[[GitRepository, str], Any], file: str, texts: list[str]) -> World:
    """A source over a file that has one text an hour, the first an hour before the world begins."""

    @contextlib.contextmanager
    def opened(folder: Path) -> Iterator[Any]:
        made = Repository(folder / "repo")
        for i, text in enumerate(texts):
            made.commit(T0 + (i - 1) * HOUR, {file: text})
        yield source(GitRepository(folder / "repo"), file)

    @contextlib.contextmanager
    def broken(folder: Path) -> Iterator[Any]:
        made = Repository(folder / "repo")
        made.commit(T0, {file: "{ [ = nothing that can be read"})
        yield source(GitRepository(folder / "repo"), file)

    def gone(folder: Path) -> Any:
        Repository(folder / "repo").commit(T0, {"other.txt": "x"})
        return source(GitRepository(folder / "repo"), file)

    return World(kind, name, opened, broken, gone)


def flags(i: int) -> str:
    """Flag f0 … of a definition after ``i`` hours: each goes to half of the requests at its hour."""
    half = {"fractional": [{"var": "targetingKey"}, ["on", 50], ["off", 50]]}
    made = {
        f"f{k}": {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "off"}
        | ({"targeting": half} if k < i else {})
        for k in range(3)
    }
    return json.dumps({"$schema": "https://flagd.dev/schema/v0/flags.json", "flags": made})


# ----- servers


def server_world(
    kind: str, name: str, respond: Callable[[], Any], source: Callable[[str], Any], garbage: bytes
) -> World:
    """A source over a server; gone is a port where nobody listens."""

    @contextlib.contextmanager
    def opened(_: Path) -> Iterator[Any]:
        with servers.serve(respond()) as url:
            yield source(url)

    @contextlib.contextmanager
    def broken(_: Path) -> Iterator[Any]:
        with servers.serve(lambda _: (200, {}, garbage)) as url:
            yield source(url)

    return World(kind, name, opened, broken, lambda _: source("http://127.0.0.1:9"), is_server=True)


def github_rows() -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {
        "pulls": [],
        "issues/comments": [],
        "pulls/comments": [],
        "deployments": [],
    }
    user = {"login": "ada"}
    api = "https://api.github.com/repos/shop/web"
    rows["pulls"].append({"id": 1, "number": 7, "title": "m0", "body": None, "user": user, "created_at": STAMPS[0]})
    comment = {"id": 2, "body": "m1", "user": None, "created_at": STAMPS[1], "issue_url": f"{api}/issues/7"}
    rows["issues/comments"].append(comment)
    review = {"id": 3, "body": "m2", "user": user, "created_at": STAMPS[2], "pull_request_url": f"{api}/pulls/7"}
    rows["pulls/comments"].append(review)
    for i, (environment, at) in enumerate([*(("web/eu", at) for at in STAMPS), ("jobs/eu", STAMPS[1])]):
        rows["deployments"].append({"id": i, "sha": SHAS[i], "environment": environment, "created_at": at})
        states = ("pending", "in_progress", "success")
        rows[f"deployments/{i}/statuses"] = [{"id": 9, "state": state, "created_at": at} for state in states]
    return rows


def github(url: str) -> GitHub:
    return GitHub("shop/web", api=url, token_env=TOKEN_ENV, timeout=2)


def pyroscope(url: str) -> Pyroscope:
    server = Server(url, product="Pyroscope", token_env=TOKEN_ENV, timeout=2)
    selectors = {"web": '{service_name="web"}', "idle": '{service_name="idle"}'}
    return Pyroscope(server, selectors, profile_type="process_cpu:cpu:nanoseconds:cpu:nanoseconds", step_seconds=3600)


def pyroscope_server() -> servers.PyroscopeServer:
    held = {at: servers.pprof(("main;web:a", 30), ("main", 10)) for at in SECONDS}
    return servers.PyroscopeServer({'{service_name="web"}': held})


def prometheus(url: str) -> PrometheusMetrics:
    return PrometheusMetrics(Prometheus(url, TOKEN_ENV, 2), {"load": "load"}, 3600)


def profile_folder() -> World:
    """Three folded profiles whose files were written at the three hours."""
    made = file_world("profiles", "folder", FolderProfiles, "profiles/web/a.folded", "main;web:a 30\n", "no profile")

    @contextlib.contextmanager
    def opened(folder: Path) -> Iterator[Any]:
        with made.open(folder) as source:
            for i in (1, 2):
                path = folder / "profiles" / "web" / f"{9 - i}.folded"
                path.write_text("main;web:a 30\n")
                os.utime(path, (SECONDS[i], SECONDS[i]))
            yield source

    return World(made.kind, made.name, opened, made.broken, made.gone)


def config_texts(form: Callable[[int], str]) -> list[str]:
    return [form(i) for i in range(4)]


WORLDS = [
    file_world("rollouts", "files", FileRollouts, "r.jsonl", ROLLOUT, "{oops"),
    file_world(
        "rollouts", "kubernetes", KubernetesRollouts, "rs.json", KUBERNETES, '{"items": [{"kind": "ReplicaSet"}]}'
    ),
    server_world(
        "rollouts",
        "github",
        lambda: servers.GitHubServer(github_rows()),
        lambda url: GitHubDeployments(github(url), {}),
        b'[{"id": 1}]',
    ),
    file_world("config", "files", lambda path: FileSettingsHistory(path, "config"), "c.jsonl", CONFIG, "[1]"),
    git_world(
        "config",
        "git-toml",
        lambda repository, file: GitSettingsHistory(repository, file, "web"),
        "config/defaults.toml",
        config_texts(lambda i: f"[a]\nb = {i}\nc = 1\n"),
    ),
    git_world(
        "config",
        "git-yaml",
        lambda repository, file: GitSettingsHistory(repository, file, "web"),
        "c.yaml",
        config_texts(lambda i: f"a:\n  b: {i}\n"),
    ),
    git_world(
        "config",
        "git-json",
        lambda repository, file: GitSettingsHistory(repository, file, "web"),
        "c.json",
        config_texts(lambda i: json.dumps({"a": {"b": i}})),
    ),
    file_world("experiments", "files", FileExperiments, "e.jsonl", EXPERIMENT, '{"change_id": 1}'),
    git_world(
        "experiments",
        "flagd",
        lambda repository, file: FlagdExperiments(repository, file, "web"),
        "flags.json",
        config_texts(flags),
    ),
    file_world("discussions", "files", FileDiscussions, "d.jsonl", MESSAGE, '{"at": "never"}'),
    server_world(
        "discussions",
        "github",
        lambda: servers.GitHubServer(github_rows()),
        lambda url: GitHubDiscussions(github(url)),
        b"<html>",
    ),
    file_world("logs", "json-lines", FolderLogs, "logs/web.jsonl", LOG, '{"at": 1}'),
    file_world("logs", "text", FolderLogs, "logs/web.log", TEXT_LOG, "no time here\n"),
    file_world("logs", "journal", FolderLogs, "logs/web.journal", JOURNAL, '{"MESSAGE": "m"}\n'),
    profile_folder(),
    server_world("profiles", "pyroscope", pyroscope_server, pyroscope, b"\x2a\xff\xff"),
    file_world("metrics", "folder", FolderMetrics, "series/load.csv", SERIES, "time,value\nnever,1\n"),
    server_world(
        "metrics",
        "prometheus",
        lambda: servers.PrometheusServer({at: float(i) for i, at in enumerate(SECONDS)}),
        prometheus,
        b"{}",
    ),
]
DOCS = [
    file_world("docs", "folder", FolderDocs, "docs/sub/a.md", "# A\n\ntext\n", ""),
    git_world("docs", "git", lambda repository, _: GitDocs(repository, "docs"), "docs/sub/a.md", ["# A\n\ntext\n"]),
]
