"""The words of segmenting: classes, their borders, and the policy that classes imply. It sorts nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from planning.arrays import fraction, number
from planning.errors import InvalidField


class Variability(StrEnum):
    """Syntetos, Boylan and Croston (2005): by the interval between demands and the squared variation of their sizes."""

    SMOOTH = "smooth"
    ERRATIC = "erratic"
    INTERMITTENT = "intermittent"
    LUMPY = "lumpy"
    NONE = "none"


class Value(StrEnum):
    """ABC by money: A holds the first share of all margin, B the next, C the rest."""

    A = "A"
    B = "B"
    C = "C"


class Velocity(StrEnum):
    """By units a day."""

    FAST = "fast"
    MEDIUM = "medium"
    SLOW = "slow"


class Returns(StrEnum):
    """By the share of units sold that come back."""

    USUAL = "usual"
    HIGH = "high"


class PolicyKind(StrEnum):
    """How a segment is replenished: order-up-to at each review, a fixed lot, one for one, or only for an order."""

    PERIODIC = "periodic_order_up_to"
    MIN_MAX = "min_max"
    FIXED_LOT = "fixed_lot"
    BASE_STOCK = "base_stock"
    TO_ORDER = "to_order"


@dataclass(frozen=True)
class Borders:
    """Where one class ends and the next begins; `band` is the share of a border that a change of class must exceed.

    Of a border that is a share itself, it is the share of what lies between it and the nearer of 0 and 1. `interval`
    (periods between demands) and `variation` (squared) are Syntetos and Boylan's 1.32 and .49.
    """

    interval: float = 1.32
    variation: float = 0.49
    value_a: float = 0.80
    value_b: float = 0.95
    fast: float = 10.0
    slow: float = 1.0
    returns: float = 0.15
    band: float = 0.10

    def __post_init__(self) -> None:
        for name in ("interval", "variation", "fast", "slow"):
            number(f"borders.{name}", getattr(self, name), at_least=0.0)
        fraction("borders.returns", self.returns)
        if fraction("borders.value_a", self.value_a) >= fraction("borders.value_b", self.value_b):
            raise InvalidField("borders.value_a", "must be below value_b")
        if self.slow > self.fast:
            raise InvalidField("borders.slow", "must not be above fast")
        if number("borders.band", self.band, at_least=0.0) >= 0.5:
            raise InvalidField("borders.band", "must be below a half")


@dataclass(frozen=True)
class Parameters:
    """What a policy is set to: service level, days between reviews, kind."""

    service_level: float
    review_days: int
    kind: PolicyKind


SERVICE = {Value.A: 0.98, Value.B: 0.95, Value.C: 0.90}
REVIEW_DAYS = {Value.A: 1, Value.B: 3, Value.C: 7}


def implied_policy(variability: Variability, value: Value, velocity: Velocity) -> Parameters:
    """What a segment should be set to.

    Service and review follow value; the kind follows how demand comes: steady demand is reviewed and filled up,
    steady demand worth little bought in lots, rare demand replaced one for one, wild demand kept by min and max or,
    where it is rare and worth little, bought to order.
    """
    kind = PolicyKind.PERIODIC
    if variability is Variability.NONE or (variability is Variability.LUMPY and value is Value.C):
        kind = PolicyKind.TO_ORDER
    elif variability is Variability.LUMPY or variability is Variability.ERRATIC:
        kind = PolicyKind.MIN_MAX
    elif variability is Variability.INTERMITTENT:
        kind = PolicyKind.BASE_STOCK
    elif value is Value.C and velocity is not Velocity.SLOW:
        kind = PolicyKind.FIXED_LOT
    return Parameters(SERVICE[value], REVIEW_DAYS[value], kind)
