"""Lists and strings used for what another structure does better."""

from __future__ import annotations

import ast

from effnb.opportunities import (
    Edits,
    Module,
    Ratio,
    Refused,
    Rule,
    Site,
    bound_in,
    element_annotation,
    is_dict,
    is_hashable,
    is_immutable_type,
    is_plain_constant,
    is_str,
    only_assignment,
    type_name,
)

FEW = 3
QUEUE_METHODS = frozenset({"append", "extend", "pop", "insert", "clear"})


# -- a list that is only asked whether it contains something ---------------------------------------------------


def find_memberships(module: Module) -> list[Site]:
    """Lists that are asked for membership only: constants of the module, and locals a function fills."""
    return [*_constant_lists(module), *_local_lists(module)]


def _constant_lists(module: Module) -> list[Site]:
    found = []
    for name, assigned in module.constants.items():
        value = assigned.value
        if not isinstance(value, ast.List) or len(value.elts) < FEW or not all(map(is_plain_constant, value.elts)):
            continue
        reads = [use for use in module.uses(name) if isinstance(use.ctx, ast.Load)]
        if reads and all(_is_membership(module, use) and not module.is_local(name, use) for use in reads):
            users = {module.qualname(use) for use in reads}
            site = module.site(assigned, confidence="high" if len(value.elts) >= 8 else "medium")
            found += [_in_function(site, user) for user in sorted(users)[:1]]
    return found


def _in_function(site: Site, function: str) -> Site:
    """The site named after the function that pays for it."""
    return Site(site.node, function, site.line, site.last_line, site.confidence, site.callees, site.note)


def _is_membership(module: Module, use: ast.expr) -> bool:
    """Whether a name stands to the right of ``in`` or ``not in``."""
    holder = module.parent(use)
    if not isinstance(holder, ast.Compare):
        return False
    pairs = zip(holder.ops, holder.comparators, strict=True)
    return all(isinstance(op, (ast.In, ast.NotIn)) for op, right in pairs if right is use) and holder.left is not use


def _local_lists(module: Module) -> list[Site]:
    found = []
    for assigned in module.nodes(ast.Assign, ast.AnnAssign):
        name = _local_target(module, assigned)
        if name is None or not _is_list_value(module, assigned.value):
            continue
        function = module.function(name)
        reads = [use for use in module.uses(name.id, function) if isinstance(use.ctx, ast.Load)]
        tests = [use for use in reads if _is_membership(module, use)]
        rest = [use for use in reads if use not in tests]
        if any(module.loop(use) for use in tests) and all(_method(module, use) == "append" for use in rest):
            found.append(module.site(assigned, confidence="medium" if rest else "low"))
    return found


def _local_target(module: Module, assigned: ast.AST) -> ast.Name | None:
    """The local name that one assignment alone binds; None for everything else."""
    targets = assigned.targets if isinstance(assigned, ast.Assign) else [getattr(assigned, "target", None)]
    target = targets[0] if len(targets) == 1 else None
    if not isinstance(target, ast.Name) or getattr(assigned, "value", None) is None:
        return None
    return target if only_assignment(module, target) is assigned else None


def _is_list_value(module: Module, value: ast.expr | None) -> bool:
    return isinstance(value, (ast.List, ast.ListComp)) or (
        value is not None and module.called(value) == "builtins.list" and not getattr(value, "keywords", ())
    )


def _method(module: Module, use: ast.expr) -> str:
    """Name of the method that is called on a name; empty for other uses."""
    holder = module.parent(use)
    if isinstance(holder, ast.Attribute):
        call = module.parent(holder)
        if isinstance(call, ast.Call) and call.func is holder:
            return holder.attr
    return ""


