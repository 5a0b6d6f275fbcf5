"""What one given order is worth today, from the database alone: the second opinion that the gate takes for the first.

The same situations, scenarios and seed as the comparison that the order came from, so that nothing but the data can
make the two differ. No solver is needed, as the quantity is given. It reads, and decides nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from psycopg import Connection
from psycopg.rows import DictRow

from actions.errors import NotAppraised
from actions.model import Benefit, Proposal
from actions.port import Order, TransferOrder
from cases.choices import Choice, edited
from cases.comparison import appraised, exposure_of
from cases.exposure import Exposure
from cases.snapshot import Connect, Snapshot, load
from db import network
from db.session import tenant_clock

# A proposal lives for a day, so its dates may be those of the day before.
OLDEST = timedelta(days=1)
DATES = frozenset({"ship_on", "arrive_on", "deliver_on"})


def appraise(connection: Connection[DictRow], proposal: Proposal) -> Benefit:
    """The benefit of the proposal's own order against doing nothing; see `actions.appraisal.Appraiser`.

    Raises `NotAppraised` where stock, demand or an import is missing or the order is not one that could be computed
    today, and `BadInput` for a quantity that is not possible.
    """
    order, clock = proposal.order, tenant_clock(connection)
    batch = network.newest_batch(connection)
    if batch is None:
        raise NotAppraised("nothing was ever imported.")
    snapshot, exposure = _exposed(connection, order, clock.date())
    choice = edited(snapshot, exposure, order, order.quantity)
    _same(order, choice)
    outcome = appraised(exposure, choice, (clock - batch.as_of).total_seconds() / 86_400.0)
    return Benefit(
        expected_benefit=_exact(outcome.expected_benefit),
        benefit_lower=_exact(outcome.benefit_lower),
        tail_loss=_exact(outcome.tail_loss),
        probability_better=_exact(outcome.probability_better),
    )


def around(connect: Connect, today: date, sku: str, site: str) -> Snapshot:
    """The item at the site and wherever a lane leads there from."""
    sources = {lane.source for lane in network.lanes(connect(), [site])}
    return load(connect, today, skus=[sku], sites=sorted({site, *sources}))


def _exposed(connection: Connection[DictRow], order: Order, today: date) -> tuple[Snapshot, Exposure]:
    site = order.destination if isinstance(order, TransferOrder) else order.site
    snapshot = around(lambda: connection, today, order.sku, site)
    if snapshot.get(order.sku, site) is None:
        raise NotAppraised(f"{order.sku!r} is not listed at {site!r}.")
    exposure = exposure_of(snapshot, order.sku, site)
    if exposure is None:
        raise NotAppraised(f"stock or demand of {order.sku} at {site} is not known.")
    if isinstance(order, TransferOrder):
        _known_donor(snapshot, order)
    return snapshot, exposure


def _known_donor(snapshot: Snapshot, order: TransferOrder) -> None:
    donor = snapshot.get(order.sku, order.source)
    if donor is None or donor.forecast is None or not donor.is_counted:
        raise NotAppraised(f"stock or demand of {order.sku} at {order.source} is not known.")


def _same(order: Order, choice: Choice) -> None:
    """The figures are of this order: the lot, unit and price that would be computed today, dates no later than then."""
    computed = choice.order
    assert computed is not None  # a transfer and a purchase always carry their order
    for name, theirs in computed.model_dump().items():
        ours = getattr(order, name)
        fits = theirs - OLDEST <= ours <= theirs if name in DATES else ours == theirs
        if not fits:
            raise NotAppraised(f"its {name} is {ours}, and computed today it would be {theirs}.")


def _exact(amount: float) -> Decimal:
    return Decimal(repr(amount))
