"""Skills: expertise as folders. Load them, check them, and play their playbooks."""

from effnb.skills._cases import Case, CaseOutcome, changed_frozen, load_cases, run_case
from effnb.skills._catalogue import Catalogue, SkillEntry
from effnb.skills._evidence import check_evidence, is_equal, query_of, value_at
from effnb.skills._lint import lint_skill
from effnb.skills._load import Skill, bundled_skill, bundled_skills, find_skills, load_skill
from effnb.skills._new import new_skill
from effnb.skills._pins import Pin, Pins
from effnb.skills._playbook import STEP_BUDGET, Answer, Playbook, load_playbook, replay
from effnb.skills._step import Call, Step, StepFailed, Use, attempt, cite, step, use

__all__ = [
    "STEP_BUDGET",
    "Answer",
    "Call",
    "Case",
    "CaseOutcome",
    "Catalogue",
    "Pin",
    "Pins",
    "Playbook",
    "Skill",
    "SkillEntry",
    "Step",
    "StepFailed",
    "Use",
    "attempt",
    "bundled_skill",
    "bundled_skills",
    "changed_frozen",
    "check_evidence",
    "cite",
    "find_skills",
    "is_equal",
    "lint_skill",
    "load_cases",
    "load_playbook",
    "load_skill",
    "new_skill",
    "query_of",
    "replay",
    "run_case",
    "step",
    "use",
    "value_at",
]
