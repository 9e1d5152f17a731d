"""Edits to a module, made losslessly: what is not edited stays as it was, comments and line ends included.

Rules name nodes of the fast tree and the source that is to stand in their place; LibCST makes the edit, found by
position. The result has to parse, or the edit is refused.
"""

from __future__ import annotations

import ast
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

from effnb.opportunities._module import BOM, FunctionNode, Module
from effnb.opportunities._rule import Refused

TopLevel = cst.SimpleStatementLine | cst.BaseCompoundStatement
Span = tuple[int, int, int, int]
Start = tuple[int, int]


@dataclass
class Edits:
    """A list of edits to one module; ``apply`` makes them all or refuses."""

    module: Module
    replaced: dict[Span, str] = field(default_factory=dict)
    statements: dict[Start, list[str]] = field(default_factory=dict)
    before: dict[Start, list[str]] = field(default_factory=dict)
    after: dict[Start, list[str]] = field(default_factory=dict)
    wrapped: dict[Start, str] = field(default_factory=dict)
    decorated: dict[Start, list[str]] = field(default_factory=dict)
    close: set[Start] = field(default_factory=set)
    """Statements whose new constants follow other constants or imports, one blank line below them."""
    imports: list[str] = field(default_factory=list)

    def replace(self, node: ast.expr, source: str) -> None:
        """Put another expression in the place of one."""
        self.replaced[self._span(node)] = source

    def replace_statement(self, node: ast.stmt, *sources: str) -> None:
        """Put other statements in the place of one; none removes it."""
        self.statements[self._start(node)] = list(sources)

    def insert_before(self, node: ast.stmt, source: str) -> None:
        """Add a statement before one, in its block."""
        self.before.setdefault(self._start(node), []).append(source)

    def insert_after(self, node: ast.stmt, source: str) -> None:
        """Add a statement after one, in its block."""
        self.after.setdefault(self._start(node), []).append(source)

    def wrap(self, node: ast.stmt, header: str) -> None:
        """Move a statement below a header such as ``if x:``."""
        self.wrapped[self._start(node)] = header

    def decorate(self, function: FunctionNode, decorator: str) -> None:
        """Add a decorator on top of those a function has."""
        self.decorated.setdefault(self._start(function), []).append(decorator)

    def redecorate(self, decorator: ast.expr, source: str) -> None:
        """Put another decorator in the place of one."""
        self.replace(decorator, source)

    def import_from(self, source: str, name: str) -> str:
        """The local spelling of ``source.name``; imports it, or its module if the name is taken, unless that is done.

        Raises:
            Refused: Both names mean other things here.
        """
        origin = f"{source}.{name}"
        for bound, dotted in self.module.imports.items():
            if dotted == origin:
                return bound
            if dotted == source and bound:
                return f"{bound}.{name}"
        if name in self._taken:
            return f"{self.import_module(source)}.{name}"
        line = f"from {source} import {name}"
        if line not in self.imports:
            self.imports.append(line)
        return name

    def import_module(self, name: str) -> str:
        """The local spelling of a module; imports it unless it is."""
        for bound, dotted in self.module.imports.items():
            if dotted == name:
                return bound
        if name.partition(".")[0] in self._taken:
            raise Refused(f"the import of {name!r} would clash with another use of that name in the module")
        line = f"import {name}"
        if line not in self.imports:
            self.imports.append(line)
        return name

    def constant(self, wanted: str, source: str, user: ast.AST) -> str:
        """Name of a new module-level constant, defined just before the top-level statement that uses it."""
        name = self.free_name(wanted)
        body = self.module.tree.body
        top = next((node for node in (user, *self.module.ancestors(user)) if node in body), None)
        if not isinstance(top, ast.stmt):
            raise Refused("the use lies in no top-level statement")
        above = body[body.index(top) - 1] if body.index(top) else None
        if not isinstance(above, (FunctionNode, ast.ClassDef, type(None))):
            self.close.add(self._start(top))
        self.before.setdefault(self._start(top), []).append(f"{name} = {source}")
        return name

    def free_name(self, wanted: str) -> str:
        """The wanted name, or it with a number, that nothing in the module has."""
        taken = self._taken | {one.split(" =")[0] for lines in self.before.values() for one in lines}
        candidates = [wanted, *(f"{wanted}_{n}" for n in range(2, 100))]
        return next(one for one in candidates if one not in taken)

    @property
    def _taken(self) -> set[str]:
        words = {node.id for node in self.module.nodes(ast.Name) if isinstance(node, ast.Name)}
        words |= {node.arg for node in self.module.nodes(ast.arg) if isinstance(node, ast.arg)}
        words |= set(self.module.module_bindings) | set(self.module.imports)
        return words | {node.name for node in self.module.functions}

    def _span(self, node: ast.expr) -> Span:
        return (*self._start(node), *self._place(node.end_lineno or node.lineno, node.end_col_offset or 0))

    def _start(self, node: ast.expr | ast.stmt) -> Start:
        return self._place(node.lineno, node.col_offset)

    def _place(self, line: int, column: int) -> Start:
        """Line and column in characters; the fast parser counts bytes."""
        text = self.module.lines[line - 1]
        return line, column if text.isascii() else len(text.encode()[:column].decode())

    def apply(self) -> str:
        """The edited source, with the byte-order mark and line ends it had.

        Raises:
            Refused: An edit did not find its place, or the result does not parse.
        """
        try:
            tree = cst.parse_module(self.module.source)
        except cst.ParserSyntaxError as error:
            raise Refused(f"the lossless parser cannot read {self.module.file}: {error.message}") from error
        wrapper = MetadataWrapper(tree, unsafe_skip_copy=True)
        editor = _Editor(self, wrapper.resolve(PositionProvider), tree.config_for_parsing)
        edited = tree.visit(editor)
        editor.check_complete()
        if self.imports:
            edited = _with_imports(edited, self.imports)
        edited = self._without_idle_imports(edited)
        source = edited.code
        try:
            _parsed(source)
        except SyntaxError as error:
            raise Refused(f"the edit of {self.module.file} would not parse: {error.msg}") from error
        return BOM + source if self.module.original.startswith(BOM) else source

    def _without_idle_imports(self, tree: cst.Module) -> cst.Module:
        """The edited module without the imports whose last use the edit took away."""
        after = {node.id for node in ast.walk(_parsed(tree.code)) if isinstance(node, ast.Name)}
        texts = {node.value for node in self.module.nodes(ast.Constant) if isinstance(node, ast.Constant)}
        idle = {name for name in self.module.imports if self.module.uses(name) and name not in after | texts}
        return tree.with_changes(body=_pruned(tree.body, idle)) if idle else tree


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _pruned(body: Sequence[TopLevel], idle: set[str]) -> list[TopLevel]:
    """Statements without the imports of some names; blank lines above a removed import pass to the next statement."""
    kept: list[TopLevel] = []
    passed: Sequence[cst.EmptyLine] = ()
    for statement in body:
        left = _left(statement, idle)
        if left is None:
            passed = [line for line in getattr(statement, "leading_lines", ()) if line.comment is None]
            continue
        if passed and not getattr(left, "leading_lines", ()):
            left = left.with_changes(leading_lines=passed)
        passed = ()
        kept.append(left)
    if body and kept and body[0] is not kept[0] and not getattr(body[0], "leading_lines", ()):
        first = [line for line in getattr(kept[0], "leading_lines", ()) if line.comment is not None]
        kept[0] = kept[0].with_changes(leading_lines=first)
    return kept


