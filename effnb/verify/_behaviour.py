"""Check ``behaviour``: old and new code do the same, as far as a caller can notice.

Both run on the same inputs, each in a process of its own: the recorded ones, and others that Hypothesis and mutation
make of them, of the type hints and of the constants the code mentions. Compared are value and type, exception,
arguments changed, aliasing, a second call after the first result was spoilt, a call with changed arguments, a call
after the module's state has changed, log records, output, and the files and sockets touched.
"""

from __future__ import annotations

import ast
import json
from collections import Counter
from contextlib import suppress
from typing import Any

from effnb.domain import Check
from effnb.verify._ask import NoAnswerError, ask
from effnb.verify._candidate import Candidate, find_function
from effnb.verify._checks import broken, failed, passed, skipped
from effnb.verify._codec import encode
from effnb.verify._state import written_state

COUNT = 300
"""Inputs asked for, from each way of making them."""
SECONDS_EACH = 0.05
"""CPU time of one call of the old code; inputs that need more are not used."""
SECONDS_MAKING = 2.0
SECONDS_ALL = 5.0
SECONDS_LIMIT = 60
SLOWER = 20
"""How many times the limit of a call the new code may take."""
MEMORY_CALLS = 60
WARNING = 30
MOST_CONSTANTS = 120
MOST_LITERALS = 20
LONGEST_CONSTANT = 60
TOO_LONG = "effnb:TooLong"


def check_behaviour(candidate: Candidate) -> Check:
    """Whether old and new cannot be told apart but by their speed."""
    if candidate.fix.kind != "code":
        return skipped("behaviour", "a setting changes behaviour on purpose; what it was set for is lost, see the fix")
    target = find_function(ast.parse(candidate.old_text), candidate.qualname)
    if isinstance(target, ast.AsyncFunctionDef):
        return broken("behaviour", f"{candidate.qualname} is asynchronous, which is not compared yet")
    try:
        old = _ask_old(candidate)
    except NoAnswerError as error:
        return broken("behaviour", f"the old code could not be called here: {error}")
    if not old["told"]:
        return broken("behaviour", f"no input could be made for {candidate.qualname}; record its calls")
    return _against(candidate, old)


def _against(candidate: Candidate, old: dict[str, Any]) -> Check:
    try:
        new = _ask_new(candidate, old)
    except NoAnswerError as error:
        return failed("behaviour", f"the new code gave no result: {error}")
    if len(new["told"]) != len(old["told"]) or len(new["other"]) != len(old["other"]):
        return failed("behaviour", f"the new code answered {len(new['told'])} of {len(old['told'])} inputs")
    candidate.answers |= {"old": old, "new": new}
    return _verdict(candidate, old, new)


def _verdict(candidate: Candidate, old: dict[str, Any], new: dict[str, Any]) -> Check:
    wrong = _differences(candidate, old, new)
    if wrong:
        again = _steady(candidate, old)
        wrong = [(case, why) for case, why in wrong if case not in again]
        if again and not wrong and len(again) > len(old["told"]) / 5:
            return broken("behaviour", f"the old code differs from itself on {len(again)} of {len(old['told'])} inputs")
    if wrong:
        case, why = min(wrong, key=lambda found: len(found[0]))
        count = min(len({one for one, _ in wrong}), len(old["told"]))
        return failed(
            "behaviour", f"{why} ({count} of {len(old['told'])} inputs)", f"{candidate.qualname}{_shown(case)}"
        )
    candidate.examples = sum(bool(one["covered"]) for one in new["told"])
    recorded = len(candidate.workload.samples) if candidate.workload else 0
    made = max(0, len(old["cases"]) - recorded)
    states = len({one["state"] for one in old["other"]})
    more = f", and under {states} changes of the module's state" if states else ""
    return passed("behaviour", f"same on {min(recorded, len(old['cases']))} recorded and {made} made inputs{more}")


# -- asking ------------------------------------------------------------------------------------------------------


