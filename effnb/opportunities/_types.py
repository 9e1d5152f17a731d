"""What types and values the source itself proves: enough to refuse everything else."""

from __future__ import annotations

import ast

from effnb.opportunities._known import (
    DICT_CALLS,
    DICT_TYPES,
    IMMUTABLE_TYPES,
    SCALAR_CALLS,
    STR_CALLS,
    STR_METHODS,
    WRAPPER_TYPES,
)
from effnb.opportunities._module import Module, parameters


def type_name(annotation: ast.expr | None) -> str:
    """Head of an annotation: ``dict`` for ``dict[str, int]`` or ``"dict[str, int]"``; empty without one."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value.partition("[")[0].strip()
    if isinstance(annotation, ast.Subscript):
        annotation = annotation.value
    return "" if annotation is None else ast.unparse(annotation)


def is_immutable_type(annotation: ast.expr | None) -> bool:
    """Whether an annotation says hashable and immutable all the way down."""
    if annotation is None:
        return False
    if isinstance(annotation, ast.Constant):
        if isinstance(annotation.value, str):
            try:
                return is_immutable_type(ast.parse(annotation.value, mode="eval").body)
            except SyntaxError:
                return False
        return annotation.value is None or annotation.value is Ellipsis
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return is_immutable_type(annotation.left) and is_immutable_type(annotation.right)
    if isinstance(annotation, ast.Subscript):
        head = ast.unparse(annotation.value).rpartition(".")[2]
        if head == "Literal":
            return True
        inner = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        if head == "Pattern":
            return True
        return head in WRAPPER_TYPES and all(is_immutable_type(one) for one in inner)
    if isinstance(annotation, (ast.Name, ast.Attribute)):
        return ast.unparse(annotation) in IMMUTABLE_TYPES
    return False


def parameter(module: Module, name: ast.Name) -> ast.arg | None:
    """The parameter a name stands for, if its function never binds it again; None otherwise."""
    function = module.function(name)
    if function is None or module.locals_of(function).get(name.id) != 1:
        return None
    return next((one for one in parameters(function.args) if one.arg == name.id), None)


def only_assignment(module: Module, name: ast.Name) -> ast.Assign | ast.AnnAssign | None:
    """The single assignment that binds a local name; None when something else binds it too."""
    function = module.function(name)
    if function is None or module.locals_of(function).get(name.id) != 1:
        return None
    for use in module.uses(name.id, function):
        holder = module.parent(use)
        if isinstance(holder, ast.Assign) and use in holder.targets and len(holder.targets) == 1:
            return holder
        if isinstance(holder, ast.AnnAssign) and use is holder.target and holder.value is not None:
            return holder
    return None


def loop_target(module: Module, name: ast.Name) -> ast.expr | None:
    """What a name iterates over when a ``for`` binds it directly; None otherwise."""
    for holder in module.ancestors(name):
        if isinstance(holder, ast.For) and isinstance(holder.target, ast.Name) and holder.target.id == name.id:
            return holder.iter
        for part in getattr(holder, "generators", ()):
            if isinstance(part.target, ast.Name) and part.target.id == name.id:
                return part.iter  # type: ignore[no-any-return]
    return None


def is_str(module: Module, node: ast.expr, depth: int = 4) -> bool:
    """Whether an expression is certainly a ``str``."""
    if depth == 0:
        return False
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.JoinedStr):
        return True
    if isinstance(node, ast.Call):
        if module.called(node) in STR_CALLS:
            return True
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in STR_METHODS:
            return is_str(module, function.value, depth - 1)
        if isinstance(function, ast.Name) and function.id in module.top_functions:
            return not module.is_local(function.id, node) and (
                type_name(module.top_functions[function.id].returns) == "str"
            )
        return False
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Mod):
            return is_str(module, node.left, depth - 1)
        if isinstance(node.op, ast.Add):
            return is_str(module, node.left, depth - 1) and is_str(module, node.right, depth - 1)
        return isinstance(node.op, ast.Mult) and is_str(module, node.left, depth - 1)
    if isinstance(node, ast.IfExp):
        return is_str(module, node.body, depth - 1) and is_str(module, node.orelse, depth - 1)
    if isinstance(node, ast.Subscript):
        return is_str(module, node.value, depth - 1) or element_type(module, node.value) == "str"
    return isinstance(node, ast.Name) and _is_str_name(module, node, depth)


def _is_str_name(module: Module, node: ast.Name, depth: int) -> bool:
    over = loop_target(module, node)
    if over is not None:
        return is_str(module, over, depth - 1) or element_type(module, over) == "str"
    held = parameter(module, node)
    if held is not None:
        return type_name(held.annotation) == "str"
    assigned = only_assignment(module, node)
    if assigned is not None and assigned.value is not None:
        return is_str(module, assigned.value, depth - 1)
    constant = module.constant_value(node)
    return constant is not None and is_str(module, constant, depth - 1)


def element_type(module: Module, node: ast.expr) -> str:
    """Type of the elements of a name annotated ``list[str]`` and the like; empty when it does not say."""
    if isinstance(node, ast.Call) and module.called(node) in ("builtins.sorted", "builtins.list", "builtins.reversed"):
        return element_type(module, node.args[0]) if len(node.args) == 1 else ""
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Attribute) and function.attr in ("split", "splitlines", "rsplit"):
        return "str" if is_str(module, function.value) else ""
    if not isinstance(node, ast.Name):
        return ""
    held = parameter(module, node)
    annotation = held.annotation if held is not None else None
    if isinstance(annotation, ast.Subscript) and isinstance(annotation.slice, ast.Name):
        return annotation.slice.id
    return ""


def element_annotation(module: Module, node: ast.expr) -> ast.expr | None:
    """What a parameter's annotation says about the elements of a collection; None when it does not say."""
    held = parameter(module, node) if isinstance(node, ast.Name) else None
    annotation = held.annotation if held is not None else None
    if not isinstance(annotation, ast.Subscript):
        return None
    inner = annotation.slice
    return inner.elts[0] if isinstance(inner, ast.Tuple) and inner.elts else inner


