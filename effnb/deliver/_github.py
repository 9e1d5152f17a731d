"""Pull requests on GitHub, or on a server that answers GitHub's REST API, through PyGithub."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from effnb.deliver._forge import Draft
from effnb.deliver._git import git, output, reason
from effnb.domain import PullRequest
from effnb.errors import DeliveryError, MissingExtraError, SourceDenied, SourceUnavailable

SECONDS = 30
PUBLIC_API = "https://api.github.com"


class GitHubForge:
    """One repository on GitHub.

    Args:
        repository: ``owner/name``.
        token: Access token with the right to push and to open pull requests; kept in memory only.
        api: Base address of the REST API.
        remote: Git address to push to; derived from the API's host when omitted.
        logins: E-mail address of an author → login; who is not named is mentioned by address in the text.
    """

    def __init__(
        self,
        repository: str,
        token: str,
        *,
        api: str = PUBLIC_API,
        remote: str | None = None,
        logins: Mapping[str, str] | None = None,
    ) -> None:
        self.repository = repository
        self.api = api
        self.remote = remote or f"https://{_host(api)}/{repository}.git"
        self.name = f"{_host(api)}/{repository}"
        self._token = token
        self._logins = dict(logins or {})

    def base_commit(self, repository: Path, branch: str) -> str:
        """Newest commit of a branch there, fetched into ``repository``."""
        done = git(
            repository, "fetch", "--quiet", "--no-tags", self.remote, f"refs/heads/{branch}", env=self._credentials()
        )
        if done.returncode:
            raise SourceUnavailable(f"cannot fetch branch {branch!r} of {self.name}: {reason(done)}")
        return output(repository, "rev-parse", "--verify", "FETCH_HEAD")

    def open(self, repository: Path, draft: Draft) -> PullRequest:
        """Push the branch and open its pull request; an open one of this branch is updated instead."""
        if not draft.branch.startswith("effnb/"):
            raise DeliveryError(f"branch {draft.branch!r} is not one of effnb's; nothing was pushed")
        pushed = git(
            repository, "push", "--quiet", "--force", self.remote, f"{draft.commit}:refs/heads/{draft.branch}",
            env=self._credentials(),
        )  # fmt: skip
        if pushed.returncode:
            raise DeliveryError(f"{self.name} does not take branch {draft.branch}: {reason(pushed)}")
        with _said(self.name):
            return self._file(draft)

    def _file(self, draft: Draft) -> PullRequest:
        there = self._client().get_repo(self.repository)
        owner = self.repository.partition("/")[0]
        open_ones = list(there.get_pulls(state="open", head=f"{owner}:{draft.branch}"))
        known = [self._logins[one] for one in draft.reviewers if one in self._logins]
        unknown = [one for one in draft.reviewers if one not in self._logins]
        body = draft.body + (f"\n\nFor review by `{', '.join(unknown)}`." if unknown else "")
        if open_ones:
            pull = open_ones[0]
            pull.edit(title=draft.title, body=body)
        else:
            pull = there.create_pull(base=draft.base_branch, head=draft.branch, title=draft.title, body=body)
        if known:
            pull.create_review_request(reviewers=known)
        return PullRequest(
            number=pull.number,
            title=draft.title,
            body=body,
            branch=draft.branch,
            base_branch=draft.base_branch,
            head=draft.commit,
            reviewers=draft.reviewers,
            url=pull.html_url,
            created=not open_ones,
        )

    def _client(self) -> Any:
        try:
            from github import Auth, Github
        except ImportError as error:
            raise MissingExtraError(
                "pull requests on GitHub need PyGithub; run `pip install 'effnb[github]'`"
            ) from error
        return Github(
            auth=Auth.Token(self._token), base_url=self.api, timeout=SECONDS, retry=None, seconds_between_writes=0
        )

    def _credentials(self) -> dict[str, str]:
        """The token for git over HTTPS, in the environment: arguments can be read by every process."""
        if not self.remote.startswith("https://"):
            return {}
        basic = base64.b64encode(f"x-access-token:{self._token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self.remote}.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
        }


def _host(api: str) -> str:
    host = urlsplit(api).hostname or ""
    return "github.com" if host == "api.github.com" else host


@contextmanager
def _said(name: str) -> Iterator[None]:
    """PyGithub's and the network's errors as ours, with what the server said."""
    from github import BadCredentialsException, GithubException, UnknownObjectException

    try:
        yield
    except BadCredentialsException as error:
        raise SourceDenied(f"{name} refuses the token; check the variable that [forge] token_env names") from error
    except UnknownObjectException as error:
        raise SourceUnavailable(
            f"{name} is not there, or the token may not see it; check [forge] repository"
        ) from error
    except GithubException as error:
        raise DeliveryError(f"{name} refuses the pull request: {_message(error)}") from error
    except OSError as error:
        raise SourceUnavailable(f"{name} does not answer: {type(error).__name__}; check [forge] api") from error


def _message(error: Any) -> str:
    data = error.data if isinstance(error.data, dict) else {}
    details = [
        str(one.get("message") or one.get("code") or one) for one in data.get("errors", []) if isinstance(one, dict)
    ]
    return "; ".join([str(data.get("message", f"status {error.status}")), *details])
