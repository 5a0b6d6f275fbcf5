"""Recording an event in the transaction of the change that it records: both happen or neither does.

Nothing is sealed here and nothing waits: events of many writers are ordered later, by the sealer.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.pq import TransactionStatus
from rfc8785 import CanonicalizationError

from domain.canonical import canonical_bytes
from domain.context import Actor, Context
from domain.errors import BadInput, Conflict

INSERT = """
INSERT INTO audit.event (tenant, event_id, action, actor_kind, actor_id, actor_version, actor_roles, subject, trace_id,
                         body)
VALUES (%(tenant)s, %(event_id)s, %(action)s, %(actor_kind)s, %(actor_id)s, %(actor_version)s, %(actor_roles)s,
        %(subject)s, %(trace_id)s, %(body)s)
"""


def append(
    connection: Connection[Any], context: Context, action: str, *, subject: str, data: Mapping[str, object]
) -> str:
    """Adds one event and returns its id; it exists once the caller's transaction commits.

    `action` is an `audit.events.Action`; `subject` names one thing, `kind:id`. `data` must have a canonical form (see
    `domain.canonical`): money and quantities as `Decimal`, never a personal datum that may have to be erased, because
    nothing here can be. Where the agent acts for a person, `on_behalf_of` is added to it. Raises `BadInput` for data
    without a canonical form and `Conflict` outside a transaction.
    """
    if connection.autocommit and connection.info.transaction_status == TransactionStatus.IDLE:
        raise Conflict("An audit event belongs into the transaction of its change; none is open.")
    event_id = _time_ordered_id()
    actor = context.actor
    connection.execute(
        INSERT,
        {
            "tenant": context.tenant,
            "event_id": event_id,
            "action": str(action),
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "actor_version": actor.version,
            "actor_roles": _roles(actor.roles),
            "subject": subject,
            "trace_id": context.trace_id,
            "body": _body(_with_asker(actor, data)),
        },
    )
    return str(event_id)


def _with_asker(actor: Actor, data: Mapping[str, object]) -> Mapping[str, object]:
    asker = actor.on_behalf_of
    return data if asker is None else {**data, "on_behalf_of": f"{asker.kind}:{asker.id}"}


def _body(data: Mapping[str, object]) -> bytes:
    try:
        return canonical_bytes(data)
    except CanonicalizationError as error:
        raise BadInput(f"This event has no canonical form: {error}.") from error


def _roles(roles: frozenset[str]) -> str:
    if any(role.split() != [role] for role in roles):
        raise BadInput("A role with a space in its name cannot be recorded.")
    return " ".join(sorted(roles))


def _time_ordered_id() -> UUID:
    """A UUID of version 7 (RFC 9562 section 5.7): its index grows at one end, which keeps inserting cheap."""
    random = int.from_bytes(os.urandom(10), "big")
    stamp = time.time_ns() // 1_000_000
    number = stamp << 80 | 0x7 << 76 | (random >> 68) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    return UUID(int=number)
