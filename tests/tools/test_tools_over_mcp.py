"""What tools return reaches an MCP client as what it is, and fits the schema that was announced for it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from mcp import Client
from shop_workspace import CHECK, T0

from effnb.mcp import build_server
from effnb.tools import plain, tools

END = T0 + timedelta(days=10)
HALF = T0 + timedelta(days=5)


@pytest.fixture(scope="module")
def values(session):
    """An argument of each name that read tools need, from the shop."""
    found = next(one for one in session.regressions() if one.function == CHECK)
    changes = session.tools.list_changes(service="shop", start=T0, end=END)
    return plain(
        {
            "id": found.id,
            "service": "shop",
            "function": CHECK,
            "start": T0,
            "end": END,
            "before": {"start": T0, "end": HALF},
            "after": {"start": HALF, "end": END},
            "change_id": changes[0].id,
            "experiment_id": "wrap",
            "text": "price",
            "target": CHECK,
            "path": "docs/none.md",
            "metric": "requests",
        }
    )


def test_results_of_all_read_tools_fit_their_schemas(session, values):
    """The client checks each structured result against the schema of its tool, and raises where they differ."""

    async def ask():
        answered = {}
        async with Client(build_server(session.workspace)) as client:
            for tool in (await client.list_tools()).tools:
                needed = tool.input_schema.get("required", [])
                if set(needed) <= set(values):
                    result = await client.call_tool(tool.name, {name: values[name] for name in needed})
                    answered[tool.name] = result
        return answered

    answered = asyncio.run(ask())
    told = {name: result.structured_content for name, result in answered.items() if not result.is_error}
    assert len(told) > len([one for one in tools().values() if one.tier == "read"]) / 2
    assert told["describe_regression"]["function"] == CHECK
    assert told["list_changes"]["total"] == len(told["list_changes"]["rows"]) > 0
    assert all(result.content[0].text for result in answered.values() if result.is_error)
