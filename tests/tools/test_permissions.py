"""The gate: tier, scope, budget, approval and audit, the same for every caller."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from effnb.domain import Actor, Listing, Noun
from effnb.errors import ApprovalNeeded, ConfigError, NotAllowed, NotFound, ToolFailed
from effnb.tools import Origin, Toolbox, current_call, tool
from effnb.workspace import Workspace as RealWorkspace

if TYPE_CHECKING:
    from effnb.workspace import Workspace

MADE: list[object] = []


class Row(Noun):
    """A row about a service."""

    service: str
    """Service."""


@tool(source="shares")
def rows_of(workspace: Workspace, service: str | None = None, limit: int = 9) -> Listing[Row]:
    """Rows of a service, or of all."""
    rows = tuple(Row(service=name) for name in ("web", "search", "jobs") if service in (None, name))
    return Listing[Row](rows=rows, searched="rows", total=len(rows))


@tool(source="anything")
def everything(workspace: Workspace) -> Listing[Row]:
    """Rows of all services, whoever asks."""
    return rows_of(workspace)


@tool()
def one_of(workspace: Workspace, id: str) -> Row:  # noqa: A002  # the domain's own word
    """The service of something, by id."""
    return Row(service=id)


@tool()
def reads_file(workspace: Workspace, path: str) -> str:
    """The path it was given."""
    return path


@tool(paths_from="working folder", tier="propose")
def takes_file(workspace: Workspace, paths: list[str]) -> str:
    """The paths it was given."""
    return ",".join(paths)


@tool(tier="write")
def deploys(workspace: Workspace, service: str, text: str = "") -> str:
    """Touch the world."""
    MADE.append(current_call())
    return f"deployed {service}"


@tool(tier="write")
def breaks(workspace: Workspace) -> str:
    """Touch the world and fail."""
    raise ValueError("no")


TOOLS = [rows_of, everything, one_of, reads_file, takes_file, deploys, breaks]


@pytest.fixture(autouse=True)
def _nothing_made():
    MADE.clear()


@pytest.fixture
def box(tmp_path):
    opened = []

    def make(permissions: str = "", kind: str = "user", name: str = "ada", **more) -> Toolbox:
        (tmp_path / "effnb.toml").write_text(permissions)
        workspace = RealWorkspace.open(tmp_path)
        opened.append(workspace)
        return Toolbox(workspace, TOOLS, Actor(kind=kind, name=name, surface="cli", **more))

    yield make
    for workspace in opened:
        workspace.close()


def entries(toolbox: Toolbox) -> list[tuple[str, str, str]]:
    return [(e.tool, e.outcome, e.approver) for e in toolbox._workspace.audit.entries()]


def test_defaults_let_people_and_agents_propose_and_programs_only_read(box):
    for kind, standings in {
        "user": ("allowed", "allowed", "asks"),
        "agent": ("allowed", "allowed", "asks"),
        "mcp": ("allowed", "refused", "refused"),
    }.items():
        gate = box(kind=kind).gate
        assert tuple(gate.standing(one) for one in (rows_of, takes_file, deploys)) == standings


def test_every_call_leaves_a_line_whatever_becomes_of_it(box):
    toolbox = box('[permissions.user]\ntools = ["rows_of", "deploys", "breaks"]')
    toolbox.rows_of(service="web")
    for name, args in [
        ("rows_of", {"servce": "web"}),
        ("row_of", {}),
        ("one_of", {"id": "x"}),
        ("deploys", {"service": "web"}),
    ]:
        with pytest.raises((ToolFailed, NotFound)):
            toolbox.call(name, args)
    toolbox.approve("breaks", {})
    with pytest.raises(ToolFailed, match="breaks failed with ValueError: no"):
        toolbox.breaks()
    assert entries(toolbox) == [
        ("rows_of", "success", ""),
        ("rows_of", "refused", ""),
        ("row_of", "refused", ""),
        ("one_of", "refused", ""),
        ("deploys", "held", ""),
        ("breaks", "approved", "ada"),
        ("breaks", "begun", "ada"),
        ("breaks", "failed", "ada"),
    ]
    assert toolbox._workspace.audit.verify().problems == ()


def test_a_write_waits_until_exactly_it_is_approved_and_runs_once(box):
    toolbox = box()
    with pytest.raises(ApprovalNeeded, match=r"waits for a person: approve exactly this call with s\.approve"):
        toolbox.deploys(service="web")
    toolbox.approve("deploys", {"service": "web"}, by="grace")
    with pytest.raises(ApprovalNeeded):
        toolbox.deploys(service="search")
    assert toolbox.deploys(service="web") == "deployed web"
    with pytest.raises(ApprovalNeeded):
        toolbox.deploys(service="web")
    assert [(call.approver, call.actor.name) for call in MADE] == [("grace", "ada")]


def test_an_approval_holds_for_its_run_call_and_skill_only(box):
    toolbox = box(kind="agent", name="probe")
    origin = Origin(run="run-1", call="probe.deploy", digest="d1")
    toolbox.gate.approve(deploys, {"service": "web"}, origin, "ada")
    for other in (
        Origin(),
        Origin(run="run-2", call="probe.deploy", digest="d1"),
        Origin(run="run-1", call="probe.other", digest="d1"),
        Origin(run="run-1", call="probe.deploy", digest="d2"),
    ):
        with pytest.raises(ApprovalNeeded):
            toolbox.call("deploys", {"service": "web"}, other)
    assert toolbox.call("deploys", {"service": "web"}, origin) == "deployed web"
    assert len(MADE) == 1


def test_a_tier_that_is_to_be_asked_for_waits_as_a_write_does(box):
    toolbox = box('[permissions.agent]\nallow = ["read"]\nask = ["propose"]', kind="agent")
    assert [toolbox.gate.standing(one) for one in (rows_of, takes_file, deploys)] == ["allowed", "asks", "refused"]
    with pytest.raises(ApprovalNeeded):
        toolbox.takes_file(paths=[])
    toolbox.gate.approve(takes_file, {"paths": []}, Origin(), "ada")
    assert toolbox.takes_file(paths=[]) == ""


def test_an_approval_expires(box):
    toolbox = box("[permissions.approve]\nminutes = 5")
    granted = datetime.now(UTC) - timedelta(minutes=5, seconds=1)
    toolbox.gate.approve(deploys, {"service": "web"}, Origin(), "ada", now=granted)
    with pytest.raises(ApprovalNeeded):
        toolbox.deploys(service="web")
    assert MADE == []


def test_only_a_person_approves(box):
    for kind in ("agent", "mcp"):
        with pytest.raises(NotAllowed, match="cannot approve deploys; a person can"):
            box(kind=kind).approve("deploys", {"service": "web"})


def test_policy_approves_in_advance_but_never_over_mcp(box):
    policy = '[permissions.approve]\ntools = ["deploy*"]'
    toolbox = box(policy, kind="agent")
    assert toolbox.deploys(service="web") == "deployed web"
    assert entries(toolbox)[-1] == ("deploys", "success", "[permissions.approve] in effnb.toml")
    with pytest.raises(NotAllowed, match="tier write, and mcp ada may only read"):
        box(policy, kind="mcp").deploys(service="web")
    with pytest.raises(ApprovalNeeded):
        box(policy).breaks()


def test_the_same_write_of_a_run_has_the_same_key_and_a_new_call_a_new_one(box):
    toolbox = box('[permissions.approve]\ntools = ["*"]', kind="agent")
    origin = Origin(run="run-1", call="c1", digest="d")
    assert not toolbox.gate.was_cut_off(deploys, {"service": "web"}, origin)
    toolbox.call("deploys", {"service": "web"}, origin)
    assert toolbox.gate.was_cut_off(deploys, {"service": "web"}, origin)
    toolbox.gate.approve(deploys, {"service": "web"}, origin, "ada")
    toolbox.call("deploys", {"service": "web"}, origin)
    toolbox.call("deploys", {"service": "web"}, Origin(run="run-1", call="c2", digest="d"))
    keys = [call.idem for call in MADE]
    assert keys[0] == keys[1] != keys[2]
    assert len(keys[0]) == 64


def test_a_write_that_was_begun_is_not_repeated_on_policy_alone(box):
    toolbox = box('[permissions.approve]\ntools = ["*"]', kind="agent")
    origin = Origin(run="run-1", call="c1", digest="d")
    toolbox.call("deploys", {"service": "web"}, origin)
    with pytest.raises(ApprovalNeeded):
        toolbox.call("deploys", {"service": "web"}, origin)
    assert len(MADE) == 1


SCOPED = '[permissions.agent]\nservices = ["web"]'


@pytest.mark.parametrize(
    ("name", "args", "message"),
    [
        ("rows_of", {"service": "search"}, "asks about search; only web is in scope"),
        ("rows_of", {}, "would cover every service"),
        ("one_of", {"id": "search"}, "the answer is about search"),
        ("deploys", {"service": "jobs"}, "asks about jobs"),
        ("takes_file", {"paths": ["effnb.toml"]}, "does not say which service it would change"),
    ],
)
def test_other_services_are_out_of_scope(box, name, args, message):
    toolbox = box(SCOPED, kind="agent")
    with pytest.raises(NotAllowed, match=message):
        toolbox.call(name, args)


def test_services_in_scope_pass_and_foreign_rows_are_left_out(box):
    toolbox = box(SCOPED, kind="agent")
    assert [row.service for row in toolbox.rows_of(service="web")] == ["web"]
    mixed = toolbox.everything()
    assert ([row.service for row in mixed], mixed.total) == (["web"], 1)
    assert "2 rows about services out of scope are left out" in mixed.searched
    assert toolbox.one_of(id="web").service == "web"


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "link", "link/x", "a\0b"])
@pytest.mark.parametrize("name", ["reads_file", "takes_file"])
def test_paths_may_not_lead_out_of_the_workspace(box, tmp_path, monkeypatch, name, path):
    toolbox = box(kind="agent")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("/")
    args = {"path": path} if name == "reads_file" else {"paths": ["effnb.toml", path]}
    with pytest.raises(NotAllowed, match=r"leads out of the folders in scope|null byte"):
        toolbox.call(name, args)


def test_paths_inside_pass_from_wherever_they_are_taken(box, tmp_path, monkeypatch):
    toolbox = box(kind="agent")
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    assert toolbox.takes_file(paths=["a", "../effnb.toml", str(tmp_path / "b")]).startswith("a,")
    assert toolbox.reads_file(path="docs/a.md") == "docs/a.md"
    monkeypatch.chdir("/")
    with pytest.raises(NotAllowed):
        toolbox.takes_file(paths=["etc/passwd"])
    assert toolbox.reads_file(path="docs/a.md") == "docs/a.md"


def test_a_person_may_name_any_path_unless_told_otherwise(box, tmp_path):
    assert box().reads_file(path="/etc/passwd") == "/etc/passwd"
    toolbox = box('[permissions.user]\npaths = ["data", "/srv"]')
    assert toolbox.reads_file(path="/srv/x") == "/srv/x"
    with pytest.raises(NotAllowed):
        toolbox.reads_file(path="x")


def test_an_agent_may_do_no_more_than_the_person_it_works_for(box):
    toolbox = box(
        '[permissions.users.bob]\nallow = ["read"]\nask = []\nservices = ["web"]', kind="agent", on_behalf="bob"
    )
    with pytest.raises(NotAllowed, match="tier propose"):
        toolbox.takes_file(paths=[])
    with pytest.raises(NotAllowed, match="asks about jobs"):
        toolbox.rows_of(service="jobs")


def test_a_name_in_the_file_overrides_what_holds_for_its_kind(box):
    text = '[permissions.agents.careful]\nask = []\ntools = ["rows*"]\nsources = ["shares"]'
    careful = box(text, kind="agent", name="careful")
    assert [careful.gate.standing(one) for one in (rows_of, one_of, deploys)] == ["allowed", "refused", "refused"]
    assert box(text, kind="agent", name="other").gate.standing(deploys) == "asks"


def test_sources_out_of_scope_are_not_read(box):
    toolbox = box('[permissions.agent]\nsources = ["shares"]', kind="agent")
    assert len(toolbox.rows_of()) == 3
    with pytest.raises(NotAllowed, match="everything reads anything, and the sources in scope of agent ada are shares"):
        toolbox.everything()


def test_a_budget_of_calls_ends_calls_and_counts_earlier_ones(box):
    toolbox = box("[permissions.agent]\ncalls = 3", kind="agent")
    resumed = toolbox.acting_as(toolbox.gate.actor, calls=2)
    resumed.rows_of()
    with pytest.raises(NotAllowed, match="made 3 calls, and 3 is its limit"):
        resumed.rows_of()


def test_a_budget_of_time_ends_calls(box):
    toolbox = box("[permissions.agent]\nseconds = 60", kind="agent")
    with pytest.raises(NotAllowed, match="used 61 s of tools, and 60 s is its limit"):
        toolbox.acting_as(toolbox.gate.actor, seconds=61).rows_of()


@pytest.mark.parametrize(
    "text",
    [
        '[permissions.mcp]\nallow = ["write"]',
        '[permissions.mcp]\nask = ["write"]',
        '[permissions.clients.x]\nask = ["write"]',
        '[permissions.user]\nallow = ["write"]',
        '[permissions.agent]\nalow = ["read"]',
    ],
)
def test_rights_that_cannot_be_given_are_refused_when_the_file_is_read(box, text):
    with pytest.raises(ConfigError, match="permissions"):
        box(text)


def test_tokens_named_in_the_settings_never_reach_the_log(box, monkeypatch):
    monkeypatch.setitem(os.environ, "PROM_TOKEN", "very-secret-value")
    toolbox = box('[sources.prometheus]\nurl = "http://x"\ntoken_env = "PROM_TOKEN"')
    toolbox.one_of(id="very-secret-value")
    assert [entry.args for entry in toolbox._workspace.audit.entries()] == [{"id": "[secret]"}]
