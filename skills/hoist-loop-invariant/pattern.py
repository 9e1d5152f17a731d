"""Work that is repeated although its input stays the same: built per call, or once a round of a loop."""

from __future__ import annotations

import ast
import json
import re

from effnb.opportunities import (
    Edits,
    Impurity,
    Module,
    Ratio,
    Refused,
    Rule,
    Site,
    bound_in,
    changes,
    check_quiet,
    constant_name,
    element_annotation,
    escapes,
    has_effects,
    is_immutable_type,
    is_literal,
    names_in,
    only_assignment,
    parameter,
    type_name,
)

RE_FUNCTIONS = {
    "compile": None,
    "match": 2,
    "fullmatch": 2,
    "search": 2,
    "findall": 2,
    "finditer": 2,
    "split": 3,
    "sub": 4,
    "subn": 4,
}
"""Functions of ``re`` that take a pattern first, and the place of ``flags`` among their arguments."""
OBJECTS = frozenset(
    {
        "struct.Struct",
        "string.Template",
        "pydantic.TypeAdapter",
        "jinja2.Template",
        "json.JSONEncoder",
        "json.JSONDecoder",
    }
    | {"operator.itemgetter", "operator.attrgetter", "zoneinfo.ZoneInfo", "msgspec.json.Decoder"}
    | {"msgspec.json.Encoder", "string.Formatter", "pydantic.type_adapter.TypeAdapter"}
)
"""Constructors of objects that hold no state between calls."""
PARSERS = frozenset(
    {"json.loads", "ast.literal_eval", "tomllib.loads", "yaml.safe_load", "datetime.datetime.strptime"}
    | {
        "datetime.datetime.fromisoformat",
        "datetime.date.fromisoformat",
        "decimal.Decimal",
        "fractions.Fraction",
        "uuid.UUID",
    }
)
IMMUTABLE_RESULTS = PARSERS - {"json.loads", "ast.literal_eval", "tomllib.loads", "yaml.safe_load"}
COPIERS = frozenset(
    f"builtins.{name}" for name in ("sorted", "set", "frozenset", "sum", "max", "min", "tuple", "list", "dict")
)
READS = frozenset({"read_text", "read_bytes"})


# -- constant regular expressions ------------------------------------------------------------------------------


def find_regexes(module: Module) -> list[Site]:
    """Calls of ``re`` with a constant pattern inside a function."""
    return [
        module.site(call, callees=("re:_compile", "re:compile"))
        for call in module.calls
        if _is_constant_regex(module, call) and module.function(call) is not None and not _runs_once(module, call)
    ]


def _function(module: Module, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef:
    function = module.function(node)
    if function is None:
        raise Refused("it lies in no function")
    return function


def _is_constant_regex(module: Module, call: ast.Call) -> bool:
    origin = module.called(call)
    if not origin.startswith("re.") or origin[3:] not in RE_FUNCTIONS or not call.args:
        return False
    return isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, (str, bytes))


def _runs_once(module: Module, call: ast.Call) -> bool:
    """Whether the function around a call is remembered or set up once: hoisting would gain nothing."""
    function = module.function(call)
    if function is None or function.name in ("main", "__init_subclass__", "setup", "set_up"):
        return True
    names = {ast.unparse(one).partition("(")[0].rpartition(".")[2] for one in function.decorator_list}
    return bool(names & {"cache", "lru_cache", "cached_property"})


def plan_regex(module: Module, site: Site) -> Edits:
    """A private module constant that is compiled at import; implicit look-ups become its methods."""
    call = site.expect(ast.Call)
    name = module.called(call)[3:]
    flags, rest, keywords = _split_flags(call, RE_FUNCTIONS[name])
    _check_regex(module, call, flags)
    edits = Edits(module)
    pattern = module.text(call.args[0]) + (f", {module.text(flags)}" if flags is not None else "")
    function = _function(module, call)
    constant = edits.constant(
        constant_name(_wanted(module, call, function)),
        f"{module.text(call.func.value)}.compile({pattern})"
        if isinstance(call.func, ast.Attribute)
        else f"{_compile(edits)}({pattern})",
        call,
    )
    if name != "compile":
        arguments = [module.text(one) for one in rest] + [f"{one.arg}={module.text(one.value)}" for one in keywords]
        edits.replace(call, f"{constant}.{name}({', '.join(arguments)})")
    else:
        edits.replace(call, constant)
    return edits


