"""What code may do besides returning a value: which calls are known to do nothing else, and what changes a name.

Only what is on these lists counts as pure. Everything unknown has effects.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from effnb.opportunities._known import (
    FILLERS,
    FIXED_VALUES,
    FRESH_CALLS,
    HEAVY,
    HEAVY_METHODS,
    PURE_CALLS,
    PURE_METHODS,
    PURE_MODULES,
    SCALAR_CALLS,
    TEXT_METHODS,
)
from effnb.opportunities._module import COMPREHENSIONS, FunctionNode, Module, comprehension_names, parameters
from effnb.opportunities._types import is_immutable_type, is_literal, is_str


class Impurity(Exception):
    """Why a function is not known to be pure; caught by those who asked."""


def check_pure(module: Module, function: FunctionNode, seen: frozenset[str] = frozenset()) -> None:
    """Raise ``Impurity``, naming the first thing that is not understood, unless a function only computes its result."""
    if isinstance(function, ast.AsyncFunctionDef):
        raise Impurity("it is asynchronous")
    owned = set(module.locals_of(function))
    for node in _body(function):
        _check_node(module, function, node, owned, seen | {function.name})


def _body(function: FunctionNode) -> Iterator[ast.AST]:
    for statement in function.body:
        yield from ast.walk(statement)


def _check_node(module: Module, function: FunctionNode, node: ast.AST, owned: set[str], seen: frozenset[str]) -> None:
    if isinstance(node, (ast.Global, ast.Nonlocal)):
        raise Impurity(f"it rebinds {', '.join(node.names)} outside itself")
    if isinstance(node, (ast.Yield, ast.YieldFrom, ast.Await)):
        raise Impurity("it is a generator or coroutine")
    if isinstance(node, (FunctionNode, ast.ClassDef)):
        raise Impurity(f"it defines {node.name} inside")
    if isinstance(node, (ast.Import, ast.ImportFrom, ast.With, ast.AsyncWith, ast.Delete)):
        raise Impurity(f"it holds {type(node).__name__.lower()}")
    if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
        _check_store(module, function, node)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        _check_read(module, node, owned)
        _check_imported(module, node)
    if isinstance(node, ast.Call):
        check_call(module, function, node, seen)


def _check_store(module: Module, function: FunctionNode, node: ast.Attribute | ast.Subscript) -> None:
    if not is_own_object(module, function, node):
        raise Impurity(f"it changes {module.text(node)}")


def _check_read(module: Module, node: ast.Name, owned: set[str]) -> None:
    name = node.id
    if name in owned or module.is_local(name, node) or name in module.imports or name not in module.module_bindings:
        return
    if name in module.top_functions or (module.module_bindings[name] == 1 and name not in module.constants):
        return
    constant = module.constants.get(name)
    if constant is None:
        raise Impurity(f"it reads {name}, which is bound more than once")
    if changes(module, name):
        raise Impurity(f"it reads {name}, which is changed at run time")


def _check_imported(module: Module, node: ast.Name) -> None:
    """Raise ``Impurity`` for a value of another module that may change: anything but calls and what looks constant."""
    origin = module.dotted(node)
    if not origin or origin.startswith("builtins."):
        return
    holder: ast.AST | None = module.parent(node)
    whole: ast.AST = node
    while isinstance(holder, ast.Attribute):
        origin, whole, holder = f"{origin}.{holder.attr}", holder, module.parent(holder)
    if isinstance(holder, ast.Call) and holder.func is whole:
        return  # calls are looked at on their own
    source, _, name = origin.rpartition(".")
    if source not in PURE_MODULES and origin not in FIXED_VALUES and not name.isupper():
        raise Impurity(f"it reads {origin}, which may change")


def check_call(module: Module, function: FunctionNode | None, call: ast.Call, seen: frozenset[str]) -> None:
    """Raise ``Impurity`` unless a call is known to do nothing but compute."""
    origin = module.called(call)
    if origin:
        if origin in PURE_CALLS or origin.rpartition(".")[0] in PURE_MODULES:
            return
        top = origin.rpartition(".")[2]
        if origin.startswith("builtins.") and top[:1].isupper():  # an exception being built
            return
        raise Impurity(f"it calls {origin.removeprefix('builtins.')}, which is not known to be pure")
    target = call.func
    if isinstance(target, ast.Name) and not module.is_local(target.id, call):
        called = module.top_functions.get(target.id)
        if called is not None and not called.decorator_list:
            if target.id not in seen:
                check_pure(module, called, seen)
            return
        raise Impurity(f"it calls {target.id}, which is not known to be pure")
    if isinstance(target, ast.Attribute):
        if target.attr in PURE_METHODS and _is_plain_receiver(module, target.value):
            return
        if target.attr in FILLERS and function is not None and is_own_object(module, function, target.value):
            return
        raise Impurity(f"it calls .{target.attr}() of {module.text(target.value)}, which is not known to be pure")
    raise Impurity(f"it calls {module.text(target)}, which is not known to be pure")


def _is_plain_receiver(module: Module, node: ast.expr) -> bool:
    """Whether a method's receiver is surely a value of the language: typed, a literal, or made by a pure call."""
    if isinstance(node, (ast.Constant, ast.JoinedStr, ast.List, ast.Dict, ast.Set, ast.Tuple, *COMPREHENSIONS)):
        return True
    if isinstance(node, (ast.Call, ast.BinOp, ast.Subscript, ast.IfExp)):
        return True  # each part is checked on its own
    if isinstance(node, ast.Name):
        if module.is_local(node.id, node):
            function = module.function(node)
            held = None
            if function is not None:
                held = next((one for one in parameters(function.args) if one.arg == node.id), None)
            return held is None or is_immutable_type(held.annotation)
        value = module.constant_value(node)
        return value is not None and (is_literal(value) or _is_pure_value(module, value))
    return False


