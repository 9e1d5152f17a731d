"""Patterns in Go, Java, JavaScript, TypeScript, C++ and Rust, by ast-grep rules: found, never mended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

Config = dict[str, Any]


@dataclass(frozen=True)
class Hit:
    """One place in a file of another language."""

    pattern: str
    title: str
    function: str
    """Name of the function around it; empty outside functions."""
    line: int
    last_line: int
    text: str


@dataclass(frozen=True)
class ForeignRule:
    """An ast-grep rule with the words a file must hold to be parsed for it."""

    pattern: str
    title: str
    words: tuple[str, ...]
    rule: Config


def _inside(kinds: list[str], stop: list[str]) -> Config:
    """Inside one of these nodes, not looking beyond the nearest function."""
    return {"inside": {"any": [{"kind": kind} for kind in kinds], "stopBy": {"any": [{"kind": one} for one in stop]}}}


GO_FUNCTIONS = ["function_declaration", "method_declaration", "func_literal"]
JAVA_FUNCTIONS = ["method_declaration", "constructor_declaration", "lambda_expression"]
JS_FUNCTIONS = ["function_declaration", "method_definition", "arrow_function", "function_expression"]
CPP_FUNCTIONS = ["function_definition", "lambda_expression"]
RUST_FUNCTIONS = ["function_item", "closure_expression"]
JAVA_LOOPS = ["for_statement", "enhanced_for_statement", "while_statement", "do_statement"]
JS_LOOPS = ["for_statement", "for_in_statement", "while_statement", "do_statement"]
CPP_LOOPS = ["for_statement", "for_range_loop", "while_statement", "do_statement"]
RUST_LOOPS = ["for_expression", "while_expression", "loop_expression"]


def _in_function(functions: list[str]) -> Config:
    return {"inside": {"any": [{"kind": kind} for kind in functions], "stopBy": "end"}}


def _call(kind: str, regex: str) -> Config:
    return {"kind": kind, "regex": regex}


REGEX_TITLE = "A constant regular expression is compiled in every call"
RULES: Mapping[str, tuple[ForeignRule, ...]] = {
    "go": (
        ForeignRule(
            "go-regexp-per-call",
            REGEX_TITLE,
            ("regexp.",),
            {
                "all": [
                    _call("call_expression", r'^regexp\.(Must)?Compile(POSIX)?\([`"]'),
                    _in_function(GO_FUNCTIONS[:2]),
                ]
            },
        ),
        ForeignRule(
            "go-string-building",
            "A string is built piece by piece in a loop",
            ("+=",),
            {
                "all": [
                    {"kind": "assignment_statement", "regex": r'^\w+ \+= .*["`]'},
                    _inside(["for_statement"], GO_FUNCTIONS),
                ]
            },
        ),
        ForeignRule(
            "go-defer-in-loop",
            "A deferred call in a loop waits for the function to end",
            ("defer ",),
            {"all": [{"kind": "defer_statement"}, _inside(["for_statement"], GO_FUNCTIONS)]},
        ),
    ),
    "java": (
        ForeignRule(
            "java-pattern-per-call",
            REGEX_TITLE,
            ("Pattern.compile",),
            {"all": [_call("method_invocation", r'^Pattern\.compile\("'), _in_function(JAVA_FUNCTIONS[:2])]},
        ),
        ForeignRule(
            "java-string-building",
            "A string is built piece by piece in a loop",
            ("+=",),
            {
                "all": [
                    {"kind": "assignment_expression", "regex": r'\+=[^=]*"'},
                    _inside(JAVA_LOOPS, JAVA_FUNCTIONS),
                ]
            },
        ),
    ),
    "javascript": (
        ForeignRule(
            "js-await-in-loop",
            "Calls are awaited one after the other in a loop",
            ("await ",),
            {
                "all": [
                    {"kind": "await_expression"},
                    _inside(JS_LOOPS, JS_FUNCTIONS),
                    {"not": {"inside": {"kind": "for_in_statement", "field": "right", "stopBy": "neighbor"}}},
                ]
            },
        ),
        ForeignRule(
            "js-json-in-loop",
            "JSON is parsed or written in every round of a loop",
            ("JSON.",),
            {
                "all": [
                    _call("call_expression", r"^JSON\.(parse|stringify)\("),
                    _inside(JS_LOOPS, JS_FUNCTIONS),
                ]
            },
        ),
        ForeignRule(
            "js-regexp-per-call",
            REGEX_TITLE,
            ("RegExp(",),
            {"all": [_call("new_expression", r"""^new RegExp\(["']"""), _in_function(JS_FUNCTIONS)]},
        ),
    ),
    "cpp": (
        ForeignRule(
            "cpp-push-back-without-reserve",
            "A vector grows in a loop without room reserved for it",
            ("push_back", "emplace_back"),
            {
                "all": [
                    _call("call_expression", r"^\w+(\.|->)(push_back|emplace_back)\("),
                    _inside(["for_statement", "for_range_loop"], CPP_FUNCTIONS),
                    {"not": {"inside": {"kind": "function_definition", "regex": r"\breserve\s*\(", "stopBy": "end"}}},
                ]
            },
        ),
        ForeignRule(
            "cpp-regex-per-call",
            REGEX_TITLE,
            ("std::regex",),
            {
                "all": [
                    {"kind": "declaration", "regex": r'^(const )?std::regex \w+[({]\s*R?"'},
                    _in_function(CPP_FUNCTIONS),
                ]
            },
        ),
    ),
    "rust": (
        ForeignRule(
            "rust-regex-per-call",
            REGEX_TITLE,
            ("Regex::new",),
            {
                "all": [
                    _call("call_expression", r'^Regex::new\(r?#*"'),
                    {"has": {"field": "function", "regex": "^Regex::new$"}},
                    _in_function(RUST_FUNCTIONS[:1]),
                    {"not": {"inside": {"any": [{"kind": "static_item"}, {"kind": "const_item"}], "stopBy": "end"}}},
                ]
            },
        ),
        ForeignRule(
            "rust-clone-in-loop",
            "A value is cloned in every round of a loop",
            (".clone()",),
            {"all": [_call("call_expression", r"^[\w.]+\.clone\(\)$"), _inside(RUST_LOOPS, RUST_FUNCTIONS)]},
        ),
    ),
}
ALIKE = {"typescript": "javascript", "tsx": "javascript"}
FUNCTIONS = {*GO_FUNCTIONS, *JAVA_FUNCTIONS, *JS_FUNCTIONS, *CPP_FUNCTIONS, *RUST_FUNCTIONS}


