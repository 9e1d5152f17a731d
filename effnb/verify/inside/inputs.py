"""Inside the sandbox: inputs for a function, from type hints, recorded calls and the constants its code mentions."""

from __future__ import annotations

import json
import random
import time
import types
import typing
from collections.abc import Iterator
from typing import Any

LONGEST_CASE = 60_000
LARGE = 15_000
"""Characters of an encoded case from which only parts of it are used for new ones."""
FEW = 12
LONGEST_TEXT = 40
LONGEST_LIST = 5000
MOST_LENGTHS = 60
LETTERS = "abcxyzABCXYZ0123456789 .,:;-_+*/%&=<>()[]{}|@#!?'\"\\\t\n\r\x00äÉßñøİıǅ€–…\u00a0\u200b\u2028中文🙂"
NEAR = 40
clock, dumps = time.process_time, json.dumps


class Inputs:
    """New inputs: from type hints by Hypothesis, and by changing those that were recorded."""

    def __init__(self, runner: Any, job: dict[str, Any]) -> None:
        self.runner, self.job = runner, job
        self.random = random.Random(job["seed"])
        self.constants = job["constants"]
        self.recorded = [(case, len(dumps(case)) > LARGE) for case in job["cases"]]

    def made(self) -> list[dict[str, Any]]:
        """Encoded cases from type hints and from changes of recorded ones."""
        wanted = self.job["count"]
        found = self._from_hints(wanted)
        if self.recorded:
            found += [self._mutated(self._start(i)) for i in range(wanted)]
        return found

    def telling(self) -> list[dict[str, Any]]:
        """Encoded cases about what the code mentions: its values, its literals, lengths beside its numbers."""
        return [*self._of_lengths(), *self._of_literals(), *self._from_constants(self.job["count"] // 3)]

    def _start(self, number: int) -> dict[str, Any]:
        """A recorded case to change; of a large one only a few elements of its longest list."""
        case, is_large = self.recorded[number % len(self.recorded)]
        return self._shortened(case) if is_large else case

    def _shortened(self, case: dict[str, Any]) -> dict[str, Any]:
        lists = [spot for part in (case["args"], case.get("kwargs", {})) for spot in leaves(part)]
        lists = [spot for spot in lists if isinstance(spot[0][spot[1]], list)]
        if not lists:
            return case
        holder, key = max(lists, key=lambda spot: len(spot[0][spot[1]]))
        whole = holder[key]
        few = self.random.sample(whole, self.random.randrange(min(FEW, len(whole)) + 1))
        holder[key] = few
        short: dict[str, Any] = json.loads(dumps(case))
        holder[key] = whole
        return short

    def _from_hints(self, wanted: int) -> list[dict[str, Any]]:
        try:
            from hypothesis import HealthCheck, Phase, given, settings
            from hypothesis import strategies as st
            from hypothesis.errors import HypothesisException
        except ImportError:
            return []
        # the default alphabet costs seconds of start-up, and says little more than these
        st.register_type_strategy(str, st.text(st.sampled_from(LETTERS), max_size=LONGEST_TEXT))
        strategies = self._strategies(st)
        if strategies is None:
            return []
        found: list[dict[str, Any]] = []
        until = clock() + self.job["seconds_making"]

        @settings(
            max_examples=wanted,
            database=None,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(st.tuples(*strategies))
        def collect(values: tuple[Any, ...]) -> None:
            if clock() < until:
                self._keep(found, list(values))

        try:
            collect()
        except (HypothesisException, Exception):  # a type that cannot be built is no finding
            return found
        return found

    def _strategies(self, st: types.ModuleType) -> list[Any] | None:
        function = self.runner.target.function()
        try:
            hints = typing.get_type_hints(function)
        except Exception:  # hints of names that are imported for type checkers only
            hints = {}
        code = function.__code__
        names = code.co_varnames[: code.co_argcount]
        if isinstance(self.runner.target.owner, type) and names[:1] == ("self",):
            hints = {**hints, "self": self.runner.target.owner}
        if code.co_kwonlyargcount or not names:
            return None
        chosen = []
        for i, name in enumerate(names):
            small = [case for case, is_large in self.recorded if not is_large][:NEAR]
            near = [self.runner.decode(case)[0][i] for case in small if len(case["args"]) > i]
            if name not in hints and not near:
                return None
            parts = [st.sampled_from(near)] if near else []
            if name in hints:
                parts += [self._of(st, hints[name]), st.from_type(hints[name])]
            chosen.append(st.one_of(*parts))
        return chosen

    def _of(self, st: types.ModuleType, hint: object) -> object:
        """Values near those that the code itself mentions."""
        mentioned = [value for value in self.constants if type(value) is hint]
        if hint is int:
            return st.sampled_from(sorted({n + d for n in mentioned for d in (-1, 0, 1)} | {0, 1, 2, 3})) | st.integers(
                -9, 60
            )
        if hint is str and mentioned:
            return st.sampled_from(mentioned)
        if hint is float:
            return st.sampled_from([*mentioned, 0.0, 1.0]) | st.floats(-1e6, 1e6)
        return st.from_type(hint)

    def _keep(self, found: list[dict[str, Any]], values: list[Any]) -> None:
        try:
            case = {"args": [self.runner.codec.encode(value) for value in values]}
        except self.runner.codec.Unencodable:
            return
        if len(dumps(case)) < LONGEST_CASE:
            found.append(case)

    def _from_constants(self, wanted: int) -> list[dict[str, Any]]:
        """Recorded cases with one value replaced by one that the code mentions, or its neighbour."""
        near = [
            value + d if type(value) in (int, float) else value
            for value in self.constants
            for d in ((-1, 0, 1) if type(value) in (int, float) else (0,))
        ]
        if not self.recorded or not near:
            return []
        return [self._mutated(self._start(i), near[i % len(near)]) for i in range(wanted)]

    def _of_lengths(self) -> list[dict[str, Any]]:
        """A list or text among the arguments made as long as a number that the code mentions."""
        numbers = [n for n in self.constants if type(n) is int and 0 < n <= LONGEST_LIST]
        lengths = dict.fromkeys(n + d for n in numbers for d in (0, -1, 1))
        found = []
        for number, length in enumerate(list(lengths)[:MOST_LENGTHS]):
            case = self._start(number) if self.recorded else {"args": []}
            found += [self._sized(case, place, length) for place in range(len(case["args"]))]
        sized = [case for case in found if case]
        return [
            *sized,
            *(self._with_small_numbers(case) for case in sized if any(type(a) is int for a in case["args"])),
        ]

    def _with_small_numbers(self, case: dict[str, Any]) -> dict[str, Any]:
        """A case whose whole numbers fit the length of its lists."""
        args = [self.random.randrange(1, 4) if type(value) is int else value for value in case["args"]]
        return {**case, "args": args}

    def _sized(self, case: dict[str, Any], place: int, length: int) -> dict[str, Any]:
        case = json.loads(dumps(case))
        value = case["args"][place]
        if not isinstance(value, (list, str)) or not value:
            return {}
        case["args"][place] = (value * (length // len(value) + 1))[:length]
        return case

    def _of_literals(self) -> list[dict[str, Any]]:
        """An argument replaced by a list, tuple, set or dictionary that the code spells out."""
        found = []
        for number, literal in enumerate(self.job["literals"]):
            case = self._start(number) if self.recorded else {"args": []}
            for place, value in enumerate(case["args"]):
                if type(value) is type(literal):
                    found.append(
                        {**case, "args": [literal if i == place else one for i, one in enumerate(case["args"])]}
                    )
        return found

    def _mutated(self, case: dict[str, Any], value: object = None) -> dict[str, Any]:
        case = json.loads(dumps(case))
        spots = [spot for part in (case["args"], case.get("kwargs", {})) for spot in leaves(part)]
        if not spots:
            return case
        if value is not None:
            spots = [spot for spot in spots if type(spot[0][spot[1]]) is type(value)]
            if not spots:
                return case
        holder, key = self.random.choice(spots)
        holder[key] = self._other(holder[key]) if value is None else value
        return case

    def _other(self, value: object) -> object:
        pick = self.random.choice
        if isinstance(value, bool):
            return not value
        if isinstance(value, int):
            return pick([value + 1, value - 1, 0, -value, value * 2, value + pick([10, 100, 1000])])
        if isinstance(value, float):
            return pick([value + 1.0, -value, 0.0, value * 1.5, round(value), value / 3])
        if isinstance(value, str):
            at = self.random.randrange(len(value) + 1)
            return pick(
                [
                    value[:at] + pick("aZ0 -é\n,") + value[at:],
                    value[:at] + value[at + 1 :],
                    value.upper(),
                    "",
                    value * 2,
                ]
            )
        if isinstance(value, list):
            at = self.random.randrange(len(value) + 1)
            return pick([value[:at], value + value[:1], value[::-1], value[:at] + value[at + 1 :], []])
        return value


def leaves(data: object, depth: int = 0) -> Iterator[tuple[Any, ...]]:
    """Values inside encoded data that may be replaced by others of their kind: holder and key."""
    if isinstance(data, list):
        pairs: list[Any] = list(enumerate(data))[:40]
    elif isinstance(data, dict):
        if data.get("$") in ("use", "same", "name", "enum"):
            return
        inner = {"dataclass": "fields", "object": "fields", "tuple": "items", "set": "items", "frozenset": "items"}
        if "$" in data:
            yield from leaves(data.get(inner.get(data["$"], ""), None), depth)
            return
        pairs = list(data.items())[:40]
    else:
        return
    for key, value in pairs:
        if isinstance(value, (bool, int, float, str)) or (isinstance(value, list) and depth < 3):
            yield data, key
        if depth < 5:
            yield from leaves(value, depth + 1)
