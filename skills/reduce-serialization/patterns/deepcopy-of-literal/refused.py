from copy import deepcopy

TEMPLATE = {"sku": "", "tags": []}


def note(tag: str) -> None:
    TEMPLATE["tags"].append(tag)


def record() -> dict[str, object]:
    return deepcopy(TEMPLATE)
