"""One item at one site as it stands today: stock by lot, what is coming and when, what is promised, what may sell.

The one place where rows become arrays for the mathematics; the sweep and every tool use it. Units are the item's base
unit, day 0 is today, money is in the item's currency. It reads nothing and decides nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

import numpy as np

from cases.forecast_view import ForecastView
from cases.terms import Terms
from cases.thresholds import DEFAULT, Thresholds
from db.demand import Promotion
from db.network import (
    CustomerLine,
    Item,
    ItemSite,
    Lane,
    PurchaseLine,
    Site,
    StockLot,
    StockState,
    Tier,
    TransferLine,
)
from db.purchasing import Supersession
from planning.arrays import FloatArray
from planning.demand import sample_demand, series_seed
from planning.inventory.stock import simulate_stock

TIERS: tuple[Tier, ...] = ("gold", "silver", "bronze")


@dataclass(frozen=True)
class Receipt:
    """Goods on their way: agreed for one day, expected on another; `overdue`: the expected day is a guess of ours."""

    order_no: str
    kind: str
    supplier: str
    quantity: Decimal
    agreed_on: date
    expected_on: date
    overdue: bool

    @property
    def late_days(self) -> int:
        """Days between the agreed and the expected day."""
        return max((self.expected_on - self.agreed_on).days, 0)


@dataclass(frozen=True)
class LeadTimeDays:
    """How long a replenishment takes, from whom, and how sure that is; `source` names the supplier or the lane."""

    mean: float
    sd: float
    source: str


@dataclass(frozen=True)
class Situation:
    """Everything known about one item × site; `forecast` is None (with `no_forecast`) where demand cannot be told.

    `quiet_days`: how long a steady item has not sold at all. `successor`: what is bought instead, from when on.
    """

    today: date
    item: Item
    site: Site
    listing: ItemSite
    lots: tuple[StockLot, ...]
    purchases: tuple[PurchaseLine, ...]
    transfers_in: tuple[TransferLine, ...]
    transfers_out: tuple[TransferLine, ...]
    orders: tuple[CustomerLine, ...]
    suppliers: tuple[Terms, ...]
    lanes: tuple[Lane, ...]
    promotions: tuple[Promotion, ...]
    forecast: ForecastView | None
    no_forecast: str
    recent_daily_demand: float | None
    quiet_days: int = 0
    successor: Supersession | None = None
    thresholds: Thresholds = DEFAULT

    @property
    def name(self) -> str:
        """For people: the item's name and the site's."""
        return f"{self.item.name}, {self.site.name}"

    @property
    def is_counted(self) -> bool:
        """False when no stock row says anything: not known is not zero."""
        return bool(self.lots)

    def in_state(self, state: StockState) -> Decimal:
        """Units in a state, expired lots apart."""
        return sum((lot.quantity for lot in self.lots if lot.state == state and not self._is_expired(lot)), Decimal(0))

    @property
    def expired(self) -> Decimal:
        """Units past their last day."""
        return sum((lot.quantity for lot in self.lots if self._is_expired(lot)), Decimal(0))

    @property
    def ordered_by_customers(self) -> Decimal:
        """Units of customer orders not yet shipped."""
        return sum((line.quantity for line in self.orders), Decimal(0))

    @property
    def committed_out(self) -> Decimal:
        """Units that a transfer will take and that are still here."""
        return sum((line.quantity for line in self.transfers_out if line.shipped_on is None), Decimal(0))

    @property
    def available_to_promise(self) -> Decimal:
        """Units free to be promised today; negative when more is promised than there is."""
        unreserved = max(self.ordered_by_customers - self.in_state("reserved"), Decimal(0))
        return self.in_state("available") - unreserved - self.committed_out

    @property
    def usable(self) -> Decimal:
        """Units that can serve demand: available, and reserved as far as a customer's order stands behind it."""
        reserved = min(self.in_state("reserved"), self.ordered_by_customers)
        return max(self.in_state("available") + reserved - self.committed_out, Decimal(0))

    @cached_property
    def receipts(self) -> tuple[Receipt, ...]:
        """Open purchases and incoming transfers by the day they are expected."""
        found = [self._purchase(line) for line in self.purchases if line.outstanding > 0]
        found += [self._transfer(line) for line in self.transfers_in]
        return tuple(sorted(found, key=lambda receipt: (receipt.expected_on, receipt.order_no)))

    def receipts_by_day(self, days: int, *, as_agreed: bool = False) -> FloatArray:
        """(days,) units arriving; as agreed: on the day first agreed, at the earliest today."""
        arriving = np.zeros(days)
        for receipt in self.receipts:
            day = ((receipt.agreed_on if as_agreed else receipt.expected_on) - self.today).days
            if day < days:
                arriving[max(day, 0)] += float(receipt.quantity)
        return arriving

    def expiring_by_day(self, days: int) -> FloatArray:
        """(days,) units of the usable stock whose last day of sale is that day; what is committed leaves first."""
        expiring = np.zeros(days)
        gone, left = float(self.committed_out), float(self.usable)
        for lot in self._sellable_lots():
            used = min(gone, float(lot.quantity))
            gone -= used
            units = min(float(lot.quantity) - used, left)
            left -= units
            day = (lot.expires_on - self.today).days if lot.expires_on else days
            if day < days:
                expiring[day] += units
        return expiring

    def lasting(self, days: int) -> float:
        """Usable units less those that expire unsold within `days` under mean demand: what is really there to sell."""
        expiring, usable = self.expiring_by_day(days), float(self.usable)
        if self.forecast is None or not expiring.any():
            return max(usable - float(expiring.sum()), 0.0)
        mean = self.forecast.first(days).mean
        gone = simulate_stock(mean[None, :], usable, np.zeros(mean.size), expiring[: mean.size]).expired.sum()
        return max(usable - float(gone), 0.0)

    def doomed(self, lot: StockLot) -> float:
        """Units of a lot that will expire here unsold in nine of ten scenarios; 0 where that cannot be told."""
        day = (lot.expires_on - self.today).days if lot.expires_on else -1
        demand = self.demand(day + 1) if day >= 0 else None
        if demand is None or demand.shape[1] <= day:
            return 0.0
        days = demand.shape[1]
        paths = simulate_stock(demand, float(self.usable), self.receipts_by_day(days), self.expiring_by_day(days))
        return min(float(np.quantile(paths.expired[:, day], 0.1)), float(lot.quantity))

    def fresh_lots(self, arrive_on: date) -> list[StockLot]:
        """Available dated lots that can still be sold for a while once they have arrived elsewhere."""
        until = arrive_on + timedelta(days=self.thresholds.assumptions.shelf_life_on_arrival)
        lots = [lot for lot in self.lots if lot.state == "available" and lot.quantity > 0]
        return [lot for lot in lots if lot.expires_on and lot.expires_on >= until]

    def movable(self, arrive_on: date) -> tuple[Decimal, StockLot | None]:
        """Units that may leave for another site, and the lot they are of; None where no lot carries a date.

        Nothing that is promised leaves, and of dated lots only one that can still be sold after it has arrived.
        """
        free = max(min(self.available_to_promise, self.usable), Decimal(0))
        lots = [lot for lot in self.lots if lot.state == "available" and lot.quantity > 0]
        if not any(lot.expires_on for lot in lots):
            return free, None
        fresh = self.fresh_lots(arrive_on)
        if not fresh:
            return Decimal(0), None
        best = max(fresh, key=lambda lot: (lot.quantity, -(lot.expires_on or date.max).toordinal()))
        return min(free, best.quantity), best

    def firm_by_day(self, days: int) -> FloatArray:
        """(days,) units of customer orders by due day; overdue ones are due today."""
        due = np.zeros(days)
        for line in self.orders:
            day = max((line.due_on - self.today).days, 0)
            if day < days:
                due[day] += float(line.quantity)
        return due

    def demand(self, days: int) -> FloatArray | None:
        """(scenarios, days) units, no less on a day than what customers ordered for it; None without a forecast."""
        if self.forecast is None:
            return None
        simulation = self.thresholds.simulation
        seed = series_seed(simulation.seed, f"{self.item.sku}/{self.site.site}")
        drawn = sample_demand(self.forecast.first(days), scenarios=simulation.scenarios, seed=seed)
        return np.maximum(drawn, self.firm_by_day(drawn.shape[1])[None, :])

    @property
    def is_fed(self) -> bool:
        """True when another site feeds this one over a lane that there is: it is not bought for."""
        return any(lane.source == self.listing.supply_from for lane in self.lanes)

    @property
    def lead_time(self) -> LeadTimeDays | None:
        """From the site that feeds this one, else from the preferred supplier; None when nobody is known to supply."""
        for lane in self.lanes:
            if lane.source == self.listing.supply_from:
                return LeadTimeDays(float(lane.lead_time_days), 0.0, lane.source)
        if self.suppliers:
            terms = self.suppliers[0]
            return LeadTimeDays(float(terms.lead_time_days), float(terms.lead_time_sd_days), terms.supplier)
        return None

    @property
    def next_chance(self) -> int:
        """Days until the next review, or until its supplier's next order day but one where that is later."""
        review = self.thresholds.assumptions.review_days
        following = self.suppliers[0].next_order_day if self.suppliers and not self.is_fed else None
        return max(review, following or 0)

    @property
    def risk_days(self) -> int:
        """Lead time plus the days until the next order but one can be placed; the longest horizon bounds it."""
        assumed = self.thresholds.assumptions
        lead = self.lead_time
        wanted = self.next_chance + (0 if lead is None else math.ceil(lead.mean))
        return max(1, min(wanted, assumed.longest_horizon))

    @property
    def exposed_days(self) -> int:
        """How long this site lives on what it has: until a replenishment ordered at next review; else all the way."""
        return self.risk_days if self.lead_time is not None else self.thresholds.assumptions.longest_horizon

    @property
    def service_level(self) -> float:
        """The item's own at this site, else the assumed one; at least one half."""
        own = self.listing.service_level
        return max(0.5, self.thresholds.assumptions.service_level if own is None else float(own))

    @property
    def unit_margin(self) -> float:
        """Money lost with a unit not sold; nothing is lost on what sells below cost."""
        return max(float(self.item.unit_price - self.item.unit_cost), 0.0)

    @property
    def holding_cost_per_unit_day(self) -> float:
        """Money a unit and night."""
        return float(self.item.unit_cost) * self.thresholds.assumptions.annual_holding_rate / 365.0

    def tier_at_risk(self, until: date) -> Tier | None:
        """The highest tier of a customer whose order falls due by `until`."""
        due = {line.tier for line in self.orders if line.due_on <= until}
        return next((tier for tier in TIERS if tier in due), None)

    def _sellable_lots(self) -> list[StockLot]:
        usable = [lot for lot in self.lots if lot.state in ("available", "reserved") and not self._is_expired(lot)]
        return sorted(usable, key=lambda lot: (lot.expires_on or date.max, lot.lot, lot.state))

    def _is_expired(self, lot: StockLot) -> bool:
        return lot.expires_on is not None and lot.expires_on < self.today

    def _purchase(self, line: PurchaseLine) -> Receipt:
        expected, overdue = line.expected_on, False
        if expected < self.today:
            spread = next((s.lead_time_sd_days for s in self.suppliers if s.supplier == line.supplier), None)
            wait = self.thresholds.assumptions.overdue_days if spread is None else max(1, math.ceil(spread))
            expected, overdue = self.today + timedelta(days=wait), True
        return Receipt(line.order_no, "purchase", line.supplier, line.outstanding, line.due_on, expected, overdue)

    def _transfer(self, line: TransferLine) -> Receipt:
        overdue = line.due_on < self.today
        expected = self.today + timedelta(days=1) if overdue else line.due_on
        return Receipt(line.order_no, "transfer", line.source, line.quantity, line.due_on, expected, overdue)
