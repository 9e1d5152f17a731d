"""Every error effnb raises on purpose, grouped by who has to act.

    EffnbError
    ├── ConfigError            the person who installs or configures: effnb.toml, missing workspace
    │   ├── MissingExtraError  … an optional dependency; names the install line
    │   └── SandboxError       … the sandbox for candidate code is missing or does not start
    ├── SourceError            the owner of the data: a file or system that cannot be read
    │   ├── SourceUnavailable  … not reachable, not there
    │   ├── SourceDenied       … credentials or permissions
    │   └── BadQuery           … the system refused the question
    ├── ModelFailed            the person who configures a language model: key, address, what it answers
    ├── AnalysisError          the caller: the question cannot be answered with this data
    │   ├── NotEnoughData      … too few points or samples; not the same as "nothing found"
    │   └── NotFound           … no such regression, run, service or function
    ├── DeliveryError          the person who delivers: files or a forge that do not take a fix as it is
    ├── StoreError             the store: damaged, locked, from a newer version
    └── SkillError             the author of a skill or tool
        ├── PlaybookError      … a playbook yields what cannot be run, or replays differently
        ├── ToolFailed         … a tool call ended without a result
        │   └── NotAllowed     … the caller may not make this call: tier, scope or budget
        │       └── ApprovalNeeded  … it may, once a person has approved exactly this call
        └── BudgetExceeded     … a run used up its steps
            └── LimitReached   … or a limit that effnb.toml sets: requests, tokens, money

A message says what was attempted, the offending value and the next step, in one line.
"""

from __future__ import annotations

__all__ = [
    "AnalysisError",
    "ApprovalNeeded",
    "BadQuery",
    "BudgetExceeded",
    "ConfigError",
    "DeliveryError",
    "EffnbError",
    "LimitReached",
    "MissingExtraError",
    "ModelFailed",
    "NotAllowed",
    "NotEnoughData",
    "NotFound",
    "PlaybookError",
    "SandboxError",
    "SkillError",
    "SourceDenied",
    "SourceError",
    "SourceUnavailable",
    "StoreError",
    "ToolFailed",
]


class EffnbError(Exception):
    """Base of everything effnb raises on purpose; the command line shows its message and exits 1."""


class ConfigError(EffnbError):
    """A setting, a missing workspace or the installation is wrong."""


class MissingExtraError(ConfigError):
    """An optional dependency is needed and not installed."""


class SandboxError(ConfigError):
    """The sandbox that candidate code runs in is missing, does not start or does not hold."""


class SourceError(EffnbError):
    """A file or system that holds data could not be read."""


class SourceUnavailable(SourceError):
    """The file or system is not there or does not answer."""


class SourceDenied(SourceError):
    """The system refused the credentials or the file its permissions."""


class BadQuery(SourceError):
    """The system refused the question itself."""


class ModelFailed(EffnbError):
    """A language model could not be asked, or what it answers is no answer; the run waits where it is."""


class AnalysisError(EffnbError):
    """The question cannot be answered with the data at hand."""


class NotEnoughData(AnalysisError):
    """Too few points or samples for a statement either way."""


class NotFound(AnalysisError):
    """The named regression, run, service or function does not exist."""


class DeliveryError(EffnbError):
    """A fix cannot be delivered to these files or this forge; nothing was changed there."""


class StoreError(EffnbError):
    """The workspace's own store is damaged, locked or from a newer version."""


class SkillError(EffnbError):
    """A skill or tool does not keep its contract."""


class PlaybookError(SkillError):
    """A playbook yields what cannot be run, or replays differently from the recorded run."""


class ToolFailed(SkillError):
    """A tool call ended without a result."""


class NotAllowed(ToolFailed):
    """The caller may not make this call: its tier, scope or budget does not allow it."""


class ApprovalNeeded(NotAllowed):
    """The call waits for a person's approval of exactly this call."""


class BudgetExceeded(SkillError):
    """A run used up its steps."""


class LimitReached(BudgetExceeded):
    """A run used up what effnb.toml allows a language model; it waits where it is until the limit is raised."""
