"""Skills: expertise as folders. Load them, check them, and play their playbooks."""

from effnb.skills._account import (
    Account,
    arrived,
    cause_of,
    change_name,
    deciders,
    interval,
    owner_of,
    patch_lines,
    percent,
    points,
    rise_of,
    share,
    when,
)
from effnb.skills._cases import CONCLUDED, Case, CaseKind, CaseOutcome, changed_frozen, load_cases, run_case, write_case
from effnb.skills._catalogue import Catalogue, SkillEntry
from effnb.skills._evidence import check_evidence, is_equal, query_of, value_at
from effnb.skills._levels import Shift, shift_at
from effnb.skills._lint import lint_skill
from effnb.skills._load import Skill, bundled_skill, bundled_skills, find_skills, load_skill
from effnb.skills._new import new_skill
from effnb.skills._offence import OpportunityInputs, Pattern, Site, resolved
from effnb.skills._pins import Pin, Pins
from effnb.skills._playbook import STEP_BUDGET, Answer, Playbook, load_playbook, replay
from effnb.skills._proof import Proof, mended, prove_fix
from effnb.skills._purity import CACHE, doubt_of, is_cached
from effnb.skills._score import CaseScore, SkillScore, score_skill, share_of
from effnb.skills._step import Call, Step, StepFailed, Use, attempt, cite, step, use

__all__ = [
    "CACHE",
    "CONCLUDED",
    "STEP_BUDGET",
    "Account",
    "Answer",
    "Call",
    "Case",
    "CaseKind",
    "CaseOutcome",
    "CaseScore",
    "Catalogue",
    "OpportunityInputs",
    "Pattern",
    "Pin",
    "Pins",
    "Playbook",
    "Proof",
    "Shift",
    "Site",
    "Skill",
    "SkillEntry",
    "SkillScore",
    "Step",
    "StepFailed",
    "Use",
    "arrived",
    "attempt",
    "bundled_skill",
    "bundled_skills",
    "cause_of",
    "change_name",
    "changed_frozen",
    "check_evidence",
    "cite",
    "deciders",
    "doubt_of",
    "find_skills",
    "interval",
    "is_cached",
    "is_equal",
    "lint_skill",
    "load_cases",
    "load_playbook",
    "load_skill",
    "mended",
    "new_skill",
    "owner_of",
    "patch_lines",
    "percent",
    "points",
    "prove_fix",
    "query_of",
    "replay",
    "resolved",
    "rise_of",
    "run_case",
    "score_skill",
    "share",
    "share_of",
    "shift_at",
    "step",
    "use",
    "value_at",
    "when",
    "write_case",
]
