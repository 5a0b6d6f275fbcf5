"""What can go wrong with an action: four kinds at the target, which need different next steps, and our own refusals."""

from __future__ import annotations

from decimal import Decimal

from domain.errors import BadInput, Conflict, Forbidden, QuartermasterError, Unavailable


class TargetUnavailable(Unavailable):
    """The target system does not answer; nothing was sent. The write may be tried again with the same key."""


class OutcomeUnknown(QuartermasterError):
    """The request was sent and its answer was lost. Ask the target by key before anything else; never send again."""

    status = 502
    exit_code = 7


class PreconditionFailed(Conflict):
    """The target's stock has moved since the plan was made; nothing stays written or reserved. Plan again."""

    def __init__(
        self,
        message: str,
        *,
        expected: Decimal | None = None,
        available: Decimal | None = None,
        remedy: str = "Plan again from the present stock.",
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.expected = expected
        self.available = available


class TargetRejected(BadInput):
    """The target system refused the document, with a reason; sending the same again cannot help."""

    def __init__(self, message: str, *, reason: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.reason = reason


class EvidenceUnfit(BadInput):
    """The evidence does not carry what a proposal needs: a success, its numbers, and this very order."""


class NotAppraised(BadInput):
    """The benefit of an order cannot be worked out from the data as they are; such an order is denied."""


class NotInThisState(Conflict):
    """The proposal or its write is no longer where this step starts from; somebody else was first."""


class ProposalExpired(NotInThisState):
    """The proposal's time is over; plan again from the present stock."""


class ApprovalRefused(Forbidden):
    """This person may not approve this proposal; `policies` names the rules that say so."""

    def __init__(self, message: str, *, policies: tuple[str, ...] = (), remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.policies = policies
