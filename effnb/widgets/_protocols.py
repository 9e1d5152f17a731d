"""What the widgets need of a session and of a run; ``effnb.agent.Run`` and ``effnb.Session`` have it."""

from __future__ import annotations

from typing import Any, Protocol

from effnb.domain import Listing, Note, Regression, ToolCall, Transcript, Window


class DrivenRun(Protocol):
    """A run that stops before each call."""

    @property
    def transcript(self) -> Transcript:
        """What has happened so far."""

    @property
    def pending(self) -> ToolCall | None:
        """The call that comes next."""

    @property
    def waits_for_approval(self) -> bool:
        """Whether a person has to approve that call first."""

    def approve(self, step: str | None = None, *, by: str = "", args: dict[str, Any] | None = None) -> ToolCall:
        """A person's yes to exactly the pending call."""

    def note(self, text: str, *, by: str = "") -> Note:
        """Keep what a person wrote."""

    async def next(self, args: dict[str, Any] | None = None) -> ToolCall | None:
        """Make the pending call."""

    async def skip(self, reason: str) -> None:
        """Leave the pending call out."""

    def next_blocking(self, args: dict[str, Any] | None = None) -> ToolCall | None:
        """``next`` for where nothing can be awaited."""

    def stop(self) -> None:
        """End the run here."""

    def result(self, call_id: str) -> Any:
        """The typed result of a finished call."""


class Investigator(Protocol):
    """A session as the panel uses it."""

    def regressions(self) -> Listing[Regression]:
        """The regressions a person may choose from."""

    def investigate(
        self, regression: str, *, baseline: Window | None = None, analysis: Window | None = None
    ) -> DrivenRun:
        """A new run, stopped before its first call."""
