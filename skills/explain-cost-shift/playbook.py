"""Steps of explain-cost-shift: SKILL.md as a function of a function, a time, and of what the tools return."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from effnb.domain import (
    Change,
    ChangeDetail,
    FunctionDelta,
    Listing,
    Noun,
    ProfileDiff,
    Regression,
    Resolution,
    Suppressed,
    Utc,
    Window,
)
from effnb.skills import Account, Call, arrived, cite, interval, points, share, when

NEAR = timedelta(days=1)
LEFT_OUT = timedelta(hours=2)
"""Left out of the comparison on either side: a rollout takes a while."""
LOOK_BACK = timedelta(hours=12)
ALIKE = (0.3, 1.25)
"""A move this many times the function's own may be its counterpart; less than all, when a rise sits on top of it."""
LEVEL = 0.1
"""The common caller is level when its change is below this part of the move, or not told from zero."""
TOO_WIDE = 0.5
"""An interval of the caller wider than this part of the move decides nothing."""
MAX_CHANGES = 6
DIFF_ROWS = 500


class Inputs(Noun):
    """What is asked about."""

    service: str
    """Service."""
    function: str
    """Function that rose or fell, ``module:qualname``."""
    at: Utc
    """About when."""


@dataclass(frozen=True)
class Move:
    """Two functions that moved against each other, and what is left of it above both."""

    source: FunctionDelta
    target: FunctionDelta
    caller: FunctionDelta | None
    """Function both run below; one of the two when code moved between a function and what it calls."""
    rest: float
    """Change of the caller; of the sum of the two when no caller is known."""
    low: float
    high: float

    @property
    def size(self) -> float:
        """What moved: the smaller of the two; with one inside the other, what appeared or vanished."""
        if self.caller in (self.source, self.target):
            return abs((self.target if self.caller is self.source else self.source).delta)
        return min(self.target.delta, -self.source.delta)

    @property
    def below(self) -> str:
        """Where the sum is taken."""
        return f"below {self.caller.function}" if self.caller is not None else "over both"


def playbook(inputs: Inputs) -> Generator[Call, Any, Resolution]:
    """From a function and a time to source, target and refactoring, or to the rise behind them."""
    account = Account()
    dropped = yield from _dropped(account, inputs)
    filed = yield from _filed(account, inputs)
    before = Window(start=inputs.at - LEFT_OUT - NEAR, end=inputs.at - LEFT_OUT)
    after = Window(start=inputs.at + LEFT_OUT, end=inputs.at + LEFT_OUT + NEAR)
    diff = yield from account.ask(
        "diff",
        "Who rose, who fell, and what did the sum do?",
        "diff_profiles",
        ProfileDiff,
        service=inputs.service,
        before=before,
        after=after,
        limit=DIFF_ROWS,
    )
    if diff is None:
        summary = f"The profiles around {when(inputs.at)} could not be compared, so nothing says what the sum did."
        return account.end("not_enough_data", summary, "Ingest samples of a day before and a day after.")
    move = _move(inputs, diff, dropped)
    if move is None:
        return _no_shift(account, inputs, diff, filed)
    _tell(account, diff, move, after)
    if move.high - move.low > TOO_WIDE * move.size:
        summary = f"What is left of the move {move.below} is uncertain ({interval(move.low, move.high)})."
        return account.end("not_enough_data", summary, "Compare wider windows, or ingest more samples.")
    changes = yield from account.ask(
        "changes",
        "What reached the hosts?",
        "list_changes",
        Listing[Change],
        service=inputs.service,
        start=inputs.at - LOOK_BACK,
        end=inputs.at + timedelta(hours=1),
    )
    mover = yield from _mover(account, changes, move)
    return _conclude(account, inputs, move, mover, filed)


def _dropped(account: Account, inputs: Inputs) -> Generator[Call, Any, Suppressed | None]:
    """The dropped change point of the function, if detection called it a cost shift."""
    found = yield from account.ask(
        "dropped",
        "Did detection drop it, and for which reason?",
        "list_suppressed",
        Listing[Suppressed],
        service=inputs.service,
        stage="cost-shift",
        since=inputs.at - NEAR,
        until=inputs.at + NEAR,
    )
    for place, row in enumerate(found or ()):
        if row.function == inputs.function:
            account.claim(
                f"Detection dropped {row.function} at {when(row.at)} ({points(row.absolute_delta)}): {row.reason}.",
                *(cite("dropped", found, f"rows.{place}.{name}") for name in ("at", "absolute_delta", "reason")),
            )
            return row
    return None


def _filed(account: Account, inputs: Inputs) -> Generator[Call, Any, Regression | None]:
    found = yield from account.ask(
        "filed",
        "Was a rise of it filed as well?",
        "list_regressions",
        Listing[Regression],
        service=inputs.service,
        function=inputs.function,
    )
    for place, row in enumerate(found or ()):
        if row.function == inputs.function and abs(row.change_point.at - inputs.at) <= NEAR:
            account.claim(
                f"{row.id} files its rise by {points(row.absolute_delta)} at {when(row.change_point.at)}.",
                *(cite("filed", found, f"rows.{place}.{name}") for name in ("id", "absolute_delta", "change_point.at")),
            )
            return row
    return None


