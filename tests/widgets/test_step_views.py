"""Steps, results and conclusions as HTML."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from investigation_story import (
    GUILTY,
    HOSTILE,
    cause,
    changes,
    diff,
    history,
    regression,
    rollouts,
)

from effnb.domain import Change, Listing, Resolution, Suppressed, ToolCall, Transcript
from effnb.widgets import conclusion_chart, render_resolution, render_step, render_transcript, render_value, step_chart

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
HARMLESS = {*TABLE, "section", "div", "span", "p", "code", "ul", "li", "details", "summary"}


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.attributes = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.add(tag)
        self.attributes.update(name for name, _ in attrs)


def call(**fields):
    known = {"id": "skill.rank", "step": "rank_causes", "tool": "rank_causes", "args": {"regression": "r-1"}}
    return ToolCall(**{**known, "why": "Which change fits?", "status": "success", "started_at": AT, **fields})


def transcript(**fields):
    known = {"run_id": "run-1", "skill": "investigate", "digest": "d", "mode": "playbook", "inputs": {}}
    return Transcript(
        **{**known, "model": "playbook (no language model)", "state": "finished", "started_at": AT, **fields}
    )


def test_a_step_says_what_why_with_what_how_and_how_long():
    text = render_step(call(seconds=1.234), cause())
    for shown in ("Rank causes", "done", "1.23 s", "Which change fits?", "rank_causes(regression=&quot;r-1&quot;)"):
        assert shown in text
    assert "Look tax rates up per line item" in text and "9f2c41d07b<" in text


def test_a_failed_step_shows_its_reason_and_no_result():
    text = render_step(call(status="failed", error="no profiles in this window; ingest some"))
    assert "failed" in text and "no profiles in this window; ingest some" in text
    assert "<table>" not in text


def test_skipped_and_edited_steps_say_so():
    assert "skipped" in render_step(call(status="denied", error="skipped by a person"))
    assert "arguments edited by a person" in render_step(call(edited=True))


def test_an_empty_listing_says_what_was_searched():
    nothing = Listing[Change](rows=(), searched="storefront, last two weeks", total=0)
    assert "nothing found; searched: storefront, last two weeks" in render_value(nothing)


def test_a_long_listing_says_how_much_is_not_shown():
    rows = changes() * 8
    assert "10 of 40 shown" in render_value(Listing[Change](rows=rows, searched="x", total=40))


@pytest.mark.parametrize(
    "value", [history(), regression(), diff(), cause(), {"a": [1, 2.5]}, ("x", 1), 3.14159, None, "text"]
)
def test_every_kind_of_result_renders_with_harmless_tags_only(value):
    tags = Tags(render_value(value))
    assert tags.found <= HARMLESS
    assert tags.attributes <= {"class", "scope"}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_inert_wherever_it_stands(name):
    suppressed = Suppressed(
        id="s", service=name, function=name, at=AT, absolute_delta=0.1, relative_delta=None, stage=name, reason=name
    )
    claim = {"claim": name, "evidence": [{"call": name, "field": name, "value": name, "source": name, "query": name}]}
    ended = Resolution(status="explained", summary=name, cause=name, findings=[claim], gaps=[name], next_steps=[name])
    step = call(step=name, tool=name, args={name: name}, why=name, status="failed", error=name)
    results = [
        cause(titles=[name] * 3).model_copy(update={"reason": name}),
        diff([name]),
        regression(function=name, service=name),
        history(function=name),
        Listing[Suppressed](rows=(suppressed,), searched=name, total=1),
        Listing[Change](rows=(changes()[0].model_copy(update={"title": name, "author": name}),), searched="", total=1),
        {name: {name: name}},
    ]
    pages = [render_step(step, result) for result in results]
    pages += [render_resolution(ended), render_resolution(None, failure=name)]
    pages += [render_transcript(transcript(skill=name, model=name, calls=(step,), resolution=ended))]
    for page in pages:
        tags = Tags(page)
        assert tags.found <= HARMLESS
        assert tags.attributes <= {"class", "scope", "role"}


def test_a_conclusion_shows_claims_evidence_gaps_and_next_steps():
    evidence = {"call": "s.cause", "field": "candidates.0.score", "value": 0.9118, "source": "root cause"}
    text = render_resolution(
        Resolution(
            status="needs_person",
            summary="Two changes fit equally.",
            cause=None,
            findings=[{"claim": "Both touch 40 %.", "evidence": [evidence]}],
            gaps=["no rollouts"],
            next_steps=["Ask."],
        )
    )
    for shown in ("A person has to judge", "Two changes fit equally.", "1 piece of evidence", "candidates.0.score"):
        assert shown in text
    for shown in ("0.9118", "no rollouts", "Ask.", "eff-open"):
        assert shown in text


def test_nothing_found_and_not_enough_data_read_differently():
    endings = [Resolution(status=status, summary="…") for status in ("not_found", "not_enough_data")]
    assert "Nothing found" in render_resolution(endings[0])
    assert "Not enough data to say" in render_resolution(endings[1])


def test_a_run_without_conclusion_says_why():
    assert "No conclusion yet" in render_resolution(None)
    assert "Stopped before a conclusion" in render_resolution(None, state="stopped")
    assert "The run failed: it broke" in render_transcript(transcript(state="failed", error="it broke"))


def test_a_transcript_names_who_decided():
    text = render_transcript(transcript(calls=(call(),)))
    assert "playbook (no language model)" in text and "1 step ·" in text


def test_charts_belong_to_results_that_have_one():
    names = {
        name: step_chart(call(), result, [regression()]).to_dict()["usermeta"]["effnb"]["chart"]
        for name, result in {"history": history(), "diff": diff(), "candidates": cause()}.items()
    }
    assert names == {name: name for name in names}
    assert step_chart(call(), regression()) is None
    assert step_chart(call(status="failed"), history()) is None


def test_a_history_is_drawn_with_the_regression_it_is_about_and_no_other():
    with_level = step_chart(call(), history(), [regression()]).to_dict()
    other = step_chart(call(), history(), [regression(function="a:b")]).to_dict()
    assert len(with_level["title"]["subtitle"]) == 2
    assert len(other["title"]["subtitle"]) == 1


def test_the_concluding_chart_holds_arrivals_and_the_named_cause():
    listing = Listing(rows=rollouts(), searched="x", total=12)
    spec = conclusion_chart([regression(), history(), listing, cause()]).to_dict()
    kinds = [row["kind"] for rows in spec["datasets"].values() for row in rows if "lane" in row]
    assert kinds.count("suspected version") == 3
    assert cause().change_id == GUILTY
    assert conclusion_chart([cause()]) is None