def _job(candidate: Candidate, **more: Any) -> dict[str, Any]:
    workload = candidate.workload
    roots = tuple(root.removeprefix("/src").strip("/") for root in candidate.roots[:1])
    state, written = written_state(candidate.old, roots)
    return {
        "module": candidate.module,
        "qualname": candidate.qualname,
        "roots": candidate.roots,
        "cases": [],
        "shared": workload.shared if workload else {},
        "seed": candidate.policy.seed,
        "constants": _constants(candidate),
        "literals": _literals(candidate),
        "seconds_each": SECONDS_EACH,
        "seconds_making": SECONDS_MAKING,
        "seconds_all": SECONDS_ALL,
        "all": False,
        "count": 0,
        "written": written,
        "state": state,
        "memory_calls": MEMORY_CALLS,
        "lines": sorted(candidate.watched_lines),
        "decompress": candidate.policy.results == "decompressed",
        **more,
    }


def _ask_old(candidate: Candidate) -> dict[str, Any]:
    samples = candidate.workload.samples if candidate.workload else ()
    cases = [sample.model_dump(mode="json", include={"args", "kwargs"}) for sample in samples[:COUNT]]
    job = _job(candidate, cases=cases, count=COUNT, lines=[])
    return ask(
        candidate.sandbox, "behave.py", job, folder=candidate.old, seconds=SECONDS_LIMIT,
        memory_bytes=candidate.policy.memory_bytes,
    )  # fmt: skip


def _ask_new(candidate: Candidate, old: dict[str, Any]) -> dict[str, Any]:
    job = _job(candidate, cases=old["cases"], all=True, seconds_each=SLOWER * SECONDS_EACH)
    return ask(
        candidate.sandbox, "behave.py", job, folder=candidate.new, seconds=SECONDS_LIMIT,
        memory_bytes=candidate.policy.memory_bytes,
    )  # fmt: skip


def _steady(candidate: Candidate, old: dict[str, Any]) -> set[str]:
    """Inputs on which the old code differs from itself in another process: they refute nothing."""
    job = _job(candidate, cases=old["cases"], all=True, seconds_each=SLOWER * SECONDS_EACH, lines=[])
    try:
        second = ask(
            candidate.sandbox, "behave.py", job, folder=candidate.old, seconds=SECONDS_LIMIT,
            memory_bytes=candidate.policy.memory_bytes,
        )  # fmt: skip
    except NoAnswerError:
        return set()
    return {case for case, _ in _differences(candidate, old, second)}


def _constants(candidate: Candidate) -> list[Any]:
    """Numbers and texts that either version mentions: where one goes wrong, it often says so itself."""
    found: dict[str, Any] = {}
    for text in (candidate.new_text, candidate.old_text):
        tree = ast.parse(text)
        function = find_function(tree, candidate.qualname)
        for part in [function, tree] if function else [tree]:
            for node in ast.walk(part):
                value = node.value if isinstance(node, ast.Constant) else None
                if type(value) in (int, float) or (isinstance(value, str) and len(value) <= LONGEST_CONSTANT):
                    found.setdefault(repr(value), value)
    return list(found.values())[:MOST_CONSTANTS]


def _literals(candidate: Candidate) -> list[Any]:
    """Lists, tuples, sets and dictionaries that the new function spells out, encoded."""
    found: dict[str, Any] = {}
    function = find_function(ast.parse(candidate.new_text), candidate.qualname)
    for node in ast.walk(function) if function else ():
        if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
            with suppress(ValueError, TypeError):
                value = ast.literal_eval(node)
                found.setdefault(repr(value), encode(value))
    return list(found.values())[:MOST_LITERALS]


# -- comparing ---------------------------------------------------------------------------------------------------


