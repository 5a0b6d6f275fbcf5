"""Who a caller is once identified, and what their kind may ask for. A program's key can never approve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from domain.context import Actor, Context
from tools.permission import PROPOSING_ROLES

Scope = Literal["events:write", "cases:read", "tools:analyse", "proposals:write", "approvals:write"]
KeyScope = Literal["events:write", "cases:read", "tools:analyse", "proposals:write"]
KEY_SCOPES: tuple[KeyScope, ...] = get_args(KeyScope)

# Every person may read, analyse, and answer what waits: who may approve what is the gate's to say, not ours.
EVERYBODY: frozenset[Scope] = frozenset({"cases:read", "tools:analyse", "approvals:write"})
# Those who may propose may also report what happened; quality reports spoiled goods and broken cold chains.
REPORTING_ROLES = PROPOSING_ROLES | {"quality"}


@dataclass(frozen=True)
class SignedIn:
    """A person with a live session; name and roles are those of this moment."""

    tenant: str
    person: str
    name: str
    roles: frozenset[str]
    expires_at: datetime

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the person's roles let them ask for."""
        own: set[Scope] = set(EVERYBODY)
        if self.roles & PROPOSING_ROLES:
            own.add("proposals:write")
        if self.roles & REPORTING_ROLES:
            own.add("events:write")
        return frozenset(own)

    def context(self, trace_id: str) -> Context:
        """The person as the actor of a request."""
        return Context(self.tenant, Actor("person", self.person, self.roles), trace_id)


@dataclass(frozen=True)
class Service:
    """A program with a valid API key."""

    tenant: str
    key_id: str
    name: str
    scopes: frozenset[Scope]
    expires_at: datetime
    made_by: str | None

    def context(self, trace_id: str) -> Context:
        """The program as the actor of a request; never a person, so the gate lets it approve nothing.

        What it proposes is the own of whoever made the key: making one is no way around four eyes.
        """
        actor = Actor("service", f"key:{self.key_id}", frozenset({"service"}), owner=self.made_by)
        return Context(self.tenant, actor, trace_id)


Caller: TypeAlias = SignedIn | Service