def plan_membership(module: Module, site: Site) -> Edits:
    """A frozenset in the place of a constant list, a set in the place of a local one."""
    assigned = site.expect(ast.Assign, ast.AnnAssign)
    target = assigned.targets[0] if isinstance(assigned, ast.Assign) else assigned.target
    if not isinstance(target, ast.Name) or assigned.value is None:
        raise Refused("the list has no plain name")
    for use in module.uses(target.id):
        _check_left(module, use)
    if module.function(target) is None:
        return _constant_set(module, assigned, target)
    return _local_set(module, assigned, target)


def _check_left(module: Module, use: ast.Name) -> None:
    """Refuse when what is looked for is surely unhashable: a list says no, a set raises."""
    holder = module.parent(use)
    if isinstance(holder, ast.Compare):
        if len(holder.ops) > 1:
            raise Refused("the membership is part of a chain of comparisons")
        if isinstance(holder.left, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)):
            raise Refused("what is looked for cannot be hashed")


def _constant_set(module: Module, assigned: ast.Assign | ast.AnnAssign, target: ast.Name) -> Edits:
    edits = Edits(module)
    if "__all__" in module.module_bindings and target.id in ast.unparse(module.tree):
        exported = module.constants.get("__all__")
        if exported is not None and exported.value is not None and f"'{target.id}'" in ast.unparse(exported.value):
            raise Refused(f"{target.id} is exported, and others may need a list")
    if module.used_elsewhere(target.id):
        return _beside(module, edits, assigned, target)
    value = assigned.value
    if not isinstance(value, ast.List):
        raise Refused("the constant is no list display")
    if isinstance(assigned, ast.AnnAssign):
        if type_name(assigned.annotation) not in ("list", "List") or not isinstance(assigned.annotation, ast.Subscript):
            raise Refused(f"{target.id} is annotated as {module.text(assigned.annotation)}")
        edits.replace(assigned.annotation, f"frozenset[{module.text(assigned.annotation.slice)}]")
    text = module.text(value)
    edits.replace(value, f"frozenset({{{text[1:-1]}}})")
    return edits


def _beside(module: Module, edits: Edits, assigned: ast.stmt, target: ast.Name) -> Edits:
    """Keeps the list for whoever else reads it, and asks a frozenset made of it."""
    name = edits.free_name(f"_{target.id.lstrip('_')}_SET")
    edits.insert_after(assigned, f"{name} = frozenset({target.id})")
    for use in module.uses(target.id):
        if isinstance(use.ctx, ast.Load):
            edits.replace(use, name)
    return edits


def _local_set(module: Module, assigned: ast.Assign | ast.AnnAssign, target: ast.Name) -> Edits:
    function = module.function(target)
    value = assigned.value
    edits = Edits(module)
    if function is None or value is None:
        raise Refused("the list lies in no function")
    for use in module.uses(target.id, function):
        if not isinstance(use.ctx, ast.Load) or _is_membership(module, use):
            continue
        call = module.parent(module.parent(use) or use)
        if not isinstance(call, ast.Call) or len(call.args) != 1 or isinstance(call.args[0], ast.Starred):
            raise Refused("the list is filled in a way that is not understood")
        if not is_hashable(module, call.args[0]):
            raise Refused(f"{module.text(call.args[0])[:50]!r} is not known to be hashable")
        if not isinstance(module.parent(call), ast.Expr):
            raise Refused("the result of append is used")
        edits.replace(call.func, f"{target.id}.add")
    if isinstance(assigned, ast.AnnAssign):
        if not isinstance(assigned.annotation, ast.Subscript) or type_name(assigned.annotation) not in ("list", "List"):
            raise Refused(f"{target.id} is annotated as {module.text(assigned.annotation)}")
        edits.replace(assigned.annotation, f"set[{module.text(assigned.annotation.slice)}]")
    edits.replace(value, _as_set(module, value))
    return edits


