"""A small made-up service with planted events: for tests, where recordings would only be in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from effnb.datasets._fleet import Clock, Deploy, Endpoint, Incident, MixShift, ServiceFleet, Setting

Stack = tuple[str, ...]
START = 1_759_708_800
"""Monday 2025-10-06 00:00 UTC."""
GROUPS = {"canary": 2, "east": 14, "west": 14}
ENDPOINTS = (
    Endpoint("/product", "shop.web:product", 0.6),
    Endpoint("/cart", "shop.web:cart", 0.3, night_factor=0.6),
    Endpoint("/admin", "shop.web:admin", 0.1, night_factor=2.0),
)
CLOCK = Clock(start=START, days=10, step_seconds=1800)


def shop_costs(**changed: float) -> dict[Stack, float]:
    """Costs of the made-up shop, in shares of its CPU; ``changed`` adds to a leaf function by its bare name."""
    leaves: dict[Stack, float] = {}
    for handler, share in (("product", 0.5), ("cart", 0.35), ("admin", 0.15)):
        for module, part in (("price", 0.3), ("stock", 0.25), ("render", 0.25), ("session", 0.15)):
            for leaf, weight in (("load", 0.5), ("check", 0.3), ("format", 0.2)):
                stack = ("shop.app:serve", f"shop.web:{handler}", f"shop.{module}:{module}", f"shop.{module}:{leaf}")
                leaves[stack] = share * part * weight
        leaves["shop.app:serve", f"shop.web:{handler}"] = share * 0.05
    for name, extra in changed.items():
        hits = [stack for stack in leaves if stack[-1].split(":")[1] == name or stack[-1] == name]
        whole = sum(leaves[stack] for stack in hits)
        leaves |= {stack: leaves[stack] * (1 + extra / whole) for stack in hits}
    return leaves


def rollout(version: str, hours: float) -> list[Deploy]:
    """A staged rollout that starts so many hours after the clock's start."""
    first = START + int(hours * 3600)
    return [Deploy(version, group, first + 1800 * i, 20.0) for i, group in enumerate(GROUPS)]


def shop_fleet(
    costs: Mapping[str, Mapping[Stack, float]],
    deploys: Sequence[Deploy],
    *,
    settings: Sequence[Setting] = (),
    incidents: Sequence[Incident] = (),
    mix_shifts: Sequence[MixShift] = (),
) -> ServiceFleet:
    """The made-up shop on thirty servers."""
    return ServiceFleet(
        name="shop",
        host_groups=GROUPS,
        endpoints=ENDPOINTS,
        utilisation=0.5,
        costs=costs,
        deploys=deploys,
        settings=settings,
        incidents=incidents,
        mix_shifts=mix_shifts,
    )
