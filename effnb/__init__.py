"""effnb: find what made a service dearer, show why, and keep the evidence.

>>> import effnb
>>> s = effnb.open("demo")            # doctest: +SKIP
>>> s.regressions().to_frame()        # doctest: +SKIP

Names load on first use, so that ``import effnb`` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from effnb.detect import ServiceHistory, compare_profiles, detect_regressions
    from effnb.domain import (
        Candidate,
        Change,
        Evidence,
        Finding,
        Listing,
        Metric,
        Profile,
        ProfileDiff,
        Regression,
        Resolution,
        Rollout,
        RootCause,
        Series,
        Suppressed,
        Transcript,
        Window,
    )
    from effnb.errors import EffnbError
    from effnb.session import Session
    from effnb.session import open_session as open  # noqa: A004  # `effnb.open`, as one says it
    from effnb.skills import step
    from effnb.sources.profiles import read_profile
    from effnb.tools import tool
    from effnb.workspace import Workspace

_HOMES = {
    "effnb.detect": ("ServiceHistory", "compare_profiles", "detect_regressions"),
    "effnb.domain": (
        "Candidate",
        "Change",
        "Evidence",
        "Finding",
        "Listing",
        "Metric",
        "Profile",
        "ProfileDiff",
        "Regression",
        "Resolution",
        "Rollout",
        "RootCause",
        "Series",
        "Suppressed",
        "Transcript",
        "Window",
    ),
    "effnb.errors": ("EffnbError",),
    "effnb.session": ("Session",),
    "effnb.skills": ("step",),
    "effnb.sources.profiles": ("read_profile",),
    "effnb.tools": ("tool",),
    "effnb.workspace": ("Workspace",),
}
_HOME_OF = {name: (home, name) for home, names in _HOMES.items() for name in names}
_HOME_OF["open"] = ("effnb.session", "open_session")

__all__ = [
    "Candidate",
    "Change",
    "EffnbError",
    "Evidence",
    "Finding",
    "Listing",
    "Metric",
    "Profile",
    "ProfileDiff",
    "Regression",
    "Resolution",
    "Rollout",
    "RootCause",
    "Series",
    "ServiceHistory",
    "Session",
    "Suppressed",
    "Transcript",
    "Window",
    "Workspace",
    "compare_profiles",
    "detect_regressions",
    "open",
    "read_profile",
    "step",
    "tool",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"effnb has no attribute {name!r}")
    home, attribute = _HOME_OF[name]
    value = getattr(importlib.import_module(home), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
