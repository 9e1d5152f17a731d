"""The parameters a notebook declares, and the check that a caller's are among them.

papermill writes parameters into code: a name or a dictionary key that is not what it seems would be executed.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from effnb.errors import ConfigError
from effnb.report._export import read_notebook

NAME = re.compile(r"[a-z_]\w*", re.ASCII)


def notebook_parameters(notebook_path: Path) -> dict[str, Any]:
    """Names the cell tagged ``parameters`` declares, each with its default; null where that is no plain literal.

    Empty when the notebook has no such cell.
    """
    for cell in read_notebook(notebook_path).cells:
        if cell.cell_type == "code" and "parameters" in cell.metadata.get("tags", []):
            return _declared(notebook_path, str(cell.source))
    return {}


def check_parameters(notebook_path: Path, parameters: Mapping[Any, Any]) -> dict[str, Any]:
    """The same parameters, once every name is declared and every value is plain JSON.

    Raises:
        ConfigError: an unknown name, or a value that JSON cannot hold.
    """
    allowed = notebook_parameters(notebook_path)
    for name, value in parameters.items():
        if not isinstance(name, str) or not NAME.fullmatch(name) or name not in allowed:
            known = ", ".join(allowed) or "none"
            raise ConfigError(f"{notebook_path.name} has no parameter {name!r}; it declares: {known}")
        if not _is_json(value):
            raise ConfigError(
                f"parameter {name} of {notebook_path.name} is {value!r:.80}; give text, a number or a list"
            )
    return dict(parameters)


def _declared(path: Path, source: str) -> dict[str, Any]:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ConfigError(
            f"the parameters cell of {path.name} is not Python: {error.msg}; keep to name = value"
        ) from error
    found: dict[str, Any] = {}
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
        for target in targets:
            if isinstance(target, ast.Name) and NAME.fullmatch(target.id):
                found[target.id] = _literal(getattr(statement, "value", None))
    return found


def _literal(node: ast.expr | None) -> Any:
    try:
        return None if node is None else ast.literal_eval(node)
    except ValueError:
        return None


def _is_json(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(_is_json(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    return value is None or isinstance(value, str | bool | int)
