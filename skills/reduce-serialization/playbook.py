"""Steps of reduce-serialization: SKILL.md as a function of the opportunity and of what the tools return."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from effnb.domain import Resolution
from effnb.skills import Call, OpportunityInputs, Pattern, resolved

PATTERNS = {
    "deepcopy-of-literal": Pattern(
        looks=r"\bdeepcopy\(",
        remedy="Build the record from its template directly",
        verify=("A record that is changed in depth changes neither the template nor the next record.",),
        callees=("copy:",),
        own_code=False,
    ),
    "maximum-compression-level": Pattern(
        looks=r"\bcompress\w*\(|\b(?:GzipFile|ZipFile)\(|\bgzip\.open\(",
        remedy="Compress at the usual level",
        verify=("The size of the output over a day.", "Nobody compares packed bytes or their checksum."),
        callees=("gzip", "zlib", "zipfile", "brotli"),
    ),
    "repeated-serialisation": Pattern(
        looks=r"\b(?:dumps|dump|safe_dump|encode)\(",
        remedy="Encode the value once",
        verify=("Nothing changes the value between the places that encode it.",),
        callees=("json", "pickle", "marshal", "yaml", "msgspec"),
    ),
}


def playbook(inputs: OpportunityInputs) -> Generator[Call, Any, Resolution]:
    """From an opportunity's id to fewer or cheaper encodings, proved, or to the reason against them."""
    return (yield from resolved(inputs, PATTERNS))