def _compile(edits: Edits) -> str:
    return edits.import_from("re", "compile")


def _wanted(module: Module, call: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """A name for the constant: the local name it was given, else that of the function."""
    holder = module.parent(call)
    if isinstance(holder, ast.Assign) and len(holder.targets) == 1 and isinstance(holder.targets[0], ast.Name):
        return f"{function.name}_{holder.targets[0].id}"
    return f"{function.name}_pattern"


def _split_flags(call: ast.Call, place: int | None) -> tuple[ast.expr | None, list[ast.expr], list[ast.keyword]]:
    """Flags, further arguments and further keywords of a call of ``re``."""
    if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
        raise Refused("its arguments are unpacked")
    flags = next((one.value for one in call.keywords if one.arg == "flags"), None)
    keywords = [one for one in call.keywords if one.arg != "flags"]
    if any(one.arg == "pattern" for one in keywords):
        raise Refused("the pattern is given by keyword")
    rest = list(call.args[1:])
    at = 0 if place is None else place - 1
    if place is None and rest:
        flags, rest = rest[0], rest[1:]
    elif place is not None and len(rest) > at:
        flags = rest.pop(at)
    return flags, rest, keywords


def _check_regex(module: Module, call: ast.Call, flags: ast.expr | None) -> None:
    if flags is not None:
        for part in ast.walk(flags):
            if isinstance(part, ast.Name) and (module.is_local(part.id, part) or part.id not in module.imports):
                raise Refused("its flags are not constant")
            if isinstance(part, ast.Call):
                raise Refused("its flags are computed")
    try:
        re.compile(ast.literal_eval(call.args[0]))
    except (re.error, RecursionError, OverflowError) as error:
        raise Refused(f"its pattern is invalid ({error}), and the error would move to the import") from error


# -- constant objects ------------------------------------------------------------------------------------------


def find_objects(module: Module) -> list[Site]:
    """Stateless objects built from constants inside a function."""
    return [
        module.site(call, callees=_object_frames(module.called(call)))
        for call in module.calls
        if module.called(call) in OBJECTS
        and module.function(call) is not None
        and not _runs_once(module, call)
        and call.args
        and all(_is_fixed(module, one) for one in (*call.args, *(keyword.value for keyword in call.keywords)))
    ]


def _object_frames(origin: str) -> tuple[str, ...]:
    module, _, name = origin.rpartition(".")
    return (f"{module}:{name}.__init__", f"{module}:{name}.__new__")


def _is_fixed(module: Module, node: ast.expr) -> bool:
    """Whether an argument is the same in every call: a literal, or built of module-level names bound once."""
    names = names_in(node)
    if any(isinstance(part, (ast.Call, ast.Lambda, ast.Starred, ast.Await, ast.NamedExpr)) for part in ast.walk(node)):
        return False
    return all(
        not module.is_local(name, node)
        and (module.module_bindings.get(name, 0) == 1 or name not in module.module_bindings)
        and not (name in module.constants and not is_literal_immutable(module, name))
        for name in names
    )


def is_literal_immutable(module: Module, name: str) -> bool:
    """Whether a module-level constant is a literal that nothing changes."""
    value = module.constants[name].value
    return value is not None and is_literal(value) and not changes(module, name)


def plan_object(module: Module, site: Site) -> Edits:
    """A private module constant just before the function."""
    call = site.expect(ast.Call)
    function = _function(module, call)
    _refuse_later_names(module, call)
    holder = module.parent(call)
    if isinstance(holder, ast.Assign) and isinstance(holder.targets[0], ast.Attribute):
        raise Refused("the object is kept in an attribute, so it may be changed there")
    if isinstance(holder, ast.Return):
        raise Refused("the object is handed to the caller, who may change it")
    edits = Edits(module)
    short = module.called(call).rpartition(".")[2]
    constant = edits.constant(constant_name(f"{function.name}_{_snake(short)}"), module.text(call), call)
    edits.replace(call, constant)
    return edits


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _refuse_later_names(module: Module, node: ast.AST) -> None:
    """Refuse when the constant would be built before the names it needs exist."""
    top = next(one for one in (node, *module.ancestors(node)) if module.parent(one) is module.tree)
    for name in names_in(node):
        for statement in module.tree.body:
            binds = (
                bound_in(statement)
                if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
                else {statement.name}
            )
            if name in binds and statement.lineno >= getattr(top, "lineno", 0):
                raise Refused(f"{name} is defined after the function that uses it")


# -- calls that give the same every round ----------------------------------------------------------------------


def find_loop_regexes(module: Module) -> list[Site]:
    """``re.compile`` once a round of a loop whose pattern does not depend on the round."""
    return [
        module.site(call, callees=("re:_compile", "re:compile"))
        for call in module.calls
        if module.called(call) == "re.compile" and not _is_constant_regex(module, call) and _is_invariant(module, call)
    ]


def find_parses(module: Module) -> list[Site]:
    """Parsing the same text once a round of a loop, or a constant text once a call."""
    found = []
    for call in module.calls:
        origin = module.called(call)
        if origin in PARSERS and call.args and _is_invariant(module, call):
            found.append(module.site(call, callees=(_frame(origin),)))
    return found


def _frame(origin: str) -> str:
    module, _, name = origin.rpartition(".")
    return f"{module}:{name}"


def find_invariant_calls(module: Module) -> list[Site]:
    """Sorting, copying or adding up the same collection once a round of a loop."""
    return [
        module.site(call, confidence="medium")
        for call in module.calls
        if module.called(call) in COPIERS
        and len(call.args) == 1
        and isinstance(call.args[0], ast.Name)
        and _is_collection(module, call.args[0])
        and _is_invariant(module, call)
    ]


def _is_collection(module: Module, node: ast.Name) -> bool:
    """Whether a name surely stands for something that can be read twice: an iterator is used up by one reading."""
    function = module.function(node)
    for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs) if function else ():
        if one.arg == node.id:
            kind = ast.unparse(one.annotation).partition("[")[0] if one.annotation else ""
            return kind in {
                "list",
                "tuple",
                "set",
                "frozenset",
                "dict",
                "Sequence",
                "Mapping",
                "List",
                "Tuple",
                "Dict",
                "str",
            }
    if function is None:
        return False
    for use in module.uses(node.id, function):
        holder = module.parent(use)
        if isinstance(holder, (ast.Assign, ast.AnnAssign)) and isinstance(use.ctx, ast.Store):
            value = holder.value
            if isinstance(value, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)):
                return True
            return (
                module.called(value) in COPIERS - {"builtins.sum", "builtins.max", "builtins.min"} if value else False
            )
    return False


