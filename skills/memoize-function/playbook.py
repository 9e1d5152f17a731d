"""Steps of memoize-function: SKILL.md as a function of the opportunity and of what the tools return."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from effnb.domain import Opportunity, Resolution
from effnb.skills import Account, Call, OpportunityInputs, Pattern, Site, cite, doubt_of, is_cached, resolved

MIN_REPEATS = 0.1
"""Of arguments that repeat less often a cache keeps much and finds little; a look-up costs about a twentieth."""
PROPERTY = "property-recomputed"
ALIASING = "A result that its caller changes does not come back changed."
PATTERNS = {
    "unmemoised-pure-function": Pattern(
        looks=r"^\s*def ",
        remedy="Remember results with a bounded `lru_cache`",
        verify=(ALIASING, "Memory with a full cache.", "The share of calls that find their result."),
        callees=("",),
    ),
    "costly-no-argument-function": Pattern(
        looks=r"^\s*def \w+\(\)",
        remedy="Compute the result once, with `cache`",
        verify=(ALIASING, "Tests that depend on it being computed again clear the cache."),
        callees=("",),
    ),
    PROPERTY: Pattern(
        looks=r"^\s*@(?:\w+\.)*(?:property|cached_property)\b",
        remedy="Compute the value once an object, with `cached_property`",
        verify=(ALIASING, "No other module sets the attributes it reads."),
        callees=("",),
    ),
}


def playbook(inputs: OpportunityInputs) -> Generator[Call, Any, Resolution]:
    """From an opportunity's id to a proved cache, or to the reason against one."""
    return (yield from resolved(inputs, PATTERNS, _repeats, _unsafe))


def _repeats(account: Account, found: Opportunity) -> Resolution | None:
    """The conclusion when arguments hardly repeat; a gap when nobody recorded them."""
    if found.pattern != "unmemoised-pure-function":
        return None
    if found.repeat_rate is None:
        account.gaps.append(f"repeats: nobody recorded the arguments of {found.function}, so only the gate can tell")
        return None
    if found.repeat_rate >= MIN_REPEATS:
        return None
    summary = (
        f"Of the recorded calls of {found.function} {100 * found.repeat_rate:.1f} % repeat earlier arguments: a cache "
        "would be filled and not asked."
    )
    return account.end("not_found", summary, f"Dismiss {found.id} with this reason, or make its work cheaper.")


def _unsafe(account: Account, site: Site) -> Resolution | None:
    """The conclusion when it remembers already, or its text gives a reason why it must not."""
    source, function = site.source, site.found.function
    if is_cached(source):
        account.claim(
            f"At {source.revision[:12]} {function} is decorated with a cache.",
            cite("source", source, "revision"),
            cite("source", source, "source"),
        )
        summary = f"{function} remembers its results already."
        return account.end("not_found", summary, "See why its share is high: keys that differ, or a size too small.")
    doubt = doubt_of(source, of_object=site.found.pattern == PROPERTY)
    if doubt is None:
        return None
    account.claim(f"{function} {doubt}.", cite("source", source, "source"))
    summary = f"{function} must not be remembered as it stands: it {doubt}."
    step = f"Ask {site.asked} whether that can become part of the key, or expire."
    return account.end("needs_person", summary, step)
