"""The names of what is recorded, `thing.what_happened_to_it`. One list, so that a report and a writer mean the same."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """Every action of an audit event. Past tense: an event says what has happened."""

    TOOL_CALLED = "tool.called"
    MODEL_FAILED = "model.failed"
    QUESTION_ANSWERED = "question.answered"

    CASE_OPENED = "case.opened"
    CASE_CHANGED = "case.changed"
    CASE_CLOSED = "case.closed"
    NETWORK_SWEPT = "case.network_swept"

    PROPOSAL_MADE = "proposal.made"
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
    WRITE_WITHDRAWN = "write.withdrawn"

    IMPORT_COMPLETED = "import.completed"
    IMPORT_REFUSED = "import.refused"
    IMPORT_REPLAYED = "import.replayed"

    DOCUMENTS_IMPORTED = "documents.imported"
    DOCUMENTS_REFUSED = "documents.refused"

    MODEL_TRAINED = "model.trained"
    MODEL_PROMOTED = "model.promoted"
    MODEL_ROLLED_BACK = "model.rolled_back"
    MODEL_FORECAST = "model.forecast"
    MODEL_DRIFTED = "model.drifted"

    OVERRIDE_MADE = "override.made"
    OVERRIDE_ENDED = "override.ended"

    TENANT_CREATED = "tenant.created"
    PERSON_ADDED = "person.added"
    PERSON_CHANGED = "person.changed"
    PERSON_DEACTIVATED = "person.deactivated"

    ACCESS_REFUSED = "access.refused"

    KEY_CREATED = "key.created"
    KEY_REVOKED = "key.revoked"
    PASSWORD_SET = "person.password_set"
    LINK_MADE = "session.link_made"
    SESSION_STARTED = "session.started"
    SESSION_ENDED = "session.ended"