def is_hashable(module: Module, node: ast.expr, depth: int = 4) -> bool:
    """Whether an expression is certainly a hashable, immutable value."""
    if depth == 0:
        return False
    if isinstance(node, (ast.Constant, ast.JoinedStr, ast.Compare)) or is_str(module, node):
        return True
    if isinstance(node, ast.Tuple):
        return all(is_hashable(module, one, depth - 1) for one in node.elts)
    if isinstance(node, ast.BinOp):
        return is_hashable(module, node.left, depth - 1) and is_hashable(module, node.right, depth - 1)
    if isinstance(node, ast.Call):
        return module.called(node) in SCALAR_CALLS
    if not isinstance(node, ast.Name):
        return False
    over = loop_target(module, node)
    if over is not None:
        return is_immutable_type(element_annotation(module, over)) or _is_range(module, over)
    held, assigned = parameter(module, node), only_assignment(module, node)
    if held is not None:
        return is_immutable_type(held.annotation)
    value = assigned.value if assigned is not None else module.constant_value(node)
    return value is not None and is_hashable(module, value, depth - 1)


def _is_range(module: Module, node: ast.expr) -> bool:
    return module.called(node) == "builtins.range"


def is_dict(module: Module, node: ast.expr) -> bool:
    """Whether an expression is certainly a ``dict`` (or a subclass of the standard library)."""
    if isinstance(node, (ast.Dict, ast.DictComp)):
        return True
    if isinstance(node, ast.Call):
        return module.called(node) in DICT_CALLS
    if not isinstance(node, ast.Name):
        return False
    held = parameter(module, node)
    if held is not None:
        return type_name(held.annotation) in DICT_TYPES
    assigned = only_assignment(module, node)
    if assigned is not None and assigned.value is not None:
        annotation = assigned.annotation if isinstance(assigned, ast.AnnAssign) else None
        return type_name(annotation) in DICT_TYPES or is_dict(module, assigned.value)
    constant = module.constant_value(node)
    return constant is not None and is_dict(module, constant)


def is_literal(node: ast.AST) -> bool:
    """Whether an expression is built of constants only, displays included."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return all(is_literal(one) for one in node.elts)
    if isinstance(node, ast.Dict):
        return all(key is not None and is_literal(key) for key in node.keys) and all(map(is_literal, node.values))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return isinstance(node.operand, ast.Constant)
    return False


def is_plain_constant(node: ast.AST) -> bool:
    """Whether an expression is one immutable constant."""
    return (
        is_literal(node)
        and not isinstance(node, (ast.List, ast.Set, ast.Dict))
        and (not isinstance(node, ast.Tuple) or all(map(is_plain_constant, node.elts)))
    )
