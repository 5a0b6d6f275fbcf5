"""Events from outside: checked field by field, kept once, and turned into cases.

Shaped like CloudEvents 1.0 (id, source, type, time, data). The sender says what to look at; how bad it is we compute.
Nothing is kept of an event that is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from cases.detect import detect
from cases.open import open_cases
from cases.situation import Situation
from cases.snapshot import load
from cases.sweep import sweep_and_open
from db import cases, network, tenants
from db.cases import CaseFile, CaseKind, EventRow, NewCase
from db.session import tenant_clock
from domain.canonical import fingerprint, to_json
from domain.context import Context
from domain.errors import BadInput, Conflict, NotFound
from domain.incoming_json import read_object

Word = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Place(_Frozen):
    """An item at a site."""

    sku: Word
    site: Word


class LateSupply(_Frozen):
    """A purchase order line that will come later; `promised_on` is the supplier's new word."""

    order_no: Word
    line_no: int = Field(default=1, ge=1, le=100_000)
    promised_on: date | None = None


class Lot(Place):
    """A lot whose days are running out."""

    lot: Word


class Everything(_Frozen):
    """Look at the whole network."""


class _Event(_Frozen):
    id: Word
    source: Word
    time: AwareDatetime
    specversion: Literal["1.0"] = "1.0"
    # What every CloudEvents library may add; it says nothing about what to look at.
    datacontenttype: Literal["application/json"] | None = None
    dataschema: Word | None = None
    subject: Word | None = None


class StockRiskEvent(_Event):
    """A stock that somebody is worried about."""

    type: Literal["stock.risk"]
    data: Place


class SupplyLateEvent(_Event):
    """A supply that will be late."""

    type: Literal["supply.late"]
    data: LateSupply


class LotExpiringEvent(_Event):
    """A lot about to expire."""

    type: Literal["lot.expiring"]
    data: Lot


class SweepEvent(_Event):
    """Time to look at everything."""

    type: Literal["sweep"]
    data: Everything = Everything()


Event = Annotated[StockRiskEvent | SupplyLateEvent | LotExpiringEvent | SweepEvent, Field(discriminator="type")]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


@dataclass(frozen=True)
class Received:
    """The event and its cases; `is_new` False when this very event had been received before."""

    event: Event
    cases: tuple[CaseFile, ...]
    is_new: bool


def decode(raw: bytes, *, name: str = "The event") -> dict[str, object]:
    """The event's JSON as it came over a wire or out of a file, bounded; raises `BadInput` that begins with `name`."""
    return read_object(raw, name=name, remedy="Give one CloudEvents object in UTF-8.")


def parse(raw: Mapping[str, object]) -> Event:
    """The event; raises `BadInput` naming each field at fault."""
    try:
        return EVENT.validate_python(dict(raw))
    except ValidationError as error:
        faults = "; ".join(f"{_where(item['loc'])}: {item['msg']}" for item in error.errors()[:5])
        raise BadInput(f"The event cannot be used: {faults}.", remedy="Correct it and send it again.") from None


def receive(connection: Connection[DictRow], context: Context, raw: Mapping[str, object]) -> Received:
    """Keeps the event and opens or finds its cases, in the caller's transaction.

    Raises:
        BadInput: malformed.
        NotFound: it names an item, site, lot or order that this tenant does not have.
        Conflict: an event of this source and id was received with other content.
    """
    event = parse(raw)
    row = _row(event)
    if not cases.insert_event(connection, context.tenant, row):
        return _seen(connection, event, row)
    key = (event.source, event.id)
    if isinstance(event, SweepEvent):
        _, opened = sweep_and_open(connection, context, event=key)
    else:
        opened = open_cases(connection, context, [_found(connection, event)], event=key)
    return Received(event, tuple(one.case for one in opened), is_new=True)


def _row(event: Event) -> EventRow:
    payload = to_json(event.data)
    content = {"type": event.type, "time": event.time, "data": payload}
    assert isinstance(payload, dict)  # every data model is an object
    return EventRow(event.source, event.id, event.type, event.time, payload, fingerprint(content))


