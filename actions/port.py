"""The port that every target system's adapter implements: one order in, one document out, read back by its key.

An adapter never decides whether to write and never repeats a write on its own: it says which of four things
happened (`actions.errors`), and the outbox decides.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

ActionKind = Literal["transfer", "purchase"]
# confirmed: does what was asked (and, for a transfer, its stock is reserved). incomplete: made, but a later step did
# not happen: write again with the same key. cancelled: carries the key and does nothing any more.
Standing = Literal["confirmed", "incomplete", "cancelled"]

# Seconds in which an adapter's methods end, whatever the target does: `write` and `withdraw`, and all others. A write
# and its read-back are over before anybody asks what became of them (`actions.reconcile.MOMENT`).
WRITE_SECONDS = 35.0
READ_SECONDS = 15.0

Quantity = Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]
Amount = Annotated[Decimal, Field(ge=0, allow_inf_nan=False)]
Word = Annotated[str, Field(min_length=1)]


class Frozen(BaseModel):
    """A value that crosses the boundary: immutable, and strict about its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TransferOrder(Frozen):
    """Move `quantity` (in the item's base `unit`) from one site to another; `lot` None leaves the lot to the target."""

    kind: Literal["transfer"] = "transfer"
    sku: Word
    source: Word
    destination: Word
    quantity: Quantity
    unit: Word
    lot: str | None
    ship_on: date
    arrive_on: date


class PurchaseOrder(Frozen):
    """Buy `quantity` (in the item's base `unit`) for one site at `unit_cost` in `currency` (ISO 4217)."""

    kind: Literal["purchase"] = "purchase"
    sku: Word
    site: Word
    supplier: Word
    quantity: Quantity
    unit: Word
    unit_cost: Amount
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    deliver_on: date


Order = Annotated[TransferOrder | PurchaseOrder, Field(discriminator="kind")]


class Precondition(Frozen):
    """What must still hold at the target when the write is made.

    `expected_available`: the source's free stock must still be at least this; None where nothing has to hold.
    """

    expected_available: Decimal | None


class WriteRequest(Frozen):
    """One approved order with the key that was made when its proposal was frozen."""

    idempotency_key: Word
    fingerprint: Word
    tenant: Word
    order: Order
    precondition: Precondition


class Document(Frozen):
    """A document as the target holds it: `order` is read back from the target, never copied from the request.

    `state` is the target's own word, `standing` ours; a document found by key is not a confirmation by itself.
    """

    system: str
    kind: ActionKind
    number: str
    id: str
    state: str
    order: Order
    key: str
    standing: Standing = "confirmed"


class Capabilities(Frozen):
    """What a target can promise; a missing one is said openly and made up for by the outbox."""

    optimistic_lock: bool
    idempotency_key: bool
    lookup_by_key: bool


class TargetSystem(Protocol):
    """A system of record that takes our orders."""

    @property
    def name(self) -> str:
        """The system's name in documents and audit events."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this target promises."""
        ...

    def ready(self) -> None:
        """Probe a write path (not a port); raises `domain.errors.Unavailable` with how to start it."""
        ...

    def find_by_key(self, key: str) -> Document | None:
        """The document that carries `key`; raises `TargetUnavailable`."""
        ...

    def write(self, request: WriteRequest) -> Document:
        """Make the document once, or finish the one that carries the key; returns a confirmed document or raises.

        Raises `TargetUnavailable`, `OutcomeUnknown`, `PreconditionFailed` or `TargetRejected`.
        """
        ...

    def withdraw(self, key: str) -> Document | None:
        """Cancel what stands half-made under `key`, and say what stands there now; None when nothing ever did.

        A document that is confirmed, or that the target does not let go, is returned as it is. Raises
        `TargetUnavailable` or `OutcomeUnknown`.
        """
        ...

    def read_back(self, document_id: str, kind: ActionKind) -> Document:
        """What the target holds now; raises `TargetUnavailable` or `domain.errors.NotFound`."""
        ...
