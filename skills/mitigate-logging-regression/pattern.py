"""Log calls that cost when nobody reads them, or write more than anybody does."""

from __future__ import annotations

import ast
import re

from effnb.opportunities import (
    Edits,
    Module,
    Ratio,
    Refused,
    Rule,
    Site,
    has_effects,
    is_immutable_type,
    parameter,
)

FIRST = 100
EVERY = 20
KEPT = re.compile(r"audit|secur|billing|payment|access|compliance", re.IGNORECASE)
"""Loggers whose records are somebody's evidence."""


def _logger(module: Module, call: ast.Call, methods: tuple[str, ...]) -> str:
    """Source of the logger a call logs to: a module-level logger or one kept by the constructor; empty for others."""
    function = call.func
    if not isinstance(function, ast.Attribute) or function.attr not in methods:
        return ""
    target = function.value
    made = module.constant_value(target)
    if (
        made is None
        and isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id == "self"
    ):
        made = _kept_logger(module, call, target.attr)
    return module.text(target) if made is not None and module.called(made) == "logging.getLogger" else ""


def _kept_logger(module: Module, call: ast.Call, name: str) -> ast.expr | None:
    """What the one assignment to ``self.name`` in the class of a call assigns."""
    owner = next((one for one in module.ancestors(call) if isinstance(one, ast.ClassDef)), None)
    if owner is None:
        return None
    stores = [
        node
        for node in ast.walk(owner)
        if isinstance(node, ast.Attribute) and node.attr == name and not isinstance(node.ctx, ast.Load)
    ]
    holder = module.parent(stores[0]) if len(stores) == 1 else None
    return holder.value if isinstance(holder, ast.Assign) else None


# -- formatting that nobody reads ------------------------------------------------------------------------------


def find_eager(module: Module) -> list[Site]:
    """Debug calls that format or compute their text before the level is looked at."""
    return [
        module.site(call, callees=_callees(module, call), confidence="high" if _eager(call) else "medium")
        for call in module.calls
        if _logger(module, call, ("debug",))
        and call.args
        and module.function(call) is not None
        and not _is_guarded(module, call)
        and (_eager(call) or _computes(module, call))
    ]


def _callees(module: Module, call: ast.Call) -> tuple[str, ...]:
    """Functions of this module that only the log call pays for; named without module, which the ranking adds."""
    inner = [part for one in call.args for part in ast.walk(one) if isinstance(part, ast.Call)]
    own = {part.func.id for part in inner if isinstance(part.func, ast.Name) and part.func.id in module.top_functions}
    return (*(f":{name}" for name in sorted(own)), "logging:Logger.debug")


def _eager(call: ast.Call) -> bool:
    """Whether the message itself is put together at the call."""
    message = call.args[0]
    if isinstance(message, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in message.values)
    if isinstance(message, ast.BinOp) and isinstance(message.op, (ast.Mod, ast.Add)):
        return not all(isinstance(part, (ast.Constant, ast.BinOp, ast.operator)) for part in ast.walk(message))
    function = message.func if isinstance(message, ast.Call) else None
    return isinstance(function, ast.Attribute) and function.attr == "format"


def _computes(module: Module, call: ast.Call) -> bool:
    """Whether an argument calls a function of this module."""
    return any(
        isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in module.top_functions
        for one in call.args[1:]
        for part in ast.walk(one)
    )


def _is_guarded(module: Module, call: ast.Call) -> bool:
    return any(isinstance(one, ast.If) and "isEnabledFor" in ast.unparse(one.test) for one in module.ancestors(call))


def plan_eager(module: Module, site: Site) -> Edits:
    """Lazy arguments where they say the same; else the call below a test of the level."""
    call = site.expect(ast.Call)
    statement = module.parent(call)
    if not isinstance(statement, ast.Expr):
        raise Refused("the result of the log call is used")
    function = module.function(call)
    for one in (*call.args, *(keyword.value for keyword in call.keywords)):
        if reason := has_effects(module, one, function):
            raise Refused(f"with the level off its arguments would not be evaluated, and it {reason}")
    edits = Edits(module)
    lazy = _lazy(module, call)
    if lazy is not None:
        edits.replace(call, f"{module.text(call.func)}({lazy})")
        return edits
    logging = edits.import_module("logging")
    edits.wrap(statement, f"if {_logger(module, call, ('debug',))}.isEnabledFor({logging}.DEBUG):")
    return edits


def _lazy(module: Module, call: ast.Call) -> str | None:
    """Arguments that format the same text later; None when a call among them costs, or the format is not plain."""
    message = call.args[0]
    if len(call.args) > 1 or call.keywords or any(isinstance(one, ast.Call) for one in ast.walk(message)):
        return None
    if not isinstance(message, ast.JoinedStr) or "\n" in module.text(message):
        return None
    text, values = "", []
    for part in message.values:
        if isinstance(part, ast.Constant):
            text += str(part.value).replace("%", "%%")
        elif isinstance(part, ast.FormattedValue) and part.format_spec is None and part.conversion in (-1, 115, 114):
            text += "%r" if part.conversion == 114 else "%s"
            values.append(module.text(part.value))
        else:
            return None
    if len(values) == 1:  # logging takes a single mapping for named values, so such a value must not be one
        first = next(part.value for part in message.values if isinstance(part, ast.FormattedValue))
        if not _is_scalar(module, first):
            return None
    quoted = _quote(text)
    return ", ".join([quoted, *values]) if quoted else None


