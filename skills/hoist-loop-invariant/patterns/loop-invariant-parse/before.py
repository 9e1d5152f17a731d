import json

TABLE = """{"AT": 210, "DE": 190}"""


def cost(kilograms: list[float], country: str) -> float:
    """Cents for all parcels."""
    total = 0.0
    for weight in kilograms:
        table = json.loads(TABLE)
        total += table[country] * weight
    return total
