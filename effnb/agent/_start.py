"""Starting a run, and taking one up again after the process that drove it is gone."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydantic_ai
from pydantic_ai.messages import ModelMessagesTypeAdapter

from effnb.agent._blobs import Blobs
from effnb.agent._brain import Brain
from effnb.agent._decider import Decider
from effnb.agent._run import OVER, Clock, Run, now
from effnb.domain import Mode, Transcript
from effnb.errors import ConfigError, PlaybookError
from effnb.skills import Skill, bundled_skill, load_playbook
from effnb.skills._load import PLAYBOOK_FILE
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
    brain: Brain | None = None,
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
        mode: Who decides: the playbook; the playbook with a language model's conclusion; or a language model.
        brain: The language model, for the modes that need one.
        clock: The time, for everything that is recorded.
        find: Gives the skills it uses by name; by default those beside it, and those of effnb.

    Raises:
        AnalysisError: The inputs are not what the playbook takes.
        PlaybookError: The skill has no playbook, or one that cannot be imported; mode ``free`` goes without.
        ConfigError: The mode needs a language model and there is none.
    """
    playbook = load_playbook(skill, find) if _is_played(skill, mode) else None
    accepted = playbook.accept(inputs) if playbook is not None else None
    kept = Blobs(blobs)
    decider = Decider(mode, skill, playbook, accepted, _brain_for(mode, brain), kept.load)
    started = clock()
    transcript = Transcript(
        run_id=f"run-{started:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}",
        skill=skill.name,
        digest=playbook.digest if playbook is not None else skill.digest,
        mode=mode,
        model=decider.label,
        inputs=plain(inputs if accepted is None else accepted),
        state="running",
        started_at=started,
    )
    log = RunLog(state)
    log.begin(transcript, str(next(iter(transcript.inputs.values()), "")))
    run = Run(transcript=transcript, messages=[], decider=decider, toolbox=toolbox, log=log, blobs=kept, clock=clock)
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
    brain: Brain | None = None,
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
        brain: The language model, for a run that needs one.
        clock: The time.
        find: Gives the skill, and those it uses, by name.

    Raises:
        NotFound: There is no such run or skill.
        PlaybookError: The skill's files changed since the run began.
    """
    log, kept = RunLog(state), Blobs(blobs)
    transcript = log.load(run_id)
    messages = ModelMessagesTypeAdapter.validate_json(log.messages(run_id) or b"[]")
    decider = None
    if transcript.state not in OVER:
        given, skill = skill, skill or find(transcript.skill)
        playbook = load_playbook(skill, None if given else find) if _is_played(skill, transcript.mode) else None
        digest, label = (playbook.digest, playbook.label) if playbook is not None else (skill.digest, skill.label)
        if digest != transcript.digest and not allow_changed_skill:
            raise PlaybookError(
                f"run {run_id} began with {transcript.skill}@{transcript.digest[:12]}, the skill is now "
                f"{label}; start a new run, or resume with allow_changed_skill=True"
            )
        accepted = playbook.accept(transcript.inputs) if playbook is not None else None
        brain = _brain_for(transcript.mode, brain)
        if brain is not None:
            brain.take_up(transcript)
        decider = Decider(transcript.mode, skill, playbook, accepted, brain, kept.load)
        transcript = transcript.model_copy(update={"state": "paused"})
    run = Run(
        transcript=transcript, messages=messages, decider=decider, toolbox=toolbox, log=log, blobs=kept, clock=clock
    )
    run.advance_blocking()
    return run


def _is_played(skill: Skill, mode: Mode) -> bool:
    """Whether the playbook is needed; a model that drives needs only the prose."""
    return mode != "free" or (skill.path / PLAYBOOK_FILE).is_file()


def _brain_for(mode: Mode, brain: Brain | None) -> Brain | None:
    if mode == "playbook":
        return None
    if brain is None:
        raise ConfigError(f"mode {mode!r} needs a language model; set [agent] model in effnb.toml, or use playbook")
    return brain


def load_transcript(run_id: str, state: State) -> Transcript:
    """The transcript of a run, to read; ``NotFound`` gives the nearest id."""
    return RunLog(state).load(run_id)
