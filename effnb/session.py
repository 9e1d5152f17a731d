"""The session: what a person holds in a notebook or behind the command line. It arranges, without logic of its own."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from effnb.domain import Impact, Listing, Regression, Suppressed
from effnb.program import impact_of
from effnb.tools import Toolbox
from effnb.workspace import Workspace

if TYPE_CHECKING:
    from effnb.agent import Run
    from effnb.domain import Mode, Window
    from effnb.skills import Catalogue

DEFAULT_SKILL = "investigate-cpu-regression"


class Session:
    """A workspace and its tools, with the few things people ask most."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.tools = Toolbox(workspace)

    @cached_property
    def skills(self) -> Catalogue:
        """The skills that this workspace can see, and which of them may run."""
        from effnb.skills import Catalogue

        return Catalogue(self.workspace)

    def regressions(self) -> Listing[Regression]:
        """What got worse and stayed so, largest cost first."""
        return self._filed("regression")

    def improvements(self) -> Listing[Regression]:
        """What got better and stayed so, largest first."""
        return self._filed("improvement")

    def planned(self) -> Listing[Regression]:
        """Rises that an experiment's owner announced."""
        return self._filed("planned")

    def suppressed(self) -> Listing[Suppressed]:
        """Every change point that was dropped, with the stage and the numbers that dropped it, largest first."""
        rows = tuple(self.workspace.findings.suppressed())
        return Listing[Suppressed](rows=rows, searched=self._searched("suppressed"), total=len(rows))

    def regression(self, key: str) -> Regression:
        """One filed change by id."""
        found: Regression = self.tools.describe_regression(id=key)
        return found

    def impact(self, regression: Regression) -> Impact:
        """What it costs in servers, power and money, as far as ``effnb.toml`` has the constants."""
        settings = self.workspace.settings
        servers = settings.service(regression.service).servers
        return impact_of(regression.absolute_delta, servers, settings.power)

    def investigate(
        self,
        regression: Regression | str,
        *,
        mode: Mode = "playbook",
        baseline: Window | None = None,
        analysis: Window | None = None,
    ) -> Run:
        """A run of the skill that fits, ready to go step by step or to the end."""
        from effnb.agent import start_run
        from effnb.skills import bundled_skill

        key = regression if isinstance(regression, str) else regression.id
        inputs = {"regression": key, "baseline": baseline, "analysis": analysis}
        return start_run(
            skill=bundled_skill(DEFAULT_SKILL),
            toolbox=self.tools,
            inputs=inputs,
            state=self.workspace.state,
            blobs=self.workspace.blobs,
            mode=mode,
        )

    def run_skill(self, name: str, /, **inputs: Any) -> Run:
        """A run of any skill that may run, by its name and what its playbook takes."""
        from effnb.agent import start_run

        return start_run(
            skill=self.skills.get(name),
            toolbox=self.tools,
            inputs=inputs,
            state=self.workspace.state,
            blobs=self.workspace.blobs,
            find=self.skills.get,
        )

    def close(self) -> None:
        """Close the store."""
        self.workspace.close()

    def _filed(self, kind: str) -> Listing[Regression]:
        rows = tuple(self.workspace.findings.regressions(kind))
        return Listing[Regression](rows=rows, searched=self._searched(kind), total=len(rows))

    def _searched(self, kind: str) -> str:
        services = ", ".join(self.workspace.samples.services()) or "no service: nothing was ingested yet"
        return f"{kind} findings of the newest detection over {services}"


def open_session(path: Path | str | None = None) -> Session:
    """The session of the workspace in a folder, or of the nearest one above it."""
    return Session(Workspace.open(path))