def _as_set(module: Module, value: ast.expr) -> str:
    if isinstance(value, ast.List):
        if not all(is_hashable(module, one) for one in value.elts):
            raise Refused("the list may hold things that cannot be hashed")
        return f"{{{module.text(value)[1:-1]}}}" if value.elts else "set()"
    if isinstance(value, ast.ListComp):
        if not is_hashable(module, value.elt):
            raise Refused("the list may hold things that cannot be hashed")
        return f"{{{module.text(value)[1:-1]}}}"
    call = module.text(value)
    given = value.args[0] if isinstance(value, ast.Call) and value.args else None
    if given is not None and not is_immutable_type(element_annotation(module, given)):
        raise Refused("the list may hold things that cannot be hashed")
    return "set" + call[call.index("(") :]


# -- a list as a queue -----------------------------------------------------------------------------------------


def find_queues(module: Module) -> list[Site]:
    """``pop(0)`` or ``insert(0, …)`` of a local list in a loop."""
    found: dict[tuple[str, str], Site] = {}
    for call in module.calls:
        function = call.func
        if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
            continue
        if _takes_front(call, function.attr) and module.loop(call) is not None and module.function(call) is not None:
            found.setdefault((module.qualname(call), function.value.id), module.site(call))
    return list(found.values())


def _takes_front(call: ast.Call, method: str) -> bool:
    if call.keywords or not call.args:
        return False
    first = call.args[0]
    is_zero = isinstance(first, ast.Constant) and first.value == 0 and first.value is not False
    return is_zero and ((method == "pop" and len(call.args) == 1) or (method == "insert" and len(call.args) == 2))


def plan_queue(module: Module, site: Site) -> Edits:
    """A deque in the place of the list, with its methods for the front."""
    call = site.expect(ast.Call)
    name = getattr(getattr(call.func, "value", None), "id", "")
    function = module.function(call)
    if function is None:
        raise Refused("the queue is no local list")
    bindings = [use for use in module.uses(name, function) if not isinstance(use.ctx, ast.Load)]
    assigned = only_assignment(module, bindings[0]) if len(bindings) == 1 else None
    if assigned is None or assigned.value is None or not _makes_list(module, assigned.value):
        raise Refused(f"{name} is not made as a list here alone: it may be the caller's, or something else")
    edits = Edits(module)
    deque = edits.import_from("collections", "deque")
    for use in module.uses(name, function):
        if isinstance(use.ctx, ast.Load):
            _plan_use(module, edits, use, function)
    _plan_annotation(module, edits, assigned, deque)
    empty = isinstance(assigned.value, ast.List) and not assigned.value.elts
    edits.replace(assigned.value, f"{deque}()" if empty else f"{deque}({module.text(assigned.value)})")
    return edits


def _makes_list(module: Module, value: ast.expr) -> bool:
    return isinstance(value, (ast.List, ast.ListComp)) or module.called(value) in ("builtins.list", "builtins.sorted")


