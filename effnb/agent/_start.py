"""Starting a run, and taking one up again after the process that drove it is gone."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydantic_ai
from pydantic_ai.messages import ModelMessagesTypeAdapter

from effnb.agent._blobs import Blobs
from effnb.agent._model import PlaybookModel
from effnb.agent._run import OVER, Clock, Run, now
from effnb.domain import Mode, Transcript
from effnb.errors import ConfigError, PlaybookError
from effnb.skills import Skill, bundled_skill, load_playbook
from effnb.store._runs import RunLog
from effnb.store._state import State
from effnb.tools import Toolbox, plain

pydantic_ai.BANNER_ENABLED = False


def start_run(
    *,
    skill: Skill,
    toolbox: Toolbox,
    inputs: dict[str, Any],
    state: State,
    blobs: Path,
    mode: Mode = "playbook",
    clock: Clock = now,
    find: Callable[[str], Skill] | None = None,
) -> Run:
    """A new run, recorded and paused before its first call.

    Args:
        skill: The skill to run.
        toolbox: The tools it may call.
        inputs: What its playbook takes; the first input is what the run is filed under.
        state: The state file of the workspace.
        blobs: Folder for results above 64 KiB.
        mode: Who decides; today the playbook does.
        clock: The time, for everything that is recorded.
        find: Gives the skills it uses by name; by default those beside it, and those of effnb.

    Raises:
        AnalysisError: The inputs are not what the playbook takes.
        PlaybookError: The skill has no playbook, or one that cannot be imported.
    """
    if mode != "playbook":
        raise ConfigError(f"mode {mode!r} is not available; runs are made with mode='playbook'")
    playbook = load_playbook(skill, find)
    accepted = playbook.accept(inputs)
    kept = Blobs(blobs)
    model = PlaybookModel(playbook, accepted, kept.load)
    started = clock()
    transcript = Transcript(
        run_id=f"run-{started:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}",
        skill=skill.name,
        digest=playbook.digest,
        mode=mode,
        model=f"{model.model_name} (no language model)",
        inputs=plain(accepted),
        state="running",
        started_at=started,
    )
    log = RunLog(state)
    log.begin(transcript, str(next(iter(transcript.inputs.values()), "")))
    run = Run(transcript=transcript, messages=[], model=model, toolbox=toolbox, log=log, blobs=kept, clock=clock)
    run.advance_blocking()
    return run


def resume_run(
    run_id: str,
    *,
    toolbox: Toolbox,
    state: State,
    blobs: Path,
    skill: Skill | None = None,
    allow_changed_skill: bool = False,
    clock: Clock = now,
    find: Callable[[str], Skill] = bundled_skill,
) -> Run:
    """A run as the state file has it, paused before the call that comes next, or over.

    Args:
        run_id: Its id.
        toolbox: The tools it may call.
        state: The state file of the workspace.
        blobs: Folder of results above 64 KiB.
        skill: Its skill; by default what ``find`` gives for its name.
        allow_changed_skill: Go on although the skill's files changed since; a step that then asks otherwise than
            the run recorded still ends it.
        clock: The time.
        find: Gives the skill, and those it uses, by name.

    Raises:
        NotFound: There is no such run or skill.
        PlaybookError: The skill's files changed since the run began.
    """
    log, kept = RunLog(state), Blobs(blobs)
    transcript = log.load(run_id)
    messages = ModelMessagesTypeAdapter.validate_json(log.messages(run_id) or b"[]")
    model = None
    if transcript.state not in OVER:
        given, skill = skill, skill or find(transcript.skill)
        playbook = load_playbook(skill, None if given else find)
        if playbook.digest != transcript.digest and not allow_changed_skill:
            raise PlaybookError(
                f"run {run_id} began with {transcript.skill}@{transcript.digest[:12]}, the skill is now "
                f"{playbook.label}; start a new run, or resume with allow_changed_skill=True"
            )
        model = PlaybookModel(playbook, playbook.accept(transcript.inputs), kept.load)
        transcript = transcript.model_copy(update={"state": "paused"})
    run = Run(transcript=transcript, messages=messages, model=model, toolbox=toolbox, log=log, blobs=kept, clock=clock)
    run.advance_blocking()
    return run


def load_transcript(run_id: str, state: State) -> Transcript:
    """The transcript of a run, to read; ``NotFound`` gives the nearest id."""
    return RunLog(state).load(run_id)
