"""The words of a purchase plan: lines, orders, what each demand gets, money, proof. No mathematics."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from planning.purchasing.demands import NOTHING


class Proof(StrEnum):
    """How good a plan is known to be.

    OPTIMAL: no plan is better. GAP: feasible, and no plan is better than `bound`. NONE: there is no plan (what is fixed
    or committed collides by itself: see the collisions), or none was found in the time.
    """

    OPTIMAL = "optimal"
    GAP = "gap"
    NONE = "none"


@dataclass(frozen=True)
class Allocation:
    """`quantity` units of a line that go to a demand."""

    demand: str
    quantity: int


@dataclass(frozen=True)
class PlannedLine:
    """`quantity` units of one item from one supplier, ordered and arriving on these days; the rest is surplus.

    `demand` is set only where every demand has lines of its own.
    """

    supplier: str
    item: str
    order_day: int
    arrival_day: int
    quantity: int
    allocations: tuple[Allocation, ...]
    goods_cost: Decimal
    demand: str | None = None

    @property
    def key(self) -> LineKey:
        """What makes it the same line in another plan."""
        return LineKey(self.supplier, self.item, self.order_day, self.demand)

    @property
    def surplus(self) -> int:
        """Units that no demand gets."""
        return self.quantity - sum(one.quantity for one in self.allocations)


@dataclass(frozen=True, order=True)
class LineKey:
    """A line without its quantity."""

    supplier: str
    item: str
    order_day: int
    demand: str | None = None


@dataclass(frozen=True)
class PlannedOrder:
    """All lines of one supplier on one day: goods and line costs before `discount`, and the order's own cost."""

    supplier: str
    order_day: int
    lines: int
    units: int
    goods_cost: Decimal
    line_cost: Decimal
    order_cost: Decimal
    discount: Decimal


@dataclass(frozen=True)
class DemandOutcome:
    """What a demand gets; `served` is False where a required demand gets less than it must have."""

    demand: str
    wanted: int
    delivered: int
    late_units: int
    last_arrival_day: int | None
    suppliers: tuple[str, ...]
    served: bool

    @property
    def short(self) -> int:
        """Units wanted and not delivered."""
        return self.wanted - self.delivered


@dataclass(frozen=True)
class PlanMoney:
    """The terms of the objective, each a non-negative amount; `changes` are the penalties of a repair."""

    goods: Decimal = NOTHING
    lines: Decimal = NOTHING
    risk: Decimal = NOTHING
    orders: Decimal = NOTHING
    discounts: Decimal = NOTHING
    suppliers: Decimal = NOTHING
    holding: Decimal = NOTHING
    lateness: Decimal = NOTHING
    shortage: Decimal = NOTHING
    value: Decimal = NOTHING
    surplus: Decimal = NOTHING
    changes: Decimal = NOTHING

    @property
    def spend(self) -> Decimal:
        """What is paid to suppliers."""
        return self.goods + self.lines + self.orders + self.suppliers - self.discounts

    @property
    def objective(self) -> Decimal:
        """Z, which the plan minimises; its negative is the margin."""
        costs = self.spend + self.risk + self.holding + self.lateness + self.shortage + self.changes
        return costs - self.value - self.surplus


class ConstraintKind(StrEnum):
    """What can keep a demand from being met."""

    REQUIRED = "required"
    DUE_DATE = "due_date"
    EARLIEST_DAY = "earliest_day"
    QUALIFICATION = "qualification"
    EXCLUSION = "exclusion"
    MINIMUM_LINE = "minimum_line"
    ORDER_MULTIPLE = "order_multiple"
    MAXIMUM_LINE = "maximum_line"
    CAPACITY = "capacity"
    VOLUME_LIMIT = "volume_limit"
    COMMITTED_VOLUME = "committed_volume"
    BUDGET = "budget"
    MINIMUM_ORDER = "minimum_order"
    NOT_SPLITTABLE = "not_splittable"
    MAXIMUM_SUPPLIERS = "maximum_suppliers"
    MAXIMUM_ORDERS = "maximum_orders"
    SURPLUS = "surplus"
    FIXED_LINE = "fixed_line"


@dataclass(frozen=True, order=True)
class Constraint:
    """One rule of the problem: its kind, whose it is, and a sentence that a person can check."""

    kind: ConstraintKind
    subject: str
    words: str


@dataclass(frozen=True)
class Collision:
    """Demands that cannot be met, and constraints that collide: none of them can be met beside all the others.

    `smallest`: no set with fewer constraints collides. Otherwise the time ended before that was shown, and some of the
    constraints may not be needed.
    Who offers what, lead times and order days are facts, not constraints.
    """

    demands: tuple[str, ...]
    constraints: tuple[Constraint, ...]
    smallest: bool


@dataclass(frozen=True)
class LineChange:
    """A line whose quantity differs from the plan before; 0 where it was or is not bought."""

    line: LineKey
    before: int
    after: int


@dataclass(frozen=True)
class Relaxation:
    """A constraint without slack, and by how much the objective falls if it gives way by one step.

    `worth` is exact if `proven`, else what was found in the time; None if no plan was found in it.
    """

    constraint: Constraint
    step: str
    worth: Decimal | None
    proven: bool


@dataclass(frozen=True)
class RunnerUp:
    """The best plan found that buys on another set of lines; `extra` is what it costs more."""

    extra: Decimal
    changes: tuple[LineChange, ...]
    proven: bool


@dataclass(frozen=True)
class Stage:
    """One goal of several: what was reached, and a bound for all plans that are as good on the goals before."""

    goal: str
    value: Decimal | int
    bound: Decimal | int | None


@dataclass(frozen=True)
class PurchasePlan:
    """The plan and how good it is.

    Attributes:
        objective: money.objective, recomputed from the inputs by `check`, not taken from the solver.
        bound: no plan with the same higher goals has a smaller objective.
        gap: (objective − bound) / |objective|; 0 where they are equal, None where the objective is 0 and the bound not.
        stages: all goals in order, the objective last; more than one for lexicographic tiers and repairs.
        seconds: of solving. `unmet`: required demands that could not all be met, with why in `collisions`.
        changes: against the plan before, where one was given.
    """

    proof: Proof
    objective: Decimal
    bound: Decimal | None
    gap: float | None
    seconds: float
    lines: tuple[PlannedLine, ...]
    orders: tuple[PlannedOrder, ...]
    outcomes: tuple[DemandOutcome, ...]
    money: PlanMoney
    stages: tuple[Stage, ...] = ()
    unmet: tuple[str, ...] = ()
    collisions: tuple[Collision, ...] = ()
    changes: tuple[LineChange, ...] = ()
    binding: tuple[Relaxation, ...] = ()
    runner_up: RunnerUp | None = None