def _is_scalar(module: Module, node: ast.expr) -> bool:
    held = parameter(module, node) if isinstance(node, ast.Name) else None
    return held is not None and is_immutable_type(held.annotation)


def _quote(text: str) -> str:
    if any(not letter.isprintable() or letter in '"\\' for letter in text):
        return ""
    return f'"{text}"'


# -- more records than anybody reads ---------------------------------------------------------------------------


def find_unsampled(module: Module) -> list[Site]:
    """Info and debug records written once a round of a loop, here or in a function such a loop calls."""
    looped = {
        call.func.id
        for call in module.calls
        if isinstance(call.func, ast.Name) and module.loop(call) is not None and call.func.id in module.top_functions
    }
    found = []
    for call in module.calls:
        logger = _logger(module, call, ("info",))
        function = module.function(call)
        if not logger or function is None or _is_kept(module, call, logger) or _is_sampled(module, call):
            continue
        once_a_round = module.loop(call) is not None and not _is_rare(module, call)
        called_in_loop = function.name in looped and module.top_functions.get(function.name) is function
        if once_a_round or (called_in_loop and not _is_rare(module, call)):
            frames = ("logging:Logger.info", "logging:Logger._log", "logging:Logger.isEnabledFor")
            found.append(module.site(call, callees=frames, confidence="medium"))
    return found


def _is_kept(module: Module, call: ast.Call, logger: str) -> bool:
    """Whether the records are evidence that nobody may thin out."""
    function = call.func
    made = module.constant_value(function.value) if isinstance(function, ast.Attribute) else None
    return bool(KEPT.search(logger) or (made is not None and KEPT.search(ast.unparse(made))))


def _is_rare(module: Module, call: ast.Call) -> bool:
    """Whether a condition, an error handler or the end of the loop decides that a record is written."""
    inside: ast.AST = call
    for holder in module.ancestors(call):
        if isinstance(holder, (ast.If, ast.ExceptHandler, ast.IfExp, ast.Match)):
            return True
        if isinstance(holder, (ast.For, ast.While)):
            after = holder.body[holder.body.index(inside) + 1 :] if inside in holder.body else []
            return any(isinstance(one, (ast.Break, ast.Return)) for one in after)
        if isinstance(holder, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        inside = holder
    return False


def _is_sampled(module: Module, call: ast.Call) -> bool:
    return any(isinstance(one, ast.If) and "%" in ast.unparse(one.test) for one in module.ancestors(call))


def plan_unsampled(module: Module, site: Site) -> Edits:
    """All of the first records of a process, then every so many-th."""
    call = site.expect(ast.Call)
    statement = module.parent(call)
    function = module.function(call)
    if not isinstance(statement, ast.Expr) or function is None:
        raise Refused("the result of the log call is used")
    holder = module.parent(function)
    if isinstance(function, ast.AsyncFunctionDef) or not isinstance(holder, (ast.Module, ast.ClassDef)):
        raise Refused("only plain functions and methods are understood")
    for one in (*call.args, *(keyword.value for keyword in call.keywords)):
        if reason := has_effects(module, one, function):
            raise Refused(f"the arguments of records left out would not be evaluated, and it {reason}")
    edits = Edits(module)
    count = edits.import_from("itertools", "count")
    numbers = edits.constant(f"_{function.name.strip('_')}_records", f"{count}(1)", call)
    number = edits.free_name("record")
    edits.wrap(statement, f"if ({number} := next({numbers})) <= {FIRST} or {number} % {EVERY} == 0:")
    return edits


RULES = (
    Rule(
        name="eager-log-formatting",
        title="A debug message is put together even when nobody reads it",
        advice="Put the debug message of {function} together only when it is written",
        risk="low",
        criteria=("the same results", "the same records when the level is on", "the text is made without side effects"),
        ratio=Ratio(2.0, 12.8, 40.0, "f-string with a disabled level: ×12.8"),
        find=find_eager,
        plan=plan_eager,
        words=(".debug(",),
        part="callees",
        rationale="With debug off the text is thrown away; computing it has no effect besides the text.",
    ),
    Rule(
        name="unsampled-logging",
        title="A record is written for every item that is handled",
        advice="Write a sample of the records of {function}",
        risk="medium",
        criteria=(
            "the same results",
            f"the first {FIRST} records of a process are written, then every {EVERY}th",
            "whoever counts the records agrees",
            "level WARNING and above, and audit logs, are untouched",
        ),
        ratio=Ratio(1.3, 2.4, 19.0, "sampled log call: ×75 of the call, ×2.4 of its function"),
        find=find_unsampled,
        plan=plan_unsampled,
        words=(".info(",),
        part="callees",
        rationale="Formatting and handing on the record is most of the cost; what is left out is stated.",
        narrows=f"After the first {FIRST} records of a process only every {EVERY}th is written: whoever counts "
        "them has to multiply.",
    ),
)
