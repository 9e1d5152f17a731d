"""The MCP server, as a client of another program sees it: over stdio, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from datetime import UTC, datetime

import pytest
from mcp import Client, MCPError, StdioServerParameters
from mcp_types import Implementation

from effnb.domain import Suppressed
from effnb.mcp import build_server
from effnb.skills import bundled_skills, new_skill
from effnb.tools import tools
from effnb.workspace import Workspace

READ = {name for name, tool in tools().items() if tool.tier == "read"}
PROPOSE = {name for name, tool in tools().items() if tool.tier == "propose"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "effnb.toml").write_text('[workspace]\nname = "small"\n')
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "index.html").write_text("<p>Found.</p>")
    (tmp_path / "secret.html").write_text("secret")
    return tmp_path


def over_stdio(folder, ask, *options, name="other-agent"):
    """Start ``effnb mcp`` in the folder, let ``ask`` talk to it, and give what that returns."""

    async def talk():
        command = StdioServerParameters(
            command=sys.executable,
            args=["-c", "from effnb.cli import main; main()", "mcp", str(folder), *options],
            env=dict(os.environ),
        )
        async with Client(command, client_info=Implementation(name=name, version="1")) as client:
            return await ask(client)

    return asyncio.run(asyncio.wait_for(talk(), 60))


def in_process(workspace, ask, **options):
    async def talk():
        async with Client(build_server(workspace, **options)) as client:
            return await ask(client)

    return asyncio.run(asyncio.wait_for(talk(), 60))


def refusal(workspace, ask):
    """The protocol error that the server answers with."""

    async def caught(client):
        try:
            return await ask(client)
        except MCPError as error:
            return str(error)

    return in_process(workspace, caught)


async def names(client):
    return {tool.name for tool in (await client.list_tools()).tools}


def test_another_program_finds_tools_skills_and_reports_over_stdio(folder):
    async def ask(client):
        listed = (await client.list_tools()).tools
        result = await client.call_tool("list_regressions", {"service": "web"})
        unknown = await client.call_tool("list_regressions", {"servise": "web"})
        failed = await client.call_tool("describe_regression", {"id": "reg-0"})
        prompts = (await client.list_prompts()).prompts
        prompt = await client.get_prompt("investigate-cpu-regression", {"question": "Why is web dearer?"})
        resources = (await client.list_resources()).resources
        report = await client.read_resource("effnb://reports/index.html")
        return listed, result, unknown, failed, prompts, prompt, resources, report

    listed, result, unknown, failed, prompts, prompt, resources, report = over_stdio(folder, ask)
    assert {tool.name for tool in listed} == READ
    assert {tool.annotations.read_only_hint for tool in listed} == {True}
    assert {tool.meta["tier"] for tool in listed} == {"read"}
    assert result.structured_content["rows"] == []
    assert "narrowed to service web" in result.structured_content["searched"]
    assert json.loads(result.content[0].text) == result.structured_content
    assert unknown.is_error
    assert "'servise' is unknown, did you mean 'service'?" in unknown.content[0].text
    assert failed.is_error
    assert "reg-0" in failed.content[0].text
    assert [one.name for one in prompts] == [skill.name for skill in bundled_skills()]
    assert "The question: Why is web dearer?" in prompt.messages[0].content.text
    assert {"effnb://reports/index.html", "effnb://skills/investigate-cpu-regression"} <= {one.uri for one in resources}
    assert report.contents[0].text == "<p>Found.</p>"


def test_propose_adds_what_makes_artefacts_and_nothing_that_writes(folder):
    assert over_stdio(folder, names, "--propose") == READ | PROPOSE


def test_settings_of_the_workspace_outrank_the_option(folder):
    (folder / "effnb.toml").write_text('[permissions.mcp]\nallow = ["read"]\ntools = ["list_*"]\n')
    workspace = Workspace.open(folder)
    assert in_process(workspace, names, propose=True) == {name for name in READ if name.startswith("list_")}
    workspace.close()


@pytest.mark.parametrize("name", sorted(PROPOSE))
def test_tool_that_is_not_offered_is_not_called(folder, name):
    workspace = Workspace.open(folder)
    refused = in_process(workspace, lambda client: client.call_tool(name, {}))
    assert refused.is_error
    assert f"no tool '{name}'" in refused.content[0].text
    workspace.close()


def test_every_call_is_in_the_audit_log_with_the_client(folder):
    workspace = Workspace.open(folder)

    async def ask(client):
        await client.call_tool("list_regressions", {})
        await client.call_tool("run_detection", {})

    in_process(workspace, ask)
    entries = [(e.actor.kind, e.actor.surface, e.tool, e.outcome) for e in workspace.audit.entries()]
    assert entries == [("mcp", "mcp", "list_regressions", "success"), ("mcp", "mcp", "run_detection", "refused")]
    workspace.close()


@pytest.mark.parametrize(
    "uri",
    [
        "effnb://reports/../secret.html",
        "effnb://reports/..%2Fsecret.html",
        "effnb://reports//etc/hostname",
        "effnb://reports/",
        "effnb://skills/../effnb.toml",
        "file:///etc/hostname",
    ],
)
def test_only_listed_resources_are_read(folder, uri):
    workspace = Workspace.open(folder)
    assert re.match(r"no (report|resource) .*; there are: ", refusal(workspace, lambda one: one.read_resource(uri)))
    workspace.close()


def test_held_skill_is_no_prompt(folder):
    new_skill("mine", folder / "skills")
    workspace = Workspace.open(folder)

    async def ask(client):
        return {prompt.name for prompt in (await client.list_prompts()).prompts}

    assert "mine" not in in_process(workspace, ask)
    assert refusal(workspace, lambda client: client.get_prompt("mine")).startswith("no skill 'mine'; there are: ")
    workspace.close()


def test_large_result_is_refused_with_a_way_out(folder, monkeypatch):
    monkeypatch.setattr("effnb.mcp.MAX_RESULT_BYTES", 10)
    workspace = Workspace.open(folder)
    refused = in_process(workspace, lambda client: client.call_tool("list_regressions", {}))
    assert refused.is_error
    assert "ask for fewer rows" in refused.content[0].text
    workspace.close()


def test_reports_are_read_within_scope_and_recorded(folder):
    (folder / "effnb.toml").write_text('[permissions.mcp]\nservices = ["web"]\n')
    workspace = Workspace.open(folder)
    workspace.findings.replace([], [suppressed("sup-0000aaaa", "web"), suppressed("sup-0000bbbb", "jobs")])
    for service, key in (("web", "sup-0000aaaa"), ("jobs", "sup-0000bbbb")):
        (folder / "reports" / f"{service}-{key}.html").write_text(service)

    async def ask(client):
        uris = [one.uri for one in (await client.list_resources()).resources if "reports" in one.uri]
        return uris, (await client.read_resource(uris[0])).contents[0].text

    assert in_process(workspace, ask) == (["effnb://reports/web-sup-0000aaaa.html"], "web")
    for name, reason in (("jobs-sup-0000bbbb", "is about jobs; only web"), ("index", "would cover every service")):
        assert reason in refusal(workspace, lambda one, name=name: one.read_resource(f"effnb://reports/{name}.html"))
    entries = [(one.tool, one.outcome) for one in workspace.audit.entries()]
    assert entries == [("read_report", "success"), ("read_report", "refused"), ("read_report", "refused")]
    workspace.close()


def suppressed(key, service):
    at = datetime(2026, 10, 1, tzinfo=UTC)
    return Suppressed(
        id=key,
        service=service,
        function="shop:work",
        at=at,
        absolute_delta=0.01,
        relative_delta=None,
        stage="threshold",
        reason="small",
    )
