"""Promises of the tool layer, kept for every caller."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

import pytest

from effnb.domain import Listing, Noun, Window
from effnb.errors import NotEnoughData, NotFound, SkillError, ToolFailed
from effnb.tools import Tool, Toolbox, plain, tool, tools

if TYPE_CHECKING:
    from effnb.workspace import Workspace


class Row(Noun):
    """A row."""

    service: str
    """Service."""
    share: float
    """Share."""


@tool(timeout=5, source="shares")
def shares(
    workspace: Workspace, service: str, window: Window, limit: int = 10, order: Literal["up", "down"] = "up"
) -> Listing[Row]:
    """Shares of a service, largest first.

    Empty when the service has no samples.

    Args:
        service: Name of the service,
            as the deploy system has it.
        window: Span to look at.
        limit: Most rows to return.
    """
    rows = (Row(service=service, share=0.25),)[:limit]
    return Listing(rows=rows, searched=f"{workspace} {window} {order}", total=1)


@tool()
def too_few(workspace: Workspace) -> int:
    """Raise what analysis raises."""
    raise NotEnoughData("3 points, 10 are needed")


@tool()
def buggy(workspace: Workspace) -> int:
    """Raise what a bug raises."""
    return {}["nope"]


@tool(timeout=0.05)
def hangs(workspace: Workspace) -> int:
    """Wait for ever."""
    threading.Event().wait(10)
    return 1


@tool(tier="write")
def deploys(workspace: Workspace) -> int:
    """Touch the world."""
    return 1


WINDOW = {"start": "2026-11-01T00:00:00Z", "end": "2026-11-02T00:00:00Z"}


@pytest.fixture
def toolbox() -> Toolbox:
    return Toolbox("the workspace", [shares, too_few, buggy, hangs, deploys])


def test_call_gives_the_typed_result_of_the_function(toolbox):
    result = toolbox.call("shares", {"service": "web", "window": WINDOW})
    assert result[0] == Row(service="web", share=0.25)
    assert result.searched == "the workspace 2026-11-01 00:00 – 2026-11-02 00:00 UTC up"


def test_attribute_access_is_the_same_call(toolbox):
    window = Window(start=datetime(2026, 11, 1, tzinfo=UTC), end=datetime(2026, 11, 2, tzinfo=UTC))
    assert toolbox.shares(service="web", window=window, limit=0).rows == ()
    assert toolbox.shares.__doc__.startswith("Shares of a service")
    assert "shares" in dir(toolbox)


def test_unknown_name_is_refused_with_the_nearest(toolbox):
    with pytest.raises(NotFound, match="no tool 'share'; did you mean 'shares'"):
        toolbox.call("share", {})
    with pytest.raises(NotFound, match="did you mean 'shares'"):
        toolbox.share(service="web")
    assert not hasattr(toolbox, "zzz")
    assert not hasattr(toolbox, "_repr_html_")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"service": "web"}, "shares refuses its arguments: 'window' is missing"),
        ({"service": "web", "window": WINDOW, "limt": 3}, "'limt' is unknown, did you mean 'limit'?"),
        ({"service": 3, "window": WINDOW}, "'service' is 3: input should be a valid string"),
        ({"service": "web", "window": WINDOW, "order": "left"}, "'order' is 'left': input should be 'up' or 'down'"),
        ({"service": "web", "window": {"start": "2026-11-01T00:00:00", "end": "x"}}, "window.start"),
    ],
)
def test_wrong_arguments_are_refused_in_one_line(toolbox, args, message):
    with pytest.raises(ToolFailed) as failure:
        toolbox.call("shares", args)
    assert message in str(failure.value)
    assert "\n" not in str(failure.value)
    with pytest.raises(ToolFailed):
        toolbox.check("shares", args)


def test_an_error_on_purpose_keeps_its_message(toolbox):
    with pytest.raises(ToolFailed, match=r"^3 points, 10 are needed$"):
        toolbox.too_few()


def test_a_bug_is_told_with_its_type(toolbox):
    with pytest.raises(ToolFailed, match="buggy failed with KeyError: 'nope'"):
        toolbox.buggy()


def test_a_tool_that_hangs_costs_its_time_limit(toolbox):
    with pytest.raises(ToolFailed, match=r"hangs gave no answer within 0\.05 s"):
        toolbox.hangs()


def test_schema_says_what_a_model_needs_to_know(toolbox):
    schema = toolbox.schema("shares")
    assert schema["description"] == "Shares of a service, largest first.\n\nEmpty when the service has no samples."
    assert schema["tier"] == "read"
    assert schema["timeout"] == 5
    parameters = schema["parameters"]
    assert parameters["additionalProperties"] is False
    assert parameters["required"] == ["service", "window"]
    assert parameters["properties"]["service"]["description"] == "Name of the service, as the deploy system has it."
    assert "workspace" not in parameters["properties"]


def test_tier_is_the_one_declared(toolbox):
    assert toolbox.tier("deploys") == "write"
    assert toolbox.tier("shares") == "read"


def test_result_type_reads_kept_json_back(toolbox):
    kept = plain(toolbox.call("shares", {"service": "web", "window": WINDOW}))
    assert shares.result_type.validate_python(kept)[0].share == 0.25


def test_plain_writes_what_json_can_hold():
    assert plain({"a": (1, float("nan"), float("inf"))}) == {"a": [1, None, None]}


def test_two_tools_of_one_name_are_refused():
    with pytest.raises(SkillError, match="two tools are named 'shares'"):
        Toolbox(None, [shares, shares])


def test_a_tool_without_docstring_is_refused():
    def silent(workspace: Workspace) -> int:
        return 1

    with pytest.raises(SkillError, match="'silent' has no docstring"):
        tool()(silent)


def test_a_coroutine_function_is_refused():
    async def later(workspace: Workspace) -> int:
        """Later."""
        return 1

    with pytest.raises(SkillError, match="write it as a plain function"):
        tool()(later)


def test_every_tool_of_the_package_can_be_described_and_read_back():
    for name, one in tools().items():
        assert isinstance(one, Tool)
        assert name == one.name
        assert one.schema()["description"]
        assert one.result_type is not None