def _is_pure_value(module: Module, value: ast.expr) -> bool:
    if not isinstance(value, ast.Call):
        return False
    origin = module.called(value)
    return origin in PURE_CALLS or origin.rpartition(".")[0] in PURE_MODULES


def is_own_object(module: Module, function: FunctionNode, node: ast.expr) -> bool:
    """Whether an object was surely made by the function itself: a local bound only to fresh displays and calls."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    if not isinstance(node, ast.Name) or node.id in {one.arg for one in parameters(function.args)}:
        return False
    bound = [_bound_value(module, use) for use in module.uses(node.id, function) if not isinstance(use.ctx, ast.Load)]
    return bool(bound) and all(value is not None and is_fresh(module, value) for value in bound)


def _bound_value(module: Module, use: ast.Name) -> ast.expr | None:
    holder = module.parent(use)
    if isinstance(holder, ast.Assign) and use in holder.targets:
        return holder.value
    return holder.value if isinstance(holder, (ast.AnnAssign, ast.AugAssign)) else None


def is_fresh(module: Module, value: ast.expr) -> bool:
    """Whether an expression makes a new object nobody else holds, or an immutable one."""
    if isinstance(value, (ast.List, ast.Set, ast.Dict, ast.Constant, ast.JoinedStr, *COMPREHENSIONS)):
        return True
    return isinstance(value, ast.Call) and module.called(value) in FRESH_CALLS


def changes(module: Module, name: str, within: ast.AST | None = None) -> list[ast.AST]:
    """Uses of a name that change the object it stands for, or let something unknown do so.

    Reading, iterating, membership, subscripts, pure methods and pure calls change nothing.
    """
    return [use for use in module.uses(name, within) if isinstance(use.ctx, ast.Load) and may_change(module, use)]


def may_change(module: Module, use: ast.expr) -> bool:
    """Whether this read of a name may end in a change of its object."""
    holder = module.parent(use)
    if isinstance(holder, ast.Subscript) and use is holder.value:
        return not isinstance(holder.ctx, ast.Load)
    if isinstance(holder, ast.Attribute):
        outer = module.parent(holder)
        if isinstance(outer, ast.Call) and outer.func is holder:
            return holder.attr not in PURE_METHODS
        return not isinstance(holder.ctx, ast.Load)
    if isinstance(holder, ast.Call):
        return not _is_known_call(module, holder)
    if isinstance(holder, ast.keyword):
        call = module.parent(holder)
        return not (isinstance(call, ast.Call) and _is_known_call(module, call))
    if isinstance(holder, ast.AugAssign):
        return use is holder.target
    return isinstance(holder, ast.Delete)


def _is_known_call(module: Module, call: ast.Call) -> bool:
    origin = module.called(call)
    return origin in PURE_CALLS or origin.rpartition(".")[0] in PURE_MODULES


def escapes(module: Module, name: str, scope: ast.AST, depth: int = 4) -> ast.AST | None:
    """The first use through which a mutable object could be changed or leave the scope; None when all only read it.

    Names bound to parts of the object (``part = whole[key]``) are followed.
    """
    for use in module.uses(name, scope):
        if isinstance(use.ctx, ast.Load):
            found = _escaping(module, use, scope, depth)
            if found is not None:
                return found
    return None


def _escaping(module: Module, use: ast.expr, scope: ast.AST, depth: int) -> ast.AST | None:
    holder = module.parent(use)
    if isinstance(holder, ast.Subscript) and use is holder.value:
        if not isinstance(holder.ctx, ast.Load):
            return holder
        return _escaping(module, holder, scope, depth)
    if isinstance(holder, (ast.Compare, ast.BinOp, ast.UnaryOp, ast.FormattedValue, ast.If, ast.While, ast.Assert)):
        return None
    if isinstance(holder, ast.Subscript):  # used as an index
        return None
    if isinstance(holder, ast.AugAssign) and use is holder.value:
        return None
    if isinstance(holder, ast.Attribute) and isinstance(holder.ctx, ast.Load):
        call = module.parent(holder)
        if isinstance(call, ast.Call) and call.func is holder and holder.attr in ("get", "keys", "items", "values"):
            return _escaping(module, call, scope, depth)
        return holder
    if isinstance(holder, ast.Call) and module.called(holder) in {*SCALAR_CALLS, "builtins.sum"}:
        return None
    if isinstance(holder, ast.Assign) and use is holder.value and depth:
        target = holder.targets[0]
        if len(holder.targets) == 1 and isinstance(target, ast.Name):
            return escapes(module, target.id, scope, depth - 1)
    return holder if holder is not None else use


def check_quiet(module: Module, function: FunctionNode, statements: Iterable[ast.AST], known: frozenset[str]) -> None:
    """Raise ``Impurity`` unless statements do nothing that could change an object somebody else holds.

    ``known`` are further calls that are harmless here.
    """
    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom)):
            raise Impurity("others run in between")
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            _check_store(module, function, node)
        if isinstance(node, ast.Call) and module.called(node) not in known:
            check_call(module, function, node, frozenset())


def result_is_immutable(module: Module, function: FunctionNode) -> bool:
    """Whether a function surely returns immutable values: its annotation says so, or each ``return`` shows it."""
    if function.returns is not None:
        return is_immutable_type(function.returns)
    returned = [node.value for node in _body(function) if isinstance(node, ast.Return)]
    return bool(returned) and all(value is None or _shows_immutable(module, value) for value in returned)


def _shows_immutable(module: Module, value: ast.expr) -> bool:
    if isinstance(value, (ast.Compare, ast.Constant)) or is_str(module, value):
        return True
    if isinstance(value, ast.Tuple):
        return all(_shows_immutable(module, one) for one in value.elts)
    return isinstance(value, ast.Call) and module.called(value) in SCALAR_CALLS


def weight(module: Module, function: FunctionNode) -> int:
    """A rough static cost: loops count 4, known dear calls 2, other calls 1, what is as cheap as a look-up nothing."""
    total = 0
    for node in _body(function):
        if isinstance(node, (ast.For, ast.While, *COMPREHENSIONS)):
            over = node.iter if isinstance(node, ast.For) else None
            total += 1 if over is not None and is_literal(over) else 4
        elif isinstance(node, ast.Call):
            heavy = module.called(node) in HEAVY or (
                isinstance(node.func, ast.Attribute) and node.func.attr in HEAVY_METHODS and not module.called(node)
            )
            origin = module.called(node)
            plain = isinstance(node.func, ast.Attribute) and node.func.attr in PURE_METHODS and not origin
            total += 2 if heavy else 0 if plain or origin.startswith("builtins.") else 1
    return total


def has_effects(module: Module, node: ast.expr, function: FunctionNode | None) -> str:
    """Why evaluating an expression may do more than give a value; empty when it surely does not."""
    for part in ast.walk(node):
        if isinstance(part, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)):
            return f"{module.text(part)} does more than give a value"
        if isinstance(part, ast.Call):
            try:
                _check_argument_call(module, function, part)
            except Impurity as reason:
                return str(reason).removeprefix("it ")
    return ""


def _check_argument_call(module: Module, function: FunctionNode | None, call: ast.Call) -> None:
    target = call.func
    if isinstance(target, ast.Attribute) and not module.called(call):
        of_text = target.attr in PURE_METHODS and is_str(module, target.value)
        if of_text or target.attr in TEXT_METHODS:
            return
    check_call(module, function, call, frozenset())


def names_in(node: ast.AST) -> set[str]:
    """Names an expression reads, its own comprehension variables left out."""
    own = {name for one in ast.walk(node) if isinstance(one, COMPREHENSIONS) for name in comprehension_names(one)}
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} - own


def bound_in(node: ast.AST) -> set[str]:
    """Names that running a statement binds or deletes, those of nested comprehensions included."""
    found = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and not isinstance(one.ctx, ast.Load)}
    for one in ast.walk(node):
        if isinstance(one, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in one.names}
        elif isinstance(one, ast.ExceptHandler | ast.MatchAs) and one.name:
            found.add(one.name)
    return found


def constant_name(wanted: str) -> str:
    """A private module constant's name made of words: ``first_number_pattern`` → ``_FIRST_NUMBER_PATTERN``."""
    return "_" + wanted.strip("_").upper()
