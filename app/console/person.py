"""Whose request, socket message or background task this is. Set at the door, from the session and from nothing else."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from app.signin.model import SignedIn
from domain.context import Context


@dataclass(frozen=True)
class Visitor:
    """A signed-in person with the token of the session they came with, by which they are looked up again."""

    who: SignedIn
    token: str
    trace_id: str

    @property
    def identifier(self) -> str:
        """Under which Chainlit knows the person: names of two tenants never meet."""
        return f"{self.who.tenant}/{self.who.person}"

    @property
    def context(self) -> Context:
        """The person as an actor."""
        return self.who.context(self.trace_id)


_VISITOR: ContextVar[Visitor | None] = ContextVar("visitor", default=None)


def enter(visitor: Visitor) -> None:
    """From here on, in this task and those that it starts, this person is asking."""
    _VISITOR.set(visitor)


def visitor() -> Visitor:
    """Who is asking; nothing of the console runs without somebody at the door."""
    found = _VISITOR.get()
    if found is None:
        raise RuntimeError("Nobody came through the door.")
    return found
