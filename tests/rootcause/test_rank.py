"""Which change explains a regression: FBDetect's worked example, and each factor on its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from effnb.domain import Change, ChangePoint, Regression, Window
from effnb.rootcause import Arrival, GroupShares, rank_causes
from effnb.settings import CauseSettings

AT = datetime(2026, 1, 10, tzinfo=UTC)
T0 = AT.timestamp()
TIMES = T0 + 1800.0 * np.arange(-24, 24) + 900
TABLE_2 = {
    ("A", "B", "C"): 0.02 - 0.01,
    ("B", "E", "F"): 0.03 - 0.02,
    ("D", "B", "C"): 0.02 - 0.02,
    ("B", "E", "D"): 0.06 - 0.04,
    ("G", "B", "D"): 0.01,
}
"""Yoon et al., SOSP '24, Table 2: share after minus before of each sample; B regressed."""


def regression(function: str = "B", delta: float = 0.05) -> Regression:
    return Regression(
        id="reg-1",
        service="s",
        function=function,
        change_point=ChangePoint(at=AT, earliest=AT, latest=AT),
        baseline=Window(start=AT - timedelta(days=1), end=AT),
        analysis=Window(start=AT, end=AT + timedelta(days=1)),
        before=0.09,
        after=0.09 + delta,
        absolute_delta=delta,
        relative_delta=None,
        low=0.04,
        high=0.06,
    )


def arrival(key: str, touched: set[str], *, hours: float = 0.0, kind: str = "code", groups=("*",)) -> Arrival:
    change = Change(id=key, kind=kind, title=f"Change {key}", author="a@example.org", at=AT)
    return Arrival(change, frozenset(touched), {group: [(T0 + 3600 * hours, 1.0)] for group in groups})


def stepped(*groups: str, late: float = 0.0, noise: float = 0.0) -> GroupShares:
    """Shares that rise at the change point; in the last group so many hours later."""
    rng = np.random.default_rng(1)
    shares = {}
    for group in groups:
        rises = T0 + (3600 * late if group == groups[-1] else 0.0)
        shares[group] = 0.09 + 0.05 * (rises <= TIMES) + noise * rng.standard_normal(len(TIMES))
    return GroupShares(TIMES, shares)


def ranked(arrivals, changes=TABLE_2, groups=None, function="B", delta=0.05, **settings):
    return rank_causes(
        regression(function, delta), arrivals, changes, groups or stepped("all"), CauseSettings(**settings)
    )


def test_fbdetect_table_2_attributes_80_percent():
    cause = ranked([arrival("c", {"A", "E"})])
    assert cause.candidates[0].attribution == pytest.approx(0.8)
    assert cause.candidates[0].functions == ("A", "E")
    assert (cause.change_id, cause.score) == ("c", pytest.approx(0.8))
    assert "80 % of the rise lies in stacks with it (L/R)" in cause.candidates[0].reasons[0]


def test_a_sample_with_two_touched_functions_counts_once():
    both = {**TABLE_2, ("A", "B", "E"): 0.05}
    assert ranked([arrival("c", {"A", "E"})], both).candidates[0].attribution == pytest.approx(0.09 / 0.10)


def test_stacks_without_the_regressed_function_do_not_count():
    elsewhere = {**TABLE_2, ("A", "X"): 5.0, ("X",): -5.0}
    assert ranked([arrival("c", {"A", "E"})], elsewhere).candidates[0].attribution == pytest.approx(0.8)


def test_a_change_of_nothing_in_the_stacks_is_no_candidate():
    cause = ranked([arrival("c", {"elsewhere"})])
    assert (cause.change_id, cause.candidates) == (None, ())
    assert cause.reason == "1 change(s) arrived in the 12 h before; none touches a function in the regressed stacks"


def test_each_call_between_change_and_function_costs_a_fifth():
    stacks = {("root", "outer", "middle", "B"): 0.05}
    cause = ranked([arrival("far", {"root"}), arrival("near", {"middle"}), arrival("self", {"B"})], stacks)
    scores = {one.change_id: one.score for one in cause.candidates}
    assert scores == {"self": pytest.approx(1.0), "near": pytest.approx(0.8), "far": pytest.approx(0.8**3)}
    assert [one.change_id for one in cause.candidates] == ["self", "near", "far"]


def test_a_callee_is_as_near_as_the_function_itself():
    cause = ranked([arrival("c", {"leaf"})], {("root", "B", "leaf"): 0.05})
    assert cause.score == pytest.approx(1.0)


def test_a_change_at_module_level_stands_for_its_modules_functions():
    cause = ranked([arrival("c", {"m:<module>"})], {("r", "m:f", "B"): 0.03, ("r", "n:f", "B"): 0.01})
    assert cause.candidates[0].attribution == pytest.approx(0.75)
    assert cause.candidates[0].functions == ("m:f",)


