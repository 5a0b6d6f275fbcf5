"""What may be tried again: a lost connection and a lost race, of a call without side effects. Nothing else."""

from __future__ import annotations

from psycopg import errors
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from db.errors import DatabaseUnavailable
from tools.contract import Deadline, Permission

ATTEMPTS = 3
REPEATABLE = (
    DatabaseUnavailable,
    errors.SerializationFailure,
    errors.DeadlockDetected,
)


def is_repeatable(error: BaseException) -> bool:
    """True for a lost connection, a serialisation failure and a deadlock that this transaction lost."""
    return isinstance(error, REPEATABLE)


def retrying(permission: Permission, deadline: Deadline) -> Retrying:
    """Up to three tries within the deadline; exactly one for a propose tool, whose effect might already be there."""
    attempts = stop_after_attempt(1 if permission == "propose" else ATTEMPTS)

    def is_over(state: RetryCallState) -> bool:
        return attempts(state) or deadline.remaining <= 0.0

    return Retrying(
        retry=retry_if_exception(is_repeatable),
        stop=is_over,
        wait=wait_random_exponential(multiplier=0.02, max=0.5),
        reraise=True,
    )
