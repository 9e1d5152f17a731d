"""Series to regressions, one stage per file; pure analysis: arrays in, nouns out."""

from effnb.detect._compare import compare_profiles
from effnb.detect._history import ServiceHistory
from effnb.detect._local import stack_changes
from effnb.detect._pipeline import Detection, detect_regressions
from effnb.detect._planned import PlannedChange
from effnb.detect._types import finding_id

__all__ = [
    "Detection",
    "PlannedChange",
    "ServiceHistory",
    "compare_profiles",
    "detect_regressions",
    "finding_id",
    "stack_changes",
]
