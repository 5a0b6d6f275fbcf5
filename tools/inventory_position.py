"""What is where, in what state: facts as stored, with the batch and row they came from. It estimates nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from pydantic import Field, model_validator

from cases.situation import Situation
from cases.snapshot import load
from db import network
from db.network import StockLot, StockState
from domain.errors import NotFound
from tools.contract import Answer, Call, Code, Tool, ToolInput, ToolOutput
from tools.errors import NoData


class PositionQuestion(ToolInput):
    """At least one of the three; `lot` narrows the lots that are listed."""

    sku: Code | None = None
    site: Code | None = None
    lot: Code | None = None
    limit: int = Field(default=50, ge=1, le=500)

    @model_validator(mode="after")
    def _names_something(self) -> PositionQuestion:
        if self.sku is None and self.site is None and self.lot is None:
            raise ValueError("name a sku, a site or a lot")
        return self


class LotLine(ToolOutput):
    """Units of one lot in one state; `batch` and `row` say which row of which import."""

    lot: str
    state: StockState
    quantity: Decimal
    expires_on: date | None
    counted_at: datetime
    provenance: str
    batch: str
    row: int | None


class Position(ToolOutput):
    """One item at one site, in `unit`; `available_to_promise` is negative when more is promised than there is."""

    sku: str
    name: str
    site: str
    unit: str
    on_hand: Decimal
    available: Decimal
    reserved: Decimal
    quarantined: Decimal
    damaged: Decimal
    expired: Decimal
    on_order: Decimal
    in_transit: Decimal
    committed_to_transfers: Decimal
    ordered_by_customers: Decimal
    available_to_promise: Decimal
    next_expiry: date | None
    lots: tuple[LotLine, ...]


class Positions(ToolOutput):
    """Positions in order of SKU and site; items listed but never counted are named, not shown as zero."""

    positions: tuple[Position, ...]
    never_counted: tuple[str, ...]
    left_out: int


def run(call: Call, asked: PositionQuestion) -> Answer[Positions]:
    """Facts of every listed item × site in the question's scope."""
    batch = call.data
    skus = [asked.sku] if asked.sku else _skus_of_lot(call, asked)
    sites = [asked.site] if asked.site else None
    snapshot = load(call.connection, call.today, skus=skus, sites=sites, with_demand=False)
    wanted = list(snapshot.situations.values())
    counted = [one for one in wanted if one.is_counted and _has_lot(one, asked.lot)]
    if not counted:
        _require_known(call, asked)
        searched = {**asked.model_dump(exclude={"limit"}), "data_batch": batch.batch_id}
        raise NoData("No stock is recorded for this.", searched=searched, remedy="Count it, or import stock.")
    shown = counted[: asked.limit]
    return Answer(
        Positions(
            positions=tuple(_position(one, asked.lot) for one in shown),
            never_counted=tuple(f"{one.item.sku} at {one.site.site}" for one in wanted if not one.is_counted)[:20],
            left_out=len(counted) - len(shown),
        )
    )


def _skus_of_lot(call: Call, asked: PositionQuestion) -> list[str] | None:
    if asked.lot is None:
        return None
    return sorted({row.sku for row in network.stock(call.connection(), lot=asked.lot)})


def _has_lot(situation: Situation, lot: str | None) -> bool:
    return lot is None or any(one.lot == lot for one in situation.lots)


def _require_known(call: Call, asked: PositionQuestion) -> None:
    if asked.sku and not network.items(call.connection(), [asked.sku]):
        raise NotFound(f"There is no item {asked.sku!r}.", remedy="Find it with resolve_identity.")
    if asked.site and not network.sites(call.connection(), [asked.site]):
        raise NotFound(f"There is no site {asked.site!r}.", remedy="Find it with resolve_identity.")


def _position(one: Situation, lot: str | None) -> Position:
    lots = [row for row in one.lots if lot is None or row.lot == lot]
    return Position(
        sku=one.item.sku,
        name=one.item.name,
        site=one.site.site,
        unit=one.item.unit,
        on_hand=_sum(row.quantity for row in one.lots),
        available=one.in_state("available"),
        reserved=one.in_state("reserved"),
        quarantined=one.in_state("quarantined"),
        damaged=one.in_state("damaged"),
        expired=one.expired,
        on_order=_sum(line.outstanding for line in one.purchases),
        in_transit=_sum(line.quantity for line in one.transfers_in if line.shipped_on is not None),
        committed_to_transfers=one.committed_out,
        ordered_by_customers=one.ordered_by_customers,
        available_to_promise=one.available_to_promise,
        next_expiry=min((row.expires_on for row in lots if row.expires_on and row.quantity > 0), default=None),
        lots=tuple(_lot(row) for row in lots),
    )


def _lot(row: StockLot) -> LotLine:
    return LotLine(
        lot=row.lot,
        state=row.state,
        quantity=row.quantity,
        expires_on=row.expires_on,
        counted_at=row.counted_at,
        provenance=row.provenance,
        batch=str(row.batch_id),
        row=row.source_row,
    )


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, Decimal(0))


TOOL = Tool(
    name="get_inventory_position",
    description="Stock of an item, a site or a lot as recorded: on hand by state, reserved, on order, in transit, "
    "quarantined, expiry by lot, and what is available to promise today.",
    permission="read",
    takes=PositionQuestion,
    gives=Positions,
    run=run,
    examples=({"sku": "OAT-1L", "site": "LEJ"}, {"lot": "L7741"}),
)
