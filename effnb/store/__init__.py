"""Where data lies: samples and series as immutable Parquet, state in SQLite."""

from effnb.store._approvals import Approvals
from effnb.store._audit import AuditLog
from effnb.store._cube import NO_ENDPOINT, Cube
from effnb.store._findings import FindingStore
from effnb.store._fixes import FixStore
from effnb.store._opportunities import OpportunityStore
from effnb.store._records import Records
from effnb.store._redact import Redactor
from effnb.store._runs import RunLog
from effnb.store._samples import Samples, SampleStore, StackMatrix, stack_id
from effnb.store._series import SeriesStore
from effnb.store._state import State

__all__ = [
    "NO_ENDPOINT",
    "Approvals",
    "AuditLog",
    "Cube",
    "FindingStore",
    "FixStore",
    "OpportunityStore",
    "Records",
    "Redactor",
    "RunLog",
    "SampleStore",
    "Samples",
    "SeriesStore",
    "StackMatrix",
    "State",
    "stack_id",
]