def _seen(connection: Connection[DictRow], event: Event, row: EventRow) -> Received:
    kept = cases.find_event(connection, event.source, event.id)
    if kept is None or kept.fingerprint != row.fingerprint:
        raise Conflict(
            f"Event {event.id} of {event.source} was received before with other content.",
            remedy="Give the new event an id of its own.",
        )
    found = cases.of_event(connection, event.source, event.id)
    if not found and not isinstance(event, SweepEvent):
        # It had attached to a case that another event or a sweep opened.
        place = _place(connection, event)
        found = [
            one for kind in _kinds(event) for one in cases.on_subject(connection, f"{kind}:{place.sku}:{place.site}")
        ]
    return Received(event, tuple(found[:1] if not isinstance(event, SweepEvent) else found), is_new=False)


def _kinds(event: Event) -> tuple[CaseKind, ...]:
    if isinstance(event, LotExpiringEvent):
        return ("expiry_risk", "demand_anomaly")
    return ("stockout_risk", "late_supply", "demand_anomaly")


def _found(connection: Connection[DictRow], event: StockRiskEvent | SupplyLateEvent | LotExpiringEvent) -> NewCase:
    """What we find where the event points; where we find nothing, a case without money that says who is worried."""
    place = _place(connection, event)
    today = tenant_clock(connection).date()
    snapshot = load(lambda: connection, today, skus=[place.sku], sites=_with_sources(connection, place.site))
    situation = snapshot.get(place.sku, place.site)
    if situation is None:
        raise NotFound(
            f"{place.sku} is not listed at {place.site}.", remedy="Import the listing, or correct the event."
        )
    if isinstance(event, LotExpiringEvent) and all(lot.lot != event.data.lot for lot in situation.lots):
        raise NotFound(f"{place.site} holds no lot {event.data.lot} of {place.sku}.", remedy="Correct the event.")
    if isinstance(event, SupplyLateEvent):
        situation = _promised(situation, event.data)
    kinds = _kinds(event)
    matching = [one for one in detect(situation) if one.kind in kinds]
    return matching[0] if matching else _worry(situation, event, kinds[0], tenants.currency(connection))


def _with_sources(connection: Connection[DictRow], site: str) -> list[str]:
    return sorted({site, *(lane.source for lane in network.lanes(connection, [site]))})


def _place(connection: Connection[DictRow], event: StockRiskEvent | SupplyLateEvent | LotExpiringEvent) -> Place:
    if not isinstance(event, SupplyLateEvent):
        place = Place(sku=event.data.sku, site=event.data.site)
        if not network.items(connection, [place.sku]):
            raise NotFound(f"data.sku: there is no item {place.sku!r}.", remedy="Correct the event or import the item.")
        if not network.sites(connection, [place.site]):
            raise NotFound(
                f"data.site: there is no site {place.site!r}.", remedy="Correct the event or import the site."
            )
        return place
    line = network.purchase_line(connection, event.data.order_no, event.data.line_no)
    if line is None:
        named = f"{event.data.order_no} line {event.data.line_no}"
        raise NotFound(f"data.order_no: there is no purchase order {named}.", remedy="Correct the event.")
    return Place(sku=line.sku, site=line.site)


def _promised(situation: Situation, late: LateSupply) -> Situation:
    """The situation with the supplier's new word in place of the old."""
    lines = tuple(
        replace(line, promised_on=late.promised_on or line.promised_on)
        if (line.order_no, line.line_no) == (late.order_no, late.line_no)
        else line
        for line in situation.purchases
    )
    return replace(situation, purchases=lines)


def _worry(situation: Situation, event: Event, kind: CaseKind, currency: str) -> NewCase:
    until = situation.today + timedelta(days=situation.risk_days)
    sku, site = situation.item.sku, situation.site.site
    return NewCase(
        kind=kind,
        sku=sku,
        site=site,
        subject=f"{kind}:{sku}:{site}",
        severity="low",
        money_at_risk=Decimal(0),
        currency=currency,
        tier=situation.tier_at_risk(until),
        at_risk_on=None,
        summary=f"{situation.name}: {event.source} reports {event.type}; our data show no loss until {until:%d %b}.",
    )


def _where(location: tuple[int | str, ...]) -> str:
    tags = {"stock.risk", "supply.late", "lot.expiring", "sweep"}
    return ".".join(str(part) for part in location if part not in tags) or "type"