def _differences(candidate: Candidate, old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for case, before, after in zip(old["cases"], old["told"], new["told"], strict=True):
        if why := _difference(candidate, before["told"], after["told"]):
            found.append((json.dumps(case), why))
    for before, after in zip(old["other"], new["other"], strict=True):
        if why := _outcome_difference(candidate, before["told"], after["told"]):
            found.append((json.dumps(before["case"]), f"after {before['state']} changed, {why}"))
    if why := _record_difference(candidate, old, new):
        found.append(("{}", why))
    if not found and json.dumps(old["shared"]) != json.dumps(new["shared"]):
        found.append(("{}", "it leaves an argument that calls share changed differently"))
    return found


PARTS = {
    "first": "",
    "second": "in a second call, after the first result was changed by its caller, ",
    "changed": "called again with an argument changed in place, ",
}


def _difference(candidate: Candidate, before: dict[str, Any], after: dict[str, Any]) -> str:
    for part, when in PARTS.items():
        if part in before:
            if part not in after:
                return f"{when}it took longer than {SLOWER * SECONDS_EACH:g} s"
            if why := _outcome_difference(candidate, before[part], after[part]):
                return when + why
    return ""


def _outcome_difference(candidate: Candidate, before: dict[str, Any], after: dict[str, Any]) -> str:
    if before["raised"] != after["raised"]:
        return _exception_difference(before["raised"], after["raised"])
    if before["raised"] == TOO_LONG:
        return ""
    if json.dumps(before["value"]) != json.dumps(after["value"]):
        return _value_difference(before["value"], after["value"])
    if before["out"] != after["out"]:
        return f"it prints {after['out'][:60]!r} instead of {before['out'][:60]!r}"
    extra = [event for event in after["events"] if event not in before["events"]]
    touched = f"it touches what the old code does not: {extra[0]}" if extra else ""
    return touched or _log_difference(candidate, before["logs"], after["logs"])


def _exception_difference(before: str, after: str) -> str:
    if after == TOO_LONG:
        return f"it takes longer than {SLOWER * SECONDS_EACH:g} s of CPU"
    names = [name.rpartition(":")[2] or "nothing" for name in (after, before)]
    return f"it raises {names[0]} instead of {names[1]}"


def _value_difference(old: Any, new: Any) -> str:
    if isinstance(old, dict) or isinstance(new, dict):  # too long to be sent whole
        return f"it returns or leaves {json.dumps(new)[:150]} instead of {json.dumps(old)[:150]}"
    if json.dumps(old[0]) != json.dumps(new[0]):
        return f"it returns {json.dumps(new[0])[:150]} instead of {json.dumps(old[0])[:150]}"
    if "same" in json.dumps(old) + json.dumps(new) and len(json.dumps(old)) != len(json.dumps(new)):
        return "result and arguments share values differently"
    return "it leaves its arguments changed differently"


def _log_difference(candidate: Candidate, old: list[list[Any]], new: list[list[Any]]) -> str:
    if candidate.policy.logs == "same":
        if old != new:
            extra = next((record for record in new if record not in old), None)
            return f"it logs {extra[2][:80]!r}" if extra else f"it logs {len(new)} records instead of {len(old)}"
        return ""
    if [record for record in old if record[1] >= WARNING] != [record for record in new if record[1] >= WARNING]:
        return "records of level WARNING or above differ"
    if more := Counter(map(str, new)) - Counter(map(str, old)):
        return f"it logs what the old code does not: {next(iter(more))[:100]}"
    return ""


def _record_difference(candidate: Candidate, old: dict[str, Any], new: dict[str, Any]) -> str:
    """Where records may be left out, some have to stay."""
    if candidate.policy.logs == "same":
        return ""
    before, after = (
        sum(len(one["told"].get("first", {}).get("logs", ())) for one in side["told"]) for side in (old, new)
    )
    return "it logs nothing at all any more" if before and not after else ""


def _shown(case: str) -> str:
    """A case as the call it is."""
    given = json.loads(case)
    words = [_plain(value) for value in given.get("args", ())]
    words += [f"{name}={_plain(value)}" for name, value in given.get("kwargs", {}).items()]
    return f"({', '.join(words)})" if given else ""


def _plain(value: Any) -> str:
    if isinstance(value, dict) and value.get("$") in ("tuple", "set", "frozenset"):
        inner = ", ".join(_plain(item) for item in value["items"])
        return {"tuple": f"({inner},)", "set": f"{{{inner}}}", "frozenset": f"frozenset({{{inner}}})"}[value["$"]]
    if isinstance(value, dict) and "fields" in value:
        inner = ", ".join(f"{name}={_plain(item)}" for name, item in value["fields"].items())
        return f"{value['type'].rpartition(':')[2]}({inner})"
    if isinstance(value, list):
        return f"[{', '.join(_plain(item) for item in value)}]"
    return repr(value) if not isinstance(value, dict) else json.dumps(value)
