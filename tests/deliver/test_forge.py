from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from shop_fix import NEW, diff_of, fix_for, run_git

from effnb.deliver import Draft, GitHubForge, LocalForge, branch_of, check_merges, commit_fix
from effnb.errors import DeliveryError, SourceDenied, SourceUnavailable


def draft_of(fix, repository, **changes) -> Draft:
    commit = commit_fix(fix, repository, f"{fix.title}\n\nProved.\n")
    fields = {"title": fix.title, "body": "why", "branch": branch_of(fix), "commit": commit, "base_branch": "main"}
    return Draft(**fields | changes)


@pytest.fixture(params=["local", "github"])
def forge(request, tmp_path):
    if request.param == "local":
        return LocalForge(tmp_path / "forge")
    server = request.getfixturevalue("github")
    return GitHubForge(
        "acme/shop", server.TOKEN, api=server.address, remote=str(server.bare), logins={"ana@example.org": "ana"}
    )


def bare_of(forge):
    return forge.bare if isinstance(forge, LocalForge) else forge.remote


def test_the_commit_holds_the_fix_and_nobodys_files_move(repository, fix):
    commit = commit_fix(fix, repository, "message")
    assert run_git(repository, "show", f"{commit}:shop/text.py") == NEW.strip()
    assert run_git(repository, "rev-parse", f"{commit}^") == fix.base
    assert run_git(repository, "status", "--porcelain") == ""
    assert commit_fix(fix, repository, "message") == commit


def test_a_branch_is_named_after_its_content(fix):
    assert branch_of(fix).startswith("effnb/constant-regex-")
    assert branch_of(fix) != branch_of(fix.model_copy(update={"diff": fix.diff + "\n"}))


@pytest.mark.server
def test_a_pull_request_is_opened_once(forge, repository, fix):
    first = forge.open(repository, draft_of(fix, repository, reviewers=("ana@example.org",)))
    assert (first.number, first.created, first.state) == (1, True, "open")
    assert run_git(bare_of(forge), "rev-parse", f"refs/heads/{first.branch}") == first.head
    again = forge.open(repository, draft_of(fix, repository, body="more"))
    assert (again.number, again.created, again.body) == (1, False, "more")


@pytest.mark.server
def test_a_foreign_branch_is_never_pushed(forge, repository, fix):
    before = run_git(repository, "rev-parse", "main")
    with pytest.raises(DeliveryError, match="'main' is not one of effnb's"):
        forge.open(repository, draft_of(fix, repository, branch="main"))
    assert forge.base_commit(repository, "main") == before


@pytest.mark.server
def test_a_moved_base_that_conflicts_is_refused(forge, repository, fix):
    assert forge.base_commit(repository, "main") == fix.base
    (repository / "shop" / "text.py").write_text("import re\n\n\ndef words(text):\n    return text.split()\n")
    run_git(repository, "commit", "-qam", "split")
    run_git(repository, "push", "-q", str(bare_of(forge)), "main")
    newest = forge.base_commit(repository, "main")
    with pytest.raises(DeliveryError, match=r"conflicts with the fix in shop/text\.py"):
        check_merges(repository, commit_fix(fix, repository, "m"), newest)


def test_a_base_that_moved_elsewhere_is_fine(repository, fix):
    (repository / "README.md").write_text("a larger shop\n")
    run_git(repository, "commit", "-qam", "readme")
    check_merges(repository, commit_fix(fix, repository, "m"), "main")


def test_an_unknown_base_is_said(repository):
    with pytest.raises(DeliveryError, match="has no commit 1234567"):
        commit_fix(fix_for("1234567"), repository, "m")


def test_a_diff_that_does_not_fit_the_base_is_said(repository, fix):
    wrong = fix.model_copy(update={"diff": diff_of("x = 1\n", "x = 2\n", "shop/text.py")})
    with pytest.raises(DeliveryError, match=f"does not fit commit {fix.base[:12]}"):
        commit_fix(wrong, repository, "m")


def test_numbers_are_given_out_once(tmp_path, repository, fix):
    fixes = [fix.model_copy(update={"subject": f"opp-{i}"}) for i in range(8)]
    drafts = [draft_of(one, repository) for one in fixes]
    forge = LocalForge(tmp_path / "forge")
    forge.open(repository, drafts[0])
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda draft: forge.open(repository, draft).number, drafts))
    assert sorted(numbers) == list(range(1, 9))


@pytest.mark.server
class TestGitHub:
    def test_known_authors_are_asked_and_others_named(self, github, repository, fix):
        forge = GitHubForge(
            "acme/shop", github.TOKEN, api=github.address, remote=str(github.bare), logins={"ana@example.org": "ana"}
        )
        forge.open(repository, draft_of(fix, repository, reviewers=("ana@example.org", "bo@example.org")))
        (pull,) = github.pulls
        assert pull["requested_reviewers"] == [{"login": "ana"}]
        assert "`bo@example.org`" in pull["body"]

    def test_a_wrong_token_is_said_and_not_shown(self, github, repository, fix):
        forge = GitHubForge("acme/shop", "wrong-secret", api=github.address, remote=str(github.bare))
        with pytest.raises(SourceDenied, match="refuses the token") as refusal:
            forge.open(repository, draft_of(fix, repository))
        assert "wrong-secret" not in str(refusal.value)

    def test_a_repository_that_is_not_there_is_said(self, github, repository, fix):
        forge = GitHubForge("acme/other", github.TOKEN, api=github.address, remote=str(github.bare))
        with pytest.raises(SourceUnavailable, match="acme/other is not there"):
            forge.open(repository, draft_of(fix, repository))

    def test_the_servers_reason_is_passed_on(self, github, repository, fix):
        forge = GitHubForge("acme/shop", github.TOKEN, api=github.address, remote=str(github.bare))
        with pytest.raises(DeliveryError, match=r"Validation Failed; invalid|invalid"):
            forge.open(repository, draft_of(fix, repository, base_branch="develop"))

    def test_a_server_that_is_gone_is_said(self, github, repository, fix):
        forge = GitHubForge("acme/shop", github.TOKEN, api="http://127.0.0.1:9", remote=str(github.bare))
        with pytest.raises(SourceUnavailable, match="does not answer"):
            forge.open(repository, draft_of(fix, repository))
