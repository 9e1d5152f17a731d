"""The inbox: which regressions need a person, what was let go, and what other settings would have filed.

Live, the three views know each other: filing refreshes the lists, and a dropped change point hands the setting that
would have kept it to the replay. In a report the same tables and charts are displayed directly, and nothing is filed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from IPython.display import display
from pydantic import JsonValue

from effnb.charts import AnyChart, chart_bundle, chart_funnel
from effnb.domain import Regression
from effnb.errors import ConfigError
from effnb.tools._owners import owner_lookup
from effnb.tools.list_regressions import KINDS
from effnb.tools.replay_detection import read_settings
from effnb.widgets._inbox_replay import ReplayView, replay_blocking
from effnb.widgets._inbox_tables import boxed, let_go, ranked_table, suppressed_table, tiles
from effnb.widgets._inbox_views import MOST, RankedView, SuppressedView, history_of, overview_of
from effnb.widgets._mode import mode

if TYPE_CHECKING:
    from effnb.session import Session

IN_REPORTS = 30


class Inbox:
    """Three views over one session: ``show`` the ranked list, ``show_suppressed``, ``show_replay``.

    The parameters are those of the notebook and start the filters: a service, a kind (``regression``,
    ``improvement``, ``planned`` or ``all``), an owner, the smallest change in points of gCPU, a part of the function's
    name. ``replay`` starts the replay's form, as ``threshold=0.005, shift_share=0.6``.
    """

    def __init__(
        self,
        session: Session,
        *,
        service: str = "",
        kind: str = "regression",
        owner: str = "",
        min_points: float = 0.0,
        text: str = "",
        replay: str = "",
    ) -> None:
        if kind not in (*KINDS, "all"):
            raise ConfigError(f"no kind {kind!r} of finding; choose one of {', '.join(KINDS)}, all")
        self._session = session
        self._filters: dict[str, Any] = {
            "service": service,
            "kind": "" if kind == "all" else kind,
            "owner": owner,
            "min_points": min_points,
            "text": text,
        }
        self.settings: dict[str, JsonValue] = read_settings(
            part for part in re.split(r"[,;\n]", replay) if part.strip()
        )
        self.ranked: RankedView | None = None
        self.suppressed: SuppressedView | None = None
        self.replay: ReplayView | None = None

    def show(self) -> None:
        """Display what was filed, dearest first: servers-equivalent, then points of gCPU."""
        if mode() == "report":
            self._report_ranked()
        else:
            display(self.open())

    def show_suppressed(self) -> None:
        """Display every dropped change point: the stage, the reason, the numbers and the setting that keeps it."""
        if mode() == "report":
            rows = self._session.tools.list_suppressed(limit=MOST)
            command = f"<p class='eff-more'><code>effnb suppressed --limit {rows.total}</code> shows all.</p>"
            more = command if rows.total > IN_REPORTS else ""
            shown = suppressed_table(rows.rows[:IN_REPORTS], total=rows.total, searched=rows.searched)
            _display(boxed(let_go(rows.rows), shown, more))
        else:
            display(self.open_suppressed())

    def show_replay(self) -> None:
        """Display what other settings would keep, gain and lose, with the change points left after each stage."""
        if mode() == "report":
            text, replay = replay_blocking(self._session, self.settings)
            _display(text)
            _display_chart(chart_funnel(replay.funnel))
        else:
            display(self.open_replay())

    def open(self) -> Any:
        """The ranked list as a widget."""
        self.ranked = RankedView(self._session, self._owner, self._filters, summary=self._summary)
        return self.ranked.box

    def open_suppressed(self) -> Any:
        """The search of dropped change points as a widget."""
        self.suppressed = SuppressedView(self._session, try_setting=self._try_setting)
        return self.suppressed.box

    def open_replay(self) -> Any:
        """The replay as a widget; needs a running event loop, as a kernel has."""
        self.replay = ReplayView(self._session, self.settings, on_filed=self._filed)
        return self.replay.box

    @cached_property
    def _owner(self) -> Any:
        return owner_lookup(self._session.workspace)

    def _try_setting(self, would_keep: str) -> None:
        if self.replay is not None:
            self.replay.try_setting(would_keep)

    def _filed(self) -> None:
        if self.ranked is not None:
            self.ranked.reload()
        if self.suppressed is not None:
            self.suppressed.reload()

    def _report_ranked(self) -> None:
        asked = self._filters
        found = self._session.tools.list_regressions(
            service=asked["service"],
            kind=asked["kind"] or "all",
            function=asked["text"],
            min_points=asked["min_points"],
            limit=MOST,
        )
        rows = [one for one in found if asked["owner"] in ("", self._owner(one))]
        _display(boxed(self._summary(), ranked_table(rows, self._session.impact, self._owner, searched=found.searched)))
        if rows:
            _display_chart(overview_of(rows))
            _display_chart(history_of(self._session, rows[0]))

    def _summary(self) -> str:
        """The morning in four figures."""
        worse, better, planned = (self._session.tools.list_regressions(kind=kind, limit=MOST).rows for kind in KINDS)
        dropped = self._session.tools.list_suppressed(limit=1).total
        return tiles(
            [
                (f"{len(worse):,}", f"regression{'' if len(worse) == 1 else 's'}: {self._servers(worse)}"),
                (f"{len(planned):,}", f"planned: {self._servers(planned)}"),
                (f"{len(better):,}", f"improvement{'' if len(better) == 1 else 's'}: {self._servers(better)}"),
                (f"{dropped:,}", "change points let go"),
            ]
        )

    def _servers(self, rows: Sequence[Regression]) -> str:
        known = [cost for one in rows if (cost := self._session.impact(one).servers) is not None]
        if len(known) < len(rows):
            return "servers not set for all" if known else "servers not set"
        return f"{sum(known):+.2f} servers".replace("-", "\N{MINUS SIGN}") if known else "none"


def _display(fragment: str) -> None:
    display({"text/html": fragment, "text/plain": "a view of the inbox; it is HTML"}, raw=True)


def _display_chart(chart: AnyChart) -> None:
    display(chart_bundle(chart, picture=mode() == "live"), raw=True)
