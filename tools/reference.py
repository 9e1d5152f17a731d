"""Write docs/reference.md from the code: commands, settings, tools and skills. Usage: ``python tools/reference.py``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from pydantic import BaseModel

from effnb.cli import app
from effnb.settings import Settings
from effnb.skills import bundled_skills
from effnb.tools import tools

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference.md"


def page() -> str:
    """The whole page."""
    parts = [
        "# Reference",
        "Made by `make reference` from the code; a test keeps it true.",
        "## Commands",
        "`effnb COMMAND --help` lists the options. What returns something takes `--json`.",
        _table(("command", "does"), sorted(_commands(app))),
        "## Settings in `effnb.toml`",
        _table(("key", "default", "meaning"), list(_settings(Settings, ""))),
        "## Tools",
        "People call them as `s.tools.NAME(…)`, skills and agents by name. Tier `read` touches nothing, "
        "`propose` the workspace.",
        _table(("tool", "tier", "answers"), [(f"`{t.name}`", t.tier, _first(t.description)) for t in tools().values()]),
        "## Skills",
        _table(("skill", "use"), [(f"`{one.name}`", one.description) for one in bundled_skills()]),
    ]
    return "\n\n".join(parts) + "\n"


def _commands(app: typer.Typer, prefix: str = "") -> Iterator[tuple[str, str]]:
    for command in app.registered_commands:
        function = command.callback
        assert function is not None  # noqa: S101  # Typer registers functions only
        yield f"`effnb {prefix}{command.name or function.__name__}`", _first(inspect.getdoc(function) or "")
    for group in app.registered_groups:
        assert group.typer_instance is not None  # noqa: S101  # Typer registers groups only
        name = next(name for name in (group.name, group.typer_instance.info.name) if isinstance(name, str))
        yield from _commands(group.typer_instance, f"{prefix}{name} ")


def _settings(section: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in section.model_fields.items():
        inner = _section(field.annotation)
        key = f"{prefix}{name}"
        if inner is None:
            default = "required" if field.is_required() else repr(field.get_default(call_default_factory=True))
            yield f"`{key}`", f"`{default}`", _first(field.description or "")
        else:
            is_table = "dict" in str(field.annotation)
            yield from _settings(inner, f"{key}.NAME." if is_table else f"{key}.")


def _section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in getattr(annotation, "__args__", ()) if (found := _section(part))), None)


def _first(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
