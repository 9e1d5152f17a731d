"""``effnb confirm``: one line first, one JSON value when asked for, and a refusal that says what to do."""

from __future__ import annotations

import json
import sys

import pytest
from shop_workspace import build_shop

from effnb.cli import main
from effnb.domain import Confirmation
from effnb.session import open_session
from effnb.verify import ServiceWorkload, best_sandbox, write_service_workload

COMMAND = "from shop import price\nfor n in range({requests}): price.check()"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    root = tmp_path_factory.mktemp("confirm") / "shop"
    build_shop(root)
    settings = root / "effnb.toml"
    settings.write_text(settings.read_text().replace("[sources]", '[sources]\nworkloads = "workloads"'))
    session = open_session(root)
    session.tools.run_detection()
    (regression,) = session.regressions().rows
    session.close()
    return root, regression.id


def run(monkeypatch, capsys, folder, *arguments):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["effnb", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    captured = capsys.readouterr()
    return int(end.value.code or 0), captured.out, captured.err


def test_without_a_workload_the_first_line_says_what_to_do(shop, monkeypatch, capsys):
    root, regression = shop
    code, out, _ = run(monkeypatch, capsys, root, "confirm", regression)
    assert code == 0
    assert out.startswith("not replayable: no workload.json in ")
    assert out.count("\n") == 1


@pytest.mark.skipif(best_sandbox() is None, reason="no strong sandbox on this machine")
def test_a_reproduced_cause_is_told_with_its_numbers(shop, monkeypatch, capsys):
    root, regression = shop
    workload = ServiceWorkload(service="shop", command=("python", "-c", COMMAND), requests=50_000)
    write_service_workload(root / "workloads" / "shop", workload)
    code, out, _ = run(monkeypatch, capsys, root, "confirm", regression, "--json")
    found = Confirmation.model_validate(json.loads(out))
    assert (code, found.verdict, found.regression) == (0, "reproduced", regression)
    _, told, _ = run(monkeypatch, capsys, root, "confirm", regression)
    first, second, *_ = told.splitlines()
    assert first.startswith("reproduced here: ")
    assert f"{regression} in shop, change {found.change}: the function takes " in second
    assert "the same version again (A/A): " in told


def test_an_unknown_regression_is_refused(shop, monkeypatch, capsys):
    root, regression = shop
    code, out, err = run(monkeypatch, capsys, root, "confirm", "reg-0")
    assert (code, out) == (1, "")
    assert f"no regression 'reg-0'; filed: {regression}" in err
