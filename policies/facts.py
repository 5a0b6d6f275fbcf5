"""What the gate is told: facts from code and master data, in ranges that are checked here. No threshold lives here.

A fact that is not known is None where a policy says what then happens (no safety stock, no expiry), and refused
everywhere else. `None` in place of an item, a site, a lane or a supplier means that master data do not hold it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.quantity import FINEST

# Cedar's decimal: four fractional digits in 64 bits.
LARGEST = Decimal(900_000_000_000_000)
_digits = Field(ge=-LARGEST, le=LARGEST, decimal_places=4, allow_inf_nan=False)
_amount = Field(ge=0, le=LARGEST, decimal_places=4, allow_inf_nan=False)

Signed = Annotated[Decimal, _digits]
NotNegative = Annotated[Decimal, _amount]
Quantity = Annotated[Decimal, Field(gt=0, le=LARGEST, decimal_places=FINEST, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=10**9)]
Days = Annotated[int, Field(ge=-(10**6), le=10**6)]
Word = Annotated[str, Field(min_length=1, max_length=500)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
ActionKind = Literal["transfer", "purchase"]
Stage = Literal["proposal", "before_write"]


class Facts(BaseModel):
    """Frozen, and nothing beyond its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Item(Facts):
    """An item of the master data."""

    sku: Word
    storage_class: Literal["ambient", "chilled", "frozen"]
    perishable: bool
    currency: Currency


class Site(Facts):
    """A site of the master data."""

    site: Word
    kind: Literal["dc", "warehouse", "store", "3pl"]


class Lane(Facts):
    """A lane of the master data."""

    chilled: bool
    currency: Currency


class Supplier(Facts):
    """A supplier of the master data, and whether it is listed for the item."""

    supplier: Word
    currency: Currency
    listed: bool


class TransferFacts(Facts):
    """A transfer as the network stands now, in base units; `shelf_life_left` in days after the latest arrival.

    `lot_after` is what would be left of the named lot, or at the source where none is named; `source_after` what would
    be left at the source. Both with what our other open orders take from it taken off.
    """

    kind: Literal["transfer"] = "transfer"
    source: Site | None
    destination: Site | None
    lane: Lane | None
    lot_after: Signed
    source_after: Signed
    source_safety_stock: NotNegative | None
    shelf_life_left: Days | None


class PurchaseFacts(Facts):
    """A purchase as the network stands now."""

    kind: Literal["purchase"] = "purchase"
    site: Site | None
    supplier: Supplier | None


class Claimed(Facts):
    """What the proposal itself says. No rule reads it; it is kept to be seen beside what was found."""

    value: Decimal
    reversible: bool
    expected_benefit: Decimal
    benefit_lower: Decimal
    tail_loss: Decimal
    probability_better: Decimal
    data_as_of: AwareDatetime
    expires_at: AwareDatetime


class GateInput(Facts):
    """Everything that a decision is made from; storing it is enough to make the same decision again.

    Money in `currency`. The benefit is what the executor worked out: `tail_loss` is the mean of its worst tenth,
    negative when it is a loss, `overstated` how much better the claim is, `overstated_share` that against the largest
    figure. `automatic_24h` counts this proposal; `data_age_hours` is rounded up; `stock_derived` says that stock of the
    item at a place concerned was made by a rule and never counted.
    """

    proposal_id: Word
    stage: Stage
    proposed_by: Word
    quantity: Quantity
    value: NotNegative
    currency: Currency
    reversible: bool
    expected_benefit: Signed
    benefit_lower: Signed
    tail_loss: Signed
    overstated: NotNegative
    overstated_share: NotNegative
    claimed: Claimed
    item: Item | None
    order: Annotated[TransferFacts | PurchaseFacts, Field(discriminator="kind")]
    tenant_currency: Currency
    data_age_hours: Count
    stock_derived: bool
    expired: bool
    conflicts: tuple[Word, ...]
    automatic_24h: NotNegative


class ApprovalInput(Facts):
    """One person's click on one proposal, for the third request. `roles` and `approval_limit` are master data."""

    proposal_id: Word
    kind: ActionKind
    value: NotNegative
    currency: Currency
    tenant_currency: Currency
    proposed_by: Word
    requested_by: str
    actor: Word
    actor_kind: Literal["person", "agent", "service"]
    roles: frozenset[Word]
    active: bool
    approval_limit: NotNegative
    role: Word
    asked: frozenset[Word]
    approved_by: frozenset[Word]
    expired: bool
