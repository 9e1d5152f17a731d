"""Skills on the demo: each finds the situation that was planted for it, and declines its neighbours'."""

from __future__ import annotations

import pytest

from effnb.agent import start_run
from effnb.session import open_session
from effnb.skills import bundled_skill

pytestmark = pytest.mark.slow

LOGGING = "7cf48e8a1055bdee34eb9096f315c14f1f9f31bc"
CACHE = "b35318edd586bc8dfd00470afbd4fd7cea9979b3"
SHIFTS = {
    ("search", "storefront.search.ranking:term_relevance", "2026-10-12T13:30:00Z"): "08c4b1393a92",
    ("web", "storefront.recs.similar:scored_neighbours", "2026-10-16T17:00:00Z"): "01ee186991c5",
    ("jobs", "storefront.jobs.digests:lay_out", "2026-10-15T19:00:00Z"): "bfecfec3aef2",
}


@pytest.fixture(scope="module")
def session(demo):
    session = open_session(demo)
    yield session
    session.close()


@pytest.fixture
def conclude(session, tmp_path):
    """Run a skill on the demo to its end."""

    def run(skill, **inputs):
        place = session.workspace
        run = start_run(
            skill=bundled_skill(skill), toolbox=session.tools, inputs=inputs, state=place.state, blobs=tmp_path
        )
        run.finish_blocking()
        assert (run.transcript.state, run.transcript.error) == ("finished", None)
        return run.transcript.resolution

    return run


@pytest.fixture(scope="module")
def filed(session):
    """Id of the filed rise of a function."""
    rows = (*session.regressions(), *session.planned())
    return lambda name: next(one.id for one in rows if any(name in each for each in (one.function, *one.carriers)))


def test_lost_sampling_is_named_with_its_logger(conclude, filed):
    ended = conclude("mitigate-logging-regression", regression=filed("facets:note_facet"))
    assert (ended.status, ended.cause) == ("explained", LOGGING)
    assert "storefront.search.facets" in ended.proposal.where
    assert "sampled.info(" in ended.proposal.proposed


def test_lost_cache_is_described_where_the_function_lives_now(conclude, filed):
    ended = conclude("restore-lost-cache", regression=filed("annuity:monthly_factor"))
    assert (ended.status, ended.cause) == ("explained", CACHE)
    assert ended.proposal.where.startswith("storefront/pricing/annuity.py:6")
    assert ended.proposal.proposed.startswith("@lru_cache(maxsize=256)\n")


@pytest.mark.parametrize("skill", ["mitigate-logging-regression", "restore-lost-cache", "mitigate-config-change"])
def test_a_rise_of_another_kind_is_declined(conclude, filed, skill):
    ended = conclude(skill, regression=filed("records:line_record"))
    assert (ended.status, ended.proposal) == ("not_found", None)


def test_the_setting_is_to_go_back_to_its_old_value(conclude, filed):
    ended = conclude("mitigate-config-change", regression=filed("ranking:score_product"))
    assert (ended.status, ended.cause) == ("config_change", "config:search.max_candidates")
    assert (ended.proposal.current, ended.proposal.proposed) == ("140", "110")


def test_the_announced_ramp_is_accepted_and_with_a_stricter_limit_paused(conclude, filed):
    rise = filed("variety:vary")
    assert conclude("mitigate-experiment-ramp", regression=rise).status == "accepted"
    strict = conclude("mitigate-experiment-ramp", regression=rise, tolerance=0.5)
    assert (strict.status, strict.proposal.proposed) == ("config_change", "50 % of requests")


@pytest.mark.parametrize("asked", SHIFTS)
def test_each_refactoring_is_named_for_its_shift(conclude, asked):
    service, function, at = asked
    ended = conclude("explain-cost-shift", service=service, function=function, at=at)
    assert ended.status == "explained"
    assert ended.cause.startswith(SHIFTS[asked])


def test_a_real_rise_is_no_shift(conclude):
    function = "storefront.serialise.records:line_record"
    ended = conclude("explain-cost-shift", service="web", function=function, at="2026-10-15T16:30:00Z")
    assert ended.status == "not_found"
