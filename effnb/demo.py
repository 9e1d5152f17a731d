"""The whole story in one call: build the demo workspace, detect, investigate every regression, write the reports."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from effnb.datasets import SERVED, Storefront, bundled, is_demo, lay_out_storefront, service_metrics
from effnb.domain import Candidate, Impact, Interval, Noun, Regression, RootCause, Utc, Verdict, Window
from effnb.errors import ConfigError, EffnbError
from effnb.session import Session, open_session
from effnb.store._files import write_text

REPORT = "02_investigate_regression"
PARALLEL_REPORTS = 2
PARALLEL_FIXES = 2
MOST_OPPORTUNITIES = 8
Progress = Callable[[str, int, int], None]
"""Told the stage, how much of it is done, and how much there is."""


class CauseScore(Noun):
    """A candidate in the summary."""

    change_id: str
    """The change."""
    score: float
    """Its score; it ranks and is not a probability."""


class SummaryRow(Noun):
    """A regression in the summary."""

    id: str
    """Identifier."""
    service: str
    """Service."""
    function: str
    """``module:qualname``."""
    change_point: Utc
    """Since when."""
    absolute_delta: float
    """Change of gCPU, as a fraction."""
    relative_delta: float | None
    """Change relative to the level before; null when the function did not run before."""
    root_cause: CauseScore | None
    """The change that stands out, or null."""
    candidates: tuple[CauseScore, ...] = ()
    """All candidates, best first."""
    impact: Impact
    """Cost in servers, power and money."""
    report: str | None = None
    """Its report, relative to the summary."""


class FixRow(Noun):
    """A fix in the summary."""

    subject: str
    """Regression or opportunity it is for."""
    function: str
    """``module:qualname`` of its target."""
    fix: str | None = None
    """Its id; null when none was made."""
    pattern: str | None = None
    """Rule it comes from."""
    title: str = ""
    """What it does."""
    verdict: Verdict | None = None
    """What the gate found; null when no fix was made."""
    reason: str
    """Why, in one sentence."""
    speedup: Interval | None = None
    """Old over new CPU time of the target."""
    saved_share: Interval | None = None
    """Share of the service's CPU it saves."""
    pull: int | None = None
    """Number of its pull request in the local forge."""


