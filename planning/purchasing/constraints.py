"""The constraints of a purchase problem by name, each with the sentence that a person reads in a collision."""

from __future__ import annotations

from planning.purchasing.demands import Commitment, Demand, Item
from planning.purchasing.limits import Budget, Exclusion, FixedLine, PlanLimits, VolumeLimit
from planning.purchasing.plan import Constraint, ConstraintKind
from planning.purchasing.suppliers import Offer, Supplier


def required(demand: Demand) -> Constraint:
    """The least that a demand must get, or gets if anything."""
    must = "must get" if demand.commitment is Commitment.REQUIRED else "gets nothing or"
    words = f"{demand.demand} {must} at least {demand.least} of {demand.quantity} {demand.item}"
    return Constraint(ConstraintKind.REQUIRED, demand.demand, words)


def due_date(demand: Demand) -> Constraint:
    """The last day of a demand."""
    words = f"{demand.demand} accepts nothing after day {demand.last_day}"
    return Constraint(ConstraintKind.DUE_DATE, demand.demand, words)


def earliest_day(demand: Demand) -> Constraint:
    """The first day of a demand."""
    words = f"{demand.demand} accepts nothing before day {demand.earliest_day}"
    return Constraint(ConstraintKind.EARLIEST_DAY, demand.demand, words)


def demand_qualification(demand: Demand) -> Constraint:
    """The suppliers that a demand allows."""
    names = ", ".join(demand.qualified_suppliers or ()) or "nobody"
    return Constraint(ConstraintKind.QUALIFICATION, demand.demand, f"{demand.demand} may be served by {names} only")


def offer_qualification(offer: Offer) -> Constraint:
    """The customers that an offer may serve."""
    names = ", ".join(offer.qualified_customers or ()) or "nobody"
    return Constraint(ConstraintKind.QUALIFICATION, offer.label, f"{offer.label} is qualified for {names} only")


def supplier_qualification(supplier: Supplier) -> Constraint:
    """The customers that a supplier may serve."""
    names = ", ".join(supplier.qualified_customers or ()) or "nobody"
    words = f"{supplier.supplier} is qualified for {names} only"
    return Constraint(ConstraintKind.QUALIFICATION, supplier.supplier, words)


def excluded(policy: Exclusion) -> Constraint:
    """A policy."""
    return Constraint(ConstraintKind.EXCLUSION, policy.policy, f"policy {policy.policy} forbids it")


def minimum_line(offer: Offer) -> Constraint:
    """The minimum order quantity of a line."""
    words = f"{offer.label} is sold from {offer.minimum_quantity} units a line"
    return Constraint(ConstraintKind.MINIMUM_LINE, offer.label, words)


def order_multiple(offer: Offer) -> Constraint:
    """The order multiple of a line."""
    words = f"{offer.label} is sold in multiples of {offer.order_multiple}"
    return Constraint(ConstraintKind.ORDER_MULTIPLE, offer.label, words)


def maximum_line(offer: Offer) -> Constraint:
    """The maximum quantity of a line."""
    words = f"{offer.label} is sold up to {offer.maximum_quantity} units a line"
    return Constraint(ConstraintKind.MAXIMUM_LINE, offer.label, words)


def capacity(offer: Offer) -> Constraint:
    """All that an offer can deliver."""
    words = f"{offer.label} has a capacity of {offer.capacity} units in all"
    return Constraint(ConstraintKind.CAPACITY, offer.label, words)


def volume_limit(limit: VolumeLimit) -> Constraint:
    """The upper side of a volume limit."""
    words = f"{limit.limit} allows at most {limit.at_most} ({limit.measure.value})"
    return Constraint(ConstraintKind.VOLUME_LIMIT, limit.limit, words)


def committed_volume(limit: VolumeLimit) -> Constraint:
    """The lower side of a volume limit."""
    words = f"{limit.limit} commits to at least {limit.at_least} ({limit.measure.value})"
    return Constraint(ConstraintKind.COMMITTED_VOLUME, limit.limit, words)


def budget(one: Budget) -> Constraint:
    """A budget."""
    return Constraint(ConstraintKind.BUDGET, one.budget, f"budget {one.budget} holds {one.amount}")


def demand_budget(demand: Demand) -> Constraint:
    """A demand's own budget."""
    return Constraint(ConstraintKind.BUDGET, demand.demand, f"{demand.demand} has a budget of {demand.budget}")


def minimum_order(supplier: Supplier) -> Constraint:
    """The joint minimum of a supplier's orders."""
    words = (
        f"{supplier.supplier} takes orders from {supplier.minimum_order_value} in value"
        f" and {supplier.minimum_order_units} units"
    )
    return Constraint(ConstraintKind.MINIMUM_ORDER, supplier.supplier, words)


def not_splittable(demand: Demand) -> Constraint:
    """One line for a demand."""
    words = f"{demand.demand} must come in one delivery from one supplier"
    return Constraint(ConstraintKind.NOT_SPLITTABLE, demand.demand, words)


def maximum_suppliers(demand: Demand) -> Constraint:
    """Few suppliers for a demand."""
    words = f"{demand.demand} may have at most {demand.maximum_suppliers} suppliers"
    return Constraint(ConstraintKind.MAXIMUM_SUPPLIERS, demand.demand, words)


def plan_suppliers(limits: PlanLimits) -> Constraint:
    """Few suppliers in the plan."""
    words = f"the plan may use at most {limits.maximum_suppliers} suppliers"
    return Constraint(ConstraintKind.MAXIMUM_SUPPLIERS, "plan", words)


def plan_orders(limits: PlanLimits) -> Constraint:
    """Few orders in the plan."""
    words = f"the plan may place at most {limits.maximum_orders} orders"
    return Constraint(ConstraintKind.MAXIMUM_ORDERS, "plan", words)


def surplus(item: Item) -> Constraint:
    """How much may be bought for nobody."""
    words = f"at most {item.maximum_surplus} {item.item} may be left over"
    return Constraint(ConstraintKind.SURPLUS, item.item, words)


def fixed_line(line: FixedLine) -> Constraint:
    """A line that stays."""
    subject = f"{line.item} from {line.supplier} on day {line.order_day}"
    if line.demand is not None:
        subject += f" for {line.demand}"
    return Constraint(ConstraintKind.FIXED_LINE, subject, f"{subject} stays at {line.quantity} units")
