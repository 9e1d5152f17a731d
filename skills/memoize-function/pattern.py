"""Functions whose results could be remembered: pure ones, properties of things that never change, constants."""

from __future__ import annotations

import ast

from effnb.opportunities import (
    Edits,
    Impurity,
    Module,
    Ratio,
    Refused,
    Rule,
    Site,
    check_pure,
    is_fresh,
    is_hashable,
    is_immutable_type,
    may_change,
    parameters,
    result_is_immutable,
    weight,
)

DEAR = 4
FLOATS = frozenset({"float", "complex", "bool", "Decimal", "Fraction"})


def find_functions(module: Module) -> list[Site]:
    """Undecorated module-level functions that compute something dear from immutable arguments and nothing else."""
    return [
        module.site(
            function, confidence="medium", note="pure as far as the source shows; gains only if arguments repeat"
        )
        for function in module.top_functions.values()
        if parameters(function.args) and not _refusal(module, function)
    ]


def _refusal(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Why a function may not be memoised; empty when it may."""
    if function.decorator_list:
        return "it is decorated"
    if function.args.vararg or function.args.kwarg:
        return "it takes any number of arguments"
    for one in parameters(function.args):
        if not is_immutable_type(one.annotation):
            return f"parameter {one.arg} is not annotated with an immutable type"
    if not result_is_immutable(module, function):
        return "its result may be a mutable object that callers would share"
    if weight(module, function) < DEAR:
        return "it is as cheap as a look-up"
    try:
        check_pure(module, function)
    except Impurity as reason:
        return str(reason)
    return ""


def plan_function(module: Module, site: Site) -> Edits:
    """``lru_cache`` with a bound; typed where 1 and 1.0 may both occur."""
    function = site.expect(ast.FunctionDef, ast.AsyncFunctionDef)
    if reason := _refusal(module, function):
        raise Refused(f"{function.name} cannot be memoised: {reason}")
    edits = Edits(module)
    cache = edits.import_from("functools", "lru_cache")
    words = {
        word for one in parameters(function.args) if one.annotation for word in ast.unparse(one.annotation).split()
    }
    typed = ", typed=True" if words & FLOATS else ""
    edits.decorate(function, f"{cache}(maxsize=1024{typed})")
    return edits


def find_constants(module: Module) -> list[Site]:
    """Undecorated functions without arguments that always compute the same dear thing."""
    return [
        module.site(function, confidence="medium")
        for function in module.top_functions.values()
        if not parameters(function.args) and not function.name.startswith("test") and not _refusal(module, function)
    ]


def plan_constant(module: Module, site: Site) -> Edits:
    """``cache``: one result is kept for good."""
    function = site.expect(ast.FunctionDef, ast.AsyncFunctionDef)
    if reason := _refusal(module, function):
        raise Refused(f"{function.name} cannot be cached: {reason}")
    edits = Edits(module)
    edits.decorate(function, edits.import_from("functools", "cache"))
    return edits


def find_properties(module: Module) -> list[Site]:
    """Properties that recompute something dear from attributes only the constructor sets."""
    found = []
    for function in module.functions:
        is_property = [module.dotted(one) for one in function.decorator_list] == ["builtins.property"]
        if is_property and not _property_refusal(module, function):
            found.append(module.site(function, confidence="medium"))
    return found


def _property_refusal(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    owner = module.parent(function)
    if not isinstance(owner, ast.ClassDef):
        return "it belongs to no class"
    if owner.decorator_list or owner.keywords or any(not isinstance(base, ast.Name) for base in owner.bases):
        return "its class is decorated or has a metaclass"
    if owner.bases:
        return "its class has bases that may set attributes or slots"
    if "__slots__" in ast.dump(owner):
        return "its class has slots, which leave no room for a cached value"
    if weight(module, function) < DEAR:
        return "it is as cheap as a look-up"
    self = function.args.args[0].arg if function.args.args else ""
    return _attribute_refusal(module, owner, function, self) or _body_refusal(module, function)


def _attribute_refusal(
    module: Module, owner: ast.ClassDef, function: ast.FunctionDef | ast.AsyncFunctionDef, self: str
) -> str:
    if any(word in module.source for word in ("__dict__", "vars(", "asdict(")):
        return "the module looks into objects, and would see the cached value"
    read = {node.attr for node in ast.walk(function) if isinstance(node, ast.Attribute) and _is_self(node, self)}
    if not read:
        return "it reads no attribute"
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and node.id == self and not isinstance(module.parent(node), ast.Attribute):
            return "it hands its object on"
    for name in sorted(read):
        if not name.startswith("_"):
            return f"{name} is public, so others may set it"
        for node in module.nodes(ast.Attribute):
            if not isinstance(node, ast.Attribute) or node.attr != name:
                continue
            method = module.function(node)
            if not isinstance(node.ctx, ast.Load):
                if method is None or method.name != "__init__" or module.parent(method) is not owner:
                    return f"{name} is set outside the constructor"
                if not _keeps_settled(module, node):
                    return f"{name} may be an object that others hold and change"
            elif may_change(module, node):
                return f"{name} may be changed in place"
        if any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name for node in owner.body):
            return f"{name} is a method or property itself"
    return ""


def _keeps_settled(module: Module, node: ast.Attribute) -> bool:
    """Whether an attribute is set to something immutable, or to an object made on the spot."""
    holder = module.parent(node)
    value = holder.value if isinstance(holder, (ast.Assign, ast.AnnAssign)) else None
    if value is None:
        return False
    made = module.called(value) in ("builtins.tuple", "builtins.frozenset")
    return made or is_fresh(module, value) or is_hashable(module, value)


def _is_self(node: ast.Attribute, self: str) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id == self


def _body_refusal(module: Module, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    if not result_is_immutable(module, function):
        return "its result may be a mutable object that callers would share"
    try:
        check_pure(module, function)
    except Impurity as reason:
        return str(reason)
    return ""


def plan_property(module: Module, site: Site) -> Edits:
    """``cached_property`` in the place of ``property``."""
    function = site.expect(ast.FunctionDef, ast.AsyncFunctionDef)
    if reason := _property_refusal(module, function):
        raise Refused(f"{function.name} cannot be cached: {reason}")
    owner = module.parent(function)
    same = [node for node in getattr(owner, "body", ()) if getattr(node, "name", "") == function.name]
    if len(same) > 1:
        raise Refused(f"{function.name} has a setter or deleter")
    edits = Edits(module)
    edits.redecorate(function.decorator_list[0], edits.import_from("functools", "cached_property"))
    return edits


CRITERIA = (
    "the same result for every recorded and generated argument, types included",
    "a changed result of one call does not show in the next",
    "memory is bounded",
)

RULES = (
    Rule(
        name="unmemoised-pure-function",
        title="A pure function is computed anew for arguments it has seen",
        advice="Remember the results of {function}",
        risk="high",
        criteria=CRITERIA,
        ratio=Ratio(1.1, 8.0, 112.0, "cache of one function: ×112 with Zipf-distributed keys, ×0.95 without repeats"),
        find=find_functions,
        plan=plan_function,
        words=("def ",),
        rationale="The function reads only its arguments and constants, all of them immutable, so equal arguments give "
        "equal results. The cache is bounded.",
        narrows="Arguments that are equal and hash alike share one result object; arguments must be hashable.",
    ),
    Rule(
        name="costly-no-argument-function",
        title="A function without arguments computes the same result again",
        advice="Compute {function} once",
        risk="medium",
        criteria=CRITERIA[:2],
        ratio=Ratio(2.0, 20.0, 200.0, "a look-up in the place of the whole body"),
        find=find_constants,
        plan=plan_constant,
        words=("():", "() ->"),
        rationale="The function takes nothing, reads constants only and returns an immutable value.",
    ),
    Rule(
        name="property-recomputed",
        title="A property recomputes what its object's constructor settled",
        advice="Compute {function} once an object",
        risk="medium",
        criteria=(*CRITERIA[:2], "no subclass or other module sets the attributes it reads"),
        ratio=Ratio(1.1, 5.0, 50.0, "an attribute look-up in the place of the whole body; first access unchanged"),
        find=find_properties,
        plan=plan_property,
        words=("@property",),
        rationale="Only the constructor sets the private attributes it reads, and nothing changes them in place.",
        narrows="Code that sets the private attributes from outside the class sees the old value.",
    ),
)
