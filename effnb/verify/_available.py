"""Which sandboxes this machine may have, best first."""

from __future__ import annotations

from effnb.verify._bubblewrap import Bubblewrap
from effnb.verify._container import IMAGE, Container
from effnb.verify._sandbox import Sandbox, SandboxLevel, first_strong

ORDER = ("strong", "partial", "none")


def known_sandboxes(image: str = IMAGE) -> tuple[Sandbox, ...]:
    """Every sandbox effnb knows, the preferred one first."""
    return (Bubblewrap(), Container("docker", image), Container("podman", image))


def best_sandbox(image: str = IMAGE) -> Sandbox | None:
    """The first sandbox that holds on this machine, tried now; None when none does."""
    return first_strong(known_sandboxes(image))[0]


def probe(image: str = IMAGE) -> SandboxLevel:
    """How well the best sandbox of this machine holds, and why no better one is there."""
    _, tried = first_strong(known_sandboxes(image))
    best = min(tried, key=lambda level: ORDER.index(level.level))
    if best.level == "strong":
        return best
    return best.model_copy(update={"reason": "; ".join(f"{level.name}: {level.reason}" for level in tried)})
