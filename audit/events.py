"""The names of what is recorded, `thing.what_happened_to_it`. One list, so that a report and a writer mean the same."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """Every action of an audit event. Past tense: an event says what has happened."""

    TOOL_CALLED = "tool.called"
    TOOL_REFUSED = "tool.refused"
    MODEL_CALLED = "model.called"

    CASE_OPENED = "case.opened"
    CASE_CHANGED = "case.changed"
    CASE_CLOSED = "case.closed"
    CASE_OVERDUE = "case.overdue"

    PROPOSAL_MADE = "proposal.made"
    PROPOSAL_WITHDRAWN = "proposal.withdrawn"
    GATE_DECIDED = "gate.decided"
    APPROVAL_GRANTED = "approval.granted"
    APPROVAL_REJECTED = "approval.rejected"
    APPROVAL_EXPIRED = "approval.expired"

    WRITE_ENQUEUED = "write.enqueued"
    WRITE_SENT = "write.sent"
    WRITE_POSTPONED = "write.postponed"
    WRITE_CONFIRMED = "write.confirmed"
    WRITE_UNKNOWN = "write.unknown"
    WRITE_CONFLICT = "write.conflict"
    WRITE_FAILED = "write.failed"
    WRITE_UNDONE = "write.undone"
    OUTCOME_MEASURED = "outcome.measured"

    STOP_SET = "stop.set"
    STOP_LIFTED = "stop.lifted"
    POLICY_CHANGED = "policy.changed"
    AUTONOMY_CHANGED = "autonomy.changed"
    OVERRIDE_SET = "override.set"
    STOCK_CORRECTED = "stock.corrected"

    IMPORT_COMPLETED = "import.completed"
    IMPORT_REFUSED = "import.refused"
    IMPORT_REPLAYED = "import.replayed"

    MODEL_TRAINED = "model.trained"
    MODEL_PROMOTED = "model.promoted"
    MODEL_ROLLED_BACK = "model.rolled_back"

    SIGN_IN_SUCCEEDED = "sign_in.succeeded"
    SIGN_IN_FAILED = "sign_in.failed"
    ACCESS_REFUSED = "access.refused"
    TENANT_CREATED = "tenant.created"
    AUDIT_EXPORTED = "audit.exported"
