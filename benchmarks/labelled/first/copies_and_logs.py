"""Copies, serialisation, compression, logging and sessions."""

from __future__ import annotations

import copy
import gzip
import json
import logging
import zlib

import requests

log = logging.getLogger("labelled")
audit = logging.getLogger("labelled.audit")

EMPTY = {"name": "", "sizes": {"width": 0, "height": 0}, "tags": []}
SHARED = {"hits": 0, "pages": {}}


# expect: deepcopy-of-literal
# try: blank("x")
def blank(name: str) -> dict[str, object]:
    record = copy.deepcopy(EMPTY)
    record["name"] = name
    return record


# expect: none
def duplicate(record: dict[str, object]) -> dict[str, object]:
    return copy.deepcopy(record)


# expect: refused deepcopy-of-literal
def snapshot() -> dict[str, object]:
    return copy.deepcopy(SHARED)


def visit(page: str) -> None:
    SHARED["pages"][page] = SHARED["hits"]


# expect: maximum-compression-level
# try: squeeze(b"abcabcabc" * 50)
def squeeze(data: bytes) -> bytes:
    return zlib.compress(data, 9)


# expect: none
def quick(data: bytes) -> bytes:
    return gzip.compress(data, compresslevel=1)


# expect: repeated-serialisation
# try: signed({"a": 1})
def signed(payload: dict[str, int]) -> tuple[str, int]:
    size = len(json.dumps(payload))
    return json.dumps(payload), size


# expect: none
def versions(payload: dict[str, int]) -> tuple[str, str]:
    before = json.dumps(payload)
    payload["version"] = 2
    return before, json.dumps(payload)


# expect: eager-log-formatting
# try: scale(3, 4)
def scale(value: int, factor: int) -> int:
    log.debug(f"scaling {value} by {factor}")
    return value * factor


# expect: none
def warn(value: int) -> int:
    log.warning(f"odd value {value}")
    return value


# expect: refused eager-log-formatting
def consume(rows: list[int]) -> int:
    log.debug(f"next is {rows.pop()}")
    return len(rows)


# expect: unsampled-logging
# try: ship(["a", "b"])
def ship(orders: list[str]) -> int:
    sent = 0
    for order in orders:
        log.info("shipped %s", order)
        sent += 1
    return sent


# expect: none
def pay(orders: list[str]) -> int:
    for order in orders:
        audit.info("paid %s", order)
    return len(orders)


# expect: none
def reject(orders: list[str]) -> int:
    for order in orders:
        log.error("rejected %s", order)
    return len(orders)


# expect: session-per-call
def statuses(urls: list[str]) -> list[int]:
    found = []
    for url in urls:
        found.append(requests.get(url, timeout=5).status_code)
    return found


# expect: none
def one_status(url: str) -> int:
    return requests.get(url, timeout=5).status_code
