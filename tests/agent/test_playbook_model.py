"""The playbook in the place of a language model: a pure function of the messages."""

from __future__ import annotations

import asyncio

import pytest
from agent_bench import TOOLS, TWO_STEPS, write_skill
from pydantic_ai import Agent
from pydantic_ai.exceptions import ToolFailed as ToldToModel
from pydantic_ai.messages import (
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import RunContext, ToolDefinition
from pydantic_ai.usage import RunUsage

from effnb.agent import AgentTools, PlaybookModel
from effnb.domain import Resolution
from effnb.errors import PlaybookError
from effnb.skills import load_playbook
from effnb.tools import Toolbox

PARAMS = ModelRequestParameters(
    function_tools=[
        ToolDefinition(name="double", parameters_json_schema={}, metadata={"tier": "read"}),
        ToolDefinition(name="deploys", parameters_json_schema={}, metadata={"tier": "write"}),
    ],
    output_tools=[ToolDefinition(name="final_result", parameters_json_schema={})],
)


def model(folder, body=TWO_STEPS):
    playbook = load_playbook(write_skill(folder, body))
    return PlaybookModel(playbook, playbook.accept({"value": 1}))


def asked(step, tool="double", **args):
    return ModelResponse(parts=[ToolCallPart(tool, args, tool_call_id=f"probe.{step}")])


def returned(step, content, outcome="success"):
    return ModelRequest(parts=[ToolReturnPart("double", content, tool_call_id=f"probe.{step}", outcome=outcome)])


PROMPT = ModelRequest(parts=[UserPromptPart("go")])


def call_of(response):
    return next(part for part in response.parts if isinstance(part, ToolCallPart))


def test_same_messages_give_the_same_reply_in_any_order_of_asking(tmp_path):
    played = model(tmp_path)
    after_one = [PROMPT, asked("first", value=1.0), returned("first", {"value": 2.0})]
    replies = [played.decide(messages, PARAMS) for messages in (after_one, [PROMPT], after_one, [PROMPT])]
    assert [(call_of(r).tool_call_id, call_of(r).args) for r in replies] == [
        ("probe.second", {"value": 2.0}),
        ("probe.first", {"value": 1.0}),
    ] * 2


def test_replay_accepts_messages_that_went_through_json(tmp_path):
    messages = [PROMPT, asked("first", value=1.0), returned("first", {"value": 2.0})]
    loaded = ModelMessagesTypeAdapter.validate_json(ModelMessagesTypeAdapter.dump_json(messages))
    assert call_of(model(tmp_path).decide(loaded, PARAMS)).args == {"value": 2.0}


def test_reply_says_why_and_costs_nothing(tmp_path):
    played = model(tmp_path)
    reply = played.decide([PROMPT], PARAMS)
    assert reply.parts[0] == TextPart("Twice?")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (0, 0)
    assert played.model_name.startswith("playbook/probe@")
    assert played.system == "effnb.playbook"


def test_recorded_call_that_differs_is_refused(tmp_path):
    messages = [PROMPT, asked("first", value=7.0), returned("first", {"value": 2.0})]
    with pytest.raises(PlaybookError, match="may depend on nothing but its inputs and results"):
        model(tmp_path).decide(messages, PARAMS)


def test_read_that_was_cut_off_is_asked_again_under_a_new_id(tmp_path):
    played = model(tmp_path)
    messages = [PROMPT, asked("first", value=1.0), returned("first", "cut", "interrupted")]
    again = call_of(played.decide(messages, PARAMS))
    assert (again.tool_call_id, again.args) == ("probe.first~2", {"value": 1.0})
    messages += [asked("first~2", value=1.0), returned("first~2", {"value": 2.0})]
    assert call_of(played.decide(messages, PARAMS)).tool_call_id == "probe.second"


def test_write_that_was_cut_off_is_not_asked_again(tmp_path):
    played = model(tmp_path, 'yield from step("first", "?").call("deploys", Answer, value=1)')
    messages = [PROMPT, asked("first", "deploys", value=1), returned("first", "cut", "interrupted")]
    with pytest.raises(PlaybookError, match="may have taken effect"):
        played.decide(messages, PARAMS)


def test_whole_agent_run_without_a_driver_and_as_a_stream(tmp_path):
    toolset = AgentTools(Toolbox(None, TOOLS))
    agent = Agent(model(tmp_path), output_type=Resolution, toolsets=[toolset], name="probe")

    async def stream():
        async with agent.run_stream_events("go") as events:
            return [event async for event in events]

    direct = asyncio.run(agent.run("go"))
    assert direct.output.findings[0].claim == "It is 4.0."
    assert direct.usage.total_tokens == 0
    events = asyncio.run(stream())
    kinds = [event.event_kind for event in events]
    assert kinds.count("function_tool_call") == kinds.count("function_tool_result") == 2
    assert events[-1].result.output == direct.output


def test_toolset_carries_tier_and_tells_failures(tmp_path):
    toolset = AgentTools(Toolbox(None, TOOLS))
    context = RunContext(deps=None, model=model(tmp_path), usage=RunUsage(), tool_call_id="x")
    tools = asyncio.run(toolset.get_tools(context))
    assert tools["deploys"].tool_def.metadata == {"tier": "write"}
    assert tools["double"].tool_def.metadata == {"tier": "read"}

    def called(name, **args):
        return asyncio.run(toolset.call_tool(name, args, context, tools[name]))

    assert called("double", value=2) == {"value": 4.0, "ballast": ""}
    with pytest.raises(ToldToModel, match="3 points, 10 are needed"):
        called("fails", value=2)
