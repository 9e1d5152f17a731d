import json


def either(payload: dict[str, int], short: bool) -> tuple[str, str]:
    first = json.dumps(payload)
    return first, "" if short else json.dumps(payload)
