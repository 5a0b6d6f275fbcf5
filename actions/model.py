"""A proposal as it is frozen: what to do, on what evidence, worth what, until when; and the hash that binds it all."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from actions.port import Frozen, Order
from db.actions import ProposalRow
from domain.canonical import fingerprint

Finite = Annotated[Decimal, Field(allow_inf_nan=False)]
Share = Annotated[Decimal, Field(ge=0, le=1, allow_inf_nan=False)]
_ORDER: TypeAdapter[Order] = TypeAdapter(Order)


class Benefit(BaseModel):
    """What an option is worth against doing nothing, in money; read from evidence, where more may stand beside it.

    `tail_loss` is the mean of the worst tenth, negative when it is a loss. `probability_better` is shown, never gated.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    expected_benefit: Finite
    benefit_lower: Finite
    tail_loss: Finite
    probability_better: Share


class Proposal(Frozen):
    """Immutable. `value` in `currency` is what is at stake; `fingerprint` is over every other field."""

    proposal_id: UUID
    case_id: str
    order: Order
    evidence_id: UUID
    value: Annotated[Finite, Field(ge=0)]
    currency: str
    reversible: bool
    expected_benefit: Finite
    benefit_lower: Finite
    tail_loss: Finite
    probability_better: Share
    data_as_of: AwareDatetime
    idempotency_key: str
    proposed_by: str
    on_behalf_of: str | None
    expires_at: AwareDatetime
    fingerprint: str

    def content_fingerprint(self) -> str:
        """SHA-256 over the canonical form of everything but the fingerprint itself."""
        return fingerprint(self.model_dump(exclude={"fingerprint"}))

    @property
    def benefit(self) -> Benefit:
        """The four figures that it claims."""
        return Benefit.model_validate(self.model_dump(include=set(Benefit.model_fields)))

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at <= now

    @classmethod
    def of(cls, row: ProposalRow) -> Proposal:
        """The proposal as it was kept."""
        fields = {key: value for key, value in vars(row).items() if key not in ("kind", "payload")}
        return cls(order=_ORDER.validate_python(row.payload), **fields)

    def row(self) -> ProposalRow:
        """As it is kept."""
        fields = self.model_dump(exclude={"order"})
        return ProposalRow(kind=self.order.kind, payload=self.order.model_dump(mode="json"), **fields)
