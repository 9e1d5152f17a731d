"""The inbox, driven through its controls, over a real workspace; and the same views in a report."""

from __future__ import annotations

import asyncio
import html
import re
import shutil
import sys
from pathlib import Path

import pytest
from ipywidgets import Widget

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
from shop_workspace import CHECK, build_shop

from effnb.charts import CHART_MIME
from effnb.domain import Impact
from effnb.errors import AnalysisError, ConfigError
from effnb.session import Session, open_session
from effnb.widgets import Inbox
from effnb.widgets._inbox_tables import ranked_table, suppressed_table

FILTERS = ("service", "kind", "owner", "size", "text", "stage", "since", "until")
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def detected(tmp_path_factory):
    root = tmp_path_factory.mktemp("inbox") / "shop"
    build_shop(root)
    session = open_session(root)
    session.tools.run_detection()
    session.close()
    return root


@pytest.fixture
def shop(detected, tmp_path) -> Session:
    """A copy of the shop, to file in."""
    shutil.copytree(detected, tmp_path / "shop")
    opened = open_session(tmp_path / "shop")
    yield opened
    opened.close()


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setenv("EFFNB_MODE", "live")


@pytest.fixture
def shown(monkeypatch):
    """What is displayed."""
    bundles: list = []
    monkeypatch.setattr("effnb.widgets._inbox.display", lambda what, raw=False: bundles.append(what))
    return bundles


class Clicker:
    """All three views opened on the running loop, and clicks that wait for what they start."""

    def __init__(self, session, **parameters):
        self.inbox = Inbox(session, **parameters)
        self.inbox.open()
        self.inbox.open_suppressed()
        self.inbox.open_replay()
        self.ranked, self.dropped, self.replay = self.inbox.ranked, self.inbox.suppressed, self.inbox.replay

    async def click(self, button):
        button.click()
        await asyncio.sleep(0.01)
        while self.replay._task is not None:
            await asyncio.sleep(0.01)


def opened(scenario):
    """Run an async scenario in its own loop."""
    return asyncio.run(scenario())


def text(widget):
    without_style = re.sub(r"<style>.*?</style>", "", widget.value, flags=re.DOTALL)
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", without_style).split()))


def rows(widget):
    return widget.value.count("<tr>") - 1 if "<tr>" in widget.value else 0


def test_the_list_starts_with_the_dearest_and_its_history(shop, live):
    async def scenario():
        ui = Clicker(shop)
        first = shop.tools.list_regressions()[0]
        assert first.function.partition(":")[2] in text(ui.ranked.table)
        assert f"{shop.impact(first).servers:+.2f}" in text(ui.ranked.table)
        assert ui.ranked.pick.value == first.id
        chart = ui.ranked.chart.children[0].outputs[0]["data"]
        assert CHART_MIME in chart
        assert f"effnb investigate {first.id}" in text(ui.ranked.chart.children[1])

    opened(scenario)


def test_every_filter_narrows_the_list(shop, live):
    async def scenario():
        ui = Clicker(shop, kind="all")
        view = ui.ranked
        everything = rows(view.table)
        assert everything == len(view.rows)
        view.kind.value = "planned"
        assert [one.kind for one in view.shown()] == ["planned"]
        view.kind.value, view.text.value = "", "PRICE:check"
        assert {one.function for one in view.shown()} == {CHECK}
        view.text.value, view.size.value = "", 99
        assert rows(view.table) == 0
        assert f"{everything} filed changes of the newest detection" in text(view.table)
        view.size.value, view.owner.value = 0, "gifts"
        assert [one.planned_by for one in view.shown()] == ["flag:wrap"]
        view.owner.value, view.service.value = "", "shop"
        assert rows(view.table) == everything

    opened(scenario)


def test_a_filter_for_what_does_not_occur_is_kept_and_shows_nothing(shop, live):
    async def scenario():
        ui = Clicker(shop, service="web", kind="improvement")
        assert (ui.ranked.service.value, ui.ranked.kind.value) == ("web", "improvement")
        assert rows(ui.ranked.table) == 0

    opened(scenario)


