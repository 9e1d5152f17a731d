"""From profiles to rows of samples in the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from effnb.domain import Profile
from effnb.errors import BadQuery, SourceUnavailable
from effnb.store import Samples, stack_id

if TYPE_CHECKING:
    from effnb.workspace import Workspace


def add_profiles(workspace: Workspace, profiles: Sequence[Profile], *, source: str) -> int:
    """Add profiles of one service as one batch; how many samples they gave.

    Their labels say the rest: ``service``, ``time``, ``version`` and ``host_group``.
    """
    service, step = profiles[0].labels["service"], workspace.settings.workspace.bucket_seconds
    samples = _joined([_samples(one, service, datetime.fromisoformat(one.labels["time"]), step) for one in profiles])
    handlers = workspace.settings.service(service).endpoints
    workspace.samples.add(samples, endpoints={handler: name for name, handler in handlers.items()}, source=source)
    return int(samples.n.sum())


def _joined(parts: Sequence[Samples]) -> Samples:
    return Samples(
        service=parts[0].service,
        stacks={key: frames for part in parts for key, frames in part.stacks.items()},
        step_seconds=parts[0].step_seconds,
        bucket=np.concatenate([part.bucket for part in parts]),
        version=[version for part in parts for version in part.version],
        host_group=[group for part in parts for group in part.host_group],
        stack=np.concatenate([part.stack for part in parts]),
        n=np.concatenate([part.n for part in parts]),
    )


def _samples_per_count(profile: Profile, service: str) -> float:
    """1 for samples; else what turns time or events into the samples behind them, so that noise is not understated."""
    if profile.unit == "samples" or not profile.total:
        return 1.0
    effective = profile.labels.get("effective_samples")
    if effective is None:
        raise BadQuery(
            f"the profile of {service} counts {profile.unit} and does not say how many samples stand behind them; "
            "export it with sample counts"
        )
    return int(effective) / profile.total


def _samples(profile: Profile, service: str, when: datetime, step: int) -> Samples:
    scale = _samples_per_count(profile, service)
    counted = {one.frames: round(one.count * scale) for one in profile.samples}
    counted = {frames: n for frames, n in counted.items() if n and frames}
    if not counted:
        raise SourceUnavailable(
            f"the profile of {service} at {when:%Y-%m-%d %H:%M} UTC holds no samples; record it again"
        )
    ids = {stack_id(frames): frames for frames in counted}
    bucket = int(when.timestamp()) // step * step
    rows = len(ids)
    return Samples(
        service=service,
        stacks=ids,
        step_seconds=step,
        bucket=np.full(rows, bucket, dtype=np.int64),
        version=[profile.labels.get("version", "")] * rows,
        host_group=[profile.labels.get("host_group", "all")] * rows,
        stack=np.array(list(ids), dtype=np.int64),
        n=np.array([counted[frames] for frames in ids.values()], dtype=np.int64),
    )
