"""Ramps from the history of a flag definition."""

from __future__ import annotations

import json

import pytest
from source_worlds import HOUR, T0, Repository

from effnb.errors import SourceError
from effnb.sources.changes import GitRepository
from effnb.sources.experiments import FlagdExperiments


@pytest.fixture
def history(tmp_path):
    """The experiments of a repository with one definition of flag ``x`` an hour; None leaves the flag out."""

    def made(*definitions: dict | None, **options):
        repository = Repository(tmp_path / "repo")
        for i, one in enumerate(definitions):
            text = json.dumps({"flags": {} if one is None else {"x": one}})
            repository.commit(T0 + i * HOUR, {"flags.json": text})
        return FlagdExperiments(GitRepository(tmp_path / "repo"), "flags.json", "web", **options).fetch_experiments()

    return made


def flag(on: float = 0, default: str = "off", **more) -> dict:
    targeting = {"fractional": [{"var": "key"}, ["on", on], ["off", 100 - on]]} if on else {}
    variants = {"on": True, "off": False}
    return {"state": "ENABLED", "variants": variants, "defaultVariant": default, "targeting": targeting, **more}


def steps(found) -> list[tuple[int, float]]:
    (one,) = found
    return [(round((step.at - T0) / HOUR), step.fraction) for step in one.steps]


def test_weights_are_shares_and_a_new_default_is_everybody(history):
    assert steps(history(flag(), flag(5), flag(50), flag(default="on"))) == [(1, 0.05), (2, 0.5), (3, 1.0)]


def test_a_flag_that_is_disabled_or_taken_out_reaches_nobody(history):
    assert steps(history(flag(50), flag(50, state="DISABLED"), flag(20), None)) == [
        (0, 0.5),
        (1, 0.0),
        (2, 0.2),
        (3, 0.0),
    ]


def test_a_flag_that_was_never_ramped_is_no_experiment(history):
    assert history(flag(), flag()) == []


def test_what_the_metadata_says_counts(history):
    about = {"owner": "recs@example.org", "planned_cost": 0.05, "service": "search", "title": "Variety"}
    (one,) = history(flag(), flag(10, metadata=about))
    assert (one.owner, one.planned_cost, one.service, one.name) == ("recs@example.org", 0.05, "search", "Variety")
    assert (one.change_id, one.experiment_id) == ("flag:x", "x")


def test_without_metadata_the_author_answers_and_no_cost_was_announced(history):
    (one,) = history(flag(10))
    assert (one.owner, one.planned_cost, one.service) == ("ada@example.org", None, "web")


def test_variants_of_text_are_compared_with_the_first_default(history):
    colours = {"state": "ENABLED", "variants": {"red": "#f00", "blue": "#00f"}, "defaultVariant": "red"}
    blue = colours | {"targeting": {"fractional": [["red", 3], ["blue"]]}}
    assert steps(history(colours, blue)) == [(1, 0.25)]


def test_rules_that_look_at_who_asks_are_refused_unless_left_out(history, tmp_path):
    ruled = flag() | {"targeting": {"if": [{"==": [{"var": "country"}, "de"]}, "on", "off"]}}
    with pytest.raises(SourceError, match=r"flag 'x' .* other rules than fractional, .*; list the flags to read"):
        history(ruled)
    repository = GitRepository(tmp_path / "repo")
    assert FlagdExperiments(repository, "flags.json", "web", flags=("y",)).fetch_experiments() == []


@pytest.mark.parametrize("text", ["[]", '{"flags": []}', '{"flags": {"x": 1}}', "{"])
def test_a_file_that_is_no_definition_is_named_with_its_commit(tmp_path, text):
    Repository(tmp_path / "repo").commit(T0, {"flags.json": text})
    source = FlagdExperiments(GitRepository(tmp_path / "repo"), "flags.json", "web")
    with pytest.raises(SourceError, match=r"flags\.json at [0-9a-f]{12} "):
        source.fetch_experiments()