def _is_invariant(module: Module, call: ast.Call) -> bool:
    """Whether every name a call in a loop reads stays as it is in all rounds."""
    loop = module.loop(call)
    function = module.function(call)
    if loop is None or function is None:
        return False
    if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
        return False
    moving = bound_in(loop)
    names = set().union(*(names_in(one) for one in (*call.args, *(keyword.value for keyword in call.keywords))), set())
    if names & moving or any(has_effects(module, one, function) for one in call.args):
        return False
    for part in (part for one in call.args for part in ast.walk(one)):
        if isinstance(part, (ast.Attribute, ast.Subscript)) and not module.dotted(part):
            return False  # somebody else may change what an attribute or an item holds
    return not any(changes(module, name, loop) for name in names if name not in module.imports)


def plan_hoist(module: Module, site: Site) -> Edits:
    """The call before its outermost loop in which it stays the same; a constant text is parsed at import."""
    call = site.expect(ast.Call)
    loop = module.loop(call)
    function = module.function(call)
    if loop is None or function is None:
        raise Refused("the call lies in no loop of a function")
    _check_result(module, call, function)
    _check_conditional(module, call, loop)
    _check_elements(module, call, loop, function)
    if _parses_at_import(module, call):
        return _to_module(module, call, function)
    while isinstance(outer := module.loop(loop), ast.For | ast.While) and not names_in(call) & bound_in(outer):
        if any(changes(module, name, outer) for name in names_in(call) if name not in module.imports):
            break
        loop = outer
    statement = module.statement(loop)
    if isinstance(loop, ast.AsyncFor):
        raise Refused("the loop is asynchronous: other tasks run between its rounds")
    edits = Edits(module)
    holder = module.parent(call)
    if isinstance(holder, ast.Assign) and _is_only_binding(module, holder, function):
        edits.replace_statement(holder) if len(module.block(holder)) > 1 else edits.replace_statement(holder, "pass\n")
        edits.insert_before(statement, module.text(holder))
    else:
        name = edits.free_name(_result_name(module, call))
        edits.replace(call, name)
        edits.insert_before(statement, f"{name} = {module.text(call)}")
    return edits


