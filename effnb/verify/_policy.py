"""What a fix has to satisfy: the workspace's thresholds, and what the kind of fix is allowed to change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from effnb.domain import Fix

if TYPE_CHECKING:
    from effnb.settings import VerifySettings

FEWER_LOGS = ("unsampled-logging",)
"""Patterns whose point is to write fewer records."""
SAME_CONTENT = ("maximum-compression-level",)
"""Patterns whose result may differ in bytes and not in content."""


@dataclass(frozen=True)
class Policy:
    """Thresholds and allowances of one verification."""

    min_saved_share: float = 0.001
    """Smallest saving that counts, as a share of the service's CPU."""
    min_tests: int = 6
    """Tests that must cover the changed lines; or ``min_examples`` inputs."""
    min_examples: int = 200
    """Distinct inputs covering the changed lines that do instead."""
    tests: tuple[str, ...] = ("python", "-m", "pytest", "-q")
    """Command that runs the repository's tests."""
    tests_seconds: float = 120.0
    """Longest run of the tests."""
    memory_bytes: int = 2 << 30
    """Address space of each process."""
    logs: Literal["same", "fewer"] = "same"
    """``fewer``: records below WARNING may be left out; never changed, and WARNING and above are untouched."""
    results: Literal["same", "decompressed"] = "same"
    """``decompressed``: bytes are compared after decompression."""
    seed: int = 0
    """Of everything that is drawn at random."""
    without: frozenset[str] = frozenset()
    """Checks that are switched off, to show what each is for; never in earnest."""


def policy_for(fix: Fix, settings: VerifySettings) -> Policy:
    """The policy of a fix in a workspace."""
    policy = Policy(
        min_saved_share=settings.min_saved_share,
        min_tests=settings.min_tests,
        min_examples=settings.min_examples,
        tests=settings.tests,
        tests_seconds=settings.tests_seconds,
        memory_bytes=settings.memory_bytes,
    )
    if fix.pattern in FEWER_LOGS:
        policy = replace(policy, logs="fewer")
    if fix.pattern in SAME_CONTENT:
        policy = replace(policy, results="decompressed")
    return policy
