"""Steps of hoist-loop-invariant: SKILL.md as a function of the opportunity and of what the tools return."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from effnb.domain import Resolution
from effnb.skills import Call, OpportunityInputs, Pattern, resolved

IN_LOOP = r"(?s)(?=.*\b(?:for|while)\b)"
REGEX = ("re:", "re.", "sre_")
NO_ROUND = "No round at all, and input for which the moved call raises."
SHARED = "No round changes the object that all rounds now share."
PATTERNS = {
    "constant-regex-per-call": Pattern(
        looks=r"\b(?:compile|match|fullmatch|search|findall|finditer|split|subn?)\(",
        remedy="Compile the constant pattern once, at import",
        verify=("The time to import the module.",),
        callees=REGEX,
        own_code=False,
    ),
    "constant-object-per-call": Pattern(
        looks=r"\b(?:Struct|Template|TypeAdapter|JSON(?:En|De)coder|itemgetter|attrgetter|ZoneInfo|Context|"
        r"(?:En|De)coder|Formatter)\b",
        remedy="Build the stateless object once, at import",
        verify=("The time to import the module.",),
        callees=("struct", "string", "pydantic", "jinja2", "json", "operator", "zoneinfo", "decimal", "msgspec"),
    ),
    "regex-in-loop": Pattern(
        looks=IN_LOOP + r".*\bcompile\(",
        remedy="Compile the pattern before the loop",
        verify=(NO_ROUND,),
        callees=REGEX,
        own_code=False,
    ),
    "loop-invariant-parse": Pattern(
        looks=IN_LOOP + r".*\b(?:loads|literal_eval|strptime|fromisoformat|safe_load|Decimal|Fraction|UUID)\(",
        remedy="Parse the text once, before the loop",
        verify=(NO_ROUND, SHARED),
        callees=("json", "ast", "tomllib", "yaml", "_strptime", "datetime", "decimal", "fractions", "uuid"),
    ),
    "loop-invariant-call": Pattern(
        looks=IN_LOOP + r".*\b(?:sorted|set|frozenset|sum|max|min|tuple|list|dict)\(",
        remedy="Compute the collection's result once, before the loop",
        verify=(NO_ROUND, SHARED),
    ),
    "repeated-read": Pattern(
        looks=IN_LOOP + r".*\b(?:read_text|read_bytes|open)\(",
        remedy="Read the file once, before the loop",
        verify=(NO_ROUND, "Nobody writes the file while the loop runs."),
        callees=("pathlib", "codecs", "io"),
    ),
}


def playbook(inputs: OpportunityInputs) -> Generator[Call, Any, Resolution]:
    """From an opportunity's id to a proved move out of the loop or call, or to the reason against one."""
    return (yield from resolved(inputs, PATTERNS))
