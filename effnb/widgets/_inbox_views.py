"""The live views of the inbox: what was filed, ranked by cost, and everything that was let go; both with filters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ipywidgets import HTML, BoundedFloatText, Button, Dropdown, HBox, Layout, Output, Text, VBox

from effnb.charts import AnyChart, chart_bundle, chart_history, chart_overview, points, short_name, when
from effnb.domain import Regression, Suppressed, Window
from effnb.errors import AnalysisError
from effnb.tools import list_regressions, list_suppressed
from effnb.widgets._inbox_tables import boxed, let_go, note, ranked_table, suppressed_table
from effnb.widgets._inputs import parse_time
from effnb.widgets._style import STYLE

if TYPE_CHECKING:
    from effnb.session import Session

ANY = ""
A_PAGE = 20
AROUND = timedelta(hours=36)
ROW = Layout(flex_flow="row wrap", align_items="center")
MOST = 1_000_000_000


class RankedView:
    """Filed changes, dearest first, with filters, and the history of the one that is looked at."""

    def __init__(
        self,
        session: Session,
        owner: Callable[[Regression], str],
        filters: dict[str, Any],
        *,
        summary: Callable[[], str],
    ) -> None:
        self._session, self._owner, self._summary = session, owner, summary
        self.rows: tuple[Regression, ...] = ()
        self._by_id: dict[str, Regression] = {}
        self.service = choice("service", "eff-filter-service")
        self.kind = choice("kind", "eff-filter-kind")
        self.owner = choice("owner", "eff-filter-owner")
        self.size = size_box(filters["min_points"])
        self.text = text_box("function", "eff-filter-text", "part of its name", filters["text"])
        self.head, self.table = html("eff-inbox-head"), html("eff-inbox-table")
        self.overview, self.chart = VBox(), VBox()
        self.pick = choice("look at", "eff-inbox-pick", width="min(780px, 100%)")
        self._drawn = ""
        self._placed: list[str] | None = None
        self.reload(filters)
        for control in (self.service, self.kind, self.owner, self.size, self.text):
            control.observe(lambda _: self.refresh(), "value")
        self.pick.observe(lambda _: self._draw(), "value")
        bar = HBox([self.service, self.kind, self.owner, self.size, self.text], layout=ROW)
        self.box = VBox([self.head, bar, self.table, self.overview, self.pick, self.chart])
        self.box.add_class("eff-inbox")

    def reload(self, filters: dict[str, Any] | None = None) -> None:
        """Read what is filed now, and offer the filters that make sense for it."""
        self.rows = self._session.tools.list_regressions(kind="all", limit=MOST).rows
        self._by_id = {one.id: one for one in self.rows}
        self.head.value = boxed(self._summary())
        chosen = filters or {"service": self.service.value, "kind": self.kind.value, "owner": self.owner.value}
        offer(self.service, "all services", [one.service for one in self.rows], chosen["service"])
        offer(self.kind, "every kind", [one.kind for one in self.rows], chosen["kind"])
        owners = [name for name in map(self._owner, self.rows) if name]
        offer(self.owner, "everybody", owners, chosen["owner"])
        self.owner.layout.display = None if owners else "none"
        self._drawn, self._placed = "", None
        self.refresh()

    def shown(self) -> list[Regression]:
        """The rows that pass the filters."""
        kind, owner = self.kind.value, self.owner.value
        passing = list_regressions.matching(
            self.rows, service=self.service.value, function=self.text.value.strip(), min_points=self.size.value
        )
        return [one for one in passing if kind in (ANY, one.kind) and owner in (ANY, self._owner(one))]

    def refresh(self) -> None:
        """Make the table and the choice say what passes the filters."""
        shown = self.shown()
        searched = f"{len(self.rows)} filed changes of the newest detection, narrowed by the filters above"
        self.table.value = boxed(ranked_table(shown, self._session.impact, self._owner, searched=searched))
        keep, ids = self.pick.value, [one.id for one in shown]
        if ids != self._placed:
            self._placed = ids
            self.overview.children = (chart_view(overview_of(shown)),) if shown else ()
        self.pick.options = [(_line(one), one.id) for one in shown] or [("–", ANY)]
        if keep in ids:
            self.pick.value = keep
        self._draw()

    def _draw(self) -> None:
        one = self._by_id.get(self.pick.value or ANY)
        if self._drawn == (one.id if one else ANY) and self._drawn:
            return
        self._drawn = one.id if one else ANY
        if one is None:
            self.chart.children = ()
            return
        drawn = chart_view(history_of(self._session, one))
        self.chart.children = (drawn, _next(f"effnb investigate {one.id}"))


class SuppressedView:
    """Every dropped change point, searched by service, stage, function, size and time."""

    def __init__(self, session: Session, *, try_setting: Callable[[str], None]) -> None:
        self._session = session
        self.rows: tuple[Suppressed, ...] = ()
        self._by_id: dict[str, Suppressed] = {}
        self._page = A_PAGE
        self.service = choice("service", "eff-filter-service")
        self.stage = choice("dropped by", "eff-filter-stage")
        self.size = size_box(0.0)
        self.text = text_box("function", "eff-filter-text", "part of its name", "")
        self.since = text_box("from (UTC)", "eff-filter-since", "2026-01-31 14:00", "", live=False)
        self.until = text_box("before", "eff-filter-until", "2026-02-01", "", live=False)
        self.table, self.chart = html("eff-suppressed-table"), VBox()
        self.more = button("Show more", "eff-more-rows", "The next rows, by size")
        self.pick = choice("look at", "eff-suppressed-pick", width="min(780px, 100%)")
        self.try_it = button(
            "Try what keeps it", "eff-try", "Put this setting into the replay below; changes nothing yet"
        )
        self.reload()
        for control in (self.service, self.stage, self.size, self.text, self.since, self.until):
            control.observe(lambda _: self.search(), "value")
        self.more.on_click(lambda _: self.show_more())
        self.pick.observe(lambda _: self._draw(), "value")
        self.try_it.on_click(lambda _: try_setting(self._by_id[self.pick.value].would_keep))
        first = HBox([self.service, self.stage, self.text], layout=ROW)
        second = HBox([self.size, self.since, self.until], layout=ROW)
        looked = HBox([self.pick, self.try_it], layout=ROW)
        style = HTML(f"<style>{STYLE}</style>")
        self.box = VBox([style, first, second, self.table, self.more, looked, self.chart])
        self.box.add_class("eff-suppressed")

    def reload(self) -> None:
        """Read what is dropped now."""
        self.rows = self._session.tools.list_suppressed(limit=MOST).rows
        self._by_id = {one.id: one for one in self.rows}
        offer(self.service, "all services", [one.service for one in self.rows], self.service.value)
        offer(self.stage, "every stage", [one.stage for one in self.rows], self.stage.value)
        self.search()

    def search(self) -> None:
        """Show the largest rows that pass the filters."""
        self._page = A_PAGE
        self.refresh()

    def show_more(self) -> None:
        """Show twice as many rows."""
        self._page *= 2
        self.refresh()

    def refresh(self) -> None:
        """Make table, button and choice say what passes the filters, or what is wrong with them."""
        try:
            since, until = (_typed(box, name) for box, name in ((self.since, "first time"), (self.until, "last time")))
        except AnalysisError as error:
            self.table.value = boxed(f'<p class="eff-message" role="status">{note(str(error))}</p>')
            return
        found = list_suppressed.passing(
            self.rows,
            service=self.service.value,
            stage=self.stage.value,
            function=self.text.value.strip(),
            min_points=self.size.value,
            since=since,
            until=until,
        )
        shown = found[: self._page]
        searched = f"{len(self.rows):,} dropped change points of the newest detection"
        self.table.value = boxed(let_go(found), suppressed_table(shown, total=len(found), searched=searched))
        self.more.layout.display = None if len(found) > len(shown) else "none"
        self.pick.options = [("choose one to see its history", ANY), *((_dropped(one), one.id) for one in shown)]
        self._draw()

    def _draw(self) -> None:
        one = self._by_id.get(self.pick.value or ANY)
        self.try_it.disabled = one is None or "=" not in one.would_keep
        if one is None:
            self.chart.children = ()
            return
        span = {"start": one.at - AROUND, "end": one.at + AROUND}
        series = self._session.tools.function_history(service=one.service, function=one.function, **span)
        said = html("eff-suppressed-why")
        said.value = boxed(note(f"at {when(one.at)}, dropped by {one.stage}: {one.reason}"))
        self.chart.children = (said, chart_view(chart_history(series)))


def overview_of(rows: Sequence[Regression]) -> AnyChart:
    """Which service, when and how much, of at least one filed change."""
    window = Window(start=min(one.baseline.start for one in rows), end=max(one.analysis.end for one in rows))
    worse, better, planned = ([one for one in rows if one.kind == kind] for kind in list_regressions.KINDS)
    return chart_overview(worse, better, planned, window)


def history_of(session: Session, one: Regression) -> AnyChart:
    """The whole history of a filed change's function, with its levels."""
    series = session.tools.function_history(service=one.service, function=one.function)
    return chart_history(series, regression=one)


