"""One regression told whole: history, profiles, rollouts, changes, cause; and a session that can be investigated.

Kept apart from the detector and the store, so that what is drawn and shown is tested on values known here.
"""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from effnb.agent import Run, start_run
from effnb.domain import (
    Candidate,
    Change,
    ChangePoint,
    FunctionDelta,
    Listing,
    Metric,
    ProfileDiff,
    Regression,
    Rollout,
    RootCause,
    Series,
    Window,
)
from effnb.errors import NotEnoughData, NotFound
from effnb.settings import Settings
from effnb.skills import load_skill
from effnb.store import Approvals, AuditLog
from effnb.store._state import State
from effnb.tools import Toolbox, tool

START = datetime(2026, 10, 19, tzinfo=UTC)
HOUR = timedelta(hours=1)
SINCE = START + 249 * HOUR
END = START + 336 * HOUR
WINDOW = Window(start=START, end=END)
STEP = 1800
SERVICE, FUNCTION = "storefront", "storefront.pricing.tax:rate_for"
GUILTY = "9f2c41d07be3a5f60c1188d2e4b7a9035566778a"
HOSTILE = [
    "<script>window.hacked=1</script>",
    '"><img src=x onerror="window.hacked=1">',
    "</script><script>window.hacked=1</script>",
    "javascript:window.hacked=1",
    "' onmouseover='window.hacked=1",
    "<svg/onload=window.hacked=1>",
    "<iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "{{constructor.constructor('window.hacked=1')()}}",
    "\\u003cscript\\u003ewindow.hacked=1",
    "<!--<script>window.hacked=1//-->",
]