class Summary(Noun):
    """What the demo found."""

    regressions: tuple[SummaryRow, ...]
    """What got worse, largest first."""
    suppressed: int
    """Change points that were dropped."""
    planned: tuple[SummaryRow, ...]
    """Rises that an experiment's owner announced."""
    improvements: tuple[SummaryRow, ...]
    """What got better."""
    fixes: tuple[FixRow, ...] = ()
    """What was made and proved, with ``--fixes``."""
    timings: dict[str, float]
    """Stage → seconds."""

    @model_serializer(mode="wrap")
    def _as_asked(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without ``--fixes`` there is no such key: what programs read stays as it was."""
        made: dict[str, Any] = plain(self)
        return made if self.fixes else {key: value for key, value in made.items() if key != "fixes"}


@dataclass
class _Stages:
    """Times the stages and tells how far they are."""

    tell: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Callable[[], None]]:
        started, done = time.perf_counter(), 0
        self.tell(name, 0, total)

        def advance() -> None:
            nonlocal done
            done += 1
            self.tell(name, done, total)

        yield advance
        self.seconds[name] = round(time.perf_counter() - started, 2)


def run_demo(root: Path, *, data: Path | None = None, fixes: bool = False, tell: Progress = lambda *_: None) -> Summary:
    """Build the workspace in ``root``, run everything, write ``reports/`` and ``summary.json``; the summary.

    A former demo in the folder is replaced; a folder that holds anything else is refused. ``data`` is the storefront's
    folder, the shipped one when omitted. With ``fixes`` every regression and the largest opportunities are mended,
    proved, and offered in the local forge.
    """
    stages = _Stages(tell)
    session, storefront = _build(root, data, stages)
    try:
        return _story(root, session, storefront, stages, fixes=fixes)
    finally:
        session.close()


def build_workspace(root: Path, *, tell: Progress = lambda *_: None) -> Session:
    """The demo's workspace with two weeks of traffic and what detection finds in it, without investigations."""
    return _build(root, None, _Stages(tell))[0]


def _build(root: Path, data: Path | None, stages: _Stages) -> tuple[Session, Storefront]:
    _clear(root)
    with stages.stage("build the service's history", 1) as advance:
        storefront = lay_out_storefront(root, data or bundled("data", "storefront"))
        advance()
    session = open_session(root)
    try:
        with stages.stage("sample two weeks of traffic", len(SERVED)) as advance:
            for service in SERVED:
                _ingest(session, storefront, service)
                advance()
        with stages.stage("detect", 1) as advance:
            session.tools.run_detection()
            advance()
    except BaseException:
        session.close()
        raise
    return session, storefront


def _story(root: Path, session: Session, storefront: Storefront, stages: _Stages, *, fixes: bool) -> Summary:
    found = session.regressions()
    causes: dict[str, RootCause] = {}
    with stages.stage("investigate", len(found)) as advance:
        for regression in found:
            session.investigate(regression).finish_blocking()
            causes[regression.id] = session.tools.rank_causes(id=regression.id)
            advance()
    made = _make_fixes(session, found.rows, stages) if fixes else ()
    reports = _write_reports(root, found.rows, stages)
    summary = _summary(session, causes, reports, stages.seconds).model_copy(update={"fixes": made})
    _write_index(root, session, summary, storefront)
    write_text(root / "summary.json", summary.model_dump_json(indent=2) + "\n")
    return summary


def _make_fixes(session: Session, found: Sequence[Regression], stages: _Stages) -> tuple[FixRow, ...]:
    """One row for every regression and for the opportunities with the largest expected saving."""
    with stages.stage("scan the code", 1) as advance:
        session.tools.scan_code()
        advance()
    rising = {one.function for one in found}
    standing = [one for one in session.opportunities() if one.fixable and one.cost and one.function not in rising]
    known = standing[:MOST_OPPORTUNITIES]
    subjects = [*((one.id, one.function) for one in found), *((one.id, one.function) for one in known)]
    with stages.stage("make and prove fixes", len(subjects)) as advance, ThreadPoolExecutor(PARALLEL_FIXES) as pool:

        def one(subject: tuple[str, str]) -> FixRow:
            row = _make_fix(session, *subject)
            advance()
            return row

        return tuple(pool.map(one, subjects))


def _make_fix(session: Session, subject: str, function: str) -> FixRow:
    try:
        record = session.resolve(subject)
        proof = record.verification
        if proof is not None and proof.verdict == "verified":
            record = session.tools.open_pull_request(fix=record.fix.id)
    except EffnbError as error:  # one that needs a person does not keep the others from their proof
        return FixRow(subject=subject, function=function, reason=str(error))
    return FixRow(
        subject=subject,
        function=record.fix.function,
        fix=record.fix.id,
        pattern=record.fix.pattern,
        title=record.fix.title,
        verdict=proof.verdict if proof else None,
        reason=proof.reason if proof else "the gate was not run",
        speedup=proof.speedup if proof else None,
        saved_share=proof.saved_share if proof else None,
        pull=record.pull.number if record.pull else None,
    )


def load_summary(root: Path) -> Summary:
    """The summary a demo wrote."""
    return Summary.model_validate_json((root / "summary.json").read_text(encoding="utf-8"))


def _clear(root: Path) -> None:
    if root.exists() and not root.is_dir():
        raise ConfigError(f"{root} is a file; choose a folder: effnb demo DIR")
    if root.exists() and any(root.iterdir()):
        if not is_demo(root):
            raise ConfigError(f"{root} is not empty and not a demo; choose another folder: effnb demo DIR")
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)


def _ingest(session: Session, storefront: Storefront, service: str) -> None:
    traffic = storefront.traffic(service)
    handlers = {handler: name for name, handler in storefront.handlers(service).items()}
    workspace = session.workspace
    workspace.samples.add(traffic.samples, endpoints=handlers, source="recordings of the storefront, fleet model")
    series = service_metrics(traffic, storefront.clock, seed=storefront.fleet["seed"])
    workspace.series.add(series, source="fleet model")