def chart_view(chart: AnyChart) -> Output:
    """A chart as a widget; set as a trait, since what a callback displays is lost."""
    data = chart_bundle(chart, picture=False)
    return Output(outputs=({"output_type": "display_data", "data": data, "metadata": {}},))


def html(name: str) -> HTML:
    """A place for HTML."""
    view = HTML()
    view.add_class(name)
    return view


def button(text: str, name: str, tip: str, style: str = "") -> Button:
    """A button with a stable class."""
    layout = Layout(width="auto", align_self="flex-start")
    made = Button(description=text, tooltip=tip, button_style=style, layout=layout)
    made.add_class(name)
    return made


def choice(label: str, name: str, width: str = "230px") -> Dropdown:
    """A choice without options yet."""
    made = Dropdown(
        description=label, options=[("–", ANY)], style={"description_width": "auto"}, layout=Layout(width=width)
    )
    made.add_class(name)
    return made


def text_box(label: str, name: str, hint: str, value: str, *, live: bool = True, width: str = "250px") -> Text:
    """A line to type in; ``live`` tells every letter, else the whole line when it is left."""
    made = Text(
        value=value,
        description=label,
        placeholder=hint,
        continuous_update=live,
        style={"description_width": "auto"},
        layout=Layout(width=width),
    )
    made.add_class(name)
    return made