def test_every_control_has_a_stable_class(shop, live):
    async def scenario():
        ui = Clicker(shop)
        classes = {name for view in (ui.ranked, ui.dropped, ui.replay) for name in _classes(view.box)}
        filters = {f"eff-filter-{name}" for name in FILTERS}
        assert filters <= classes
        assert {"eff-inbox", "eff-suppressed", "eff-replay", "eff-file", "eff-setting-threshold"} <= classes

    opened(scenario)


def _classes(widget):
    yield from widget._dom_classes
    for child in getattr(widget, "children", ()):
        yield from _classes(child)


def test_dropped_change_points_are_searched_and_read_on(shop, live):
    async def scenario():
        view = Clicker(shop).dropped
        total = len(view.rows)
        assert f"{total} change points let go" in text(view.table)
        assert rows(view.table) == 20
        view.more.click()
        assert rows(view.table) == min(40, total)
        stage = view.rows[0].stage
        view.stage.value = stage
        assert set(re.findall(r'eff-badge eff-stage">([^<]+)<', view.table.value)) == {stage}
        view.stage.value, view.text.value = "", "no such function"
        assert "Nothing was let go here" in text(view.table)

    opened(scenario)


def test_a_time_that_is_none_is_said_and_a_right_one_narrows(shop, live):
    async def scenario():
        view = Clicker(shop).dropped
        view.since.value = "noon"
        assert "the first time is 'noon', which is no time" in text(view.table)
        view.since.value = "2031-01-01"
        assert rows(view.table) == 0

    opened(scenario)


def test_a_dropped_change_point_shows_its_history_and_hands_over_its_setting(shop, live):
    async def scenario():
        ui = Clicker(shop)
        view = ui.dropped
        assert view.try_it.disabled
        one = next(row for row in view.rows if row.would_keep.startswith("[detect] threshold"))
        view.text.value = one.function
        view.pick.value = one.id
        assert one.stage in text(view.chart.children[0])
        assert CHART_MIME in view.chart.children[1].outputs[0]["data"]
        view.try_it.click()
        setting = float(one.would_keep.partition("=")[2])
        assert ui.replay.changes() == {"threshold": pytest.approx(setting)}
        assert ui.replay.replayed is None

    opened(scenario)


def test_a_replay_shows_the_difference_and_files_nothing(shop, live):
    async def scenario():
        ui = Clicker(shop, replay="threshold=0.03")
        before = shop.regressions()
        assert ui.replay.file.disabled
        await ui.click(ui.replay.run)
        said = text(ui.replay.result)
        assert "threshold = 0.03 (now 0.005)" in said and "Nothing was filed" in said
        assert f"{ui.replay.replayed.lost.total} lost" in said
        assert CHART_MIME in ui.replay.chart.children[0].outputs[0]["data"]
        assert shop.regressions() == before
        assert not ui.replay.file.disabled

    opened(scenario)


def test_a_second_click_files_it_and_the_lists_follow(shop, live):
    async def scenario():
        ui = Clicker(shop, replay="threshold=0.03")
        listed, dropped = len(ui.ranked.rows), len(ui.dropped.rows)
        await ui.click(ui.replay.run)
        lost = ui.replay.replayed.lost.total
        assert lost > 0
        await ui.click(ui.replay.file)
        assert "Filed with threshold = 0.03" in text(ui.replay.result)
        assert "For this run only" in text(ui.replay.result)
        assert len(ui.ranked.rows) == listed - lost == len(shop.tools.list_regressions(kind="all"))
        assert len(ui.dropped.rows) > dropped
        assert shop.workspace.settings.detect.threshold == 0.005
        assert ui.replay.file.disabled

    opened(scenario)


def test_what_was_not_replayed_cannot_be_filed(shop, live):
    async def scenario():
        ui = Clicker(shop, replay="threshold=0.03")
        await ui.click(ui.replay.run)
        ui.replay.boxes["threshold"].value = "0.5"
        assert ui.replay.file.disabled
        assert "replay again before filing" in text(ui.replay.status)
        before = shop.regressions()
        await ui.click(ui.replay.file)
        assert shop.regressions() == before

    opened(scenario)


