"""Experiments from the history of an OpenFeature flag definition in git, in flagd's format.

A flag's exposure is the share of requests that get another variant than the one everybody had: all of them when the
default changes, a part with ``fractional`` targeting. Rules that look at who asks have no such share; a flag with them
is refused, so that nobody takes a ramp for known that is not.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from effnb.domain import Change, Experiment, ExposureStep, Window
from effnb.errors import SourceError
from effnb.sources._protocols import ChangeSource

ENABLED, DISABLED = "ENABLED", "DISABLED"

Flag = dict[str, Any]


class FlagdExperiments:
    """The flags of one file that were ever ramped.

    ``service`` is the one whose requests take part, unless a flag's ``metadata.service`` says otherwise. Owner and
    announced cost are ``metadata.owner`` and ``metadata.planned_cost``; without an owner it is the author of the ramp.
    ``flags`` names those to read; all when empty.
    """

    def __init__(self, repository: ChangeSource, file: str, service: str, flags: Sequence[str] = ()) -> None:
        self._repository = repository
        self._file = file
        self._service = service
        self._wanted = frozenset(flags)
        self.place = f"{file} in {repository.place}"

    def fetch_experiments(self, service: str | None = None, window: Window | None = None) -> list[Experiment]:
        """Experiments of a service, or all; with a window those with a step inside it; empty when there are none.

        Raises:
            SourceUnavailable: The repository has never had such a file.
            SourceError: The file of a commit is no flag definition, or a flag's share cannot be told.
        """
        revisions = [(commit, self._flags(commit)) for commit in self._repository.history_of(self._file)]
        names = sorted({name for _, flags in revisions for name in flags})
        found = [one for name in names if (one := self._experiment(name, revisions)) is not None]
        mine = [one for one in found if service in (None, one.service)]
        mine.sort(key=lambda one: one.steps[0].at)
        return [one for one in mine if window is None or any(window.contains(step.at) for step in one.steps)]

    def _flags(self, commit: Change) -> dict[str, Flag]:
        where = f"{self._file} at {commit.id[:12]}"
        text = self._repository.read(commit.id, self._file)
        try:
            value = json.loads(text) if text.strip() else {}
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{where} is not JSON ({' '.join(str(error).split())[:120]}); mend it") from error
        flags = value.get("flags", {}) if isinstance(value, dict) else None
        if not isinstance(flags, dict) or not all(isinstance(one, dict) for one in flags.values()):
            raise SourceError(f"{where} holds no table of flags; name a flagd flag definition")
        return {name: one for name, one in flags.items() if not self._wanted or name in self._wanted}

    def _experiment(self, name: str, revisions: Sequence[tuple[Change, dict[str, Flag]]]) -> Experiment | None:
        steps: list[tuple[ExposureStep, Change]] = []
        control: str | None = None
        share = 0.0
        newest: Flag = {}
        for commit, flags in revisions:
            flag = flags.get(name)
            newest = flag or newest
            control = control if control is not None else _control(flag)
            now = self._share(name, flag, control, commit)
            if now != share:
                steps.append((ExposureStep(at=commit.at, fraction=now), commit))
            share = now
        if not steps:
            return None
        about = newest.get("metadata") or {}
        planned = about.get("planned_cost")
        return Experiment(
            change_id=f"flag:{name}",
            experiment_id=name,
            name=str(about.get("title", name)),
            service=str(about.get("service", self._service)),
            owner=str(about.get("owner", steps[0][1].author)),
            planned_cost=float(planned) if isinstance(planned, (int, float)) else None,
            steps=tuple(step for step, _ in steps),
        )

    def _share(self, name: str, flag: Flag | None, control: str | None, commit: Change) -> float:
        """Share of requests that do not get the control variant."""
        if flag is None or flag.get("state", ENABLED) == DISABLED:
            return 0.0
        targeting = flag.get("targeting") or {}
        if not targeting:
            return float(flag.get("defaultVariant") != control)
        weights = _weights(targeting)
        if not weights:
            raise SourceError(
                f"flag {name!r} in {self._file} at {commit.id[:12]} is targeted by other rules than fractional, so its "
                "share of requests cannot be told; list the flags to read in [sources.flagd] flags"
            )
        return sum(weight for variant, weight in weights.items() if variant != control) / sum(weights.values())


def _control(flag: Flag | None) -> str | None:
    """The variant that means nothing happens: the one that is false or off, else the first default."""
    if flag is None:
        return None
    variants = flag.get("variants") or {}
    off = [str(key) for key, value in variants.items() if value is False] if isinstance(variants, dict) else []
    default = flag.get("defaultVariant")
    return off[0] if len(off) == 1 else (None if default is None else str(default))


def _weights(targeting: Any) -> dict[str, float]:
    """Variant → weight of a ``fractional`` rule; empty when the targeting is something else or has no weight."""
    rule = targeting.get("fractional") if isinstance(targeting, dict) and len(targeting) == 1 else None
    if not isinstance(rule, list):
        return {}
    found: dict[str, float] = {}
    # The first element may say what requests are told apart by; the rest are [variant, weight], weight 1 when left out.
    for part in rule:
        if isinstance(part, list) and part and isinstance(part[0], str):
            weight = part[1] if len(part) > 1 else 1
            if not isinstance(weight, (int, float)) or weight < 0:
                return {}
            found[part[0]] = found.get(part[0], 0.0) + weight
    return found if sum(found.values()) > 0 else {}