def _write_reports(root: Path, found: tuple[Regression, ...], stages: _Stages) -> dict[str, str]:
    from effnb.report import render_report

    notebook = bundled("notebooks", f"{REPORT}.ipynb")
    with stages.stage("write the reports", len(found)) as advance, ThreadPoolExecutor(PARALLEL_REPORTS) as pool:

        def one(regression: Regression) -> tuple[str, str]:
            name = f"reports/{regression.service}-{regression.id}.html"
            parameters = {"workspace": str(root.resolve()), "regression": regression.id}
            render_report(notebook, root / name, parameters, cwd=root, title=_title(regression))
            advance()
            return regression.id, name

        return dict(pool.map(one, found))


def _title(regression: Regression) -> str:
    return f"{regression.service}: {regression.function}"


def _summary(
    session: Session, causes: dict[str, RootCause], reports: dict[str, str], seconds: dict[str, float]
) -> Summary:
    def row(one: Regression) -> SummaryRow:
        cause = causes.get(one.id) or session.tools.rank_causes(id=one.id)
        scores = tuple(CauseScore(change_id=each.change_id, score=round(each.score, 4)) for each in cause.candidates)
        named = next((score for score in scores if score.change_id == cause.change_id), None)
        return SummaryRow(
            id=one.id,
            service=one.service,
            function=one.function,
            change_point=one.change_point.at,
            absolute_delta=one.absolute_delta,
            relative_delta=one.relative_delta,
            root_cause=named,
            candidates=scores,
            impact=session.impact(one),
            report=reports.get(one.id),
        )

    return Summary(
        regressions=tuple(row(one) for one in session.regressions()),
        suppressed=len(session.suppressed()),
        planned=tuple(row(one) for one in session.planned()),
        improvements=tuple(row(one) for one in session.improvements()),
        timings=dict(seconds),
    )


def _write_index(root: Path, session: Session, summary: Summary, storefront: Storefront) -> None:
    from effnb.report import IndexFinding, IndexLink, IndexPage, write_index

    def finding(row: SummaryRow) -> IndexFinding:
        link = IndexLink(label="report", href=row.report.removeprefix("reports/")) if row.report else None
        return IndexFinding(
            regression=session.regression(row.id), impact=impact_text(row.impact), cause=cause_text(session, row),
            report=link,
        )  # fmt: skip

    recorded, _, simulated = session.workspace.settings.workspace.note.partition(" Simulated: ")
    page = IndexPage(
        title="What got dearer in the storefront, and why",
        window=_span(storefront),
        made_at=datetime.now(UTC),
        regressions=tuple(finding(row) for row in summary.regressions),
        improvements=tuple(finding(row) for row in summary.improvements),
        planned=tuple(finding(row) for row in summary.planned),
        suppressed=summary.suppressed,
        recorded=recorded.removeprefix("Recorded: "),
        simulated=simulated,
        anchor=session.workspace.audit.head(),
    )
    write_index(root / "reports" / "index.html", page)


def _span(storefront: Storefront) -> Window:
    times = storefront.clock.times
    first, last = (
        datetime.fromtimestamp(int(t), tz=UTC) for t in (times[0], times[-1] + storefront.clock.step_seconds)
    )
    return Window(start=first, end=last)


def impact_text(impact: Impact) -> str:
    """An impact in words, as far as the constants are known."""
    if impact.servers is None:
        return f"set {impact.missing} in effnb.toml for servers"
    text = f"{impact.servers:+.2f} servers"
    if impact.kw is None:
        return f"{text}; set {impact.missing} for kW and money"
    money = f"{impact.money_per_year:+,.0f} {impact.currency}/year"
    return f"{text}, {impact.kw:+.2f} kW, {impact.mwh_per_year:+.1f} MWh/year, {money}"


def cause_text(session: Session, row: SummaryRow) -> str:
    """The cause of a summary row in words: which change, and its score."""
    if row.root_cause is None:
        return "no change stands out"
    best: Candidate = session.tools.rank_causes(id=row.id).candidates[0]
    short = best.change_id[:10] if best.kind == "code" else best.change_id
    return f"{short} {best.title} (score {best.score:.2f})"
