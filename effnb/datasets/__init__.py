"""Demo data, and builders of data whose truth is known: for the demo, tests, benchmarks and docs."""

from effnb.datasets._averages import simulate_averages
from effnb.datasets._bundled import bundled
from effnb.datasets._costs import Costs, RecordedRevision, changed_costs, stack_costs
from effnb.datasets._demo import apply_history, is_demo, lay_out_storefront
from effnb.datasets._fleet import (
    Clock,
    Deploy,
    Endpoint,
    Incident,
    MixShift,
    ServiceFleet,
    ServiceTraffic,
    Setting,
    simulate_service,
)
from effnb.datasets._metrics import service_metrics
from effnb.datasets._planted import CLOCK, ENDPOINTS, GROUPS, START, rollout, shop_costs, shop_fleet
from effnb.datasets._storefront import SERVED, Storefront

__all__ = [
    "CLOCK",
    "ENDPOINTS",
    "GROUPS",
    "SERVED",
    "START",
    "Clock",
    "Costs",
    "Deploy",
    "Endpoint",
    "Incident",
    "MixShift",
    "RecordedRevision",
    "ServiceFleet",
    "ServiceTraffic",
    "Setting",
    "Storefront",
    "apply_history",
    "bundled",
    "changed_costs",
    "is_demo",
    "lay_out_storefront",
    "rollout",
    "service_metrics",
    "shop_costs",
    "shop_fleet",
    "simulate_averages",
    "simulate_service",
    "stack_costs",
]