def _plan_use(module: Module, edits: Edits, use: ast.Name, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """Edit one use of the list as a queue, or refuse what a deque does not do alike."""
    name = use.id
    if module.function(use) is not function:
        raise Refused(f"an inner function uses {name}")
    method = _method(module, use)
    if method:
        call = module.parent(module.parent(use) or use)
        if not isinstance(call, ast.Call) or method not in QUEUE_METHODS:
            raise Refused(f"{name}.{method}() is used, which a deque does not do alike")
        if method in ("pop", "insert"):
            _plan_end(module, edits, call, name, method)
        return
    holder = module.parent(use)
    if _is_test(module, use):
        return
    if isinstance(holder, ast.Call) and module.called(holder) in ("builtins.len", "builtins.bool"):
        return
    if _is_membership(module, use):
        return
    raise Refused(f"{name} is also used as {module.text(holder or use)[:50]!r}, for which it may have to be a list")


def _is_test(module: Module, node: ast.AST) -> bool:
    """Whether only the truth of an expression is asked for."""
    holder = module.parent(node)
    if isinstance(holder, ast.BoolOp):
        return _is_test(module, holder)
    if isinstance(holder, ast.UnaryOp):
        return isinstance(holder.op, ast.Not)
    return isinstance(holder, (ast.While, ast.If, ast.IfExp)) and node is holder.test


def _plan_end(module: Module, edits: Edits, call: ast.Call, name: str, method: str) -> None:
    if _takes_front(call, method):
        if method == "pop":
            edits.replace(call, f"{name}.popleft()")
        else:
            edits.replace(call, f"{name}.appendleft({module.text(call.args[1])})")
    elif method == "pop" and not call.args:
        return
    else:
        raise Refused(f"{name}.{method}() is used at another place than the front")


def _plan_annotation(module: Module, edits: Edits, assigned: ast.Assign | ast.AnnAssign, deque: str) -> None:
    if not isinstance(assigned, ast.AnnAssign):
        return
    if type_name(assigned.annotation) not in ("list", "List"):
        raise Refused(f"the queue is annotated as {module.text(assigned.annotation)}")
    inner = f"[{module.text(assigned.annotation.slice)}]" if isinstance(assigned.annotation, ast.Subscript) else ""
    edits.replace(assigned.annotation, deque + inner)


# -- membership in the keys of a dictionary --------------------------------------------------------------------


def find_keys(module: Module) -> list[Site]:
    """``x in list(d.keys())``, ``x in list(d)`` and ``x in d.keys()`` of what is surely a dictionary."""
    return [
        module.site(compare)
        for compare in module.nodes(ast.Compare)
        if isinstance(compare, ast.Compare)
        and len(compare.ops) == 1
        and isinstance(compare.ops[0], (ast.In, ast.NotIn))
        and _dictionary(module, compare.comparators[0]) is not None
    ]


def _dictionary(module: Module, node: ast.expr) -> ast.expr | None:
    """The dictionary whose keys an expression lists; None when it is something else, or may be."""
    copied = isinstance(node, ast.Call) and module.called(node) in ("builtins.list", "builtins.tuple", "builtins.set")
    if copied and isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords:
        node = node.args[0]
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute) and function.attr == "keys" and isinstance(node, ast.Call) and not node.args:
        node = function.value
    elif not copied:
        return None
    return node if is_dict(module, node) else None


def plan_keys(module: Module, site: Site) -> Edits:
    """The dictionary itself."""
    compare = site.expect(ast.Compare)
    mapping = _dictionary(module, compare.comparators[0])
    if mapping is None:
        raise Refused("it is not known to be a dictionary: sqlite3.Row, for one, looks among its values")
    edits = Edits(module)
    edits.replace(compare.comparators[0], module.text(mapping))
    return edits


# -- sorting for one element -----------------------------------------------------------------------------------


def find_sorted(module: Module) -> list[Site]:
    """``sorted(x)[0]`` and ``sorted(x)[-1]``."""
    return [
        module.site(node, callees=())
        for node in module.nodes(ast.Subscript)
        if isinstance(node, ast.Subscript) and module.called(node.value) == "builtins.sorted" and _end(node) is not None
    ]


def _end(node: ast.Subscript) -> int | None:
    """0 for the first, -1 for the last element; None for others."""
    try:
        index = ast.literal_eval(node.slice)
    except (ValueError, TypeError):
        return None
    return index if isinstance(index, int) and not isinstance(index, bool) and index in (0, -1) else None


