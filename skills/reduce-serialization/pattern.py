"""Copies and encodings that are made more often, or dearer, than needed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

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
    is_literal,
    is_plain_constant,
    may_change,
    names_in,
)

COMPRESSORS = {
    "zlib.compress": ("level", 1, -1),
    "zlib.compressobj": ("level", 0, -1),
    "gzip.compress": ("compresslevel", 1, 9),
    "gzip.open": ("compresslevel", 2, 9),
    "gzip.GzipFile": ("compresslevel", 2, 9),
    "zipfile.ZipFile": ("compresslevel", 4, None),
    "brotli.compress": ("quality", 2, 11),
}
"""Name of the level, its place among the arguments, and what it is when nobody says."""
USUAL = {"brotli.compress": (11, 5)}
SERIALISERS = frozenset(
    {"json.dumps", "pickle.dumps", "marshal.dumps", "yaml.dump", "yaml.safe_dump", "msgspec.json.encode"}
)
HIGHEST = 9
DEFAULT = 6


# -- deep copies of a template ---------------------------------------------------------------------------------


def find_deepcopies(module: Module) -> list[Site]:
    """``deepcopy`` of a module-level dictionary or list display of constants."""
    found = []
    for call in module.calls:
        if module.called(call) != "copy.deepcopy" or len(call.args) != 1 or call.keywords:
            continue
        value = module.constant_value(call.args[0])
        if isinstance(value, (ast.Dict, ast.List)) and is_literal(value) and module.function(call) is not None:
            found.append(module.site(call, callees=("copy:deepcopy",)))
    return found


def plan_deepcopy(module: Module, site: Site) -> Edits:
    """A display that spreads the template and copies each part that could be changed."""
    call = site.expect(ast.Call)
    name = call.args[0]
    value = module.constant_value(name)
    if not isinstance(name, ast.Name) or value is None or not is_literal(value):
        raise Refused("what is copied is no display of constants")
    changed = changes(module, name.id)
    others = [
        use
        for use in changed
        if module.parent(use) is not call and module.called(module.parent(use)) != "copy.deepcopy"
    ]
    if others or _hands_on(module, name.id):
        raise Refused(f"{name.id} is changed or handed on in this module, so its structure at run time is not known")
    edits = Edits(module)
    edits.replace(call, _copy(value, module.text(name)))
    return edits


def _hands_on(module: Module, name: str) -> bool:
    """Whether a function may hand the template itself, or a part of it, to somebody who changes it."""
    for use in module.uses(name):
        holder = module.parent(use)
        if isinstance(use.ctx, ast.Load) and isinstance(holder, (ast.Return, ast.Assign, ast.AnnAssign, ast.Yield)):
            return True
        while isinstance(holder, ast.Subscript):
            if may_change(module, holder):
                return True
            if isinstance(module.parent(holder), (ast.Return, ast.Assign, ast.AnnAssign)):
                return True
            holder = module.parent(holder)
    return False


def _copy(value: ast.expr, path: str) -> str:
    """Source that makes a new object equal to a template, reading it where nothing in it can be changed."""
    if isinstance(value, ast.Dict):
        parts = [f"**{path}"]
        for key, item in zip(value.keys, value.values, strict=True):
            if key is not None and not is_plain_constant(item):
                text = _literal(key)
                parts.append(f"{text}: {_copy(item, f'{path}[{text}]')}")
        return "{" + ", ".join(parts) + "}"
    if isinstance(value, ast.List):
        if all(map(is_plain_constant, value.elts)):
            return f"[*{path}]"
        items = [path_i if is_plain_constant(item) else _copy(item, path_i) for path_i, item in _items(value, path)]
        return "[" + ", ".join(items) + "]"
    if isinstance(value, ast.Set):
        return f"{{*{path}}}"
    if isinstance(value, ast.Tuple):
        items = [path_i if is_plain_constant(item) else _copy(item, path_i) for path_i, item in _items(value, path)]
        return "(" + ", ".join(items) + ",)"
    return path


def _items(value: ast.List | ast.Tuple, path: str) -> Iterator[tuple[str, ast.expr]]:
    return ((f"{path}[{i}]", item) for i, item in enumerate(value.elts))


def _literal(key: ast.expr) -> str:
    """A key as source, strings in double quotes."""
    value = ast.literal_eval(key)
    if isinstance(value, str) and '"' not in value and "\\" not in repr(value):
        return f'"{value}"'
    return repr(value)


# -- compression -----------------------------------------------------------------------------------------------


def find_levels(module: Module) -> list[Site]:
    """Compression at the highest level, said or by default."""
    found = []
    for call in module.calls:
        origin = module.called(call)
        if origin not in COMPRESSORS:
            continue
        highest = USUAL.get(origin, (HIGHEST, DEFAULT))[0]
        given, level = _level(call, *COMPRESSORS[origin])
        if level == highest and not (origin == "gzip.open" and _reads(call)):
            found.append(module.site(call, confidence="high" if given is not None else "medium"))
    return found


def _level(call: ast.Call, name: str, place: int, default: int | None) -> tuple[ast.expr | None, int | None]:
    """The argument that says the level, and the level; None when it cannot be told."""
    if any(isinstance(one, ast.Starred) for one in call.args) or any(one.arg is None for one in call.keywords):
        return None, None
    given = next((one.value for one in call.keywords if one.arg == name), None)
    given = call.args[place] if len(call.args) > place else given
    if given is None:
        return None, default
    return given, given.value if isinstance(given, ast.Constant) and isinstance(given.value, int) else None


def _reads(call: ast.Call) -> bool:
    """Whether ``gzip.open`` opens for reading, where the level means nothing."""
    mode = call.args[1] if len(call.args) > 1 else next((one.value for one in call.keywords if one.arg == "mode"), None)
    return mode is None or not isinstance(mode, ast.Constant) or "r" in str(mode.value)


def plan_level(module: Module, site: Site) -> Edits:
    """The usual level."""
    call = site.expect(ast.Call)
    origin = module.called(call)
    usual = str(USUAL.get(origin, (HIGHEST, DEFAULT))[1])
    name, place, default = COMPRESSORS[origin]
    given, _ = _level(call, name, place, default)
    edits = Edits(module)
    if given is not None:
        edits.replace(given, usual)
        return edits
    text = module.text(call)
    inner = text[:-1].rstrip()
    edits.replace(call, f"{inner}{' ' if inner.endswith(',') else ', '}{name}={usual})")
    return edits


# -- the same thing encoded twice ------------------------------------------------------------------------------


def find_repeats(module: Module) -> list[Site]:
    """The same names encoded twice in one function, or once a round of a loop that does not change them."""
    found: list[Site] = []
    groups: dict[tuple[ast.AST, str], list[ast.Call]] = {}
    for call in module.calls:
        function = module.function(call)
        if module.called(call) in SERIALISERS and function is not None and call.args and _is_simple(call):
            groups.setdefault((function, ast.unparse(call)), []).append(call)
    for calls in groups.values():
        calls.sort(key=lambda one: (one.lineno, one.col_offset))
        pair = _pair(module, calls)
        if pair:
            found.append(module.site(pair[0], callees=(_frame(module, pair[0]),), confidence="medium"))
        elif (loop := module.loop(calls[0])) is not None and _stays(module, calls[0], loop):
            found.append(module.site(calls[0], callees=(_frame(module, calls[0]),), confidence="medium"))
    return found


def _frame(module: Module, call: ast.Call) -> str:
    source, _, name = module.called(call).rpartition(".")
    return f"{source}:{name}"


def _is_simple(call: ast.Call) -> bool:
    """Whether it encodes plain names with constant options."""
    return all(isinstance(one, ast.Name) for one in call.args) and all(
        one.arg is not None and isinstance(one.value, (ast.Constant, ast.Tuple)) for one in call.keywords
    )


def _pair(module: Module, calls: list[ast.Call]) -> list[ast.Call]:
    """Calls in one block between which nothing they encode is bound anew or changed; empty when there is one only."""
    for i, first in enumerate(calls):
        start = module.statement(first)
        block = module.block(start)
        same = [first]
        for later in calls[i + 1 :]:
            end = module.statement(later)
            if end in block and _quiet(module, first, block[block.index(start) : block.index(end) + 1]):
                same.append(later)
        if len(same) > 1:
            return same
    return []


def _quiet(module: Module, call: ast.Call, statements: list[ast.stmt]) -> bool:
    names = {one.id for one in call.args if isinstance(one, ast.Name)}
    for statement in statements:
        if names & bound_in(statement):
            return False
        for name in names:
            for use in module.uses(name, statement):
                holder = module.parent(use)
                encodes = isinstance(holder, ast.Call) and module.called(holder) in SERIALISERS
                if not encodes and may_change(module, use):
                    return False
    return not any(
        isinstance(part, (ast.Await, ast.Yield, ast.YieldFrom)) for one in statements for part in ast.walk(one)
    )


def _stays(module: Module, call: ast.Call, loop: ast.AST) -> bool:
    if not isinstance(loop, ast.For) or names_in(call) & bound_in(loop):
        return False
    return not any(
        may_change(module, use) and module.called(module.parent(use)) not in SERIALISERS
        for one in call.args
        if isinstance(one, ast.Name)
        for use in module.uses(one.id, loop)
    )


def plan_repeat(module: Module, site: Site) -> Edits:
    """One call whose result has a name."""
    call = site.expect(ast.Call)
    function = module.function(call)
    text = ast.unparse(call)
    alike = [one for one in module.calls if ast.unparse(one) == text and module.function(one) is function]
    alike.sort(key=lambda one: (one.lineno, one.col_offset))
    pair = _pair(module, alike)
    edits = Edits(module)
    name = edits.free_name(f"{getattr(call.args[0], 'id', 'value')}_text")
    if pair and pair[0] is call and function is not None:
        block = module.block(module.statement(call))
        between = block[block.index(module.statement(call)) : block.index(module.statement(pair[-1])) + 1]
        _check_between(module, function, between)
        for one in pair:
            _check_place(module, one)
            edits.replace(one, name)
        edits.insert_before(module.statement(call), f"{name} = {module.text(call)}")
        return edits
    loop = module.loop(call)
    if not isinstance(loop, ast.For) or not _stays(module, call, loop):
        raise Refused("between the calls something may change what is encoded")
    if function is not None:
        _check_between(module, function, [loop])
    _check_place(module, call, loop)
    edits.replace(call, name)
    edits.insert_before(loop, f"{name} = {module.text(call)}")
    return edits


def _check_between(
    module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef, statements: list[ast.stmt]
) -> None:
    """Refuse when something between two calls may change the value through another name."""
    try:
        check_quiet(module, function, statements, SERIALISERS)
    except Impurity as reason:
        raise Refused(f"between the calls something may change what is encoded: {reason}") from reason


def _check_place(module: Module, call: ast.Call, top: ast.AST | None = None) -> None:
    """Refuse when a call runs under a condition, late, or more than once."""
    top = top or module.statement(call)
    inside: ast.AST = call
    for holder in module.ancestors(call):
        if holder is top:
            break
        if isinstance(holder, (ast.IfExp, ast.BoolOp, ast.Lambda, ast.comprehension, ast.If, ast.Try)):
            raise Refused("one of the calls runs under a condition or later")
        if isinstance(holder, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            raise Refused("one of the calls runs under a condition or later")
        inside = holder
    if (
        isinstance(top, (ast.If, ast.While, ast.For))
        and top is module.statement(call)
        and inside is not getattr(top, "iter", None)
    ):
        raise Refused("one of the calls runs under a condition or later")


SAME = "the same results and errors for every recorded and generated argument"

RULES = (
    Rule(
        name="deepcopy-of-literal",
        title="A template of constants is copied by walking through it",
        advice="Build the record of {function} from its template directly",
        risk="medium",
        criteria=(SAME, "a record that is changed changes neither the template nor another record"),
        ratio=Ratio(3.0, 12.0, 25.0, "deepcopy of a small record against a display: ×16.5"),
        find=find_deepcopies,
        plan=plan_deepcopy,
        words=("deepcopy",),
        part="callees",
        rationale="The template is a display of constants whose structure is known; each part that could be changed is "
        "made anew.",
        narrows="A mutable part that another module adds to the template at run time would be shared.",
    ),
    Rule(
        name="maximum-compression-level",
        title="Data is compressed at the highest level, which costs twice the time for a fraction of a per cent",
        advice="Compress at the usual level in {function}",
        risk="medium",
        criteria=(
            "what is unpacked is the same",
            "somebody accepts slightly larger output",
            "nobody compares packed bytes",
        ),
        ratio=Ratio(1.15, 2.0, 3.0, "level 9 to 6: ×2, output 0.3 % larger"),
        find=find_levels,
        plan=plan_level,
        words=("compress", "gzip", "ZipFile"),
        part="self",
        rationale="Level 6 is the usual one; the output unpacks to the same data and is about 0.3 % larger.",
        narrows="Packed bytes differ from those of the highest level and are about 0.3 % larger.",
    ),
    Rule(
        name="repeated-serialisation",
        title="The same value is encoded more than once",
        advice="Encode it once in {function}",
        risk="low",
        criteria=(SAME, "nothing changes the value between the calls"),
        ratio=Ratio(1.3, 2.0, 3.0, "two encodings in the place of one; more in loops"),
        find=find_repeats,
        plan=plan_repeat,
        words=("dumps", "dump(", "encode"),
        part="callees",
        rationale="Between the calls nothing binds the value anew or changes it.",
    ),
)
