"""``effnb tool`` and ``effnb tools``: the same dispatch, from the command line."""

from __future__ import annotations

import json

import pytest
from shop_workspace import CHECK, build_shop
from typer.testing import CliRunner

from effnb.cli import app
from effnb.errors import ConfigError, NotFound, ToolFailed
from effnb.tools import tools

SPAN = ("service=shop", "start=2025-10-06T00:00:00Z", "end=2025-10-16T00:00:00Z")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    root = tmp_path_factory.mktemp("shop")
    build_shop(root)
    return root


@pytest.fixture
def effnb(shop, monkeypatch):
    monkeypatch.chdir(shop)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, list(arguments), standalone_mode=False)
        if done.exception is not None:
            raise done.exception
        return done.stdout

    return run


def args(*pairs: str) -> list[str]:
    return [part for pair in pairs for part in ("--arg", pair)]


def test_every_tool_is_listed(effnb):
    listed = json.loads(effnb("tools", "--json"))
    assert [one["name"] for one in listed] == list(tools())
    assert all(one["name"] in effnb("tools") for one in listed)


def test_rows_come_as_a_table_with_what_was_searched(effnb):
    shown = effnb("tool", "top_functions", *args(*SPAN, "limit=2"))
    assert "shop.app:serve" in shown
    assert "2 of " in shown
    assert "samples of shop, 2025-10-06 00:00" in shown


def test_json_is_the_result_itself(effnb):
    found = json.loads(effnb("tool", "top_functions", *args(*SPAN, "own_only=true", "limit=1"), "--json"))
    assert found["rows"][0]["function"] == "shop.app:serve"
    assert found["total"] > 1


def test_a_single_value_is_shown_whole(effnb):
    assert json.loads(effnb("tool", "read_function", *args(f"function={CHECK}")))["file"] == "shop/price.py"


def test_text_that_looks_like_a_number_stays_text_and_tables_are_json(effnb):
    assert "'1'" in effnb("tool", "search_docs", *args("text=1"))
    labels = 'labels={"endpoint": "/cart"}'
    found = json.loads(effnb("tool", "metric_range", *args("metric=requests", *SPAN[1:], labels), "--json"))
    assert [one["labels"]["endpoint"] for one in found["rows"]] == ["/cart"]


def test_a_tool_describes_its_arguments_without_a_call(effnb):
    shown = effnb("tool", "top_functions", "--about")
    assert "service" in shown
    assert "required" in shown
    assert json.loads(effnb("tool", "top_functions", "--about", "--json"))["tier"] == "read"


def test_mistakes_are_one_line(effnb):
    with pytest.raises(NotFound, match="no tool 'top_function'; did you mean 'top_functions'"):
        effnb("tool", "top_function")
    with pytest.raises(ToolFailed, match="'servce' is unknown, did you mean 'service'"):
        effnb("tool", "top_functions", *args("servce=web", *SPAN))
    with pytest.raises(ConfigError, match=r"--arg 'web' is no NAME=VALUE"):
        effnb("tool", "top_functions", *args("web"))
