"""Speed of a setting: the whole service is replayed under the old and the new value."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from effnb.domain import Check
from effnb.errors import EffnbError
from effnb.verify._ask import NoAnswerError
from effnb.verify._candidate import Candidate
from effnb.verify._checks import broken, skipped
from effnb.verify._judge import judge
from effnb.verify._reprofile import service_version
from effnb.verify._statistics import turned
from effnb.verify._versions import Ratios, Version, compare_versions

MOST_ROUNDS = 21


def check_setting_speed(candidate: Candidate) -> Check:
    """Whether the service costs less under the new value."""
    if candidate.service is None:
        return skipped("speed", "no command that drives the service; record one with `effnb record`")
    if candidate.setting is None:
        return skipped("speed", "it is not known which value changes")
    if candidate.run_with is None and candidate.code != candidate.old:
        return skipped("speed", "no way to run the service with another value: see config_override in effnb.toml")
    try:
        ratios = compare_versions(
            candidate.sandbox, _version(candidate, "old"), _version(candidate, "new"), None,
            is_enough=lambda seen: _is_decided(seen) or seen.rounds >= MOST_ROUNDS, seed=candidate.policy.seed + 1,
        )  # fmt: skip
    except (NoAnswerError, EffnbError) as error:
        return broken("speed", f"the replay of the service gave no result: {error}")
    candidate.speedup, candidate.control = turned(ratios.service), turned(ratios.control)
    candidate.measured_cost = 1.0
    return judge(candidate, candidate.speedup, candidate.control, f"{ratios.seconds:.3g} s of CPU a run before")


def _is_decided(ratios: Ratios) -> bool:
    return ratios.service.high < min(1.0, ratios.control.low) or ratios.service.low > 1.0


def _version(candidate: Candidate, side: str) -> Version:
    """The service as it runs under one value."""
    if candidate.service is None or candidate.setting is None:
        raise ValueError("a setting needs a service and a value")
    if candidate.run_with is None:
        return service_version(candidate.old if side == "old" else candidate.new, candidate.service)
    key, before, after = candidate.setting
    run = candidate.run_with(key, before if side == "old" else after)
    tree = candidate.scratch / f"service-{side}"
    shutil.copytree(candidate.code, tree, symlinks=True)
    for name, text in run.files.items():
        Path(tree, name).write_text(text, encoding="utf-8")
    plain = service_version(tree, candidate.service)
    return replace(
        plain,
        words=(*plain.words, *run.arguments),
        idle=(*plain.idle, *run.arguments) if plain.idle else None,
        environment=run.environment,
    )