def size_box(value: float) -> BoundedFloatText:
    """The smallest change that is shown, in points of gCPU."""
    made = BoundedFloatText(
        value=value,
        min=0.0,
        max=100.0,
        step=0.1,
        description="at least (points)",
        style={"description_width": "auto"},
        layout=Layout(width="200px"),
    )
    made.add_class("eff-filter-size")
    return made


def offer(control: Dropdown, everything: str, values: Iterable[str], chosen: str | None) -> None:
    """Give a filter the values that occur, each with how often; a chosen one stays, even when it no longer occurs."""
    counts = Counter(values)
    if chosen and chosen not in counts:
        counts[chosen] = 0
    options = [(f"{value} ({count})", value) for value, count in sorted(counts.items())]
    control.options = [(everything, ANY), *options]
    control.value = chosen or ANY


def _typed(box: Text, name: str) -> datetime | None:
    return parse_time(box.value, name=name) if box.value.strip() else None


def _line(one: Regression) -> str:
    return (
        f"{short_name(one.function)} in {one.service}, {points(one.absolute_delta)} since {when(one.change_point.at)}"
    )


def _dropped(one: Suppressed) -> str:
    return f"{short_name(one.function)} in {one.service}, {points(one.absolute_delta)} at {when(one.at)}: {one.stage}"


def _next(command: str) -> HTML:
    said = html("eff-inbox-next")
    said.value = boxed(f"<p>Why? <code>{command}</code>, or notebook 02_investigate_regression with this id.</p>")
    return said
