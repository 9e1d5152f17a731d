"""A Python module as rules see it: its tree, who owns which node, and what its names mean.

Reading uses the standard library's parser, which is fast; only a module that is edited is parsed a second time,
losslessly (``_edit``).
"""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from effnb.opportunities._rule import Refused, Site

BOM = "\ufeff"
LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
UNWALKED = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)


class Module:
    """One source file.

    Args:
        source: Its text.
        file: Path, for messages.
        used_elsewhere: Whether other files mention a name; None when nobody looked.
        earlier: Older texts, of this file or of others a change touched: what a lost cache is found in.

    Raises:
        SyntaxError: It does not parse.
    """

    def __init__(
        self,
        source: str,
        file: str = "<source>",
        *,
        used_elsewhere: Callable[[str], bool] | None = None,
        earlier: tuple[str, ...] = (),
    ) -> None:
        self.original = source
        self.source = source.removeprefix(BOM)
        self.file = file
        self.earlier = earlier
        self._used_elsewhere = used_elsewhere
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # doubtful escapes in other people's files are theirs to mend
            self.tree = ast.parse(self.source)

    @cached_property
    def lines(self) -> list[str]:
        """Lines without their ends."""
        return [line.rstrip("\r\n") for line in self._kept_lines]

    @cached_property
    def _kept_lines(self) -> list[str]:
        """Lines as the parser counts them, with their ends."""
        return LINE_END.split(self.source)

    @cached_property
    def _index(self) -> tuple[dict[type[ast.AST], list[ast.AST]], dict[ast.AST, ast.AST]]:
        by_type: dict[type[ast.AST], list[ast.AST]] = {}
        parents: dict[ast.AST, ast.AST] = {}
        stack: list[ast.AST] = [self.tree]
        while stack:
            node = stack.pop()
            by_type.setdefault(type(node), []).append(node)
            for name in node._fields:
                value = getattr(node, name, None)
                if isinstance(value, list):
                    for item in value:
                        if isinstance(item, ast.AST) and not isinstance(item, UNWALKED):
                            parents[item] = node
                            stack.append(item)
                elif isinstance(value, ast.AST) and not isinstance(value, UNWALKED):
                    parents[value] = node
                    stack.append(value)
        return by_type, parents

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """All nodes of exactly these types, in no particular order."""
        for kind in kinds:
            yield from self._index[0].get(kind, ())

    @cached_property
    def calls(self) -> list[ast.Call]:
        """All calls."""
        return [node for node in self.nodes(ast.Call) if isinstance(node, ast.Call)]

    @cached_property
    def functions(self) -> list[FunctionNode]:
        """All functions and methods."""
        found = self.nodes(ast.FunctionDef, ast.AsyncFunctionDef)
        return [node for node in found if isinstance(node, FunctionNode)]

    @cached_property
    def top_functions(self) -> dict[str, FunctionNode]:
        """Functions at module level that are defined once, by name."""
        named: dict[str, list[FunctionNode]] = {}
        for node in self.functions:
            if self.parent(node) is self.tree:
                named.setdefault(node.name, []).append(node)
        return {name: nodes[0] for name, nodes in named.items() if len(nodes) == 1 == self.module_bindings[name]}

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node that holds this one; None for the module."""
        return self._index[1].get(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Holders of a node, innermost first."""
        here = self.parent(node)
        while here is not None:
            yield here
            here = self.parent(here)

    def function(self, node: ast.AST) -> FunctionNode | None:
        """The function a node runs in; None at module or class level. Lambdas count as part of their function."""
        inside = node
        for holder in self.ancestors(node):
            if isinstance(holder, FunctionNode):
                if inside in holder.body:
                    return holder
            elif isinstance(holder, ast.ClassDef) and inside in holder.body:
                return None
            inside = holder
        return None

    def qualname(self, node: ast.AST) -> str:
        """Qualified name of the function a node lies in, as profilers spell it; ``<module>`` outside functions."""
        found = self.function(node)
        if found is None:
            return "<module>"
        return self.name_of(found)

    def name_of(self, definition: FunctionNode) -> str:
        """Qualified name of a function."""
        parts = [definition.name]
        for holder in self.ancestors(definition):
            if isinstance(holder, FunctionNode):
                parts += ["<locals>", holder.name]
            elif isinstance(holder, ast.ClassDef):
                parts.append(holder.name)
        return ".".join(reversed(parts))

    def statement(self, node: ast.AST) -> ast.stmt:
        """The statement a node is part of; itself if it is one."""
        here: ast.AST | None = node
        while here is not None and not isinstance(here, ast.stmt):
            here = self.parent(here)
        if here is None:
            raise Refused("the node belongs to no statement")
        return here

    def block(self, statement: ast.stmt) -> list[ast.stmt]:
        """The list of statements a statement stands in."""
        holder = self.parent(statement)
        for name in ("body", "orelse", "finalbody"):
            found = getattr(holder, name, None)
            if isinstance(found, list) and statement in found:
                return found
        return [statement]

    def loop(self, node: ast.AST) -> ast.AST | None:
        """Innermost loop or comprehension that runs a node once a round, within its function; None outside loops."""
        inside = node
        for holder in self.ancestors(node):
            if isinstance(holder, (*SCOPES, ast.ClassDef)):
                return None
            if isinstance(holder, ast.For | ast.AsyncFor) and inside in holder.body:
                return holder
            if isinstance(holder, ast.While) and (inside in holder.body or inside is holder.test):
                return holder
            if isinstance(holder, COMPREHENSIONS) and inside is not holder.generators[0]:
                return holder
            if isinstance(holder, ast.comprehension) and inside is not holder.iter:
                owner = self.parent(holder)
                if isinstance(owner, COMPREHENSIONS) and owner.generators[0] is holder:
                    return owner
            inside = holder
        return None

    def site(self, node: ast.AST, **details: object) -> Site:
        """A site that spans a node's lines."""
        first = getattr(node, "lineno", 1)
        owner = self.name_of(node) if isinstance(node, FunctionNode) else self.qualname(node)
        return Site(node, owner, first, getattr(node, "end_lineno", None) or first, **details)  # type: ignore[arg-type]

    def text(self, node: ast.AST) -> str:
        """Source of a node; comments and line ends inside it are kept."""
        first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if first is None or last is None:
            return ast.unparse(node)
        lines = [line.encode() for line in self._kept_lines[first - 1 : last]]
        lines[-1] = lines[-1][: getattr(node, "end_col_offset", None)]
        lines[0] = lines[0][getattr(node, "col_offset", 0) :]
        return b"".join(lines).decode()

    def used_elsewhere(self, name: str) -> bool:
        """Whether other files mention a name; when nobody looked, a public name counts as used, a private one not."""
        if self._used_elsewhere is None:
            return not name.startswith("_")
        return self._used_elsewhere(name)

    # -- names -------------------------------------------------------------------------------------------------

    @cached_property
    def module_bindings(self) -> Mapping[str, int]:
        """How often each name is bound at module level, ``global`` statements of functions included."""
        counts = count_bindings(self.tree)
        declared = {name for node in self.nodes(ast.Global) for name in getattr(node, "names", ())}
        for function in self.functions:
            for name in declared & set(count_bindings(function)):
                counts[name] = counts.get(name, 0) + 2
        return counts

    @cached_property
    def imports(self) -> Mapping[str, str]:
        """Dotted origin of every name that a module-level import binds, and nothing else does."""
        found: dict[str, str] = {}
        for node in self.nodes(ast.Import, ast.ImportFrom):
            if self.function(node) is not None:
                continue
            if isinstance(node, ast.Import):
                for alias in node.names:
                    bound = alias.asname or alias.name.partition(".")[0]
                    found[bound] = alias.name if alias.asname else bound
            elif isinstance(node, ast.ImportFrom):
                source = "." * node.level + (node.module or "")
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{source}.{alias.name}"
        return {name: origin for name, origin in found.items() if self.module_bindings.get(name) == 1}

    def locals_of(self, function: ast.AST) -> Mapping[str, int]:
        """How often each local name of a function is bound, parameters included."""
        if function not in self._locals:
            self._locals[function] = count_bindings(function)
        return self._locals[function]

    @cached_property
    def _locals(self) -> dict[ast.AST, dict[str, int]]:
        return {}

    def is_local(self, name: str, at: ast.AST) -> bool:
        """Whether a name at a node belongs to a function, lambda, comprehension or class body around it."""
        in_function = False
        for holder in self.ancestors(at):
            if isinstance(holder, SCOPES):
                in_function = True
                if name in self.locals_of(holder):
                    return True
            elif isinstance(holder, COMPREHENSIONS):
                if name in comprehension_names(holder):
                    return True
            elif isinstance(holder, ast.ClassDef) and not in_function and name in self.locals_of(holder):
                return True
        return False

    def dotted(self, node: ast.AST | None) -> str:
        """Where a name comes from: ``re.compile``, ``builtins.sorted``; empty when it is local or not an import."""
        tail: list[str] = []
        while isinstance(node, ast.Attribute):
            tail.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or self.is_local(node.id, node):
            return ""
        origin = self.imports.get(node.id, "")
        if not origin and node.id not in self.module_bindings and hasattr(builtins, node.id):
            origin = f"builtins.{node.id}"
        return ".".join([origin, *reversed(tail)]) if origin else ""

    def called(self, call: ast.AST) -> str:
        """Dotted origin of what a call calls; empty when it is not an import or builtin."""
        return self.dotted(call.func) if isinstance(call, ast.Call) else ""

    @cached_property
    def constants(self) -> Mapping[str, ast.Assign | ast.AnnAssign]:
        """Module-level names that are assigned exactly once, with their assignment."""
        found: dict[str, ast.Assign | ast.AnnAssign] = {}
        for node in self.tree.body:
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                target: ast.expr = node.targets[0]
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                target = node.target
            else:
                continue
            if isinstance(target, ast.Name) and self.module_bindings.get(target.id) == 1:
                found[target.id] = node
        return found

    def constant_value(self, node: ast.AST) -> ast.expr | None:
        """Value a name stands for if it is a module-level constant; None for everything else."""
        if isinstance(node, ast.Name) and not self.is_local(node.id, node):
            assigned = self.constants.get(node.id)
            return assigned.value if assigned is not None else None
        return None

    def uses(self, name: str, within: ast.AST | None = None) -> list[ast.Name]:
        """Every occurrence of a name, bindings included; only below a node if one is given."""
        if within is not None:
            return [use for use in self._names.get(name, []) if use is within or within in self.ancestors(use)]
        return self._names.get(name, [])

    @cached_property
    def _names(self) -> dict[str, list[ast.Name]]:
        found: dict[str, list[ast.Name]] = {}
        for node in self.nodes(ast.Name):
            if isinstance(node, ast.Name):
                found.setdefault(node.id, []).append(node)
        return found


