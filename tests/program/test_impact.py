"""What a change of CPU share means in servers, power and money, worked out by hand."""

from __future__ import annotations

import pytest

from effnb.domain import Impact
from effnb.program import impact_of
from effnb.settings import PowerSettings

POWER = PowerSettings(watts_per_server=400, pue=1.5, price_per_kwh=0.1, currency="EUR", source="the bill")


def test_two_percent_of_fifty_servers_by_hand():
    """0.02 × 50 = 1 server; × 400 W × 1.5 = 0.6 kW; × 8766 h = 5.2596 MWh; × 100 EUR/MWh = 525.96 EUR."""
    impact = impact_of(0.02, 50, POWER)
    assert impact.servers == pytest.approx(1.0)
    assert impact.kw == pytest.approx(0.6)
    assert impact.mwh_per_year == pytest.approx(5.2596)
    assert impact.money_per_year == pytest.approx(525.96)
    assert (impact.currency, impact.source, impact.missing) == ("EUR", "the bill", None)


def test_a_saving_is_negative_throughout():
    saved, cost = impact_of(-0.02, 50, POWER), impact_of(0.02, 50, POWER)
    for unit in ("servers", "kw", "mwh_per_year", "money_per_year"):
        assert getattr(saved, unit) == -getattr(cost, unit)


def test_without_power_constants_only_servers_are_known():
    assert impact_of(0.5, 4, None) == Impact(servers=2.0, missing="[power]")


def test_without_servers_nothing_is_known():
    assert impact_of(0.5, None, POWER) == Impact(missing="[services.NAME] servers")


def test_no_change_costs_nothing():
    assert impact_of(0.0, 50, POWER).money_per_year == 0.0