def find_foreign(text: str, language: str) -> list[Hit]:
    """Places in a file of another language, in order; empty for languages without rules."""
    rules = [one for one in RULES.get(ALIKE.get(language, language), ()) if any(word in text for word in one.words)]
    if not rules:
        return []
    root = _parse(text, language)
    hits = [_hit(one, node) for one in rules for node in root.find_all({"rule": one.rule})]
    return sorted(hits, key=lambda hit: (hit.line, hit.pattern))


def _parse(text: str, language: str) -> Any:
    return _root_class()(text, language).root()


@cache
def _root_class() -> Any:
    from ast_grep_py import SgRoot  # a compiled parser of many languages, loaded when a file needs it

    return SgRoot


def _hit(rule: ForeignRule, node: Any) -> Hit:
    span = node.range()
    return Hit(rule.pattern, rule.title, _function(node), span.start.line + 1, span.end.line + 1, str(node.text()))


def _function(node: Any) -> str:
    """Name of the nearest named function around a node."""
    for holder in node.ancestors():
        if holder.kind() in FUNCTIONS:
            name = holder.field("name") or _declared(holder)
            if name is not None:
                return str(name.text()).partition("(")[0].strip()
    return ""


def _declared(holder: Any) -> Any:
    """The name in the declarator of a C++ function, or of the variable an arrow function is assigned to."""
    declarator = holder.field("declarator")
    while declarator is not None and declarator.field("declarator") is not None:
        declarator = declarator.field("declarator")
    if declarator is not None:
        return declarator
    parent = holder.parent()
    return parent.field("name") if parent is not None and parent.kind() == "variable_declarator" else None