def comprehension_names(node: ast.AST) -> set[str]:
    """Names the ``for`` parts of a comprehension bind."""
    generators = getattr(node, "generators", ())
    return {one.id for part in generators for one in ast.walk(part.target) if isinstance(one, ast.Name)}


def count_bindings(scope: ast.AST) -> dict[str, int]:
    """How often a module, class, function or lambda binds each of its own names."""
    counts: dict[str, int] = {}

    def note(name: str) -> None:
        counts[name] = counts.get(name, 0) + 1

    arguments = getattr(scope, "args", None)
    if isinstance(arguments, ast.arguments):
        for one in parameters(arguments):
            note(one.arg)
    body = getattr(scope, "body", [])
    pending: list[ast.AST] = list(body) if isinstance(body, list) else [body]
    outer: set[str] = set()
    while pending:
        node = pending.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            note(node.name)
            pending += node.decorator_list
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            note(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                note(alias.asname or alias.name.partition(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            note(node.name)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            outer.update(node.names)
        if isinstance(node, COMPREHENSIONS):
            pending += _outside_comprehension(node)
            continue
        pending += ast.iter_child_nodes(node)
    return {name: count for name, count in counts.items() if name not in outer}


def _outside_comprehension(node: ast.AST) -> list[ast.AST]:
    """Assignment expressions inside a comprehension bind in the scope around it; its own names do not."""
    return [one for one in ast.walk(node) if isinstance(one, ast.NamedExpr)]


def parameters(arguments: ast.arguments) -> list[ast.arg]:
    """All parameters, ``*args`` and ``**kwargs`` included."""
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return found + [one for one in (arguments.vararg, arguments.kwarg) if one is not None]