def _left(statement: TopLevel, idle: set[str]) -> TopLevel | None:
    """What is left of an import without some names; other statements as they are."""
    small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1 else None
    if not isinstance(small, (cst.Import, cst.ImportFrom)) or isinstance(small.names, cst.ImportStar):
        return statement
    names = [one for one in small.names if _bound_name(one) not in idle]
    if not names:
        return None
    if len(names) == len(small.names) or getattr(small, "lpar", None) is not None:
        return statement
    names[-1] = names[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
    return statement.with_changes(body=[small.with_changes(names=names)])


def _bound_name(alias: cst.ImportAlias) -> str:
    return alias.evaluated_alias or alias.evaluated_name.partition(".")[0]


class _Editor(cst.CSTTransformer):
    """Makes the edits whose places it comes by, and knows which it did not find."""

    def __init__(self, edits: Edits, positions: object, config: cst.PartialParserConfig) -> None:
        super().__init__()
        self.edits = edits
        self.positions: dict[cst.CSTNode, CodeRange] = dict(positions)  # type: ignore[call-overload]
        self.config = config
        self.open: set[object] = {
            *(("e", span) for span in edits.replaced),
            *(("s", start) for start in edits.statements),
            *(("b", start) for start in edits.before),
            *(("a", start) for start in edits.after),
            *(("w", start) for start in edits.wrapped),
            *(("d", start) for start in edits.decorated),
        }

    def check_complete(self) -> None:
        """Refuse when an edit did not find its place."""
        if self.open:
            raise Refused("an edit did not find its place in the lossless tree; the form is not understood")

    def on_leave(self, original_node: cst.CSTNode, updated_node: cst.CSTNode) -> object:  # type: ignore[override]
        updated: object = super().on_leave(original_node, updated_node)
        where = self.positions.get(original_node)
        if where is None:
            return updated
        start = (where.start.line, where.start.column)
        if isinstance(original_node, cst.BaseExpression):
            return self._expression(updated, (*start, where.end.line, where.end.column))
        if isinstance(original_node, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            return self._statement(updated, start)
        return updated

    def _expression(self, updated: object, span: Span) -> object:
        if ("e", span) not in self.open or not isinstance(updated, cst.BaseExpression):
            return updated
        self.open.discard(("e", span))
        new = cst.parse_expression(self.edits.replaced[span], self.config)
        return new.with_changes(lpar=[*updated.lpar, *new.lpar], rpar=[*new.rpar, *updated.rpar])

    def _statement(self, updated: object, start: Start) -> object:
        if not isinstance(updated, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
            return updated
        edits = self.edits
        body: list[cst.BaseStatement] = [updated]
        if start in edits.decorated and isinstance(updated, cst.FunctionDef):
            self.open.discard(("d", start))
            body = [_decorated(updated, edits.decorated[start])]
        if start in edits.statements:
            self.open.discard(("s", start))
            body = _with_leading(self._parse(edits.statements[start]), updated)
        if start in edits.wrapped:
            self.open.discard(("w", start))
            body = [_wrapped(self._parse([edits.wrapped[start] + "\n    pass\n"])[0], body[0])]
        before = self._parse(edits.before.get(start, []))
        after = self._parse(edits.after.get(start, []))
        self.open.discard(("b", start))
        self.open.discard(("a", start))
        if before:
            body = _with_leading(before, body[0], moved=isinstance(body[0], cst.SimpleStatementLine)) + body
            body = _space_definition(body, len(before), close=start in edits.close)
        body += after
        if body == [updated]:
            return updated
        return cst.FlattenSentinel(body) if body else cst.RemoveFromParent()

    def _parse(self, sources: Sequence[str]) -> list[cst.BaseStatement]:
        found: list[cst.BaseStatement] = []
        for source in sources:
            parsed = cst.parse_statement(source, self.config)
            found.append(parsed)
        return found


def _decorated(function: cst.FunctionDef, names: Sequence[str]) -> cst.FunctionDef:
    """The function with more decorators on top; comments above it stay above them."""
    leading = function.leading_lines
    old = list(function.decorators)
    if old:
        leading = old[0].leading_lines
        old[0] = old[0].with_changes(leading_lines=[])
        first = cst.Decorator(cst.parse_expression(names[0]), leading_lines=leading)
        rest = [cst.Decorator(cst.parse_expression(name)) for name in names[1:]]
        return function.with_changes(decorators=[first, *rest, *old])
    first = cst.Decorator(cst.parse_expression(names[0]), leading_lines=function.lines_after_decorators)
    rest = [cst.Decorator(cst.parse_expression(name)) for name in names[1:]]
    return function.with_changes(decorators=[first, *rest], lines_after_decorators=[])


def _with_leading(new: list[cst.BaseStatement], old: cst.BaseStatement, moved: bool = False) -> list[cst.BaseStatement]:
    """New statements that take over the blank lines and comments above an old one."""
    if not new:
        return new
    lines = getattr(old, "leading_lines", ())
    if moved:
        lines = [line for line in lines if line.comment is None][:1]
    return [new[0].with_changes(leading_lines=lines), *new[1:]]


def _space_definition(body: list[cst.BaseStatement], count: int, *, close: bool) -> list[cst.BaseStatement]:
    """Constants before a definition stand off from it, and from what is above them, by the blank lines it had."""
    follower = body[count]
    if isinstance(follower, cst.SimpleStatementLine):
        stripped = [line for line in follower.leading_lines if line.comment is not None]
        return [*body[:count], follower.with_changes(leading_lines=stripped), *body[count + 1 :]]
    if isinstance(follower, (cst.FunctionDef, cst.ClassDef)):
        blank = [line for line in follower.leading_lines if line.comment is None]
        above = blank[:1] if close else blank
        return [body[0].with_changes(leading_lines=above or [cst.EmptyLine(indent=False)]), *body[1:]]
    return body


def _wrapped(header: cst.BaseStatement, body: cst.BaseStatement) -> cst.BaseStatement:
    """The statement below a header, which takes over what stood above it."""
    leading = getattr(body, "leading_lines", ())
    inner = cst.IndentedBlock([body.with_changes(leading_lines=[])])
    return header.with_changes(body=inner, leading_lines=leading)


def _with_imports(tree: cst.Module, lines: Sequence[str]) -> cst.Module:
    """The module with further imports, each where a sorted head has it."""
    for line in lines:
        tree = tree.with_changes(body=_with_import(list(tree.body), line, tree.config_for_parsing))
    return tree


def _with_import(body: list[TopLevel], line: str, config: cst.PartialParserConfig) -> list[TopLevel]:
    new = cst.ensure_type(cst.parse_statement(line, config), cst.SimpleStatementLine)
    key = _import_key(new)
    place, begins = 1 if body and _is_docstring(body[0]) else 0, True
    for i, statement in enumerate(body):
        if not _is_import(statement):
            if i > 0 or not _is_docstring(statement):
                break
            continue
        here = _import_key(cst.ensure_type(statement, cst.SimpleStatementLine))
        if here[:3] == key[:3] and (merged := _merged(statement, new)) is not None:
            return [*body[:i], merged, *body[i + 1 :]]
        if here > key:
            break
        place, begins = i + 1, here[0] != key[0]
    follower = body[place] if place < len(body) else None
    blank = [cst.EmptyLine(indent=False)]
    if follower is not None and _is_import(follower):
        same = _import_key(cst.ensure_type(follower, cst.SimpleStatementLine))[0] == key[0]
        if same:
            new = new.with_changes(leading_lines=follower.leading_lines)
            follower = follower.with_changes(leading_lines=[])
        else:
            new = new.with_changes(leading_lines=blank if place and begins else ())
            follower = _apart(follower, 1)
        return [*body[:place], new, follower, *body[place + 1 :]]
    if place and begins:
        new = new.with_changes(leading_lines=blank)
    rest = list(body[place:])
    if rest:
        rest[0] = _apart(rest[0], 2 if isinstance(rest[0], (cst.FunctionDef, cst.ClassDef)) else 1)
    return [*body[:place], new, *rest]


def _apart(statement: TopLevel, lines: int) -> TopLevel:
    """The statement with at least some blank lines above it."""
    leading = list(statement.leading_lines)
    blank = next((i for i, line in enumerate(leading) if line.comment is not None), len(leading))
    missing = [cst.EmptyLine(indent=False)] * max(0, lines - blank)
    return statement.with_changes(leading_lines=[*missing, *leading])


def _import_key(statement: cst.SimpleStatementLine) -> tuple[int, bool, str]:
    """Section (future, standard library, others), ``from`` after ``import``, module."""
    small = statement.body[0]
    if isinstance(small, cst.ImportFrom):
        name = "." * len(small.relative) + (_code(small.module) if small.module else "")
    else:
        name = _code(cst.ensure_type(small, cst.Import).names[0].name)
    top = name.partition(".")[0]
    section = 0 if top == "__future__" else 1 if top in sys.stdlib_module_names else 2
    return section, isinstance(small, cst.ImportFrom), name.lower()


def _merged(
    statement: cst.SimpleStatementLine | cst.BaseCompoundStatement, new: cst.SimpleStatementLine
) -> cst.SimpleStatementLine | None:
    """An existing ``from x import a`` with the new name among its own; None when they do not go together."""
    old = cst.ensure_type(statement, cst.SimpleStatementLine).body[0]
    added = new.body[0]
    if not isinstance(old, cst.ImportFrom) or not isinstance(added, cst.ImportFrom):
        return None
    if isinstance(old.names, cst.ImportStar) or isinstance(added.names, cst.ImportStar) or old.lpar is not None:
        return None
    names = [one.with_changes(comma=cst.MaybeSentinel.DEFAULT) for one in (*old.names, *added.names)]
    names.sort(key=lambda one: (not _code(one.name).isupper(), not _code(one.name)[0].isupper(), _code(one.name)))
    return cst.ensure_type(statement, cst.SimpleStatementLine).with_changes(body=[old.with_changes(names=names)])


def _code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _is_import(statement: cst.BaseStatement | cst.SimpleStatementLine) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and all(
        isinstance(small, (cst.Import, cst.ImportFrom)) for small in statement.body
    )


def _is_docstring(statement: cst.BaseStatement | cst.SimpleStatementLine) -> bool:
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(statement.body[0], cst.Expr)
        and isinstance(statement.body[0].value, (cst.SimpleString, cst.ConcatenatedString))
    )
