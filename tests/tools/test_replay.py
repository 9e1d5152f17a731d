"""A replay shows what other settings would file, and leaves what is filed alone; the lists search all of it."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
from shop_workspace import CHECK, DEPLOYED, T0

from effnb.errors import AnalysisError, ToolFailed
from effnb.session import open_session
from effnb.settings import DetectSettings
from effnb.tools import Toolbox, plain
from effnb.tools._owners import owner_lookup
from effnb.tools.replay_detection import detect_settings, read_settings, replay_detection, with_detect_settings

KINDS = ("regression", "improvement", "planned")


def filed(session):
    findings = session.workspace.findings
    return [one for kind in KINDS for one in findings.regressions(kind)], findings.suppressed()


def ids(rows):
    return {one.id for one in rows}


@pytest.fixture
def copy(session, tmp_path):
    """The shop in a workspace of its own, to file in."""
    shutil.copytree(session.workspace.root, tmp_path / "copy")
    opened = open_session(tmp_path / "copy")
    yield opened
    opened.close()


def test_the_workspaces_own_settings_change_nothing(session):
    """What a replay finds is what ``run_detection`` files, to the last number."""
    summary = session.tools.run_detection()
    replay = session.tools.replay_detection()
    now, dropped = filed(session)
    assert replay.changed == ()
    assert {one.id: one for one in replay.kept} == {one.id: one for one in now}
    assert (replay.gained.total, replay.lost.total) == (0, 0)
    assert replay.suppressed == summary.suppressed == len(dropped)
    assert replay.funnel == {"shop": summary.funnel}


def test_a_high_threshold_loses_what_it_says_and_names_the_stage(session):
    replay = session.tools.replay_detection(settings={"threshold": 0.03})
    assert [one.model_dump() for one in replay.changed] == [{"name": "threshold", "now": 0.005, "replayed": 0.03}]
    lost = next(one for one in replay.lost if one.function == CHECK)
    record = replay.dropped_by[lost.id]
    assert (record.stage, record.service) == ("threshold", "shop")
    assert "below the threshold of 3.00" in record.reason


def test_what_is_gained_comes_with_the_record_of_its_being_dropped(copy):
    Toolbox(with_detect_settings(copy.workspace, {"threshold": 0.03})).run_detection()
    now, dropped = filed(copy)
    replay = copy.tools.replay_detection()
    gained = next(one for one in replay.gained if one.function == CHECK)
    assert gained.id not in ids(now)
    record = replay.dropped_by[gained.id]
    assert record in dropped
    assert (record.stage, record.function) == ("threshold", CHECK)


def test_what_would_have_kept_a_change_keeps_it(session):
    small = next(one for one in session.suppressed() if one.stage == "threshold" and "=" in one.would_keep)
    replay = session.tools.replay_detection(settings=read_settings([small.would_keep]))
    assert replay.changed[0].name == "threshold"
    assert replay.changed[0].replayed < 0.005
    assert replay.lost.total == 0


def test_nothing_is_filed(session):
    now, connection = filed(session), session.workspace.state.connection
    before = connection.total_changes
    session.tools.replay_detection(settings={"threshold": 0.02, "significance": 1e-4})
    assert connection.total_changes == before + 1  # the line in the audit log
    assert filed(session) == now
    assert session.workspace.settings.detect == DetectSettings()
    assert replay_detection.tier == "read"


def test_filing_with_other_settings_files_exactly_the_replay(copy):
    changes = {"threshold": 0.03}
    replay = copy.tools.replay_detection(settings=changes)
    summary = Toolbox(with_detect_settings(copy.workspace, changes)).run_detection()
    now, dropped = filed(copy)
    assert ids(now) == ids([*replay.kept, *replay.gained])
    assert summary.suppressed == len(dropped) == replay.suppressed
    assert copy.workspace.settings.detect.threshold == 0.005
    again = copy.tools.replay_detection()
    assert ids(again.gained) >= ids(replay.lost)


def test_rows_are_limited_and_counted(session):
    replay = session.tools.replay_detection(settings={"threshold": 0.9}, limit=1)
    assert len(replay.lost) == 1 < replay.lost.total
    assert "changes filed now" in replay.lost.searched


def test_a_replay_is_plain_json_there_and_back(session):
    replay = session.tools.replay_detection(settings={"threshold": 0.03})
    assert replay_detection.result_type.validate_python(plain(replay)) == replay


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"treshold": 0.1}, "no setting 'treshold' of detection; did you mean 'threshold'? known: "),
        ({"threshold": 2}, "threshold = 2 cannot be replayed: Input should be less than 1"),
        ({"threshold": "much"}, "threshold = 'much' cannot be replayed"),
        ({"threshold": None}, "threshold = None cannot be replayed"),
        ({"threshold": [1]}, "threshold = [1] cannot be replayed"),
        ({"merge_hours": float("inf")}, "merge_hours = inf cannot be replayed: give a finite number"),
        ({"merge_hours": float("nan")}, "merge_hours = nan cannot be replayed: give a finite number"),
        ({"": 1}, "no setting '' of detection; did you mean "),
    ],
)
def test_wrong_settings_are_one_line(session, settings, message):
    with pytest.raises(AnalysisError) as failure:
        detect_settings(session.workspace.settings.detect, settings)
    assert message in str(failure.value)
    assert "\n" not in str(failure.value)
    with pytest.raises(ToolFailed):
        session.tools.replay_detection(settings=settings)


def test_settings_that_are_set_stay_and_the_rest_is_replaced():
    now = DetectSettings(threshold=0.02, merge_hours=3)
    assert detect_settings(now, {"threshold": "0.01"}) == DetectSettings(threshold=0.01, merge_hours=3)


def test_settings_are_read_as_they_are_written_in_either_place():
    assert read_settings(["threshold=0.004", "[detect] shift_share = 0.3"]) == {"threshold": 0.004, "shift_share": 0.3}
    for text in ("threshold", "=3", "threshold=", "none: it is part of that report"):
        with pytest.raises(AnalysisError, match=r"is no setting; write it as NAME=VALUE, like threshold=0\.005"):
            read_settings([text])


def test_an_empty_store_has_nothing_to_replay(empty):
    with pytest.raises(ToolFailed, match="the store holds no samples; run `effnb ingest PATH` first"):
        empty.tools.replay_detection()


def test_regressions_are_ranked_by_servers_then_points(session):
    rows = session.tools.list_regressions(kind="all").rows
    servers = [abs(session.impact(one).servers) for one in rows]
    assert servers == sorted(servers, reverse=True)
    assert ids(rows) == ids(filed(session)[0])


def test_services_without_servers_come_last(session):
    from effnb.tools.list_regressions import ranked

    (one, *_) = session.regressions()
    unknown = one.model_copy(update={"id": "reg-x", "service": "web", "absolute_delta": 0.9})
    assert [row.id for row in ranked(session.workspace, [unknown, one])] == [one.id, "reg-x"]


def test_regressions_are_narrowed_and_counted(session):
    found = session.tools.list_regressions(function="PRICE:check")
    assert {one.function for one in found} == {CHECK}
    assert "narrowed to function PRICE:check" in found.searched
    assert session.tools.list_regressions(min_points=50).total == 0
    assert session.tools.list_regressions(service="web").rows == ()
    one = session.tools.list_regressions(kind="all", limit=1)
    assert len(one) == 1 < one.total
    assert [row.kind for row in session.tools.list_regressions(kind="planned")] == ["planned"]


def test_every_dropped_change_point_can_be_read_page_by_page(session):
    every = filed(session)[1]
    pages = [session.tools.list_suppressed(limit=30, offset=at) for at in range(0, len(every), 30)]
    assert [one.id for page in pages for one in page] == [one.id for one in every]
    assert {page.total for page in pages} == {len(every)}


def test_dropped_change_points_are_narrowed_by_everything(session):
    every = filed(session)[1]
    stage = every[0].stage
    found = session.tools.list_suppressed(stage=stage, limit=1000)
    assert ids(found) == ids(one for one in every if one.stage == stage)
    day = session.tools.list_suppressed(since=DEPLOYED, until=DEPLOYED + timedelta(days=1), limit=1000)
    assert 0 < day.total < len(every)
    assert all(DEPLOYED <= one.at < DEPLOYED + timedelta(days=1) for one in day)
    large = session.tools.list_suppressed(min_points=1, limit=1000)
    assert ids(large) == ids(one for one in every if abs(one.absolute_delta) >= 0.01)
    assert session.tools.list_suppressed(service="web").total == 0


def test_an_empty_search_names_the_stages_there_are(session):
    none = session.tools.list_suppressed(stage="trafic")
    assert (none.total, none.rows) == (0, ())
    assert f"{len(filed(session)[1])} dropped change points of the newest detection (" in none.searched
    assert "narrowed to stage trafic" in none.searched


def test_times_the_wrong_way_round_are_refused(session):
    with pytest.raises(ToolFailed, match="no time lies from 2025-10-07 00:00 to 2025-10-06 00:00; give a later end"):
        session.tools.list_suppressed(since=T0 + timedelta(days=1), until=T0)


@pytest.mark.parametrize(("name", "args"), [("list_regressions", {"limit": 0}), ("list_suppressed", {"offset": -1})])
def test_counts_that_make_no_sense_are_refused(session, name, args):
    with pytest.raises(ToolFailed, match="refuses its arguments"):
        session.tools.call(name, args)


def test_owners_come_from_the_repository_and_the_longest_prefix_counts(session, tmp_path):
    from effnb.sources.changes import GitRepository

    shutil.copytree(session.workspace.root / "repo", tmp_path / "repo")
    repository = GitRepository(tmp_path / "repo")
    text = "# who\nshop/            Platform <p@example.org>\nshop/price.py     Pricing\n*.md  Docs\n"
    (tmp_path / "repo" / "OWNERS").write_text(text)
    repository._git("add", "OWNERS")
    repository._git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "Owners")
    workspace = with_detect_settings(session.workspace, {})
    workspace.__dict__["repository"] = repository
    owner = owner_lookup(workspace)
    (one, *_) = session.regressions()
    names = {"shop.price:check": "Pricing", "shop.web:cart": "Platform", "json.encoder:encode": "", "main": ""}
    assert {name: owner(one.model_copy(update={"function": name})) for name in names} == names
    (planned,) = session.planned()
    assert owner(planned) == "gifts"


def test_without_a_file_of_owners_or_a_repository_nobody_is_named(copy):
    assert owner_lookup(copy.workspace)(copy.regressions()[0]) == ""
    shutil.rmtree(copy.workspace.root / "repo")
    anew = open_session(copy.workspace.root)
    assert owner_lookup(anew.workspace)(anew.regressions()[0]) == ""
    anew.close()


def test_the_page_about_the_stages_names_each_of_them_and_settings_that_exist(session, root):
    page = (root / "docs/stages/overview.md").read_text()
    headings = {line.split("`")[1] for line in page.splitlines() if line.startswith("### `")}
    (funnel,) = session.tools.replay_detection().funnel.values()
    assert set(funnel) == headings
    assert all(f"`{one.stage}`" in page for one in session.suppressed())
    keeping = {
        name for one in session.suppressed() if "=" in one.would_keep for name in read_settings([one.would_keep])
    }
    assert keeping <= set(DetectSettings.model_fields)
    assert all(f"`{name}`" in page for name in keeping)
    assert (root / "docs/stages/funnel.svg").stat().st_size < 60_000