def _move(inputs: Inputs, diff: ProfileDiff, dropped: Suppressed | None) -> Move | None:
    """The function's move and its counterpart's; null when nothing of like size moved the other way."""
    rows = {row.function: row for row in diff.rows}
    own = rows.get(inputs.function)
    if own is None or not (own.low > 0 or own.high < 0):
        return None
    numbers = dropped.numbers if dropped is not None else {}
    named, above = (rows.get(str(numbers.get(name, ""))) for name in ("counterpart", "caller"))
    module = inputs.function.partition(":")[0]
    near = [row for row in diff.rows if row is named or row.function.partition(":")[0] == module]
    against = [row for row in near if (row.low > 0 or row.high < 0) and _alike(-row.delta, own.delta)]
    other = named if named in against else next(iter(against), None)
    if other is None:
        # Code that moves between a function and its caller shows in the caller's own code alone.
        other = next((row for row in near if row is not own and _alike(-_own_code(row), _own_code(own))), None)
        above = other
    if other is None:
        return None
    source, target = (other, own) if own.delta > 0 else (own, other)
    if above is not None:
        return Move(source, target, above, above.delta, above.low, above.high)
    rest = source.delta + target.delta
    # The errors of the two are taken as independent.
    margin = (((source.high - source.low) / 2) ** 2 + ((target.high - target.low) / 2) ** 2) ** 0.5
    return Move(source, target, None, rest, rest - margin, rest + margin)


def _alike(one: float, other: float) -> bool:
    return other != 0 and ALIKE[0] <= one / other <= ALIKE[1]


def _own_code(row: FunctionDelta) -> float:
    return row.self_after - row.self_before


def _tell(account: Account, diff: ProfileDiff, move: Move, window: Window) -> None:
    for row in (move.source, move.target):
        place = diff.rows.index(row)
        names = ("delta", "self_before", "self_after")
        account.claim(
            f"{row.function} changed by {points(row.delta)}, its own code from {share(row.self_before)} to "
            f"{share(row.self_after)}.",
            *(cite("diff", diff, f"rows.{place}.{name}", window) for name in names),
        )
    if move.caller is not None:
        place = diff.rows.index(move.caller)
        account.claim(
            f"All that runs {move.below} changed by {points(move.rest)} ({interval(move.low, move.high)}).",
            *(cite("diff", diff, f"rows.{place}.{name}", window) for name in ("delta", "low", "high")),
        )


def _mover(account: Account, changes: Listing[Change] | None, move: Move) -> Generator[Call, Any, Change | None]:
    """The newest code change that touches both functions."""
    code = [one for one in reversed(changes.rows) if one.kind == "code"] if changes is not None else []
    for number, one in enumerate(code[:MAX_CHANGES], start=1):
        detail = yield from account.ask(
            f"change-{number}", "Does it touch both functions?", "show_change", ChangeDetail, change_id=one.id
        )
        touched = [row.function for row in detail.touched] if detail is not None else []
        if detail is not None and {move.target.function, move.source.function} <= set(touched):
            places = (touched.index(move.target.function), touched.index(move.source.function))
            account.claim(
                f"{arrived(one)} touches both.",
                cite(f"change-{number}", detail, "change.id"),
                *(cite(f"change-{number}", detail, f"touched.{place}.function") for place in places),
            )
            return one
    if changes is not None:
        account.claim(
            f"Of {changes.total} changes none of the newest {len(code[:MAX_CHANGES])} in code is seen to touch both.",
            cite("changes", changes, "total"),
        )
    return None


def _conclude(
    account: Account, inputs: Inputs, move: Move, mover: Change | None, filed: Regression | None
) -> Resolution:
    source, target = move.source.function, move.target.function
    by = f" with {arrived(mover)}" if mover is not None else ""
    cause = mover.id if mover is not None else None
    told = f"{points(move.size)} of {inputs.service}'s CPU moved from {source} to {target}{by}"
    if move.low > 0 and move.rest > LEVEL * move.size:
        return account.end(
            "needs_person",
            f"Shift and regression: {told}, and {move.below} {points(move.rest)} are new "
            f"({interval(move.low, move.high)}).",
            f"Take up {filed.id if filed else 'the rise'} with investigate-cpu-regression.",
            "The refactoring is the first suspect for what is new, and no more than that.",
            cause=cause,
        )
    if mover is None:
        summary = f"{told}; {move.below} the change is {points(move.rest)}. No change is known to have moved it."
        return account.end("needs_person", summary, "Look for generated code, a dependency or a build option.")
    return account.end(
        "explained",
        f"{told}; {move.below} the change is {points(move.rest)}, below a tenth of it: nothing became dearer.",
        f"Close {filed.id} as a cost shift, and keep it as a case for the filter." if filed else "Leave it dropped.",
        f"Let {target} inherit the history of {source} wherever baselines are kept by function.",
        cause=cause,
    )


def _no_shift(account: Account, inputs: Inputs, diff: ProfileDiff, filed: Regression | None) -> Resolution:
    place = next((i for i, row in enumerate(diff.rows) if row.function == inputs.function), None)
    if place is None:
        summary = f"{inputs.function} is not among the {len(diff.rows)} functions that differ around {when(inputs.at)}."
        return account.end("not_found", summary, "Check name and time with function_history.")
    row = diff.rows[place]
    account.claim(
        f"{row.function} changed by {points(row.delta)} ({interval(row.low, row.high)}).",
        *(cite("diff", diff, f"rows.{place}.{name}") for name in ("delta", "low", "high")),
    )
    summary = f"Nothing moved against {row.function} by a like amount ({points(row.delta)}): this is no cost shift."
    step = f"Run investigate-cpu-regression on {filed.id}." if filed else "If it rose, look at it as a rise."
    return account.end("not_found", summary, step)