def _check_result(module: Module, call: ast.Call, function: ast.AST) -> None:
    """Refuse when rounds would share an object that one of them changes."""
    origin = module.called(call)
    if origin in IMMUTABLE_RESULTS or origin == "re.compile":
        return
    if origin in {"builtins.sum", "builtins.max", "builtins.min", "builtins.tuple", "builtins.frozenset"}:
        return
    holder = module.parent(call)
    if isinstance(holder, ast.Assign) and len(holder.targets) == 1 and isinstance(holder.targets[0], ast.Name):
        found = escapes(module, holder.targets[0].id, function)
        if found is not None:
            raise Refused(f"its result may be changed or kept: {module.text(found)[:60]}")
        return
    if isinstance(holder, (ast.Compare, ast.For, ast.comprehension)):
        return
    if isinstance(holder, ast.Attribute) and holder.attr in ("index", "count", "isdisjoint", "issubset", "issuperset"):
        return
    if isinstance(holder, ast.Subscript) and isinstance(holder.ctx, ast.Load):
        inner = module.parent(holder)
        if isinstance(inner, (ast.Compare, ast.BinOp, ast.FormattedValue)):
            return
    if isinstance(holder, ast.Call) and module.called(holder) in {
        "builtins.len",
        "builtins.any",
        "builtins.all",
        "builtins.sum",
    }:
        return
    raise Refused("its result is used in a way that may change or keep it")


def _check_elements(
    module: Module, call: ast.Call, loop: ast.AST, function: ast.FunctionDef | ast.AsyncFunctionDef
) -> None:
    """Refuse when a round may change what the collection holds, or let others do so."""
    if any(isinstance(one, (ast.Await, ast.Yield, ast.YieldFrom)) for one in ast.walk(loop)):
        raise Refused("others run between the rounds, and may change what it reads")
    collections = [one for one in call.args if isinstance(one, ast.Name)] if module.called(call) in COPIERS else []
    if all(is_immutable_type(element_annotation(module, one)) for one in collections):
        return
    try:
        check_quiet(module, function, [loop], frozenset())
    except Impurity as reason:
        raise Refused(f"a round may change what the collection holds: {reason}") from reason


def _check_conditional(module: Module, call: ast.Call, loop: ast.AST) -> None:
    """Refuse when the call runs in some rounds only, inside a ``try``, or after something that may leave the loop."""
    inside: ast.AST = call
    for holder in module.ancestors(call):
        if holder is loop:
            break
        if isinstance(holder, (ast.Try, ast.With, ast.AsyncWith)):
            raise Refused("it lies in a try or with block, whose errors are caught or cleaned up there")
        if isinstance(holder, ast.If) and inside is not holder.test:
            raise Refused("it runs under a condition, and hoisting would run it always")
        if isinstance(holder, (ast.IfExp, ast.BoolOp)) and inside is not (
            holder.test if isinstance(holder, ast.IfExp) else holder.values[0]
        ):
            raise Refused("it runs under a condition, and hoisting would run it always")
        inside = holder


def _is_only_binding(module: Module, assign: ast.Assign, function: ast.AST) -> bool:
    target = assign.targets[0]
    return (
        len(assign.targets) == 1
        and isinstance(target, ast.Name)
        and module.locals_of(function).get(target.id) == 1
        and module.loop(assign) is not None
    )


def _result_name(module: Module, call: ast.Call) -> str:
    argument = call.args[0] if call.args else call
    stem = argument.id.lower() if isinstance(argument, ast.Name) else "value"
    return f"{stem}_{module.called(call).rpartition('.')[2].lower()}"


