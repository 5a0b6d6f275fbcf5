"""A whole purchase problem, checked across its parts: every name that is used exists. No mathematics."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from planning.errors import InvalidField
from planning.purchasing.checks import distinct, known
from planning.purchasing.demands import Demand, Item
from planning.purchasing.limits import Budget, Exclusion, FixedLine, PlanLimits, VolumeLimit
from planning.purchasing.suppliers import BreakKind, Offer, Supplier


@dataclass(frozen=True)
class PurchaseProblem:
    """Everything that one joint plan decides on; in whole base units and days, money Decimal in one currency.

    The plan chooses lines (units of an offer on an order day) and gives their units to demands; what is given to nobody
    is surplus. It minimises, exactly,

        Z =   Σ lines    goods(quantity) + line_cost + risk_cost · quantity
            + Σ orders   order_cost − discount
            + Σ suppliers used   supplier_cost
            + Σ units    holding_cost · days early + lateness_penalty · days late
            + Σ demands  late_fee [any unit late] + shortage_penalty · short + shortage_fee [short > 0]
            − Σ demands  unit_value · delivered
            − Σ items    surplus_value · surplus

    so −Z is the margin of the plan. goods(q) of an all-units offer is q × the price of the highest break ≤ q; of an
    incremental one, the units up to a break's quantity cost the price before and those beyond it the break's.
    Items that are not listed have size 1 and worthless, unlimited surplus. Stock on hand is a supplier with price 0,
    lead time 0 and a capacity.

    `pooled` True: demands share lines, so minimum, multiple and breaks count on the sum. False: every demand has lines
    of its own.
    """

    demands: tuple[Demand, ...]
    suppliers: tuple[Supplier, ...]
    offers: tuple[Offer, ...]
    items: tuple[Item, ...] = ()
    volume_limits: tuple[VolumeLimit, ...] = ()
    budgets: tuple[Budget, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    fixed: tuple[FixedLine, ...] = ()
    limits: PlanLimits = field(default_factory=PlanLimits)
    pooled: bool = True

    def __post_init__(self) -> None:
        distinct("demands", (one.demand for one in self.demands))
        distinct("suppliers", (one.supplier for one in self.suppliers))
        distinct("items", (one.item for one in self.items))
        distinct("offers", ((one.supplier, one.item) for one in self.offers))
        distinct("volume_limits", (one.limit for one in self.volume_limits))
        distinct("budgets", (one.budget for one in self.budgets))
        distinct("exclusions", (one.policy for one in self.exclusions))
        self._check_names()
        self._check_fixed()
        self._check_unit_budgets()

    def _check_names(self) -> None:
        suppliers, items, customers = set(self.supplier_of), set(self.item_names), self.customers
        for offer in self.offers:
            known(f"{offer.label}.supplier", (offer.supplier,), suppliers, "supplier")
        for demand in self.demands:
            known(f"{demand.demand}.qualified_suppliers", demand.qualified_suppliers, suppliers, "supplier")
        for limit in self.volume_limits:
            known(f"{limit.limit}.suppliers", limit.suppliers, suppliers, "supplier")
            known(f"{limit.limit}.items", limit.items, items, "item")
        for budget in self.budgets:
            known(f"{budget.budget}.suppliers", budget.suppliers, suppliers, "supplier")
            known(f"{budget.budget}.items", budget.items, items, "item")
            known(f"{budget.budget}.customers", budget.customers, customers, "customer")
            known(f"{budget.budget}.demands", budget.demands, {one.demand for one in self.demands}, "demand")

    def _check_fixed(self) -> None:
        keys = [(one.supplier, one.item, one.order_day, one.demand) for one in self.fixed]
        distinct("fixed", keys)
        offers, demands = set(self.offer_of), {one.demand: one for one in self.demands}
        for line in self.fixed:
            if (line.supplier, line.item) not in offers:
                raise InvalidField("fixed", f"names {line.item} from {line.supplier}, which is not offered")
            if line.order_day not in self.supplier_of[line.supplier].order_days:
                raise InvalidField("fixed", f"has day {line.order_day}, on which {line.supplier} takes no orders")
            if self.pooled != (line.demand is None):
                raise InvalidField("fixed", "must name a demand exactly where demands have lines of their own")
            if line.demand is not None and (line.demand not in demands or demands[line.demand].item != line.item):
                raise InvalidField("fixed", f"names {line.demand!r}, which is no demand for {line.item}")

    def _check_unit_budgets(self) -> None:
        """An average price of an incremental line belongs to no unit, so a budget cannot follow units there."""
        by_unit = {one.item for one in self.demands if one.budget is not None}
        if any(one.by_unit for one in self.budgets):
            by_unit |= {one.item for one in self.demands}
        for offer in self.offers:
            if offer.item in by_unit and offer.breaks is BreakKind.INCREMENTAL and len(offer.prices) > 1:
                raise InvalidField(
                    f"{offer.label}.breaks",
                    "cannot be incremental where a budget follows units to demands or customers",
                    remedy="Give the budget by supplier or item, or the offer as all-units.",
                )

    @cached_property
    def supplier_of(self) -> dict[str, Supplier]:
        """Suppliers by name."""
        return {one.supplier: one for one in self.suppliers}

    @cached_property
    def offer_of(self) -> dict[tuple[str, str], Offer]:
        """Offers by supplier and item."""
        return {(one.supplier, one.item): one for one in self.offers}

    @cached_property
    def item_names(self) -> tuple[str, ...]:
        """Every item that is listed, wanted or offered, once, in that order."""
        listed = [one.item for one in self.items]
        return tuple(dict.fromkeys(listed + [one.item for one in self.demands] + [one.item for one in self.offers]))

    @cached_property
    def item_of(self) -> dict[str, Item]:
        """Items by name, the plain ones for those not listed."""
        return {one: Item(one) for one in self.item_names} | {one.item: one for one in self.items}

    @cached_property
    def customers(self) -> set[str]:
        """Everybody who wants something."""
        return {one.customer for one in self.demands if one.customer is not None}
