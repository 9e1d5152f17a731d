"""How an investigation ended, and the whole of it."""

from __future__ import annotations

from collections.abc import Iterable

from effnb.charts import esc, when
from effnb.domain import Evidence, Finding, Resolution, RunState, Transcript
from effnb.widgets._step import render_step
from effnb.widgets._values import show

ENDINGS = {
    "explained": "Explained",
    "fix_proposed": "Fix proposed",
    "config_change": "Change of configuration proposed",
    "accepted": "Accepted as it is",
    "not_found": "Nothing found",
    "not_enough_data": "Not enough data to say",
    "needs_person": "A person has to judge",
}
SETTLED = {"explained", "fix_proposed", "config_change", "accepted"}


def render_resolution(resolution: Resolution | None, *, failure: str = "", state: RunState = "running") -> str:
    """The conclusion as HTML: summary, findings with their evidence, what could not be looked at, what to do next.

    Without a conclusion it says why: ``failure`` if the run failed, else that it was stopped or is not over.
    """
    if resolution is None:
        return _unconcluded(failure, state)
    kind = "" if resolution.status in SETTLED else " eff-open"
    cause = f"<p>Cause: <code>{esc(resolution.cause)}</code></p>" if resolution.cause else ""
    return (
        f'<div class="eff-conclusion-box{kind}"><span class="eff-badge">{esc(ENDINGS[resolution.status])}</span>'
        f'<p class="eff-summary">{esc(resolution.summary)}</p>{cause}'
        f"{_list('What it stands on', map(_finding, resolution.findings))}"
        f"{_list('What could not be looked at', map(esc, resolution.gaps))}"
        f"{_list('What to do next', map(esc, resolution.next_steps))}</div>"
    )


def render_transcript(transcript: Transcript) -> str:
    """A finished or running investigation as HTML: who decided, every step with its recorded result, the conclusion."""
    steps = "".join(render_step(call, call.result) for call in transcript.calls)
    ending = render_resolution(transcript.resolution, failure=transcript.error or "", state=transcript.state)
    return f"{render_run_head(transcript)}{steps}{ending}{render_remarks(transcript)}"


def render_remarks(transcript: Transcript) -> str:
    """What people noted, and the declared steps that a model which drove left out; empty when there is neither."""
    notes = (f"{esc(note.text)} ({esc(note.by)}, {esc(when(note.at))})" for note in transcript.notes)
    left_out = (f"{esc(one.step)}: {esc(one.why)}" for one in transcript.declared if not one.ran)
    return f"{_list('Notes', notes)}{_list('Steps the skill declares and the model did not make', left_out)}"


def render_run_head(transcript: Transcript, doing: str = "") -> str:
    """One line: skill, who decided, where the run stands and what it is doing."""
    finished = sum(call.status != "pending" for call in transcript.calls)
    parts = [f"skill {transcript.skill}", transcript.model, f"started {when(transcript.started_at)}"]
    parts += [f"{finished} step{'' if finished == 1 else 's'}", transcript.state]
    parts += [f"{transcript.requests:,} requests, {transcript.tokens:,} tokens"] if transcript.requests else []
    parts += [f"{transcript.cost:.4f} {transcript.currency}"] if transcript.cost is not None else []
    parts += [doing] if doing else []
    return f'<div class="eff-run-head" role="status">{" · ".join(esc(part) for part in parts)}</div>'


def _unconcluded(failure: str, state: RunState) -> str:
    said = "Stopped before a conclusion." if state == "stopped" else "No conclusion yet."
    text = (
        f'<p class="eff-message">The run {"waits" if state == "paused" else "failed"}: {esc(failure)}</p>'
        if failure
        else f'<p class="eff-more">{said}</p>'
    )
    return f'<div class="eff-conclusion-box eff-open">{text}</div>'


def _list(heading: str, items: Iterable[str]) -> str:
    entries = "".join(f"<li>{item}</li>" for item in items)
    return f'<p class="eff-heading">{esc(heading)}</p><ul>{entries}</ul>' if entries else ""


def _finding(finding: Finding) -> str:
    rows = "".join(_evidence(evidence) for evidence in finding.evidence)
    count = len(finding.evidence)
    return (
        f"{esc(finding.claim)}<details><summary>{count} piece{'' if count == 1 else 's'} of evidence</summary>"
        "<table><thead><tr><th>step</th><th>field</th><th>value</th><th>source</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></details>"
    )


def _evidence(evidence: Evidence) -> str:
    source = " · ".join(part for part in (evidence.source, evidence.query) if part)
    if evidence.fetched_at is not None:
        source += f" · fetched {when(evidence.fetched_at)}"
    cells = (evidence.call, evidence.field or "whole result", show(evidence.value), source or "–")
    return "<tr>" + "".join(f"<td>{esc(cell)}</td>" for cell in cells) + "</tr>"