def _parses_at_import(module: Module, call: ast.Call) -> bool:
    """Whether the text is a module-level literal that certainly parses."""
    if module.called(call) != "json.loads" or len(call.args) != 1 or call.keywords:
        return False
    argument = call.args[0]
    value = argument if isinstance(argument, ast.Constant) else module.constant_value(argument)
    if not isinstance(value, ast.Constant) or not isinstance(value.value, (str, bytes)):
        return False
    try:
        json.loads(value.value)
    except ValueError:
        return False
    _refuse_later_names(module, call)
    return True


def _to_module(module: Module, call: ast.Call, function: ast.FunctionDef | ast.AsyncFunctionDef) -> Edits:
    edits = Edits(module)
    holder = module.parent(call)
    if isinstance(holder, ast.Assign) and isinstance(holder.targets[0], ast.Name) and len(holder.targets) == 1:
        local = holder.targets[0].id
        constant = edits.constant(constant_name(local), module.text(call), call)
        if _is_only_binding(module, holder, function) and len(module.block(holder)) > 1:
            edits.replace_statement(holder)
            for use in module.uses(local, function):
                if isinstance(use.ctx, ast.Load):
                    edits.replace(use, constant)
            return edits
    else:
        constant = edits.constant(constant_name(_result_name(module, call)), module.text(call), call)
    edits.replace(call, constant)
    return edits


# -- reading the same file every round -------------------------------------------------------------------------


def find_reads(module: Module) -> list[Site]:
    """``Path(...).read_text()`` or ``open(...).read()`` of the same path once a round of a loop."""
    return [
        module.site(call, confidence="medium", note="assumes that nobody writes the file while the loop runs")
        for call in module.calls
        if (path := _read_path(module, call)) is not None and _path_stays(module, call, path)
    ]


def _read_path(module: Module, call: ast.Call) -> ast.expr | None:
    """What path a reading call reads; None for other calls."""
    function = call.func
    if not isinstance(function, ast.Attribute) or module.called(call):
        return None
    if function.attr in READS:
        return function.value if not call.args and _is_path(module, function.value) else None
    inner = function.value
    is_open = isinstance(inner, ast.Call) and module.called(inner) in ("builtins.open", "io.open")
    return inner if function.attr == "read" and not call.args and is_open else None


def _is_path(module: Module, node: ast.expr) -> bool:
    """Whether an expression is certainly a ``pathlib.Path``."""
    if isinstance(node, ast.Call):
        return module.called(node) == "pathlib.Path"
    if not isinstance(node, ast.Name):
        return False
    held, assigned = parameter(module, node), only_assignment(module, node)
    if held is not None:
        return type_name(held.annotation).rpartition(".")[2] == "Path"
    value = assigned.value if assigned is not None else module.constant_value(node)
    return value is not None and isinstance(value, ast.Call) and module.called(value) == "pathlib.Path"


def _path_stays(module: Module, call: ast.Call, path: ast.expr) -> bool:
    loop = module.loop(call)
    function = module.function(call)
    if loop is None or function is None or names_in(path) & bound_in(loop):
        return False
    if any(isinstance(part, (ast.Attribute, ast.Subscript)) for part in ast.walk(path)):
        return False
    allowed = {"pathlib.Path", "builtins.open", "io.open"}
    inner = [part for part in ast.walk(path) if isinstance(part, ast.Call)]
    return all(module.called(part) in allowed for part in inner)


def plan_read(module: Module, site: Site) -> Edits:
    """The reading before the loop."""
    call = site.expect(ast.Call)
    loop, function = module.loop(call), module.function(call)
    if not isinstance(loop, ast.For) or function is None:
        raise Refused("only a plain for loop is understood")
    _check_conditional(module, call, loop)
    for part in ast.walk(loop):
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr.startswith("write"):
            raise Refused("the loop writes files, perhaps the one it reads")
    edits = Edits(module)
    holder = module.parent(call)
    if isinstance(holder, ast.Assign) and _is_only_binding(module, holder, function) and len(module.block(holder)) > 1:
        edits.replace_statement(holder)
        edits.insert_before(loop, module.text(holder))
    else:
        name = edits.free_name("content")
        edits.replace(call, name)
        edits.insert_before(loop, f"{name} = {module.text(call)}")
    return edits


