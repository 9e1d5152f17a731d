TEMPLATE = {
    "sku": "",
    "amounts": {"gross": 0, "net": 0},
    "tags": [],
}


def record(sku: str) -> dict[str, object]:
    """Record of one product."""
    made = {**TEMPLATE, "amounts": {**TEMPLATE["amounts"]}, "tags": [*TEMPLATE["tags"]]}
    made["sku"] = sku
    return made
