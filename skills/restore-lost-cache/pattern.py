"""A cache that a change took away, found in what the code was before it."""

from __future__ import annotations

import ast

from effnb.opportunities import Edits, FunctionNode, Module, Ratio, Refused, Rule, Site

CACHES = {
    "functools.lru_cache": "lru_cache",
    "functools.cache": "cache",
    "functools.cached_property": "cached_property",
}


def find_lost(module: Module) -> list[Site]:
    """Functions without a cache that had one, under the same name, in an earlier text."""
    return [
        module.site(function, note="an earlier version of this function was cached")
        for function in module.functions
        if not _caches(module, function) and _former(module, function) is not None
    ]


def _caches(module: Module, function: FunctionNode) -> list[ast.expr]:
    """Decorators of a function that remember its results."""
    return [one for one in function.decorator_list if _origin(module, one) in CACHES]


def _origin(module: Module, decorator: ast.expr) -> str:
    return module.dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)


def _former(module: Module, function: FunctionNode) -> tuple[Module, FunctionNode, ast.expr] | None:
    """The version of a function that was cached, with its module and decorator; None when there was none."""
    for text in module.earlier:
        try:
            before = Module(text)
        except (SyntaxError, ValueError):
            continue
        for old in before.functions:
            if old.name == function.name and isinstance(before.parent(old), ast.ClassDef) == isinstance(
                module.parent(function), ast.ClassDef
            ):
                for decorator in _caches(before, old):
                    return before, old, decorator
    return None


def plan_lost(module: Module, site: Site) -> Edits:
    """The decorator it had, with the size it had."""
    function = site.expect(ast.FunctionDef, ast.AsyncFunctionDef)
    former = _former(module, function)
    if former is None:
        raise Refused(f"no earlier text has a cached {function.name}")
    before, old, decorator = former
    if ast.dump(old.args) != ast.dump(function.args):
        raise Refused(f"{function.name} takes other parameters than when it was cached")
    if type(old) is not type(function):
        raise Refused(f"{function.name} became asynchronous, or ceased to be")
    if _body(old) != _body(function):
        raise Refused(f"{function.name} does something else than when it was cached")
    edits = Edits(module)
    name = edits.import_from("functools", CACHES[_origin(before, decorator)])
    options = before.text(decorator)
    if isinstance(decorator, ast.Call) and any(not isinstance(one.value, ast.Constant) for one in decorator.keywords):
        raise Refused("the size of the former cache was computed")
    call = options[options.index("(") :] if isinstance(decorator, ast.Call) else ""
    if name.endswith("cached_property"):
        first = next((one for one in function.decorator_list if module.dotted(one) == "builtins.property"), None)
        if first is None:
            raise Refused(f"{function.name} is no property any more")
        edits.redecorate(first, name)
        return edits
    edits.decorate(function, name + call)
    return edits


def _body(function: FunctionNode) -> str:
    """What a function does, without its docstring."""
    body = function.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        body = body[1:]
    return "\n".join(ast.dump(one) for one in body)


RULES = (
    Rule(
        name="lost-memo",
        title="A function lost the cache it had",
        advice="Restore the cache of {function}",
        risk="low",
        criteria=(
            "the same result for every recorded and generated argument",
            "the function does what it did when it was cached",
            "memory is bounded as it was",
        ),
        ratio=Ratio(1.2, 10.0, 112.0, "what the cache had saved, seen in the profile before the change"),
        find=find_lost,
        plan=plan_lost,
        words=("def ",),
        rationale="The same function, line by line, ran with this cache before the change.",
        narrows="Arguments must be hashable, as they were when it was cached.",
    ),
)
