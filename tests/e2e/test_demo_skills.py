"""Skills on the demo: each finds the situation that was planted for it, and declines its neighbours'."""

from __future__ import annotations

import pytest

from effnb.agent import start_run
from effnb.session import open_session
from effnb.skills import bundled_skill

pytestmark = pytest.mark.slow

LOGGING = "7cf48e8a1055bdee34eb9096f315c14f1f9f31bc"
SCHEMA = "440e28b45eef7f361b61acd0dab63b44c5f3fbf8"
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


def test_the_schema_change_is_told_apart_from_a_setting(conclude, filed):
    ended = conclude("check-schema-change", regression=filed("records:line_record"))
    assert (ended.status, ended.cause) == ("explained", SCHEMA)
    assert "schema from 3 to 4" in ended.summary
    assert "copy:deepcopy" in ended.summary
    assert conclude("check-schema-change", regression=filed("ranking:score_product")).status == "not_found"


@pytest.mark.parametrize(
    ("service", "at", "endpoint", "cause"),
    [
        ("web", "2026-10-15T16:30:00Z", "cart_page", SCHEMA),
        ("search", "2026-10-13T19:00:00Z", "facets", LOGGING),
        ("search", "2026-10-15T09:30:00Z", None, "config:search.max_candidates"),
    ],
)
def test_latency_is_traced_to_the_regression_below_the_handler(conclude, service, at, endpoint, cause):
    ended = conclude("investigate-latency-regression", service=service, at=at, endpoint=endpoint)
    assert (ended.status, ended.cause) == ("explained", cause)


@pytest.mark.parametrize(
    ("at", "says"), [("2026-10-16T12:00:00Z", "looks like load"), ("2026-10-14T15:00:00Z", "flag:recs_v2")]
)
def test_latency_by_load_or_ramp_names_no_code(conclude, at, says):
    ended = conclude("investigate-latency-regression", service="web", at=at, endpoint="recommendations_page")
    assert (ended.status, ended.cause) == ("needs_person", None)
    assert says in ended.summary


@pytest.mark.parametrize("service", ["web", "search", "jobs"])
@pytest.mark.parametrize("at", ["2026-10-08T08:30:00Z", "2026-10-13T12:00:00Z"])
def test_level_memory_is_no_regression(conclude, service, at):
    assert conclude("investigate-memory-regression", service=service, at=at).status == "not_found"


def test_triage_orders_by_servers_certainty_and_newness(conclude):
    ended = conclude("triage-regressions")
    ordered = [one.claim for one in ended.findings if one.claim[0].isdigit()]
    names = ("line_record", "monthly_factor", "score_product", "note_facet", "article_numbers")
    assert len(ordered) == len(names)
    assert all(name in claim for name, claim in zip(names, ordered, strict=True))
    assert "or 0.90 servers" in ordered[0]
    assert "next: mitigate-config-change" in ordered[2]
    assert "next: mitigate-logging-regression" in ordered[3]


def test_why_is_answered_with_cause_and_schema(conclude):
    function = "storefront.serialise.records:line_record"
    ended = conclude("answer-efficiency-question", question="Why did it get dearer?", service="web", function=function)
    assert (ended.status, ended.cause) == ("explained", SCHEMA)
    assert "schema from 3 to 4" in ended.summary


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("Who owns this service?", "web@storefront.example"),
        ("Which settings changed?", "cart.free_shipping_cents"),
        ("What was dropped and why?", "dropped as cost-shift"),
        ("How many requests does it get?", "product_page"),
        ("What does the runbook say on rolling back?", "runbook-web.md"),
        ("What do its experiments cost?", "exp-2026-41"),
    ],
)
def test_questions_are_answered_from_the_tool_that_knows(conclude, question, says):
    span = {"start": "2026-10-12T00:00:00Z", "end": "2026-10-17T00:00:00Z"}
    ended = conclude("answer-efficiency-question", question=question, service="web", **span)
    assert ended.status == "explained"
    assert says in ended.model_dump_json()


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
