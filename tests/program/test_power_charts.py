"""What the planner's charts promise, and the simulation they open with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import vl_convert as vlc

from effnb.charts._power import chart_averages, chart_smallest_rise, chart_time_to_detect
from effnb.datasets._averages import clipped_moments, simulate_averages
from effnb.domain.power import FleetPower, PowerPlan, PowerTerms, SampledFleet
from effnb.program._power_plan import NoisyFunctions, detection_times, plan_fleet, plan_fleets

HOSTILE = "</script><b>evil:\x1b[31m" + "x" * 300
FORTY = SampledFleet(name="forty pods", servers=40, samples_per_minute=40 * 60 * 19)
META = SampledFleet(name=HOSTILE, servers=500_000, samples_per_minute=500_000)
TERMS = PowerTerms(functions=1000)
ASSUMED = plan_fleets([FORTY, META], TERMS, shares=np.geomspace(1e-5, 0.5, 40))
MEASURED = ASSUMED.model_copy(
    update={
        "fleets": (
            plan_fleet(
                FORTY, NoisyFunctions([HOSTILE, "b"], np.array([0.2, 0.01]), np.array([3, np.nan])), TERMS, given=False
            ),
        )
    }
)
BLIND = SampledFleet(name="blind", samples_per_minute=0.01)
TIMES = detection_times([FORTY, META], TERMS, gcpu=0.01, sizes=np.geomspace(1e-5, 0.05, 30))
CHARTS = {
    "smallest-rise": chart_smallest_rise(ASSUMED, threshold=0.005),
    "smallest-rise measured": chart_smallest_rise(MEASURED),
    "smallest-rise nothing": chart_smallest_rise(plan_fleets([BLIND], TERMS, shares=[0.5])),
    "time-to-detect": chart_time_to_detect(TIMES),
    "time-to-detect nothing": chart_time_to_detect([]),
    "averages": chart_averages([simulate_averages(1, points=40), simulate_averages(500, subroutines=1000, points=40)]),
}


def spec_of(name: str) -> dict[str, object]:
    return {key: value for key, value in CHARTS[name].to_dict().items() if key != "$schema"}


@pytest.mark.parametrize("version", ["5.8", "6.4"])
@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_compiles_in_old_and_new_vega_lite_without_a_warning(name, version, capfd):
    svg = vlc.vegalite_to_svg(json.dumps(spec_of(name)), vl_version=version)
    assert svg.startswith("<svg")
    assert "NaN" not in svg
    assert "WARN" not in capfd.readouterr().err


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_has_a_stable_name_a_text_alternative_and_no_address(name):
    spec = spec_of(name)
    assert spec["usermeta"] == {"effnb": {"chart": name.partition(" ")[0]}}
    assert len(spec["description"]) > 30
    assert '"url"' not in json.dumps(spec)


def rows(name: str) -> list[dict[str, object]]:
    return [row for data in CHARTS[name].to_dict()["datasets"].values() for row in data]


def test_every_function_that_can_show_a_rise_is_drawn_and_no_other():
    assert len([row for row in rows("smallest-rise") if "gcpu" in row]) == 80
    assert [row["noise"] for row in rows("smallest-rise measured")] == [
        "3 × sampling, measured",
        "3 × sampling, typical",
    ]
    assert rows("smallest-rise nothing") == [{"text": "no function can show a rise"}]
    assert len(rows("time-to-detect")) == sum(one.hours is not None for one in TIMES) < len(TIMES)


def test_the_mean_of_clipped_servers_is_normal_with_the_exact_moments():
    """What stands in for drawing fifty million servers, against drawing them."""
    mean, sd = 0.0005, 0.00316
    drawn = np.clip(np.random.default_rng(3).normal(mean, sd, 2_000_000), 0, 1)
    first, variance = clipped_moments(np.array([mean]), sd)
    assert first[0] == pytest.approx(drawn.mean(), rel=0.005)
    assert variance[0] == pytest.approx(drawn.var(), rel=0.005)
    assert clipped_moments(np.array([0.5]), 0.1)[0][0] == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize(("servers", "error"), [(500_000, 1.7e-5), (50_000_000, 1.7e-6)])
def test_the_fleet_rises_by_five_thousandths_of_a_point(servers, error):
    """Noise of a minute √((0.01 + 0.02)/2/servers); of a half of 20,000 minutes a hundredth of that."""
    values = np.array(simulate_averages(servers, points=20_000).values)
    assert values[:10_000].std() == pytest.approx(np.sqrt(0.015 / servers), rel=0.05)
    assert values[10_000:].mean() - values[:10_000].mean() == pytest.approx(5e-5, abs=error)


def test_clipping_lifts_small_parts_and_lets_half_of_the_rise_through():
    values = np.array(simulate_averages(50_000, subroutines=1000, points=20_000).values)
    assert values[:10_000].mean() > 0.001
    assert values[10_000:].mean() - values[:10_000].mean() == pytest.approx(0.55 * 5e-5, rel=0.1)


def test_the_same_seed_gives_the_same_series_and_another_one_another():
    assert simulate_averages(1, seed=4) == simulate_averages(1, seed=4) != simulate_averages(1, seed=5)
    assert 0 <= min(simulate_averages(1).values) <= max(simulate_averages(1).values) <= 1


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "stages" / "power.md").read_text(encoding="utf-8")


def test_the_page_names_what_exists_and_shows_its_picture(page, root):
    for name in ("smallest_rise", "samples_needed", "measured_design_effect", "effnb power"):
        assert name in page
    picture = root / "docs" / "stages" / "power.svg"
    assert "](power.svg)" in page
    assert picture.stat().st_size < 60_000


def test_fleets_without_functions_are_left_out_of_the_description():
    empty = ASSUMED.fleets[0].model_copy(update={"functions": ()})
    plan = ASSUMED.model_copy(update={"fleets": (empty,)})
    assert isinstance(plan, PowerPlan)
    assert isinstance(empty, FleetPower)
    assert "no function can show one" in chart_smallest_rise(plan).to_dict()["description"]