SAME = "the same results and errors for every recorded and generated argument"
EMPTY = "Without a round the call still runs once, and an error it raises comes before the first round."

RULES = (
    Rule(
        name="constant-regex-per-call",
        title="A constant regular expression is compiled or looked up in every call",
        advice="Compile the pattern of {function} at import",
        risk="low",
        criteria=(SAME, "the pattern is valid"),
        ratio=Ratio(1.2, 2.3, 3.5, "re.* with a constant pattern: ×3.1 of the call, ×2.35 of its function"),
        find=find_regexes,
        plan=plan_regex,
        words=("re.", "from re"),
        part="callees",
        rationale="The pattern is a literal and was checked to compile; compiled patterns hold no state.",
    ),
    Rule(
        name="constant-object-per-call",
        title="A stateless object is built from constants in every call",
        advice="Build the constant object of {function} at import",
        risk="low",
        criteria=(SAME, "the object holds no state between calls"),
        ratio=Ratio(1.3, 10.0, 77.0, "TypeAdapter per call ×77, struct and template less"),
        find=find_objects,
        plan=plan_object,
        words=(
            "Struct",
            "Template",
            "TypeAdapter",
            "JSONEncoder",
            "JSONDecoder",
            "itemgetter",
            "attrgetter",
            "ZoneInfo",
            "Decoder",
            "Encoder",
            "Formatter",
        ),
        part="callees",
        rationale="Its arguments are constants and objects of this kind are not changed by use.",
    ),
    Rule(
        name="regex-in-loop",
        title="The same regular expression is compiled in every round of a loop",
        advice="Compile the pattern of {function} before its loop",
        risk="low",
        criteria=(SAME, "also for no rounds at all"),
        ratio=Ratio(1.3, 2.5, 12.0, "compile looks its cache up and builds the pattern text in each round"),
        find=find_loop_regexes,
        plan=plan_hoist,
        words=("re.compile", "compile("),
        part="callees",
        rationale="Nothing the pattern is made of changes in the loop; compiled patterns hold no state.",
        narrows=EMPTY,
    ),
    Rule(
        name="loop-invariant-parse",
        title="The same text is parsed in every round of a loop",
        advice="Parse the text of {function} once",
        risk="medium",
        criteria=(SAME, "also for no rounds at all", "no round changes what was parsed"),
        ratio=Ratio(2.0, 20.0, 60.0, "json.loads hoisted out of a loop: ×40"),
        find=find_parses,
        plan=plan_hoist,
        words=("loads", "literal_eval", "strptime", "fromisoformat", "safe_load", "Decimal", "Fraction", "UUID"),
        part="callees",
        rationale="The text does not change in the loop, and what was parsed is only read.",
        narrows=EMPTY,
    ),
    Rule(
        name="loop-invariant-call",
        title="The same collection is sorted, copied or added up in every round of a loop",
        advice="Compute it in {function} before the loop",
        risk="medium",
        criteria=(SAME, "also for no rounds at all"),
        ratio=Ratio(1.5, 10.0, 73.0, "set or sorted of a list per round; grows with the collection"),
        find=find_invariant_calls,
        plan=plan_hoist,
        words=("sorted(", "set(", "sum(", "max(", "min(", "tuple(", "list(", "dict("),
        part="self",
        rationale="The loop neither binds the collection anew nor changes it, and its result is only read.",
        narrows=EMPTY,
    ),
    Rule(
        name="repeated-read",
        title="The same file is read in every round of a loop",
        advice="Read the file of {function} once",
        risk="medium",
        criteria=(SAME, "somebody accepts that a change of the file during the loop is not seen"),
        ratio=Ratio(1.5, 10.0, 100.0, "one read in the place of one a round"),
        find=find_reads,
        plan=plan_read,
        words=("read_text", "read_bytes", "open("),
        part="callees",
        rationale="The path does not change in the loop, and the loop writes nothing.",
        narrows="A change of the file while the loop runs is not seen; without a round the file is still read once.",
    ),
)