def history(*, gap: bool = True, function: str = FUNCTION, step: int = STEP) -> Series:
    """Two weeks at 8.12 %, then 10.64 % of samples, with a gap of fifteen buckets."""
    random = np.random.default_rng(7)
    buckets = int((END - START).total_seconds() // step)
    level = np.where(np.arange(buckets) < (SINCE - START).total_seconds() / step, 0.0812, 0.1064)
    counts = (1600 + 600 * np.sin(np.arange(buckets) * step / 86400 * 2 * np.pi)).astype(int)
    shares = random.binomial(counts, level) / counts
    values = tuple(None if gap and 200 <= at < 215 else float(share) for at, share in enumerate(shares))
    return Series(
        metric=Metric(name="gcpu", unit="share of samples"),
        labels={"service": SERVICE, "function": function, "source": "storefront demo, resampled"},
        start=START,
        step_seconds=step,
        values=values,
        counts=tuple(int(count) for count in counts),
    )


def regression(
    name: str = "r-1",
    *,
    kind: str = "regression",
    service: str = SERVICE,
    function: str = FUNCTION,
    delta: float = 0.0252,
    since: datetime = SINCE,
) -> Regression:
    return Regression(
        id=name,
        service=service,
        function=function,
        kind=kind,
        change_point=ChangePoint(at=since, earliest=since - HOUR, latest=since + HOUR),
        baseline=Window(start=START, end=since),
        analysis=Window(start=since, end=since + 48 * HOUR),
        before=0.0812,
        after=0.0812 + delta,
        absolute_delta=delta,
        relative_delta=delta / 0.0812,
        low=delta - 0.0019,
        high=delta + 0.0019,
        service_delta=delta,
        carriers=("storefront.web.handlers:CheckoutHandler.post", "storefront.pricing.cart:total"),
    )


def rollouts() -> tuple[Rollout, ...]:
    versions = {2: "1" * 40, 6: "2" * 40, 10: GUILTY, 12: "4" * 40}
    return tuple(
        Rollout(
            id=f"{day}-{group}",
            service=SERVICE,
            host_group=group,
            version=version,
            started_at=START + (24 * day + 8 + late) * HOUR,
            finished_at=START + (24 * day + 11 + late) * HOUR,
        )
        for day, version in versions.items()
        for group, late in (("canary", 0), ("eu", 3), ("us", 6))
    )


def changes() -> tuple[Change, ...]:
    config = Change(
        id="config:cache.ttl", kind="config", title="Lower the cache's time to live", author="ops@example.org",
        at=START + 192 * HOUR, key="cache.ttl", old="300", new="60",
    )  # fmt: skip
    code = Change(
        id=GUILTY, kind="code", title="Look tax rates up per line item", author="dana@example.org",
        at=SINCE - 20 * HOUR, service=SERVICE,
    )  # fmt: skip
    return (code, config)


def diff(names: list[str] | None = None) -> ProfileDiff:
    deltas = [0.0252, 0.0249, 0.011, -0.0093, 0.0061, -0.004, 0.0012, -0.0009, 0.0007, 0.0001]
    names = names or [
        FUNCTION, "storefront.pricing.cart:total", "json.encoder:JSONEncoder.encode",
        "storefront.web.handlers:CheckoutHandler.post", "re:compile", "storefront.catalog.search:rank",
        "sqlalchemy.engine.cursor:CursorResult.fetchall", "gc", "storefront.util:Memo.get", "storefront.log:write",
    ]  # fmt: skip
    rows = tuple(
        FunctionDelta(
            function=name, before=0.09 - at * 0.006, after=0.09 - at * 0.006 + delta, delta=delta,
            low=delta - 0.0018, high=delta + 0.0018, self_before=0.01, self_after=0.01 + delta / 2,
        )
        for at, (name, delta) in enumerate(zip(names, deltas, strict=False))
    )  # fmt: skip
    return ProfileDiff(
        before="storefront, baseline", after="storefront, analysis", unit="samples",
        total_before=184_233, total_after=51_020, rows=rows, functions=412,
    )  # fmt: skip


def cause(*, named: bool = True, titles: list[str] | None = None) -> RootCause:
    titles = titles or ["Look tax rates up per line item", "Lower the cache's time to live", "Log the cart's size"]
    factors = [(0.97, 0.94), (0.41, 0.32), (0.18, 0.9)]
    ids = [GUILTY, "config:cache.ttl", "3" * 40]
    candidates = tuple(
        Candidate(
            change_id=change, kind="config" if change.startswith("config") else "code", title=title,
            author="dana@example.org", reached_at=SINCE - HOUR, score=share * timing, attribution=share, timing=timing,
            functions=(FUNCTION,), reasons=(f"{share:.0%} of the rise lies in stacks it touches",),
        )
        for change, title, (share, timing) in zip(ids, titles, factors, strict=False)
    )  # fmt: skip
    return RootCause(
        change_id=GUILTY if named else None,
        score=candidates[0].score if named else None,
        reason="It touches 97 % of the rise and arrived with it on all three host groups; the next best scores 0.16."
        if named
        else "The two best candidates arrived together and touch the same stacks.",
        candidates=candidates,
    )


@tool(source="detector")
def describe_regression(workspace: object, regression: str) -> Regression:
    """What got worse."""
    return regression_by_id(regression)


@tool(source="store")
def function_history(workspace: object, service: str, function: str) -> Series:
    """Share of samples over time."""
    return history(function=function)


@tool(source="store")
def diff_profiles(workspace: object, service: str, before: Window, after: Window, top: int = 10) -> ProfileDiff:
    """Difference of two windows."""
    if top < 1:
        raise NotEnoughData("no rows were asked for; give top of at least 1")
    found = diff()
    return found.model_copy(update={"rows": found.rows[:top]})


@tool(source="deploys")
def rollout_status(workspace: object, service: str, start: datetime, end: datetime) -> Listing[Rollout]:
    """Arrivals of versions."""
    return Listing[Rollout](rows=rollouts(), searched=f"{service}", total=len(rollouts()))


@tool(source="ledger")
def budget_of(workspace: object, service: str) -> Listing[Change]:
    """A tool that fails."""
    raise NotFound(f"no budget is recorded for {service}; record one")


@tool(source="root cause")
def rank_causes(workspace: object, regression: str) -> RootCause:
    """Ranked causes."""
    return cause()


TOOLS = [describe_regression, function_history, diff_profiles, rollout_status, budget_of, rank_causes]
PLAYBOOK = '''
from __future__ import annotations
from collections.abc import Generator
from typing import Any
from effnb.domain import Finding, Listing, Noun, ProfileDiff, Regression, Resolution, Rollout, RootCause, Series, Window
from effnb.domain import Change
from effnb.skills import Call, StepFailed, cite, step


class Inputs(Noun):
    """What it takes."""

    regression: str
    """Regression."""
    baseline: Window | None = None
    """Other baseline."""
    analysis: Window | None = None
    """Other analysis window."""


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    gaps = []
    found = yield from step("what_changed", "What got worse, by how much, since when?").call(
        "describe_regression", Regression, regression=inputs.regression)
    try:
        yield from step("history", "Is it a step, and does it last?").call(
            "function_history", Series, service=found.service, function=found.function)
    except StepFailed as failed:
        gaps.append(f"history: {failed}")
    yield from step("where", "Which functions carry the rise?").call(
        "diff_profiles", ProfileDiff, service=found.service, before=inputs.baseline or found.baseline,
        after=inputs.analysis or found.analysis)
    try:
        yield from step("budget", "Was the rise budgeted?").call("budget_of", Listing[Change], service=found.service)
    except StepFailed as failed:
        gaps.append(f"budget: {failed}")
    try:
        yield from step("arrivals", "What reached the hosts when it began?").call(
            "rollout_status", Listing[Rollout], service=found.service,
            start=found.baseline.start, end=found.analysis.end)
    except StepFailed as failed:
        gaps.append(f"arrivals: {failed}")
    causes = yield from step("cause", "Which change fits in stacks and in time?").call(
        "rank_causes", RootCause, regression=found.id)
    best = causes.candidates[0]
    claim = Finding(
        claim=f"{best.title} touches {best.attribution:.0%} of the rise and arrived with it.",
        evidence=(cite("cause", causes, "change_id"), cite("cause", causes, "candidates.0.score"),
            cite("what_changed", found, "absolute_delta")))
    return Resolution(status="explained", summary=f"{found.function} takes {found.absolute_delta * 100:+.2f} points "
        f"more of {found.service}'s CPU since {best.title!r} arrived.", cause=causes.change_id, findings=(claim,),
        gaps=tuple(gaps), next_steps=("Ask the author whether rates can be looked up once per cart.",))
'''
FRONT = "---\nname: investigate-probe\ndescription: Used when testing.\n---\n\nCalls its tools in order.\n"


def regression_by_id(name: str) -> Regression:
    return next(found for found in found_regressions() if found.id == name)


def found_regressions() -> tuple[Regression, ...]:
    load = regression("r-2", function="storefront.web.session:load", delta=0.006, since=START + 150 * HOUR)
    return (regression(), load)


class StorySession:
    """A session over the story: the panel's view of ``effnb.Session``, with the real driver behind it."""

    def __init__(self, folder: Path, found: tuple[Regression, ...] | None = None) -> None:
        self.folder = folder
        self.found = found_regressions() if found is None else found
        self.asked: list[dict[str, object]] = []
        self.state = State(folder / "state.db")
        self.toolbox = Toolbox([], TOOLS)
        skill = folder / "skills" / "investigate-probe"
        skill.mkdir(parents=True, exist_ok=True)
        (skill / "SKILL.md").write_text(FRONT)
        (skill / "playbook.py").write_text(textwrap.dedent(PLAYBOOK))
        self.skill = load_skill(skill)

    def regressions(self) -> Listing[Regression]:
        return Listing[Regression](rows=self.found, searched=f"storefront, {WINDOW}", total=len(self.found))

    def investigate(self, regression: str, *, baseline: Window | None = None, analysis: Window | None = None) -> Run:
        inputs = {"regression": regression, "baseline": baseline, "analysis": analysis}
        self.asked.append(inputs)
        return start_run(
            skill=self.skill, toolbox=self.toolbox, inputs=inputs, state=self.state, blobs=self.folder / "blobs"
        )

    def writing(self) -> WritingSession:
        """The same story with a step that touches the world."""
        return WritingSession(self.folder / "writing", self.found)


class Granting(list[str]):
    """A workspace to the gate: what was rolled out, an audit log and approvals."""

    source_folders = ()
    known_services = frozenset()

    def __init__(self, state: State, root: Path) -> None:
        super().__init__()
        self.settings, self.root = Settings(), root
        self.audit, self.approvals = AuditLog(state), Approvals(state)

    def services_of(self, key: str) -> frozenset[str]:
        return frozenset()


@tool(tier="write", source="the world")
def rolls_out(workspace: object, regression: str) -> str:
    """Roll something out."""
    workspace.append(regression)
    return regression


WRITES = """    try:
        yield from step("roll_out", "Roll it out?").call("rolls_out", str, regression=inputs.regression)
    except StepFailed as gap:
        gaps.append(gap.reason)
    return Resolution("""


class WritingSession(StorySession):
    """The story with one more step before its end."""

    def __init__(self, folder: Path, found: tuple[Regression, ...]) -> None:
        super().__init__(folder, found)
        playbook = self.skill.path / "playbook.py"
        head, _, tail = playbook.read_text().rpartition("    return Resolution(")
        playbook.write_text(f"{head}{WRITES}{tail}")
        self.skill = load_skill(self.skill.path)
        self.rolled_out = Granting(self.state, folder)
        self.toolbox = Toolbox(self.rolled_out, [*TOOLS, rolls_out])