def plan_sorted(module: Module, site: Site) -> Edits:
    """``min`` or ``max``, where the collection is surely not empty and equal elements cannot be told apart."""
    node = site.expect(ast.Subscript)
    call = node.value
    if not isinstance(call, ast.Call) or len(call.args) != 1 or isinstance(call.args[0], ast.Starred):
        raise Refused("the call of sorted is not understood")
    options = {one.arg: one.value for one in call.keywords}
    if set(options) - {"key", "reverse"}:
        raise Refused("the call of sorted is not understood")
    reverse = options.get("reverse")
    if reverse is not None and not (isinstance(reverse, ast.Constant) and isinstance(reverse.value, bool)):
        raise Refused("the direction of sorting is computed")
    backwards = isinstance(reverse, ast.Constant) and reverse.value is True
    last = _end(node) == -1
    if last and "key" in options:
        raise Refused("of several elements with the largest key sorted gives the last, max the first")
    if not _is_filled(module, node, call.args[0]):
        raise Refused("an empty collection raises IndexError here and ValueError with min or max, and none is excluded")
    name = "max" if last != backwards else "min"
    if module.dotted(ast.Name(name, ast.Load())) == "" and name in module.module_bindings:
        raise Refused(f"{name} means something else here")
    edits = Edits(module)
    key = f", key={module.text(options['key'])}" if "key" in options else ""
    edits.replace(node, f"{name}({module.text(call.args[0])}{key})")
    return edits


