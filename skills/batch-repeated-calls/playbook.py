"""Steps of batch-repeated-calls: SKILL.md as a function of the opportunity and of what the tools return."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Any

from effnb.domain import Resolution
from effnb.skills import Account, Call, OpportunityInputs, Pattern, Site, cite, resolved

PATTERNS = {
    "session-per-call": Pattern(
        looks=r"(?s)(?=.*\b(?:for|while)\b).*\b(?:requests|httpx|boto3|PoolManager|(?:Strict)?Redis|MongoClient|"
        r"HTTPSConnection|Session|Client)\b",
        remedy="Make one session before the loop and send all its calls through it",
        verify=(
            "Connections and calls, counted by a test server: fewer of the first, as many of the second.",
            "No cookie or credential of one call reaches another.",
            "One call that fails leaves the others as they were.",
        ),
        callees=("requests", "httpx", "httpcore", "urllib3", "ssl", "socket", "boto", "redis", "pymongo", "http"),
    ),
}
CREDENTIALS = re.compile(r"\b(?:auth|cookies|cert)\s*=|[\"']Authorization[\"']|[\"']Cookie[\"']")


def playbook(inputs: OpportunityInputs) -> Generator[Call, Any, Resolution]:
    """From an opportunity's id to one proved session, or to the reason against it."""
    return (yield from resolved(inputs, PATTERNS, inspect=_signed))


def _signed(account: Account, site: Site) -> Resolution | None:
    """The conclusion when calls carry credentials, which one session could carry over."""
    line = next((one.strip() for one in site.source.source.splitlines() if CREDENTIALS.search(one)), None)
    if line is None or not site.found.fixable:
        return None
    account.claim(f"{site.found.function} signs its calls: `{line}`.", cite("source", site.source, "source"))
    summary = f"Calls of {site.found.function} carry credentials (`{line}`), which one session could mix up."
    step = f"Ask {site.asked} whether all of them sign in as the same user; then edit by hand, and verify."
    return account.end("needs_person", summary, step, proposal=site.proposal)
