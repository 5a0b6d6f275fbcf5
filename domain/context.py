"""Who acts, and for which tenant. Comes from sign-in or the process's own configuration, never from a model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

ActorKind = Literal["person", "agent", "service"]


@dataclass(frozen=True)
class Actor:
    """A person, the agent, or one of our services; `version` is the code's for the last two.

    `on_behalf_of` is the person whose wish the agent carries out: it may propose what that person may, and what it
    proposes counts as that person's own when it comes to approving. So it does with `owner`, the person who made the
    key that a program uses.
    """

    kind: ActorKind
    id: str
    roles: frozenset[str] = frozenset()
    version: str = ""
    on_behalf_of: Actor | None = None
    owner: str | None = None

    @property
    def asker(self) -> Actor:
        """Whose wish this is: the person behind the agent, or the actor itself."""
        return self.on_behalf_of or self

    @property
    def person(self) -> str | None:
        """The person whose own it is, who therefore may not approve it; None where nobody stands behind it."""
        return self.asker.id if self.asker.kind == "person" else self.owner


@dataclass(frozen=True)
class Context:
    """One actor at work in one tenant; `trace_id` joins what one request or job did."""

    tenant: str
    actor: Actor
    trace_id: str = field(default_factory=lambda: uuid4().hex)