def test_the_change_that_arrived_with_the_rise_wins():
    cause = ranked([arrival("early", {"B"}, hours=-6), arrival("right", {"B"}), arrival("late", {"B"}, hours=5)])
    assert cause.change_id == "right"
    timing = {one.change_id: one.timing for one in cause.candidates}
    assert timing["right"] == pytest.approx(1.0)
    assert timing["early"] < 0.7 and timing["late"] < 0.7


def test_host_groups_tell_two_changes_of_one_hour_apart():
    """The share rises in the west four hours later: only one of the two rollouts did so too."""
    groups = stepped("east", "west", late=4.0, noise=0.002)
    staged, everywhere = arrival("staged", {"B"}), arrival("everywhere", {"B"})
    staged = Arrival(staged.change, staged.touched, {"east": [(T0, 1.0)], "west": [(T0 + 4 * 3600, 1.0)]})
    cause = ranked([everywhere, staged], groups=groups)
    assert cause.candidates[0].change_id == "staged"
    assert cause.candidates[0].timing > 0.95 > cause.candidates[1].timing


def test_two_that_fit_alike_leave_the_cause_open():
    cause = ranked([arrival("one", {"B"}), arrival("other", {"B"})])
    assert cause.change_id is None
    assert cause.score is None
    assert "the two best score 1.00 and 1.00: less than 1.5 times apart ([causes] min_lead)" in cause.reason
    assert len(cause.candidates) == 2


def test_a_weak_candidate_is_no_cause():
    cause = ranked([arrival("c", {"root"})], {("root", "a", "b", "c", "d", "e", "f", "B"): 0.05})
    assert cause.change_id is None
    assert cause.reason.endswith("the best score, 0.21, is below [causes] min_score = 0.3")
    assert ranked(
        [arrival("c", {"root"})], {("root", "a", "b", "c", "d", "e", "f", "B"): 0.05}, min_score=0.2
    ).change_id


def test_no_arrivals_is_said_so():
    assert ranked([]).reason.startswith("0 change(s) arrived in the 12 h before")


def test_an_improvement_is_explained_like_a_regression():
    falls = {stack: -delta for stack, delta in TABLE_2.items()}
    groups = GroupShares(TIMES, {"all": 0.09 - 0.05 * (TIMES >= T0)})
    cause = ranked([arrival("c", {"A", "E"})], falls, groups, delta=-0.05)
    assert (cause.change_id, cause.candidates[0].attribution) == ("c", pytest.approx(0.8))


def test_a_change_against_the_direction_of_the_rise_does_not_fit():
    groups = GroupShares(TIMES, {"all": 0.09 - 0.05 * (TIMES >= T0)})
    assert ranked([arrival("c", {"B"})], groups=groups).candidates[0].timing == 0.0


def test_buckets_without_samples_are_left_out():
    groups = stepped("all")
    holes = {"all": np.where(np.arange(48) % 3 == 0, np.nan, groups.shares["all"])}
    assert ranked([arrival("c", {"B"})], groups=GroupShares(TIMES, holes)).candidates[0].timing == pytest.approx(1.0)


def test_no_samples_of_any_group_leave_the_timing_open():
    nothing = GroupShares(TIMES, {"all": np.full(48, np.nan)})
    cause = ranked([arrival("c", {"B"})], groups=nothing)
    assert (cause.change_id, cause.candidates[0].score) == (None, 0.0)


def test_a_ramp_fits_the_steps_it_caused():
    ramp = [(T0 - 6 * 3600, 0.25), (T0, 0.5), (T0 + 6 * 3600, 1.0)]
    share = np.zeros(48)
    for start, fraction in ramp:
        share = np.where(start <= TIMES, fraction, share)
    experiment = Arrival(arrival("flag:x", {"B"}, kind="experiment").change, frozenset({"B"}), {"*": ramp})
    cause = ranked([experiment, arrival("c", {"B"})], groups=GroupShares(TIMES, {"all": 0.09 + 0.05 * share}))
    assert cause.candidates[0].change_id == "flag:x"
    assert cause.candidates[0].timing == pytest.approx(1.0)
    assert cause.candidates[0].reached_at == AT - timedelta(hours=6)
    assert cause.candidates[0].reasons[0].startswith("is read by B")


def test_a_ramp_that_had_begun_before_arrives_with_its_first_step_in_these_hours():
    ramp = arrival("flag:x", {"B"}, hours=0.0, kind="experiment")
    steps = {"*": [(T0 - 3601, 0.05), (T0, 0.2), (T0 + 3600, 0.5)]}
    ramp = Arrival(ramp.change, ramp.touched, steps, level_before=True)
    (found,) = ranked([ramp], groups=stepped("*")).candidates
    assert found.reached_at.timestamp() == T0