def _is_filled(module: Module, node: ast.AST, collection: ast.expr) -> bool:
    """Whether an earlier test of the function rules an empty collection out."""
    if isinstance(collection, (ast.List, ast.Tuple, ast.Set)) and collection.elts:
        return not any(isinstance(one, ast.Starred) for one in collection.elts)
    if not isinstance(collection, ast.Name):
        return False
    inside: ast.AST = node
    for holder in module.ancestors(node):
        if isinstance(holder, (ast.If, ast.IfExp)) and _says_filled(holder.test, collection.id):
            body = holder.body if isinstance(holder.body, list) else [holder.body]
            if inside in body:
                return True
        if isinstance(inside, ast.stmt):
            block = module.block(inside)
            if any(_leaves_if_empty(one, collection.id) for one in block[: block.index(inside)]):
                return True
        if isinstance(holder, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return False
        inside = holder
    return False


def _says_filled(test: ast.expr, name: str) -> bool:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(_says_filled(one, name) for one in test.values)
    return isinstance(test, ast.Name) and test.id == name


def _leaves_if_empty(statement: ast.stmt, name: str) -> bool:
    if not isinstance(statement, ast.If) or statement.orelse:
        return False
    test = statement.test
    is_empty = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and _says_filled(test.operand, name)
    return is_empty and isinstance(statement.body[-1], (ast.Return, ast.Raise, ast.Continue))


# -- adding lists up -------------------------------------------------------------------------------------------


def find_list_sums(module: Module) -> list[Site]:
    """``sum(lists, [])``."""
    return [
        module.site(call)
        for call in module.calls
        if module.called(call) == "builtins.sum" and _start_list(call) is not None
    ]


def _start_list(call: ast.Call) -> ast.List | None:
    start = (
        call.args[1] if len(call.args) == 2 else next((one.value for one in call.keywords if one.arg == "start"), None)
    )
    return start if isinstance(start, ast.List) and not start.elts and call.args else None


def plan_list_sum(module: Module, site: Site) -> Edits:
    """``list(chain.from_iterable(...))``."""
    call = site.expect(ast.Call)
    if isinstance(call.args[0], ast.Starred):
        raise Refused("its arguments are unpacked")
    edits = Edits(module)
    chain = edits.import_from("itertools", "chain")
    text = module.text(call.args[0])
    edits.replace(call, f"list({chain}.from_iterable({text}))")
    return edits


# -- building a string piece by piece --------------------------------------------------------------------------


def find_strings(module: Module) -> list[Site]:
    """``text += piece`` in a loop, where text begins as a string and pieces are strings."""
    found: dict[tuple[str, str], Site] = {}
    for node in module.nodes(ast.AugAssign):
        if (
            not isinstance(node, ast.AugAssign)
            or not isinstance(node.op, ast.Add)
            or not isinstance(node.target, ast.Name)
        ):
            continue
        if module.loop(node) is None or module.function(node) is None:
            continue
        if _string_start(module, node.target) is not None and is_str(module, node.value):
            found.setdefault((module.qualname(node), node.target.id), module.site(node, confidence="medium"))
    return list(found.values())


def _string_start(module: Module, target: ast.Name) -> ast.Assign | ast.AnnAssign | None:
    """The one assignment of a string constant to a name that is otherwise only added to."""
    function = module.function(target)
    starts = []
    for use in module.uses(target.id, function):
        holder = module.parent(use)
        if isinstance(use.ctx, ast.Load) or isinstance(holder, ast.AugAssign):
            continue
        value = holder.value if isinstance(holder, (ast.Assign, ast.AnnAssign)) else None
        if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
            return None
        if isinstance(holder, ast.Assign) and len(holder.targets) != 1:
            return None
        starts.append(holder)
    return starts[0] if len(starts) == 1 and isinstance(starts[0], (ast.Assign, ast.AnnAssign)) else None


def plan_string(module: Module, site: Site) -> Edits:
    """A list of the pieces, joined after the loop."""
    first = site.expect(ast.AugAssign)
    if not isinstance(first.target, ast.Name):
        raise Refused("only local names are understood")
    name = first.target.id
    function = module.function(first)
    start = _string_start(module, first.target)
    loop = _outermost(module, first)
    if function is None or start is None or loop is None or isinstance(loop, ast.AsyncFor):
        raise Refused("the loop is not understood")
    if start not in module.block(loop) or start.lineno > loop.lineno:
        raise Refused(f"{name} does not begin just before the loop, in the same block")
    between = module.block(loop)[module.block(loop).index(start) + 1 : module.block(loop).index(loop)]
    if any(isinstance(part, ast.Name) and part.id == name for one in between for part in ast.walk(one)):
        raise Refused(f"{name} is used before the loop")
    if any(isinstance(one, (ast.Global, ast.Nonlocal)) for one in ast.walk(function)):
        raise Refused("the function rebinds names outside itself")
    _check_visible(module, function, start, loop, name)
    edits = Edits(module)
    parts = edits.free_name(f"{name}_parts")
    _plan_pieces(module, edits, loop, name, parts)
    begin = ast.literal_eval(start.value) if start.value is not None else ""
    content = f"[{module.text(start.value)}]" if begin and start.value is not None else "[]"
    edits.replace_statement(start, f"{parts}: list[str] = {content}" if not begin else f"{parts} = {content}")
    edits.insert_after(loop, f'{name} = "".join({parts})')
    return edits


def _check_visible(module: Module, function: ast.AST, start: ast.stmt, loop: ast.stmt, name: str) -> None:
    """Refuse when something besides the loop and what follows it could see the half-built string."""
    block = module.block(loop)
    after = block[block.index(loop) + 1 :]
    for use in module.uses(name, function):
        holders = {use, *module.ancestors(use)}
        if module.function(use) is not function:
            raise Refused(f"an inner function uses {name}")
        if not holders & {start, loop, *after}:
            raise Refused(f"{name} is used elsewhere too, where it may be seen half-built or not at all")


def _outermost(module: Module, node: ast.AST) -> ast.stmt | None:
    loop = module.loop(node)
    while loop is not None and (outer := module.loop(loop)) is not None:
        loop = outer
    return loop if isinstance(loop, ast.stmt) else None


def _plan_pieces(module: Module, edits: Edits, loop: ast.stmt, name: str, parts: str) -> None:
    for part in ast.walk(loop):
        if isinstance(part, (ast.Return, ast.Yield, ast.YieldFrom, ast.Await)):
            raise Refused("the loop may leave the function")
        if isinstance(part, ast.Try):
            raise Refused("the loop holds a try, in which the half-built string could be seen")
        if not isinstance(part, ast.Name) or part.id != name:
            continue
        holder = module.parent(part)
        if not isinstance(holder, ast.AugAssign) or part is not holder.target or not isinstance(holder.op, ast.Add):
            raise Refused(f"the loop also reads {name}")
        if module.function(part) is not module.function(loop):
            raise Refused(f"an inner function uses {name}")
        if not is_str(module, holder.value):
            raise Refused(f"{module.text(holder.value)[:50]!r} is not known to be a string")
        edits.replace_statement(holder, f"{parts}.append({module.text(holder.value)})")
    if getattr(loop, "orelse", None):
        raise Refused("the loop has an else branch")
    if bound_in(loop) & {parts}:
        raise Refused("the name for the pieces is taken")


SAME = "the same results and errors for every recorded and generated argument"

RULES = (
    Rule(
        name="list-membership",
        title="A list is only asked whether it contains something",
        advice="Ask a set in {function}",
        risk="medium",
        criteria=(SAME, "everything looked for and held can be hashed", "order and duplicates are not used"),
        ratio=Ratio(1.05, 4.0, 73.0, "list to set: ×1.4 for 3 elements, ×23 for 100, ×73 for 1,000"),
        find=find_memberships,
        plan=plan_membership,
        words=(" in ",),
        part="self",
        rationale="Every use asks for membership or adds an element, so order and duplicates do not matter.",
        narrows="Looking for a value that cannot be hashed raises TypeError instead of saying no.",
    ),
    Rule(
        name="list-pop-front",
        title="A list is used as a queue: taking the first element moves all others",
        advice="Use a deque in {function}",
        risk="low",
        criteria=(SAME, "the queue is never sliced, indexed, returned or serialised"),
        ratio=Ratio(1.1, 1.8, 6.0, "pop(0): ×1.4 for 10 elements, ×5.4 for 1,000"),
        find=find_queues,
        plan=plan_queue,
        words=("pop(0)", "insert(0"),
        part="self",
        rationale="The function makes the list itself and uses it as a queue only.",
    ),
    Rule(
        name="keys-list-membership",
        title="The keys of a dictionary are copied to look for one",
        advice="Ask the dictionary in {function}",
        risk="low",
        criteria=(SAME, "it is a dictionary"),
        ratio=Ratio(1.3, 20.0, 111.0, "x in list(d.keys()): ×111 for 1,000 keys; x in d.keys(): ×1.7"),
        find=find_keys,
        plan=plan_keys,
        words=(".keys()", " in list(", " in tuple(", " in set("),
        part="self",
        rationale="It is a dictionary, whose own look-up answers the same question.",
        narrows="Looking for a value that cannot be hashed raises TypeError instead of saying no.",
    ),
    Rule(
        name="sorted-for-one",
        title="A collection is sorted for its first or last element",
        advice="Take the minimum or maximum in {function}",
        risk="low",
        criteria=(SAME, "the collection is not empty"),
        ratio=Ratio(1.2, 2.2, 6.0, "sorted()[0] to min: ×2.2"),
        find=find_sorted,
        plan=plan_sorted,
        words=("sorted(",),
        part="self",
        rationale="The collection cannot be empty there, and of equal elements the same one is taken.",
        narrows="Of elements that are equal but of different types, such as 1 and 1.0, another may be taken.",
    ),
    Rule(
        name="list-sum",
        title="Lists are added up one after the other, copying all of them each time",
        advice="Chain the lists in {function}",
        risk="low",
        criteria=(SAME, "all elements are lists"),
        ratio=Ratio(1.2, 5.0, 14.0, "sum(lists, []): ×14 for 300 lists"),
        find=find_list_sums,
        plan=plan_list_sum,
        words=("sum(",),
        part="self",
        rationale="A chain gives the same new list with every element copied once.",
        narrows="Elements that are tuples, sets or strings are taken apart instead of raising TypeError.",
    ),
    Rule(
        name="string-building",
        title="A string is built piece by piece in a loop",
        advice="Join the pieces in {function}",
        risk="low",
        criteria=(SAME, "all pieces are strings"),
        ratio=Ratio(1.02, 1.6, 22.0, "local +=: ×1.6; on an attribute ×22"),
        find=find_strings,
        plan=plan_string,
        words=("+=",),
        part="self",
        rationale="Every piece is a string, and nothing looks at the string before the loop ends.",
    ),
)
