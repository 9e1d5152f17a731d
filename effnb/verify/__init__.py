"""A fix becomes a verdict: the sandbox, the gate's checks, and the measurement of what a fix saves."""

from effnb.verify._ask import NoAnswerError
from effnb.verify._available import best_sandbox, probe
from effnb.verify._candidate import SettingRun
from effnb.verify._capture import Captured, Limits, capture_calls
from effnb.verify._codec import Unencodable, decode, encode
from effnb.verify._confirm import decide, is_decided
from effnb.verify._gate import Subject, verify_candidate
from effnb.verify._policy import Policy, policy_for
from effnb.verify._sandbox import Finished, Sandbox, SandboxLevel
from effnb.verify._similarity import profile_similarity
from effnb.verify._versions import Ratios, Version, compare_versions, find_function
from effnb.verify._workload import (
    CallSample,
    FunctionWorkload,
    ServiceWorkload,
    encoded_call,
    find_workload,
    load_function_workload,
    load_service_workload,
    write_function_workload,
    write_service_workload,
)

__all__ = [
    "CallSample",
    "Captured",
    "Finished",
    "FunctionWorkload",
    "Limits",
    "NoAnswerError",
    "Policy",
    "Ratios",
    "Sandbox",
    "SandboxLevel",
    "ServiceWorkload",
    "SettingRun",
    "Subject",
    "Unencodable",
    "Version",
    "best_sandbox",
    "capture_calls",
    "compare_versions",
    "decide",
    "decode",
    "encode",
    "encoded_call",
    "find_function",
    "find_workload",
    "is_decided",
    "load_function_workload",
    "load_service_workload",
    "policy_for",
    "probe",
    "profile_similarity",
    "verify_candidate",
    "write_function_workload",
    "write_service_workload",
]