def test_a_wrong_setting_is_said_and_the_form_stays_usable(shop, live):
    async def scenario():
        ui = Clicker(shop)
        ui.replay.boxes["threshold"].value = "much"
        await ui.click(ui.replay.run)
        assert "threshold = 'much' cannot be replayed" in text(ui.replay.status)
        assert not ui.replay.run.disabled and ui.replay.file.disabled
        await ui.click(ui.replay.reset)
        assert ui.replay.changes() == {}
        await ui.click(ui.replay.run)
        assert "exactly what is filed now" in text(ui.replay.result)

    opened(scenario)


def test_an_unknown_setting_of_the_notebook_is_named(shop, live):
    async def scenario():
        ui = Clicker(shop, replay="treshold=0.1")
        assert "no setting 'treshold' of detection; there are: " in text(ui.replay.status)

    opened(scenario)


def test_a_report_displays_the_same_tables_and_no_widget(shop, shown):
    before = shop.regressions()
    created: list = []
    Widget.on_widget_constructed(created.append)
    inbox = Inbox(shop, kind="all", replay="threshold=0.03")
    inbox.show()
    inbox.show_suppressed()
    inbox.show_replay()
    Widget.on_widget_constructed(None)
    pages = [bundle["text/html"] for bundle in shown if "text/html" in bundle]
    assert len(pages) == 3 and sum(CHART_MIME in bundle for bundle in shown) == 3
    assert CHECK.partition(":")[2] in pages[0] and "gifts" in pages[0]
    assert "change points let go" in pages[1]
    assert "Nothing was filed" in pages[2] and "lost" in pages[2]
    assert shop.regressions() == before
    assert (inbox.ranked, inbox.suppressed, inbox.replay) == (None, None, None)
    assert created == []


def test_a_report_keeps_the_filters_of_its_parameters(shop, shown):
    Inbox(shop, text="no such function").show()
    assert "Nothing needs you here" in shown[0]["text/html"]
    assert len(shown) == 1


def test_an_empty_workspace_says_where_it_looked(tmp_path, shown):
    (tmp_path / "effnb.toml").write_text("")
    session = open_session(tmp_path)
    inbox = Inbox(session)
    inbox.show()
    inbox.show_suppressed()
    assert "no service: nothing was ingested yet" in shown[0]["text/html"]
    assert "Nothing was let go here" in shown[1]["text/html"]
    session.close()


def test_parameters_that_make_no_sense_are_refused(shop):
    with pytest.raises(ConfigError, match="no kind 'bogus' of finding; choose one of regression"):
        Inbox(shop, kind="bogus")
    with pytest.raises(AnalysisError, match="'threshold' is no setting"):
        Inbox(shop, replay="threshold")


def test_the_replay_needs_a_kernel(shop, live):
    with pytest.raises(ConfigError, match="needs a notebook kernel"):
        Inbox(shop).open_replay()


def test_services_without_servers_are_shown_with_a_dash_and_the_setting(shop):
    (one, *_) = shop.regressions()
    table = ranked_table([one], lambda _: Impact(missing="x"), lambda _: "", searched="here")
    assert '<td class="eff-number">–</td>' in table
    assert "set servers under [services.shop]" in table


def test_words_from_data_are_escaped(shop):
    (one, *_), (dropped, *_) = shop.regressions(), shop.suppressed()
    hostile = one.model_copy(update={"function": f"m:{SCRIPT}", "service": SCRIPT, "id": SCRIPT})
    let_go = dropped.model_copy(
        update={
            "function": SCRIPT,
            "service": SCRIPT,
            "stage": SCRIPT,
            "reason": SCRIPT,
            "would_keep": SCRIPT,
            "numbers": {SCRIPT: SCRIPT},
        }
    )
    pages = ranked_table([hostile], shop.impact, lambda _: SCRIPT, searched=SCRIPT)
    pages += suppressed_table([let_go], total=1, searched=SCRIPT) + suppressed_table([], total=0, searched=SCRIPT)
    assert "<script" not in pages and "&lt;script&gt;" in pages
