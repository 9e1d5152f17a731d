"""``effnb tools`` and ``effnb tool``: the tools that skills and agents call, by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from effnb.cli._common import AsJson, print_json, print_table, session
from effnb.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

WIDEST_CELL = 80


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("tools")(list_tools)
    app.command("tool")(call_tool)


def list_tools(as_json: AsJson = False) -> None:
    """Every tool that people, skills and agents may call, with what it may touch."""
    from effnb.tools import tools

    found = tools().values()
    if as_json:
        print_json([one.schema() for one in found])
        return
    rows = [(one.name, one.tier, one.description.split("\n\n")[0].replace("\n", " ")) for one in found]
    print_table(("tool", "tier", "answers"), rows)
    typer.echo("next: effnb tool NAME --about, then effnb tool NAME --arg name=value …")


def call_tool(
    name: Annotated[str, typer.Argument(help="Name of the tool; `effnb tools` lists them.")],
    arg: Annotated[
        list[str] | None,
        typer.Option("--arg", metavar="NAME=VALUE", help="An argument; JSON where it is JSON, else text; repeatable."),
    ] = None,
    about: Annotated[bool, typer.Option("--about", help="Describe the tool and its arguments; call nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Call one tool, exactly as skills and agents do."""
    from effnb.tools import plain

    toolbox = session().tools
    if about:
        schema = toolbox.schema(name)
        print_json(schema) if as_json else _print_about(schema)
        return
    texts = _texts(toolbox.schema(name)["parameters"]["properties"])
    result = toolbox.call(name, dict(_argument(one, texts) for one in arg or ()))
    if as_json:
        print_json(plain(result))
    elif hasattr(result, "searched") and hasattr(result, "to_frame"):
        _print_rows(result)
    else:
        typer.echo(json.dumps(plain(result), indent=2, ensure_ascii=False))


def _argument(text: str, texts: frozenset[str]) -> tuple[str, Any]:
    """Name and value; what an argument of text reads as a number stays text."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise ConfigError(f"--arg {text!r} is no NAME=VALUE; write for example --arg service=web")
    name = name.strip()
    if name in texts:
        return name, value
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _texts(properties: dict[str, Any]) -> frozenset[str]:
    """Arguments that take text and nothing else but null."""

    def kinds(about: dict[str, Any]) -> set[str]:
        return {one.get("type", "") for one in about.get("anyOf", [about])}

    return frozenset(name for name, about in properties.items() if kinds(about) - {"null"} == {"string"})


def _print_about(schema: dict[str, Any]) -> None:
    typer.echo(f"{schema['name']} ({schema['tier']}, {schema['timeout']:g} s)\n\n{schema['description']}\n")
    needed = schema["parameters"].get("required", [])
    rows = [
        (
            name,
            "required" if name in needed else f"default {json.dumps(one.get('default'))}",
            one.get("description", ""),
        )
        for name, one in schema["parameters"]["properties"].items()
    ]
    print_table(("argument", "", "meaning"), rows)


def _print_rows(result: Any) -> None:
    frame: pd.DataFrame = result.to_frame()
    if len(frame):
        cells = [tuple(_cell(value) for value in row) for row in frame.itertuples(index=False)]
        print_table([str(column) for column in frame.columns], cells)
    more = f"{len(result)} of {result.total}" if result.total > len(result) else f"{result.total}"
    typer.echo(f"{more} row(s); searched: {result.searched}")


def _cell(value: Any) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    line = " ".join(text.split())
    return line if len(line) <= WIDEST_CELL else f"{line[: WIDEST_CELL - 1]}…"
