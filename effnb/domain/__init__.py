"""The nouns: frozen pydantic models, the only things that travel between packages.

Conventions, said once: times are UTC, spans half-open; a change point is the first point of the new level; shares are
fractions and become percent only on display; a positive delta means more resource used; every cost names its unit;
"nothing found", "not enough data" and "failed" are three different values.
"""

from effnb.domain._base import Noun, Utc
from effnb.domain.answer import Answer, AnswerStatus
from effnb.domain.cause import Candidate, RootCause
from effnb.domain.change import Change, ChangeKind, Experiment, ExposureStep, Rollout, TouchedFunction
from effnb.domain.confirm import Confirmation, ConfirmVerdict
from effnb.domain.context import (
    CallNeighbours,
    ChangeDetail,
    CodeHit,
    DocHit,
    DocPage,
    EndpointLoad,
    ExperimentResult,
    ExposureMeasure,
    ExternalResult,
    FunctionCost,
    FunctionSource,
    LogGroup,
    LogLine,
    Message,
    Neighbour,
    Owner,
)
from effnb.domain.delivery import AppliedFile, Delivery, FixRecord, PullRequest
from effnb.domain.diff import FunctionDelta, ProfileDiff
from effnb.domain.finding import Evidence, Finding, Proposal, Resolution, ResolutionStatus
from effnb.domain.fix import Check, Fix, Interval, Opportunity, Risk, ScanRecord, Verdict, Verification
from effnb.domain.impact import Impact
from effnb.domain.ingest import Ingested
from effnb.domain.listing import Listing
from effnb.domain.permission import (
    Actor,
    ActorKind,
    Approval,
    AuditCheck,
    AuditEntry,
    AuditHead,
    AuditOutcome,
    Surface,
)
from effnb.domain.power import (
    DetectionTime,
    FleetPower,
    FunctionPower,
    PowerPlan,
    PowerTerms,
    RegressionSizes,
    SampledFleet,
    UndetectedWaste,
)
from effnb.domain.preset import Preset
from effnb.domain.profile import Profile, StackSample
from effnb.domain.regression import ChangePoint, DetectionSummary, Regression, Suppressed
from effnb.domain.run import CallStatus, DeclaredStep, Mode, Note, RunState, Tier, ToolCall, Transcript
from effnb.domain.series import Metric, Series
from effnb.domain.window import Window

__all__ = [
    "Actor",
    "ActorKind",
    "Answer",
    "AnswerStatus",
    "AppliedFile",
    "Approval",
    "AuditCheck",
    "AuditEntry",
    "AuditHead",
    "AuditOutcome",
    "CallNeighbours",
    "CallStatus",
    "Candidate",
    "Change",
    "ChangeDetail",
    "ChangeKind",
    "ChangePoint",
    "Check",
    "CodeHit",
    "ConfirmVerdict",
    "Confirmation",
    "DeclaredStep",
    "Delivery",
    "DetectionSummary",
    "DetectionTime",
    "DocHit",
    "DocPage",
    "EndpointLoad",
    "Evidence",
    "Experiment",
    "ExperimentResult",
    "ExposureMeasure",
    "ExposureStep",
    "ExternalResult",
    "Finding",
    "Fix",
    "FixRecord",
    "FleetPower",
    "FunctionCost",
    "FunctionDelta",
    "FunctionPower",
    "FunctionSource",
    "Impact",
    "Ingested",
    "Interval",
    "Listing",
    "LogGroup",
    "LogLine",
    "Message",
    "Metric",
    "Mode",
    "Neighbour",
    "Note",
    "Noun",
    "Opportunity",
    "Owner",
    "PowerPlan",
    "PowerTerms",
    "Preset",
    "Profile",
    "ProfileDiff",
    "Proposal",
    "PullRequest",
    "Regression",
    "RegressionSizes",
    "Resolution",
    "ResolutionStatus",
    "Risk",
    "Rollout",
    "RootCause",
    "RunState",
    "SampledFleet",
    "ScanRecord",
    "Series",
    "StackSample",
    "Suppressed",
    "Surface",
    "Tier",
    "ToolCall",
    "TouchedFunction",
    "Transcript",
    "UndetectedWaste",
    "Utc",
    "Verdict",
    "Verification",
    "Window",
]
