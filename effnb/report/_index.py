"""The front page of a set of reports: what got worse, what it costs, why, and where to read on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, field_validator

from effnb.charts import chart_overview, esc, percent, points, short_name, when
from effnb.domain import AuditHead, Regression, Window
from effnb.domain._base import Noun, Utc
from effnb.report._charts import chart_figure
from effnb.report._page import render_page
from effnb.store._files import write_text


class IndexLink(Noun):
    """A page beside the index."""

    label: str
    """What the reader sees."""
    href: str
    """Relative path inside the same folder or below it."""

    @field_validator("href")
    @classmethod
    def _stays_inside(cls, href: str) -> str:
        if not href or href.startswith("/") or ":" in href or ".." in href.split("/"):
            raise ValueError(f"{href!r} is not a relative path below the index page")
        return href


class IndexFinding(Noun):
    """One line of the index."""

    regression: Regression
    """What changed."""
    impact: str = ""
    """What it costs or saves, with its unit, e.g. ``+2.1 vCPU at equal traffic``."""
    cause: str = ""
    """The change that explains it, or why none stands out."""
    report: IndexLink | None = None
    """Where to read on."""


class IndexPage(Noun):
    """Everything the front page shows."""

    title: str
    """Heading of the page."""
    window: Window
    """Span that was searched."""
    made_at: Utc
    """When the page was made."""
    regressions: tuple[IndexFinding, ...] = ()
    """What got worse, most costly first."""
    improvements: tuple[IndexFinding, ...] = ()
    """What got better."""
    planned: tuple[IndexFinding, ...] = ()
    """Rises that were announced."""
    suppressed: int = Field(default=0, ge=0)
    """How many change points were looked at and let go."""
    recorded: str = ""
    """What in the data is recorded from real runs."""
    simulated: str = ""
    """What in the data is simulated."""
    links: tuple[IndexLink, ...] = ()
    """Further pages."""
    anchor: AuditHead | None = None
    """Head of the audit log, for the page's foot."""


def write_index(html_path: Path, page: IndexPage) -> Path:
    """Write the front page as one self-contained file."""
    parts = [_head(page), _tiles(page), chart_figure(_overview(page)), _table("What got worse", page.regressions)]
    parts += [_table("What got better", page.improvements), _table("Planned rises", page.planned)]
    parts += [_suppressed(page), _provenance(page), _links(page.links)]
    body = "\n".join(part for part in parts if part)
    made = render_page(title=page.title, body=body, note=f"made {when(page.made_at)}", anchor=page.anchor)
    write_text(html_path, made)
    return html_path


def _overview(page: IndexPage) -> dict[str, object]:
    worse, better, planned = (
        [item.regression for item in group] for group in (page.regressions, page.improvements, page.planned)
    )
    spec: dict[str, object] = chart_overview(worse, better, planned, page.window).to_dict()
    return spec


def _head(page: IndexPage) -> str:
    services = {item.regression.service for item in (*page.regressions, *page.improvements, *page.planned)}
    told = f"{page.window} · {len(services)} service{'' if len(services) == 1 else 's'} with findings"
    return f'<h1>{esc(page.title)}</h1>\n<p class="eff-note">{esc(told)}</p>'


def _tiles(page: IndexPage) -> str:
    numbers = [
        (len(page.regressions), "regressions"),
        (sum(1 for item in page.regressions if item.report), "with a report"),
        (len(page.improvements), "improvements"),
        (len(page.planned), "planned rises"),
        (page.suppressed, "change points let go"),
    ]
    tiles = "".join(
        f'<div class="eff-tile"><b>{number:,}</b><span>{esc(label)}</span></div>' for number, label in numbers
    )
    return f'<div class="eff-tiles">{tiles}</div>'


def _table(heading: str, findings: Sequence[IndexFinding]) -> str:
    if not findings:
        return f"<h2>{esc(heading)}</h2>\n<p class='eff-note'>Nothing in this window.</p>"
    columns = ("Function", "Service", "Since", "Share of CPU", "Impact", "Cause")
    head = "".join(f'<th scope="col">{esc(column)}</th>' for column in columns)
    rows = "\n".join(_row(finding) for finding in findings)
    return (
        f"<h2>{esc(heading)}</h2>\n"
        f'<div class="eff-scroll eff-findings"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _row(finding: IndexFinding) -> str:
    found = finding.regression
    qualname, _, module = short_name(found.function).partition(" (")
    name = f'<b title="{esc(found.function)}">{esc(qualname)}</b>'
    name += f'<br><span class="eff-note">{esc(module.removesuffix(")"))}</span>' if module else ""
    share = f"{esc(percent(found.before))} → {esc(percent(found.after))}"
    share += f'<br><span class="eff-note">{esc(points(found.absolute_delta))}</span>'
    cause = esc(finding.cause) or "–"
    cause += f'<br><a href="{esc(finding.report.href)}">{esc(finding.report.label)}</a>' if finding.report else ""
    impact = "<br>".join(esc(part) for part in finding.impact.split(", ")) or "–"
    since = f'<span class="eff-line">{esc(when(found.change_point.at)).replace(" ", "<br>", 1)}</span>'
    cells = [
        name,
        esc(found.service),
        since,
        f'<span class="eff-line">{share}</span>',
        f'<span class="eff-line">{impact}</span>',
        cause,
    ]
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _suppressed(page: IndexPage) -> str:
    return (
        "<h2>Looked at and let go</h2>\n"
        f"<p>{page.suppressed:,} change points were dropped, each by a stage that recorded its numbers; "
        "list them with <code>effnb suppressed</code>.</p>"
    )


def _provenance(page: IndexPage) -> str:
    facts = [("Recorded", page.recorded), ("Simulated", page.simulated)]
    shown = "".join(f"<dt>{name}</dt><dd>{esc(text)}</dd>" for name, text in facts if text)
    return f'<h2>What is recorded, what is simulated</h2>\n<dl class="eff-facts">{shown}</dl>' if shown else ""


def _links(links: Sequence[IndexLink]) -> str:
    items = "".join(f'<li><a href="{esc(link.href)}">{esc(link.label)}</a></li>' for link in links)
    return f"<h2>More</h2>\n<ul>{items}</ul>" if items else ""
