"""``effnb power`` as a person runs it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from effnb.cli import _power
from effnb.domain.power import PowerPlan
from effnb.errors import EffnbError
from effnb.store import Samples, stack_id
from effnb.workspace import Workspace

FORTY = ("--servers", "40", "--rate", "19")


@pytest.fixture
def app() -> typer.Typer:
    """The command beside another one, as in the real program."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command("other")(lambda: None)
    _power.register(app)
    return app


def run(app: typer.Typer, *args: str) -> Result:
    result = CliRunner().invoke(app, ["power", *args])
    if isinstance(result.exception, EffnbError):
        raise result.exception
    return result


def plan(app: typer.Typer, *args: str) -> PowerPlan:
    result = run(app, *args, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    return PowerPlan.model_validate(json.loads(result.stdout))


def test_what_forty_pods_can_see_needs_no_workspace(app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(app, *FORTY, "--hours", "6", "--gcpu", "0.01")
    assert result.exit_code == 0
    row = " ".join(next(line for line in result.stdout.splitlines() if line.startswith("a function of")).split())
    assert row == "a function of 1 % 1 % 16,416,000 1 0.0147 points 1.47 % 22 s"
    for told in ("twice the rate: a function of 1 % from 0.0147 points to 0.0104", "missed: ", "servers-equivalent"):
        assert told in result.stdout
    assert "as given; 1 is the best case" in result.stdout


def test_json_holds_plan_terms_and_assumptions(app):
    found = plan(app, *FORTY, "--gcpu", "0.01", "--gcpu", "0.2")
    assert (found.terms.functions, found.terms.size, found.sizes.per_year) == (1000, 0.005, 800)
    assert [row.gcpu for row in found.fleets[0].functions] == [0.2, 0.01]
    assert found.fleets[0].functions[1].smallest_rise == pytest.approx(1.47e-4, rel=0.005)


def test_the_paper_s_fleet_finds_five_thousandths_of_a_point_in_seven_hours(app):
    args = ("--servers", "500000", "--rate", "1/min", "--gcpu", "0.01", "--size", "0.00005")
    found = plan(app, *args, "--functions", "800000", "--baseline-hours", "1e6")
    assert found.fleets[0].functions[0].hours_to_detect == pytest.approx(6.9, rel=0.02)


@pytest.mark.parametrize(
    ("rate", "a_minute"), [("19", 1140), ("19/s", 1140), ("1/min", 1), ("1/30min", 1 / 30), ("3/h", 0.05)]
)
def test_rates_are_read_as_people_write_them(app, rate, a_minute):
    found = plan(app, "--servers", "10", "--rate", rate)
    assert found.fleets[0].fleet.samples_per_minute == pytest.approx(10 * a_minute)


def test_sizes_and_their_number_can_be_replaced(app):
    sizes = plan(app, *FORTY, "--sizes", "0:0.001,0.5:0.01,1:0.2", "--regressions-per-year", "12").sizes
    assert (sizes.per_year, sizes.quantiles) == (12, ((0, 0.001), (0.5, 0.01), (1, 0.2)))
    assert sizes.source == "as given with --sizes"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--servers", "40"), "give both --servers and --rate"),
        (("--gcpu", "0.1"), "give both --servers and --rate"),
        ((*FORTY, "--service", "web"), "--service and --function read the workspace"),
        (("--servers", "40", "--rate", "fast"), "'fast'; write 19"),
        (("--servers", "40", "--rate", "1/0min"), "write 19"),
        (("--servers", "40", "--rate", "0"), "samples_per_minute = 0.0"),
        ((*FORTY, "--alpha", "2"), "alpha = 2.0"),
        ((*FORTY, "--hours", "-1"), "analysis_hours = -1.0"),
        ((*FORTY, "--sizes", "big"), "--sizes 'big'"),
        ((*FORTY, "--sizes", "1:2:3"), "quantiles"),
    ],
)
def test_mistakes_on_the_command_line_are_refused_with_the_next_step(app, args, words):
    result = run(app, *args)
    assert result.exit_code == 2
    assert words in " ".join(result.output.replace("│", " ").split())


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--gcpu", "1"), "a share is 1; gCPU is a fraction"),
        (("--design-effect", "0.5"), "give at least 1"),
        (("--sizes", "0:0.2,1:0.1"), "that rise"),
    ],
)
def test_numbers_that_make_no_plan_are_refused_in_one_line(app, args, words):
    with pytest.raises(EffnbError, match=words) as caught:
        run(app, *FORTY, *args)
    assert "\n" not in str(caught.value)


@pytest.fixture
def in_workspace(tmp_path, monkeypatch):
    """A folder whose service ``web``, of unknown size, was sampled a thousand times an hour for two days."""
    (tmp_path / "effnb.toml").write_text("[workspace]\nbucket_seconds = 3600\n")
    monkeypatch.chdir(tmp_path)
    opened = Workspace.open(tmp_path)
    stacks = {stack_id(stack): stack for stack in (("main", "shop:price"), ("main",))}
    hours = np.repeat(np.arange(48) * 3600, 2)
    labels = ["all"] * len(hours)
    samples = Samples("web", stacks, 3600, hours, labels, labels, np.tile(list(stacks), 48), np.tile([200, 800], 48))
    opened.samples.add(samples, endpoints={}, source="test")
    opened.close()


def test_a_workspace_is_read_and_what_it_lacks_is_said(app, in_workspace):
    shown = run(app).stdout
    assert "web: 16.67 samples a minute\n" in shown
    row = next(line for line in shown.splitlines() if line.startswith("shop:price"))
    assert row.split()[1:4] == ["20", "%", "6,000"]
    assert "what one more sample buys needs [services.NAME] servers in effnb.toml" in shown
    assert "120 h before; 1 % chance of any false alarm over 2 functions" in shown


def test_the_workspace_s_json_has_measured_noise_unless_it_is_given(app, in_workspace):
    assert plan(app).fleets[0].functions[0].noise == "measured"
    row = plan(app, "--design-effect", "3", "--size", "0.1", "--limit", "1").fleets[0].functions[0]
    assert (row.noise, row.design_effect) == ("given", 3.0)


def test_without_a_workspace_or_a_fleet_the_way_to_one_is_told(app, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EffnbError, match=r"no effnb\.toml .* run `effnb init`"):
        run(app)
