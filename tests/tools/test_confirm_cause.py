"""The made-up shop's regression is tried: its code is replayed for real, before and after the commit."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from effnb.domain import Confirmation
from effnb.errors import ToolFailed
from effnb.session import Session, open_session
from effnb.settings import OverrideSettings
from effnb.tools._replays import with_setting
from effnb.verify import ServiceWorkload, best_sandbox, write_service_workload

COMMAND = """
from shop import price
for n in range({requests}):
    price.check()
    sum(range(99))
"""


@pytest.fixture
def shop(session: Session, tmp_path: Path) -> Session:
    """A copy of the shop with a workload."""
    root = tmp_path / "shop"
    session.workspace.state.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(session.workspace.root, root)
    settings = root / "effnb.toml"
    settings.write_text(settings.read_text().replace("[sources]", '[sources]\nworkloads = "workloads"'))
    workload = ServiceWorkload(service="shop", command=("python", "-c", COMMAND), requests=200_000, revision="abc")
    write_service_workload(root / "workloads" / "shop", workload)
    opened = open_session(root)
    yield opened
    opened.close()


def tried(shop: Session) -> Confirmation:
    (regression,) = shop.regressions().rows
    return shop.tools.confirm_cause(id=regression.id)


@pytest.mark.skipif(best_sandbox() is None, reason="no strong sandbox on this machine")
def test_the_planted_cause_is_reproduced_and_shown_with_the_causes(shop):
    found = tried(shop)
    causes = shop.tools.rank_causes(id=found.regression)
    assert (found.verdict, found.change) == ("reproduced", causes.change_id)
    assert found.function == "shop.price:check"
    assert found.ratio.low > max(2.0, found.control.high)
    assert found.service_ratio.value > 1
    assert found.similarity is None  # this command calls nothing that the samples begin with
    assert "for n in range(200000)" in found.workload
    assert found.headline.startswith("reproduced here: ")
    assert causes.confirmation == found
    assert list((shop.workspace.root / "repo" / ".git").glob("worktrees/*")) == []


@pytest.mark.skipif(best_sandbox() is None, reason="no strong sandbox on this machine")
def test_who_mends_a_regression_has_its_cause_tried_first_and_once(shop):
    (regression,) = shop.regressions().rows
    for _ in range(2):
        with pytest.raises(ToolFailed, match="revert"):  # no rule mends this one
            shop.resolve(regression.id)
    made = [one.tool for one in shop.workspace.audit.entries()]
    assert made[-3:] == ["confirm_cause", "propose_fix", "propose_fix"]
    reverted = shop.tools.propose_fix(subject=regression.id, revert=True)
    assert reverted.reviewer == shop.tools.rank_causes(id=regression.id).candidates[0].author


def test_without_a_workload_it_is_not_replayable(shop):
    shutil.rmtree(shop.workspace.root / "workloads")
    found = tried(shop)
    assert (found.verdict, found.ratio) == ("not_replayable", None)
    assert "record a workload with `effnb record`" in found.reason


def test_a_command_of_another_language_is_not_replayable(shop):
    folder = shop.workspace.root / "workloads" / "shop"
    write_service_workload(folder, ServiceWorkload(service="shop", command=("./serve",)))
    assert "'./serve' is not Python's" in tried(shop).reason


def test_without_a_sandbox_nothing_is_run(shop, tmp_path, monkeypatch):
    (tmp_path / "git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(tmp_path))
    found = tried(shop)
    assert (found.verdict, found.sandbox, found.rounds) == ("not_run", "", 0)
    assert "no strong sandbox" in found.reason
    assert "effnb doctor" in found.reason


def test_a_setting_is_given_by_file_argument_or_variable():
    override = OverrideSettings(
        file="o.toml", arguments=("--config", "o.toml", "{key}={value}"), environment={"SHOP_{KEY}": "{value}"}
    )
    side = with_setting("abc", "cart.max", "many", override)
    assert side.files == {"o.toml": 'cart.max = "many"\n'}
    assert side.arguments == ("--config", "o.toml", "cart.max=many")
    assert side.environment == {"SHOP_CART_MAX": "many"}
    assert with_setting("abc", "cart.max", "140", override).files == {"o.toml": "cart.max = 140\n"}
