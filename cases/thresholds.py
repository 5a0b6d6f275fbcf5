"""From when on something is a case, how bad it is, and the few figures that a network's data do not carry.

One source for the sweep, the tools and what screens say. All are choices of ours; results that rest on one name it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True)
class Simulation:
    """How outcomes are drawn: the same seed everywhere, so that two results can be compared."""

    scenarios: int = 400
    seed: int = 20_26


@dataclass(frozen=True)
class Assumptions:
    """What is used where the data say nothing.

    Attributes:
        annual_holding_rate: cost of holding stock, as a share of its cost a year.
        review_days: days until stock is looked at again.
        service_level: for an item at a site without its own.
        overdue_days: an overdue order whose supplier's spread is not known is expected this many days from today.
        longest_horizon: no look-ahead goes further, in days.
        model_error, baseline_error: one standard deviation of the error in a forecast's level, relative.
        age_scale_days: data this old are trusted half as much.
        shelf_life_on_arrival: a lot is moved only if it can be sold for this many days more.
        donors: a transfer is sought from so many sites at most, those with most to give.
        suppliers: and a purchase from so many suppliers.
        expedite_share: an expedited receipt takes this share of the days still to go, at least one day.
        expedite_cost_share: and costs this share of the goods' value.
    """

    annual_holding_rate: float = 0.20
    review_days: int = 7
    service_level: float = 0.95
    overdue_days: int = 3
    longest_horizon: int = 56
    model_error: float = 0.10
    baseline_error: float = 0.25
    age_scale_days: float = 7.0
    shelf_life_on_arrival: int = 5
    donors: int = 5
    suppliers: int = 3
    expedite_share: float = 0.5
    expedite_cost_share: float = 0.15


@dataclass(frozen=True)
class Detection:
    """When a finding becomes a case.

    Attributes:
        stockout_probability: of any unmet demand within lead time and review.
        overstock_probability: of stock that outlasts the target cover.
        cover_days: the target cover; no shorter than lead time and review.
        late_days: a supply that comes so many days after the agreed day is late.
        quiet_days: without a sale of a steady item, although the record shows stock.
        expiry_share: of a lot's units that are expected to expire unsold.
        smallest_money: below this, in the tenant's currency, nothing is a case.
    """

    stockout_probability: float = 0.25
    overstock_probability: float = 0.80
    cover_days: int = 90
    late_days: int = 2
    quiet_days: int = 14
    expiry_share: float = 0.10
    smallest_money: Decimal = Decimal(25)


@dataclass(frozen=True)
class Grading:
    """Severity from money and from the days left."""

    high_money: Decimal = Decimal(1000)
    medium_money: Decimal = Decimal(200)
    urgent_days: int = 3
    soon_days: int = 10


@dataclass(frozen=True)
class Thresholds:
    """All of them."""

    simulation: Simulation = field(default_factory=Simulation)
    assumptions: Assumptions = field(default_factory=Assumptions)
    detection: Detection = field(default_factory=Detection)
    grading: Grading = field(default_factory=Grading)


DEFAULT = Thresholds()
