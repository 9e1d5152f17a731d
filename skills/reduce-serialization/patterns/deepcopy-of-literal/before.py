from copy import deepcopy

TEMPLATE = {
    "sku": "",
    "amounts": {"gross": 0, "net": 0},
    "tags": [],
}


def record(sku: str) -> dict[str, object]:
    """Record of one product."""
    made = deepcopy(TEMPLATE)
    made["sku"] = sku
    return made
