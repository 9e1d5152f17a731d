"""The panel, driven through its buttons, with the real driver behind it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from investigation_story import START, StorySession, found_regressions
from ipywidgets import Widget

from effnb.charts import CHART_MIME
from effnb.domain import Window
from effnb.errors import AnalysisError, ConfigError, NotFound
from effnb.widgets import InvestigationPanel, mode, show_run
from effnb.widgets._inputs import parse_arguments, parse_window


class Clicker:
    """A panel opened on the running loop, and clicks that wait for what they start."""

    def __init__(self, panel):
        self.panel = panel
        self.box = panel.open()

    @property
    def controls(self):
        return self.panel.controls

    async def click(self, name):
        getattr(self.controls, name).click()
        await asyncio.sleep(0.01)
        while self.panel._task is not None:
            await asyncio.sleep(0.01)

    def steps(self):
        return [view.children[0].value for view in self.controls.steps.children]


def opened(scenario):
    """Run an async scenario in its own loop."""
    return asyncio.run(scenario())


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setenv("EFFNB_MODE", "live")


def test_next_shows_one_step_and_what_comes_next(session, live):
    async def scenario():
        ui = Clicker(InvestigationPanel(session))
        assert "2 regressions" in ui.controls.status.value
        await ui.click("next")
        assert len(ui.steps()) == 1 and "What changed" in ui.steps()[0]
        assert "next: function_history" in ui.controls.status.value
        assert "No conclusion yet" in ui.controls.conclusion.value

    opened(scenario)


def test_run_all_ends_in_a_conclusion_with_charts_beside_the_steps(session, live):
    async def scenario():
        ui = Clicker(InvestigationPanel(session))
        await ui.click("run_all")
        assert len(ui.steps()) == 6
        assert "Explained" in ui.controls.conclusion.value
        charts = [len(view.children) - 1 for view in ui.controls.steps.children]
        assert charts == [0, 1, 1, 0, 0, 1]
        assert "application/vnd.vegalite.v5+json" in ui.controls.summary.children[0].outputs[0]["data"]
        assert ui.controls.next.disabled and ui.controls.run_all.description == "Run again"

    opened(scenario)


def test_running_again_starts_a_new_run(session, live):
    async def scenario():
        ui = Clicker(InvestigationPanel(session))
        await ui.click("run_all")
        first = ui.panel.run
        await ui.click("run_all")
        assert ui.panel.run is not first and len(ui.steps()) == 6

    opened(scenario)


def test_a_skipped_step_is_seen_as_a_gap(session, live):
    async def scenario():
        ui = Clicker(InvestigationPanel(session))
        for _ in range(4):
            await ui.click("next")
        await ui.click("skip")
        assert "skipped by a person" in ui.steps()[4]
        await ui.click("run_all")
        assert "arrivals:" in ui.controls.conclusion.value

    opened(scenario)


def test_edited_arguments_are_used_and_marked(session, live):
    async def scenario():
        ui = Clicker(InvestigationPanel(session))
        await ui.click("next")
        await ui.click("next")
        await ui.click("edit")
        arguments = json.loads(ui.controls.arguments.value)
        ui.controls.arguments.value = json.dumps({**arguments, "top": 3})
        await ui.click("next")
        last = ui.panel.run.transcript.calls[-1]
        assert last.edited and last.args["top"] == 3
        assert "arguments edited by a person" in ui.steps()[2]

    opened(scenario)


@pytest.mark.parametrize(("typed", "said"), [("{", "no JSON"), ("[1]", "JSON object"), ('{"nonsense": 1}', "nonsense")])
def test_unusable_arguments_are_refused_with_a_message_and_the_run_waits(session, live, typed, said):
    async def scenario():
        ui = Clicker(InvestigationPanel(session))
        await ui.click("next")
        await ui.click("edit")
        ui.controls.arguments.value = typed
        await ui.click("next")
        assert said in ui.controls.message.value and said in ui.controls.status.value
        assert len(ui.steps()) == 1 and ui.panel.run.pending.tool == "function_history"
        assert ui.controls.arguments.value == typed

    opened(scenario)


def test_changed_windows_reach_the_investigation_and_the_parameters(session, live):
    async def scenario():
        ui = Clicker(InvestigationPanel(session))
        ui.controls.baseline[0].value = "2026-10-25 00:00"
        await ui.click("next")
        window = Window(start=START.replace(day=25), end=found_regressions()[0].baseline.end)
        assert session.asked == [{"regression": "r-1", "baseline": window, "analysis": None}]
        assert ui.panel.params["baseline"] == window
        await ui.click("reset")
        assert ui.controls.baseline[0].value == "2026-10-19 00:00"
        await ui.click("next")
        assert session.asked[1]["baseline"] is None and len(ui.steps()) == 1

    opened(scenario)


def test_a_window_that_ends_before_it_starts_is_refused(session, live):
    async def scenario():
        ui = Clicker(InvestigationPanel(session))
        ui.controls.analysis[1].value = "2026-10-01 00:00"
        await ui.click("run_all")
        assert "not after its start" in ui.controls.status.value
        assert session.asked == []

    opened(scenario)


def test_choosing_another_regression_takes_its_windows_and_a_new_run(session, live):
    async def scenario():
        ui = Clicker(InvestigationPanel(session))
        await ui.click("next")
        first = ui.panel.run
        ui.controls.regression.value = "r-2"
        assert ui.controls.baseline[1].value == "2026-10-25 06:00"
        await ui.click("next")
        assert first.transcript.state == "stopped"
        assert "storefront.web.session:load" in ui.steps()[0]

    opened(scenario)


def test_stop_ends_the_run_and_keeps_what_was_found(session, live):
    async def scenario():
        ui = Clicker(InvestigationPanel(session))
        await ui.click("next")
        await ui.click("stop")
        assert ui.panel.run.transcript.state == "stopped"
        assert "Stopped before a conclusion" in ui.controls.conclusion.value
        assert len(ui.steps()) == 1 and ui.controls.next.disabled

    opened(scenario)


def test_stable_classes_are_there_for_tests_and_styles(session, live):
    async def scenario():
        found = set()

        def walk(widget):
            found.update(getattr(widget, "_dom_classes", ()))
            for child in getattr(widget, "children", ()):
                walk(child)

        walk(Clicker(InvestigationPanel(session)).box)
        return found

    assert opened(scenario) >= {
        "eff-next", "eff-run-all", "eff-skip", "eff-edit", "eff-stop", "eff-status", "eff-conclusion", "eff-regression",
        "eff-panel", "eff-arguments", "eff-reset", "eff-baseline-from", "eff-analysis-to",
    }  # fmt: skip


def test_parameters_choose_regression_and_windows(session, live):
    async def scenario():
        panel = InvestigationPanel(session, regression="r-2", analysis="2026-10-26 00:00/2026-10-27 00:00")
        ui = Clicker(panel)
        assert ui.controls.regression.value == "r-2"
        assert ui.controls.analysis[1].value == "2026-10-27 00:00"
        await ui.click("next")
        assert session.asked[0]["analysis"].length.days == 1

    opened(scenario)


def test_unknown_regressions_and_windows_are_refused_by_name(session):
    with pytest.raises(NotFound, match=r"'r-7'.*r-1, r-2"):
        InvestigationPanel(session, regression="r-7")
    with pytest.raises(AnalysisError, match="start/end"):
        InvestigationPanel(session, baseline="yesterday")


def test_without_an_event_loop_the_panel_says_what_to_do(session):
    with pytest.raises(ConfigError, match="EFFNB_MODE=report"):
        InvestigationPanel(session).open()


def test_a_report_shows_everything_and_creates_no_widget(session, capture_displays):
    created = []
    Widget.on_widget_constructed(created.append)
    InvestigationPanel(session, regression="r-1").show()
    html = "".join(str(data.get("text/html", "")) for data in capture_displays)
    assert "Explained" in html and html.count('<section class="eff-step') == 6
    assert sum(CHART_MIME in data for data in capture_displays) == 4
    assert not any("application/vnd.jupyter.widget-view+json" in data for data in capture_displays)
    Widget.on_widget_constructed(None)
    assert created == []


def test_awaiting_a_run_in_a_cell_shows_the_same(session, capture_displays):
    asyncio.run(show_run(session.investigate("r-1")))
    html = "".join(str(data.get("text/html", "")) for data in capture_displays)
    assert "Explained" in html and html.count('<section class="eff-step') == 6


def test_no_regressions_say_what_was_searched(tmp_path, capture_displays):
    session = StorySession(tmp_path, found=())
    InvestigationPanel(session).show()
    session.state.close()
    assert "No regressions to investigate. Searched: storefront" in capture_displays[0]["text/html"]


@pytest.fixture
def capture_displays():
    """MIME bundles displayed in this test."""
    from IPython.core.displaypub import CapturingDisplayPublisher
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    publisher, shell.display_pub = shell.display_pub, CapturingDisplayPublisher()
    shell.display_pub.shell = shell
    bundles = _Bundles(shell.display_pub)
    yield bundles
    shell.display_pub = publisher
    InteractiveShell.clear_instance()


class _Bundles:
    def __init__(self, publisher):
        self.publisher = publisher

    def __iter__(self):
        return (output["data"] for output in self.publisher.outputs if not output.get("update"))

    def __getitem__(self, index):
        return list(self)[index]


def test_the_variable_decides_the_mode_and_a_wrong_one_is_named(monkeypatch):
    monkeypatch.setenv("EFFNB_MODE", "live")
    assert mode() == "live"
    monkeypatch.setenv("EFFNB_MODE", "Report")
    assert mode() == "report"
    monkeypatch.setenv("EFFNB_MODE", "both")
    with pytest.raises(ConfigError, match="'both'"):
        mode()
    monkeypatch.delenv("EFFNB_MODE")
    assert mode() == "report"


def test_typed_windows_may_name_their_zone_and_errors_name_the_box():
    window = parse_window("2026-10-19T02:00+02:00", "2026-10-20 00:00 UTC", name="baseline window")
    assert window == Window(start=START, end=START.replace(day=20))
    assert parse_window("", " ", name="x") is None
    with pytest.raises(AnalysisError, match="end of the baseline window is ''"):
        parse_window("2026-10-19", "", name="baseline window")
    assert parse_arguments('{"a": 1}') == {"a": 1}


def test_reports_need_no_widgets_library():
    code = "import sys, effnb.widgets; print('ipywidgets' in sys.modules, 'altair' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert done.stdout.split() == ["False", "False"]


def test_a_call_that_waits_is_approved_or_denied_by_button(session, live):
    written = session.writing()

    async def scenario():
        ui = Clicker(InvestigationPanel(written))
        await ui.click("run_all")
        assert "waits for approval of rolls_out" in ui.controls.status.value
        assert (ui.controls.next.disabled, ui.controls.approve.layout.display) == (True, None)
        assert written.rolled_out == []
        await ui.click("approve")
        assert written.rolled_out == ["r-1"]
        assert ui.controls.approve.layout.display == "none"
        await ui.click("run_all")
        ui.controls.note.value = "freeze week"
        await ui.click("run_all")
        await ui.click("deny")
        assert (written.rolled_out, ui.panel.run.transcript.calls[-1].error) == (["r-1"], "freeze week")

    opened(scenario)


def test_a_note_goes_into_the_transcript(session, live):
    async def scenario():
        ui = Clicker(InvestigationPanel(session))
        assert ui.controls.keep_note.disabled
        await ui.click("next")
        ui.controls.note.value = " <b>odd</b> "
        await ui.click("keep_note")
        assert [note.text for note in ui.panel.run.transcript.notes] == ["<b>odd</b>"]
        assert ui.controls.note.value == ""
        await ui.click("run_all")
        assert "&lt;b&gt;odd" in ui.controls.conclusion.value

    opened(scenario)
