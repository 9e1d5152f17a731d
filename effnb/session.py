"""The session: what a person holds in a notebook or behind the command line. It arranges, without logic of its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from effnb.domain import (
    Answer,
    Confirmation,
    FixRecord,
    Impact,
    Listing,
    Opportunity,
    Regression,
    Suppressed,
    Transcript,
)
from effnb.errors import ToolFailed
from effnb.program import impact_of
from effnb.tools import Toolbox
from effnb.workspace import Workspace

if TYPE_CHECKING:
    from effnb.agent import Brain, Conversation, Run
    from effnb.domain import Mode, Window
    from effnb.skills import Catalogue, Skill

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
        """A run of the skill that fits, ready to go step by step or to the end.

        Args:
            regression: A regression or its id.
            mode: ``playbook`` uses no language model; ``guided`` lets one judge what the playbook's calls returned;
                ``free`` lets it drive, with the skill as its instructions.
            baseline: Span before, in place of the detector's.
            analysis: Span after, in place of the detector's.
        """
        key = regression if isinstance(regression, str) else regression.id
        return self._start(
            self.skills.get(DEFAULT_SKILL), {"regression": key, "baseline": baseline, "analysis": analysis}, mode
        )

    def run_skill(self, skill: str | Skill, /, *, mode: Mode = "playbook", **inputs: Any) -> Run:
        """A run of a skill that may run, by its name and what its playbook takes; or of the one that is given."""
        return self._start(self.skills.get(skill) if isinstance(skill, str) else skill, inputs, mode)

    def runs(self) -> Listing[Transcript]:
        """All runs, newest first, without their calls."""
        from effnb.store import RunLog

        rows = RunLog(self.workspace.state).heads()
        return Listing[Transcript](rows=rows, searched="the runs of this workspace", total=len(rows))

    def resume(self, run: str) -> Run:
        """A run as it was left, by its id: paused before its next call, or over. Finished calls are not made again."""
        from effnb.agent import load_transcript, resume_run
        from effnb.agent._run import OVER

        known = load_transcript(run, self.workspace.state)
        needs_brain = known.mode != "playbook" and known.state not in OVER
        return resume_run(
            run,
            toolbox=self.tools,
            state=self.workspace.state,
            blobs=self.workspace.blobs,
            brain=self._brain() if needs_brain else None,
            find=self.skills.get,
        )

    def approve(self, tool: str, /, **args: Any) -> Any:
        """The result of a call that needs a person's approval, which this gives: for exactly this call, once."""
        self.tools.approve(tool, args)
        return self.tools.call(tool, args)

    def opportunities(self, service: str | None = None) -> Listing[Opportunity]:
        """Code that could be cheaper, as the last scan filed it, largest expected saving first."""
        found: Listing[Opportunity] = self.tools.list_opportunities(service=service)
        return found

    def resolve(self, subject: str, *, revert: bool = False) -> FixRecord:
        """Make the fix of an opportunity or a regression and run the gate on it; its verdict says what is proved.

        The suspected cause of a regression is replayed first, if it never was: only a cause that was reproduced has its
        author asked to review. One that cannot be replayed needs a lead over every other, and the fix says so.
        """
        self._confirm_once(subject)
        fix = self.tools.propose_fix(subject=subject, revert=revert)
        self.tools.verify_fix(fix=fix.id)
        return self.fix_record(fix.id)

    def _confirm_once(self, subject: str) -> None:
        from effnb.tools.confirm_cause import KIND

        if self.workspace.findings.regression(subject) is None:
            return
        tried = self.workspace.records.newest(KIND, subject, Confirmation)
        if tried is None or tried.verdict == "not_run":
            with suppress(ToolFailed):  # on record; the fix is then made for a cause that is not confirmed
                self.tools.confirm_cause(id=subject)

    def fix_record(self, fix: str) -> FixRecord:
        """A fix with everything that is known of it."""
        return self.workspace.fixes.record(fix)

    def fix_of(self, subject: str) -> FixRecord | None:
        """The newest fix that was made for an opportunity or a regression; null when there is none."""
        made = self.workspace.fixes.all(subject)
        return self.fix_record(made[0].id) if made else None

    def fix_folder(self, fix: str) -> Path:
        """Folder whose files a fix changes."""
        from effnb.tools._fixing import fix_folder

        return fix_folder(self.workspace, self.workspace.fixes.get(fix))

    def apply_fix(self, fix: str, *, unproved: bool = False) -> FixRecord:
        """Write a fix into the files; calling this is the approval of exactly that."""
        return self._deliver("apply_fix", {"fix": fix, "unproved": unproved})

    def undo_fix(self, fix: str) -> FixRecord:
        """Take a fix out of the files again; calling this is the approval of exactly that."""
        return self._deliver("undo_fix", {"fix": fix})

    def open_pull_request(self, fix: str, *, unproved: bool = False) -> FixRecord:
        """Offer a fix for review; calling this is the approval of exactly that."""
        return self._deliver("open_pull_request", {"fix": fix, "unproved": unproved})

    @cached_property
    def conversation(self) -> Conversation:
        """The questions that were asked in this session, for follow-ups."""
        from effnb.agent import Conversation

        asked = self.workspace.settings.agent.model is not None
        return Conversation(self.workspace, self.tools, self._start_skill, use_model=asked)

    def ask(self, question: str) -> Answer:
        """The answer to a question in words, with the values it stands on, or why there is none.

        Without a language model (no ``[agent] model`` in ``effnb.toml``) it is answered by the calls that fit, or
        declined with the three nearest questions that can be answered. A follow-up may leave out what was said before.
        """
        return self.conversation.ask(question)

    async def ask_async(self, question: str) -> Answer:
        """``ask`` for notebooks and widgets: the event loop stays free meanwhile."""
        return await asyncio.to_thread(self.ask, question)

    def close(self) -> None:
        """Close the store."""
        self.workspace.close()

    def _start(self, skill: Skill, inputs: dict[str, Any], mode: Mode) -> Run:
        from effnb.agent import start_run

        return start_run(
            skill=skill,
            toolbox=self.tools,
            inputs=inputs,
            state=self.workspace.state,
            blobs=self.workspace.blobs,
            mode=mode,
            brain=None if mode == "playbook" else self._brain(),
            find=self.skills.get,
        )

    def _start_skill(self, name: str, mode: Mode, inputs: dict[str, Any]) -> Run:
        return self._start(self.skills.get(name), inputs, mode)

    def _brain(self) -> Brain:
        from effnb.agent import Brain

        return Brain(*self.workspace.settings.language_model())

    def _deliver(self, tool: str, args: dict[str, Any]) -> FixRecord:
        """A person asks for one delivery by name: that is the yes to it, recorded like every other."""
        delivered: FixRecord = self.approve(tool, **args)
        return delivered

    def _filed(self, kind: str) -> Listing[Regression]:
        rows = tuple(self.workspace.findings.regressions(kind))
        return Listing[Regression](rows=rows, searched=self._searched(kind), total=len(rows))

    def _searched(self, kind: str) -> str:
        services = ", ".join(self.workspace.samples.services()) or "no service: nothing was ingested yet"
        return f"{kind} findings of the newest detection over {services}"


def open_session(path: Path | str | None = None) -> Session:
    """The session of the workspace in a folder, or of the nearest one above it."""
    return Session(Workspace.open(path))
