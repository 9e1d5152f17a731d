"""From a cost to a proved fix: opportunities, fixes, and what the gate found out about them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from effnb.domain._base import Noun, Utc

Risk = Literal["low", "medium", "high"]
Verdict = Literal[
    "verified",
    "gain_unproven",
    "underpowered",
    "rejected",
    "refused",
    "needs_review",
    "infrastructure_failed",
    "not_run",
]


class Interval(Noun):
    """An estimate with its 95 % interval."""

    value: float
    """Best estimate."""
    low: float
    """Lower end."""
    high: float
    """Upper end."""


class Opportunity(Noun):
    """Code that could be cheaper: where, by which pattern, what it costs and what a fix may save."""

    id: str
    """Stable identifier, from pattern, function and the text of the site."""
    pattern: str
    """Rule that found it, e.g. ``list-membership``."""
    title: str
    """What is wrong, in one line."""
    skill: str = ""
    """Skill that resolves it."""
    file: str
    """Path relative to the scanned folder."""
    function: str
    """``module:qualname``; ``module:<module>`` outside functions."""
    line: int = Field(ge=1)
    """First line of the site."""
    last_line: int = Field(ge=1)
    """Last line of the site."""
    confidence: Risk
    """How sure the static signature is."""
    risk: Risk
    """What the fix may break."""
    fixable: bool
    """Whether the rule can write the fix."""
    refusal: str = ""
    """Why it cannot."""
    language: str = "python"
    """Language of the file; only Python is mended."""
    in_tests: bool = False
    """Whether it lies in test code, which costs no fleet anything."""
    note: str = ""
    """What the scan saw at this site."""
    service: str | None = None
    """Service the cost was measured in; null without a profile."""
    cost: float | None = None
    """gCPU of the function in that service; null without a profile."""
    cores: float | None = None
    """The same in servers' worth of CPU; null when the number of servers is unknown."""
    expected_saving: Interval | None = None
    """Share of the service's CPU a fix may save; null without a profile."""
    saving_basis: str = ""
    """How the saving was estimated: which samples, and which measured ratio."""
    repeat_rate: float | None = None
    """Share of recorded calls whose arguments had been seen before; null without recorded arguments."""
    criteria: tuple[str, ...] = ()
    """What a fix has to satisfy."""
    workload: str | None = None
    """Recorded workload it can be replayed with."""
    examples: tuple[str, ...] = ()
    """Ids of fixes of the same pattern that were resolved before."""
    owner: str | None = None
    """Who answers for the code."""
    dismissed: str | None = None
    """Reason why a person let it stand; null when nobody did."""


class ScanRecord(Noun):
    """What the newest scan of a workspace's code read and which opportunities it left standing."""

    ids: tuple[str, ...] = ()
    """Standing opportunities, the largest saving first."""
    searched: str
    """What was read and what was left out."""


class Fix(Noun):
    """A change that removes a cost, against a known base."""

    id: str
    """Stable identifier, from base, diff and subject."""
    kind: Literal["code", "config", "flag"]
    """What it edits."""
    title: str
    """What it does, in the imperative."""
    pattern: str
    """Rule it comes from; ``model`` when a language model wrote it."""
    subject: str
    """Id of the opportunity or regression it is for."""
    service: str | None = None
    """Service it is to relieve."""
    function: str
    """Target, ``module:qualname``."""
    base: str
    """Commit the diff applies to; empty outside git."""
    diff: str
    """Unified diff with paths relative to the repository's root, ``a/`` and ``b/`` prefixed."""
    made_by: str
    """Rule and version, or the model's label."""
    rationale: str = ""
    """Why it is right, in a few sentences."""
    narrows: str = ""
    """Inputs for which behaviour changes on purpose; empty when none."""
    risk: Risk = "low"
    """What it may break."""
    reviewer: str | None = None
    """Author of the cause, where one was confirmed."""
    cause: str | None = None
    """Change id of the cause it mends; null for standing opportunities."""


class Check(Noun):
    """One check of the gate."""

    name: str
    """``parse``, ``style``, ``target``, ``tests``, ``behaviour``, ``memory``, ``speed``, ``reprofile`` …"""
    outcome: Literal["passed", "failed", "skipped", "not_run", "broken"]
    """Whether it held; ``skipped`` does not apply here, ``not_run`` came after a failure, ``broken`` could not run."""
    detail: str
    """What was measured, with numbers."""
    seconds: float = Field(default=0.0, ge=0)
    """How long it took."""
    counter_example: str = ""
    """The input that refuted it."""


class Verification(Noun):
    """Everything the gate found out about a fix, and one verdict."""

    fix: str
    """Id of the fix."""
    verdict: Verdict
    """The outcome."""
    reason: str
    """Why, in one sentence with numbers."""
    checks: tuple[Check, ...] = ()
    """Every check, in the order they run."""
    speedup: Interval | None = None
    """Old over new CPU time of the target; above 1 is faster."""
    control: Interval | None = None
    """The same for a copy of the old code (A/A)."""
    saved_share: Interval | None = None
    """Share of the service's CPU it saves; null without a profile."""
    tests: int = Field(default=0, ge=0)
    """Tests that cover the changed lines."""
    examples: int = Field(default=0, ge=0)
    """Distinct inputs on which old and new were compared."""
    workload: str | None = None
    """Workload it was measured with."""
    similarity: float | None = None
    """Cosine of the replay's profile with the recorded one."""
    sandbox: str = ""
    """What kept the candidate in."""
    at: Utc
    """When it was measured."""
    seconds: float = Field(default=0.0, ge=0)
    """How long all of it took."""
