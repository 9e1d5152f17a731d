"""What a fleet can see, planned and read from a workspace, worked out by hand and against the paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from effnb.domain.power import PowerPlan, PowerTerms, RegressionSizes, SampledFleet
from effnb.errors import AnalysisError, NotFound, ToolFailed
from effnb.program._power_plan import (
    PAPER_SIZES,
    NoisyFunctions,
    assumed_functions,
    detection_times,
    plan_fleet,
    plan_fleets,
    power_finding,
)
from effnb.stats._power import size_strata, smallest_rise
from effnb.store import Samples, stack_id
from effnb.tools import Toolbox
from effnb.workspace import Workspace

FORTY = SampledFleet(name="forty pods", servers=40, samples_per_minute=40 * 60 * 19)
META = SampledFleet(name="FrontFaaS", servers=500_000, samples_per_minute=500_000)
TERMS = PowerTerms(functions=1000)
SMALL = RegressionSizes(per_year=100, quantiles=((0, 1e-7), (1, 2e-7)), source="made up")
LARGE = RegressionSizes(per_year=100, quantiles=((0, 0.2), (1, 0.3)), source="made up")


def only_row(fleet, share=0.01, **kwargs):
    return plan_fleets([fleet], TERMS, shares=[share], **kwargs).fleets[0].functions[0]


def test_forty_pods_see_a_hundredth_of_a_point_in_a_function_of_one_percent():
    """16.4 million samples; sd √(0.0099·(1/16.4e6 + 1/656.6e6)) = 2.49e-5; × (4.26 + 1.64) = 1.47e-4, as Poisson."""
    row = only_row(FORTY)
    assert row.samples == 40 * 19 * 3600 * 6
    assert row.smallest_rise == pytest.approx(1.47e-4, rel=0.005)
    assert row.smallest_relative == pytest.approx(row.smallest_rise / 0.01)
    assert row.servers == pytest.approx(40 * row.smallest_rise)
    assert row.noise == "given"


def test_doubling_the_rate_buys_the_square_root_of_two_of_sampling_noise_alone():
    row = only_row(FORTY)
    assert row.smallest_rise / row.smallest_rise_twice_rate == pytest.approx(2**0.5, rel=0.01)


def test_doubling_the_rate_buys_little_where_servers_share_their_noise():
    row = only_row(FORTY, design_effect=20)
    assert row.smallest_rise / row.smallest_rise_twice_rate == pytest.approx((20 / 19.5) ** 0.5, rel=0.01)


def test_one_more_sample_a_minute_doubles_a_fleet_sampled_once_a_minute():
    row = only_row(META)
    assert row.smallest_rise_one_more == row.smallest_rise_twice_rate


def test_what_one_more_sample_buys_needs_the_number_of_servers():
    row = only_row(SampledFleet(name="?", samples_per_minute=1000))
    assert (row.smallest_rise_one_more, row.servers) == (None, None)
    assert row.smallest_rise_twice_rate is not None


def test_the_time_to_find_a_rise_is_the_window_in_which_it_is_the_smallest():
    hours = detection_times([META], TERMS, gcpu=0.01, sizes=[5e-5])[0].hours
    again = PowerTerms(functions=1000, analysis_hours=hours)
    assert plan_fleets([META], again, shares=[0.01]).fleets[0].functions[0].smallest_rise == pytest.approx(5e-5)


def test_a_rise_below_the_scatter_of_the_baseline_is_never_found():
    first, last = detection_times([FORTY], TERMS, gcpu=0.01, sizes=[1e-5, 1e-2])
    assert first.hours is None
    assert last.hours < 0.01


def test_functions_come_largest_share_first_and_unmeasured_noise_is_the_typical_one():
    functions = NoisyFunctions(["a", "b", "c"], np.array([0.1, 0.3, 0.2]), np.array([2.0, np.nan, 4.0]))
    found = plan_fleet(FORTY, functions, TERMS, given=False, limit=2)
    assert [(one.function, one.design_effect, one.noise) for one in found.functions] == [
        ("b", 3.0, "typical"),
        ("c", 4.0, "measured"),
    ]
    assert found.total == 3


def test_regressions_nobody_can_see_are_all_missed_and_large_ones_none():
    small, large = (plan_fleets([FORTY], TERMS, sizes=sizes).fleets[0].waste for sizes in (SMALL, LARGE))
    assert small.regressions == pytest.approx(100, rel=1e-3)
    assert small.gcpu == pytest.approx(100 * 1.44e-7, rel=0.01)  # mean of a log-uniform law from 1e-7 to 2e-7
    assert small.servers == pytest.approx(40 * small.gcpu)
    assert large.regressions == pytest.approx(0, abs=1e-9)


def test_waste_falls_with_the_rate():
    waste = plan_fleets([FORTY], TERMS).fleets[0].waste
    assert 0 < waste.servers_twice_rate < waste.servers


@pytest.mark.parametrize(
    ("quantiles", "growth"),
    [
        (((0, 1e-8), (1, 1e-2)), 2.0),  # even on a logarithmic scale: √4, as in the paper's appendix A.4
        (((0, 1e-9), *((i / 999, i / 999 * 2e-4) for i in range(1, 1000))), 1.0),  # even: d²/2 below d
    ],
)
def test_undetected_waste_grows_with_the_root_of_the_fleet(quantiles, growth):
    """Four times the servers: the least rise d that shows falls to a half."""
    sizes = RegressionSizes(per_year=1, quantiles=quantiles, source="made up")
    fleets = [SampledFleet(name="x", servers=m, samples_per_minute=m) for m in (500_000, 2_000_000)]
    few, many = plan_fleets(fleets, TERMS, shares=[0.001], sizes=sizes).fleets
    assert many.waste.servers / few.waste.servers == pytest.approx(growth, rel=0.02)


def test_a_tenth_of_the_paper_s_regressions_is_worth_some_thousand_servers():
    """The paper says about 4,000 for those of 0.005–0.01 %; its fleet's size is not disclosed."""
    sizes = np.sort(size_strata(PAPER_SIZES.quantiles, 1000))[:100]
    assert 0.1 * PAPER_SIZES.per_year * sizes.mean() * 500_000 == pytest.approx(3000, rel=0.05)


