"""What a tool is and what it answers: the shapes that every tool, surface and the audit store share.

A tool never sees a tenant or an actor in its input; both come with the `Call`. It never writes except by making a
proposal, and it never reports a failure as an empty answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from db.evidence import Status
from db.network import Batch
from db.session import Database
from domain.context import Context
from domain.errors import QuartermasterError
from tools.errors import NoData, TimeLimitReached

Permission = Literal["read", "analyse", "propose"]

# No control characters: they cannot be stored, and nobody's code holds one.
Code = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]
Probability = Annotated[float, Field(ge=0.0, le=1.0)]

SET_TIMEOUT = "SELECT set_config('statement_timeout', %s, true)"


class ToolInput(BaseModel):
    """Base of every input: immutable, and an unknown field (a tenant, say) is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class ToolOutput(BaseModel):
    """Base of every output; numbers are finite, money and quantities are decimals with a currency or unit beside."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Span(ToolOutput):
    """An estimate's central 80 %: one in ten below `low`, one in ten above `high`."""

    low: Decimal
    mean: Decimal
    high: Decimal


In = TypeVar("In", bound=ToolInput)
Out = TypeVar("Out", bound=ToolOutput)


@dataclass(frozen=True)
class Versions:
    """What made a result; empty where no such part had a hand in it."""

    data_batch: str = ""
    data_hash: str = ""
    model: str = ""
    solver: str = ""
    policy: str = ""


@dataclass(frozen=True)
class Deadline:
    """The moment by which a call must be done, on this process's clock."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """A deadline `seconds` from now."""
        return cls(time.monotonic() + seconds)

    @property
    def remaining(self) -> float:
        """Seconds left; negative once it has passed."""
        return self.at - time.monotonic()

    def check(self) -> None:
        """Raises `TimeLimitReached` once the deadline has passed; call it between the steps of a long computation."""
        if self.remaining <= 0.0:
            raise TimeLimitReached("The call reached its time limit.", remedy="Ask for fewer items, sites or days.")


@dataclass(frozen=True)
class Call:
    """One call as a tool sees it: who asks, about which case, on which data, and how long it may take.

    `as_of` is the tenant's present, by which days are counted; how old the data are is another matter (`described`).
    """

    context: Context
    case_id: str | None
    as_of: datetime
    batch: Batch | None
    deadline: Deadline
    _connection: Connection[DictRow] = field(repr=False)

    @property
    def today(self) -> date:
        """The tenant's day."""
        return self.as_of.date()

    @property
    def described(self) -> datetime:
        """The moment that the data describe: the newest import's; the tenant's clock while nothing was imported."""
        return self.batch.as_of if self.batch else self.as_of

    @property
    def data(self) -> Batch:
        """The newest import; raises `NoData` when nothing was imported."""
        if self.batch is None:
            raise NoData(
                "This tenant has no data yet.",
                searched={"table": "import_batch"},
                remedy="Import a network first: quartermaster import PATH.",
            )
        return self.batch

    def connection(self) -> Connection[DictRow]:
        """The connection, with the database told how long is left; ask for it anew before each read."""
        self.deadline.check()
        self._connection.execute(SET_TIMEOUT, [str(max(1, int(self.deadline.remaining * 1000)))])
        return self._connection


@dataclass(frozen=True)
class Answer(Generic[Out]):
    """What a tool's function returns: the output and the versions of what computed it."""

    output: Out
    model: str = ""
    solver: str = ""
    policy: str = ""


@dataclass(frozen=True)
class Tool(Generic[In, Out]):
    """One capability.

    Attributes:
        name: part of the published contract; evals, prompts and the audit store use it.
        description: one or two sentences for a model and for people: what it answers, when to use it.
        permission: read (stored facts), analyse (computed), propose (makes a proposal for the gate).
        takes: input model.
        gives: output model.
        run: the computation, inside the call's transaction; raises `NoData` or a `QuartermasterError`.
        examples: inputs that are valid.
        seconds: time limit of one call.
        follow: run once the call is kept; may wait for what other processes make of it, never longer than two seconds.
    """

    name: str
    description: str
    permission: Permission
    takes: type[In]
    gives: type[Out]
    run: Callable[[Call, In], Answer[Out]]
    examples: tuple[Mapping[str, object], ...]
    seconds: float = 10.0
    follow: Callable[[Database, Context, Out], Out] | None = None


@dataclass(frozen=True)
class ToolResult(Generic[Out]):
    """What a call gave back; kept as evidence under `evidence_id`, byte for byte what `fingerprint` binds.

    Attributes:
        tool: its name as it was asked for.
        status: success; error; no_data (with what was `searched`); denied.
        output: the tool's output model, on success only.
        error: what happened and what to do next, unless it is a success.
        searched: for no_data, where we looked.
        as_of: the moment the data describe.
        duration_ms: wall time of the call.
        cause: the error of ours that `error` tells in words, for a surface that tells kinds apart; not kept.
    """

    tool: str
    status: Status
    output: Out | None
    error: str
    searched: Mapping[str, object]
    evidence_id: UUID
    fingerprint: str
    as_of: datetime
    versions: Versions
    duration_ms: float
    cause: QuartermasterError | None = None
