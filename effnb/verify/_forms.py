"""Which module-level values a fix may add: those that importing the module cannot make do anything."""

from __future__ import annotations

import ast


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


CALLS = words("""
    re.compile frozenset set tuple list dict sorted json.loads ast.literal_eval tomllib.loads yaml.safe_load
    itertools.count struct.Struct operator.itemgetter operator.attrgetter operator.methodcaller string.Template
    string.Formatter decimal.Decimal decimal.Context fractions.Fraction datetime.timedelta datetime.date
    datetime.datetime datetime.timezone datetime.datetime.strptime datetime.datetime.fromisoformat
    datetime.date.fromisoformat zoneinfo.ZoneInfo uuid.UUID str.maketrans dict.fromkeys collections.deque
    collections.OrderedDict collections.defaultdict json.JSONEncoder json.JSONDecoder pydantic.TypeAdapter
    pydantic.type_adapter.TypeAdapter jinja2.Template msgspec.json.Decoder msgspec.json.Encoder logging.getLogger
    len int float str bytes bool range min max sum re.escape
    """)
"""Constructors and pure functions by dotted name; anything else could run code of the candidate's choice."""

METHODS = words("format join split splitlines encode lower upper strip union difference intersection")
"""Methods of plain values."""


def unknown_form(value: ast.expr, imports: dict[str, str], constants: frozenset[str]) -> str:
    """The first part of a value that is not on the list, as source; empty when all of it is.

    Args:
        value: The right-hand side.
        imports: Local name → dotted origin.
        constants: Names that the module binds at its top level, classes for type adapters among them.
    """
    for node in ast.walk(value):
        if isinstance(node, ast.Call):
            if not _is_known_call(node, imports):
                return ast.unparse(node)
        elif isinstance(node, ast.Name):
            if node.id not in constants and node.id not in imports and node.id not in CALLS:
                return node.id
        elif isinstance(node, ast.Lambda | ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return ast.unparse(node)
        elif isinstance(node, ast.comprehension) and not isinstance(node.target, ast.Name | ast.Tuple):
            return ast.unparse(node.target)
    return ""


def dotted(node: ast.expr, imports: dict[str, str]) -> str:
    """Dotted origin of a name or attribute; empty when it is something else."""
    if isinstance(node, ast.Name):
        return imports.get(node.id, node.id).lstrip(".")
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value, imports)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def _is_known_call(node: ast.Call, imports: dict[str, str]) -> bool:
    if dotted(node.func, imports) in CALLS:
        return True
    return isinstance(node.func, ast.Attribute) and node.func.attr in METHODS and _is_plain(node.func.value)


def _is_plain(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.JoinedStr | ast.Name | ast.List | ast.Tuple | ast.Set | ast.Dict)