def test_the_finding_cites_the_values_of_its_plan():
    plan = plan_fleets([META, FORTY], TERMS)
    finding = power_finding(plan, "forty pods")
    assert "0.0147 points" in finding.claim
    assert finding.evidence[0].field == "fleets.1.functions.2.smallest_rise"
    assert finding.evidence[0].value == plan.fleets[1].functions[2].smallest_rise
    with pytest.raises(NotFound, match="it holds FrontFaaS, forty pods"):
        power_finding(plan, "fifty")


@pytest.mark.parametrize("effect", [0.5, float("nan"), float("inf")])
def test_a_design_effect_below_one_is_refused(effect):
    with pytest.raises(AnalysisError, match="give at least 1"):
        assumed_functions([0.1], effect)


STEP, BUCKETS = 1800, 48 * 8


@pytest.fixture
def workspace(tmp_path: Path):
    """Service ``web``: ``noisy`` of 20 % whose true share wanders, ``quiet`` of 20 % that only samples scatter."""
    (tmp_path / "effnb.toml").write_text(
        '[workspace]\nname = "t"\n[services.web]\nservers = 10\n[detect]\nthreshold = 0.01\nbaseline_days = 2\n'
    )
    opened = Workspace.open(tmp_path)
    rng = np.random.default_rng(2)
    share = 0.2 + 0.02 * rng.standard_normal(BUCKETS)
    counts = np.array([rng.multinomial(6000, (0.2, noisy, 0.8 - noisy)) for noisy in share])
    stacks = {stack_id(stack): stack for stack in (("main", "quiet"), ("main", "noisy"), ("main",))}
    bucket = np.repeat(np.arange(BUCKETS) * STEP + 1_790_000_000 // STEP * STEP, 3)
    add(opened, "web", stacks, bucket, np.tile(list(stacks), BUCKETS), counts.ravel())
    yield opened
    opened.close()


def add(workspace, service, stacks, bucket, stack, n):
    samples = Samples(
        service=service,
        stacks=stacks,
        step_seconds=STEP,
        bucket=bucket,
        version=["v1"] * len(n),
        host_group=["all"] * len(n),
        stack=stack,
        n=n,
    )
    workspace.samples.add(samples, endpoints={}, source="test")


def test_a_workspace_s_services_shares_and_noise_are_read_from_its_store(workspace):
    plan = Toolbox(workspace).power_plan()
    assert plan.terms == PowerTerms(analysis_hours=6, baseline_hours=48, functions=3, size=0.01)
    fleet = plan.fleets[0]
    assert fleet.fleet == SampledFleet(name="web", servers=10, samples_per_minute=200)
    rows = {row.function: row for row in fleet.functions}
    assert set(rows) == {"quiet", "noisy"}  # main is in every sample
    assert rows["quiet"].gcpu == pytest.approx(0.2, rel=0.01)
    assert rows["quiet"].design_effect == pytest.approx(1.0, abs=0.5)
    assert rows["noisy"].design_effect == pytest.approx(1 + 0.02**2 / (0.16 / 6000), rel=0.4)
    assert rows["quiet"].samples == 6 * 2 * 6000
    alone = smallest_rise(rows["quiet"].gcpu, 72_000, 576_000, alpha=0.01 / 3)
    assert rows["quiet"].smallest_rise == pytest.approx(float(alone), rel=0.25)
    assert PowerPlan.model_validate(plan.to_json()) == plan


def test_terms_and_noise_can_be_replaced(workspace):
    plan = Toolbox(workspace).power_plan(
        hours=2, baseline_hours=10, size=0.05, functions=7, design_effect=2, limit=1, function="QUI"
    )
    assert plan.terms == PowerTerms(analysis_hours=2, baseline_hours=10, functions=7, size=0.05)
    row = plan.fleets[0].functions[0]
    assert (row.function, row.design_effect, row.noise, plan.fleets[0].total) == ("quiet", 2.0, "given", 1)


def test_a_service_whose_functions_are_in_every_sample_is_not_enough_data(workspace):
    stack = ("main",)
    add(workspace, "idle", {stack_id(stack): stack}, np.array([0]), np.array([stack_id(stack)]), np.array([5]))
    plan = Toolbox(workspace).power_plan()
    assert list(plan.not_enough_data) == ["idle"]
    assert [one.fleet.name for one in plan.fleets] == ["web"]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ({"service": "wep"}, "no samples of service 'wep'"),
        ({"function": "nothing"}, "no function contains 'nothing' in web"),
        ({"alpha": 0.7}, "'alpha' is 0.7"),
        ({"design_effect": 0.5}, "'design_effect' is 0.5"),
        ({"sizes": {**PAPER_SIZES.model_dump(), "quantiles": [[0, 1], [1, 0.5]]}}, "that rise"),
    ],
)
def test_mistakes_are_told(workspace, args, words):
    with pytest.raises(ToolFailed, match=words):
        Toolbox(workspace).power_plan(**args)


def test_an_empty_store_is_not_enough_data(tmp_path):
    (tmp_path / "effnb.toml").write_text("")
    opened = Workspace.open(tmp_path)
    with pytest.raises(ToolFailed, match="the store holds no samples"):
        Toolbox(opened).power_plan()
    opened.close()
