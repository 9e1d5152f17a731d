"""How many questions in words get the right number, without a language model, over the demo workspace.

    python benchmarks/ask_eval.py [--quick] [--json] [--workspace DIR]

Each question is put in three wordings, each in a conversation of its own. Right is: answered, the value that the
question's truth call returns is among the values the answer stands on, and the answer contains the words it has to. A
wrong number is an answer without that value, or any answer to a question that cannot be answered here. The truth is
looked up by its own call while this runs, so no expected number is written down anywhere.
``questions.json`` was written with the router; ``held_out.json`` before it and never tuned on, and is reported apart.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from _demo import demo_session

from effnb.domain import Answer
from effnb.session import Session
from effnb.tools import plain

HERE = Path(__file__).parent / "ask"
FILES = {"own": "questions.json", "held_out": "held_out.json"}
TOLERANCE = 1e-6


def measure(session: Session, quick: bool, shown: bool) -> dict[str, Any]:
    """Both files, the totals and the goals; ``quick`` takes one wording of each question."""
    scores = {name: [*_score(session, file, quick, shown and name == "own")] for name, file in FILES.items()}
    total = summary([one for every in scores.values() for one in every])
    aims = (("right", 0.85, total["right"] >= 0.85), ("wrong_numbers", 0, not total["wrong_numbers"]))
    return {
        **total,
        "own": summary(scores["own"]),
        "held_out": summary(scores["held_out"]),
        "goals": [
            *({"goal": f"{name} {aim}", "measured": total[name], "met": met} for name, aim, met in aims),
            {"goal": "declined 1.0", "measured": total["declined"], "met": total["declined"] == 1.0},
        ],
    }


def summary(scores: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Shares over wordings."""
    due = [one["outcome"] for one in scores if one["answerable"]]
    other = [one["outcome"] for one in scores if not one["answerable"]]
    return {
        "questions": len({one["question"] for one in scores}),
        "wordings": len(scores),
        "right": due.count("right") / max(len(due), 1),
        "wrong_numbers": due.count("wrong") + other.count("wrong"),
        "declined": other.count("declined") / max(len(other), 1),
        "declined_wrongly": due.count("declined") / max(len(due), 1),
        "milliseconds": 1000 * sorted(one["seconds"] for one in scores)[len(scores) // 2] if scores else 0.0,
    }


def _score(session: Session, file: str, quick: bool, shown: bool) -> Iterator[dict[str, Any]]:
    questions = json.loads((HERE / file).read_text(encoding="utf-8"))["questions"]
    for question in questions:
        truth = question["truth"]
        wanted = None if truth is None else _truth(session, truth)
        says = question.get("says") or (truth or {}).get("says") or []
        for wording in question["wordings"][: 1 if quick else None]:
            begun = time.perf_counter()
            session.conversation.forget()
            answer = session.ask(wording)
            outcome = _outcome(answer, wanted, says)
            if shown and outcome != ("declined" if wanted is None else "right"):
                print(f"{outcome}: {question['id']}: {wording}\n    {answer.text[:200]}", file=sys.stderr)
            yield {
                "question": f"{file}/{question['id']}",
                "answerable": wanted is not None,
                "outcome": outcome,
                "seconds": time.perf_counter() - begun,
            }


def _outcome(answer: Answer, wanted: list[Any] | None, says: Sequence[str]) -> str:
    if answer.status != "answered":
        return "declined"
    if wanted is None:
        return "wrong"
    found = any(_same(value, one.value) for value in wanted for one in answer.values)
    told = all(text.lower() in answer.text.lower() for text in says)
    return "right" if found and told else "unsaid" if found else "wrong"


def _truth(session: Session, truth: dict[str, Any]) -> list[Any]:
    """Values any of which is right."""
    result = plain(session.tools.call(truth["tool"], _resolved(session, truth["args"])))
    if truth["value"] == "*":
        return [value for value in _leaves(result) if isinstance(value, int | float)]
    return [_at(result, truth["value"])]


def _resolved(session: Session, value: Any) -> Any:
    """Arguments in which ``@name`` has become the id of the filed change of the function that ends so."""
    if isinstance(value, dict):
        return {key: _resolved(session, one) for key, one in value.items()}
    if not isinstance(value, str) or not value.startswith("@"):
        return value
    filed = [*session.regressions(), *session.improvements(), *session.planned()]
    return next(one.id for one in filed if one.function.endswith(value[1:]))


def _at(value: Any, path: str) -> Any:
    """What lies at a path of names, positions and ``rows[field=value]``."""
    for name, field, wanted in re.findall(r"([^.\[\]]+)(?:\[([^=\]]+)=([^\]]*)\])?(?:\.|$)", path):
        value = value[int(name)] if isinstance(value, list) else value[name]
        if field:
            value = next(row for row in value if str(_at(row, field)) == wanted)
    return value


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _leaves(one)
    else:
        yield value


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
    return bool(one == other)


def main() -> None:
    """Measure, then print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one wording of each question")
    parser.add_argument("--json", action="store_true", help="one JSON value instead of a table")
    parser.add_argument("--workspace", type=Path, help="a demo workspace; built when omitted")
    parser.add_argument("--show", action="store_true", help="list what failed of our own questions on stderr")
    arguments = parser.parse_args()
    with demo_session(arguments.workspace) as session:
        result = measure(session, arguments.quick, arguments.show)
    if arguments.json:
        print(json.dumps(result))
        return
    for name in ("own", "held_out"):
        print(f"{name:9s} {json.dumps(result[name])}")
    for goal in result["goals"]:
        print(f"{'met   ' if goal['met'] else 'MISSED'} {goal['goal']:20s} {goal['measured']:.3f}")


if __name__ == "__main__":
    main()
