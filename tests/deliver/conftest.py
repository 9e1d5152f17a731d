"""A small git repository, a fix for it, and a server that answers the part of GitHub's REST API that is used."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from shop_fix import OLD, fix_for, run_git

from effnb.domain import Fix


@pytest.fixture
def repository(tmp_path) -> Path:
    folder = tmp_path / "shop-repo"
    (folder / "shop").mkdir(parents=True)
    run_git(folder.parent, "init", "-q", "-b", "main", str(folder))
    (folder / "shop" / "text.py").write_text(OLD)
    (folder / "README.md").write_text("a shop\n")
    run_git(folder, "add", "-A")
    run_git(folder, "commit", "-qm", "first")
    return folder


@pytest.fixture
def fix(repository) -> Fix:
    return fix_for(run_git(repository, "rev-parse", "HEAD"))


class GitHubShaped:
    """Pull requests over a bare repository; refuses what GitHub refuses."""

    TOKEN = "token-of-the-test"

    def __init__(self, bare: Path) -> None:
        self.bare = bare
        self.pulls: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str]] = []
        self.address = ""

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, Any]:
        parts = [part for part in path.split("/") if part]
        if parts[:3] != ["repos", "acme", "shop"]:
            return 404, {"message": "Not Found"}
        rest = parts[3:]
        if not rest:
            return 200, {"full_name": "acme/shop", "name": "shop", "url": f"{self.address}/repos/acme/shop"}
        if rest == ["pulls"] and method == "GET":
            head = query.get("head", [""])[0].partition(":")[2]
            return 200, [one for one in self.pulls if one["state"] == "open" and one["head"]["ref"] == head]
        if rest == ["pulls"] and method == "POST":
            return self._create(body)
        if len(rest) == 2 and method == "PATCH":
            pull = self.pulls[int(rest[1]) - 1]
            pull.update({key: body[key] for key in ("title", "body") if key in body})
            return 200, pull
        if rest[2:] == ["requested_reviewers"]:
            pull = self.pulls[int(rest[1]) - 1]
            pull["requested_reviewers"] = [{"login": one} for one in body["reviewers"]]
            return 201, pull
        return 404, {"message": "Not Found"}

    def _create(self, body: dict[str, Any]) -> tuple[int, Any]:
        def refuse(**error: str) -> tuple[int, Any]:
            return 422, {"message": "Validation Failed", "errors": [{"resource": "PullRequest", **error}]}

        if not body.get("title"):
            return refuse(code="missing_field", field="title")
        for field in ("head", "base"):
            if not self._ref(body.get(field, "")):
                return refuse(code="invalid", field=field)
        if self._ref(body["head"]) == self._ref(body["base"]):
            return refuse(code="custom", message=f"No commits between {body['base']} and {body['head']}")
        if any(one["head"]["ref"] == body["head"] and one["state"] == "open" for one in self.pulls):
            return refuse(code="custom", message="A pull request already exists")
        number = len(self.pulls) + 1
        where = f"{self.address}/repos/acme/shop/pulls/{number}"
        pull = {
            "number": number, "state": "open", "title": body["title"], "body": body["body"], "url": where,
            "html_url": f"https://github.example/acme/shop/pull/{number}",
            "head": {"ref": body["head"], "sha": self._ref(body["head"])}, "base": {"ref": body["base"]},
        }  # fmt: skip
        self.pulls.append(pull)
        return 201, pull

    def _ref(self, branch: str) -> str:
        found = subprocess.run(
            ["git", "-C", str(self.bare), "rev-parse", "--verify", "-q", f"refs/heads/{branch}"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return found.stdout.strip()


@pytest.fixture
def github(tmp_path, repository) -> Iterator[GitHubShaped]:
    bare = tmp_path / "remote.git"
    run_git(tmp_path, "clone", "-q", "--bare", str(repository), str(bare))
    forge = GitHubShaped(bare)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            split = urlsplit(self.path)
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            forge.requests.append((self.command, split.path))
            if self.headers.get("Authorization") != f"token {forge.TOKEN}":
                status, answer = 401, {"message": "Bad credentials"}
            else:
                status, answer = forge.answer(self.command, split.path, parse_qs(split.query), body)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    forge.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield forge
    server.shutdown()
    thread.join()
    server.server_close()
