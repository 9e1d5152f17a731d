import json

TABLE = """{"AT": 210, "DE": 190}"""

_TABLE = json.loads(TABLE)


def cost(kilograms: list[float], country: str) -> float:
    """Cents for all parcels."""
    total = 0.0
    for weight in kilograms:
        total += _TABLE[country] * weight
    return total
