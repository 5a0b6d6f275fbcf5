"""What an explained forecast consists of: the shapes that `explain_forecast` gives, and that words and picture read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from planning.anomalies.anomaly import Form, Kind
from tools.contract import Probability, Span, ToolOutput

Likeness = Literal["season", "promotion", "price"]


class DriverLine(ToolOutput):
    """Units a day that this adds to the usual; negative where it takes away."""

    driver: str
    units_a_day: Decimal


class Comparable(ToolOutput):
    """A past period as long as `span_days`: what sold in all and by day, and what own history led to expect.

    `alike` is what it has in common with the days ahead; `price` None where none is known.
    """

    starts_on: date
    alike: tuple[Likeness, ...]
    sold: Decimal
    own_history_expected: Decimal
    promoted_days: int
    stocked_out_days: int
    price: Decimal | None
    by_day: tuple[Decimal, ...]


class AnomalyLine(ToolOutput):
    """A stretch that was not as usual: what it is taken for, and the evidence.

    `statistic` passed `threshold` with `value`; `strength` is the chance of anything as extreme in a quarter of usual
    demand. While unclear, `clear_by` is when a lasting shift and a one-off will be told apart, and `confidence` at most
    a half. `words` says it all.
    """

    kind: Kind
    form: Form
    first: date
    last: date
    observed: Decimal
    expected: Decimal
    statistic: str
    value: float
    threshold: float
    strength: Probability
    confidence: Probability
    otherwise: Kind | None
    factor: float | None
    clear_by: date | None
    words: str


class MethodScore(ToolOutput):
    """One method in the back-test of the series like this (`segment`): mean pinball loss a day, coverage, bias.

    "served" is what was chosen, as it would have served the newest block held back.
    """

    method: str
    segment: str
    pinball: float
    coverage80: float | None
    bias: float | None


class PastDay(ToolOutput):
    """What a day sold; negative where more came back."""

    day: date
    sold: Decimal
    promoted: bool
    stocked_out: bool


class DayAhead(ToolOutput):
    """What a day is expected to sell: mean and central 80 %."""

    day: date
    demand: Span
    promoted: bool


class ForecastExplained(ToolOutput):
    """Why the forecast of one item at one site is what it is; units in `unit`.

    `usual_a_day` is the mean of the last quarter before the forecast; with `drivers` it adds up to `mean_a_day`, the
    mean of the first `driver_days` ahead, but for rounding. `drivers` are empty where none were kept (`drivers_note`
    says why). `comparable` are periods like the first `span_days` ahead, for which `span_total` is expected.
    `method_reason` says why that method serves, `scores` how it and the others did in the back-test.
    """

    sku: str
    name: str
    site: str
    unit: str
    summary: str
    usual_a_day: Decimal
    drivers: tuple[DriverLine, ...]
    mean_a_day: Decimal
    driver_days: int
    drivers_note: str
    span_days: int
    span_total: Span
    comparable: tuple[Comparable, ...]
    anomalies: tuple[AnomalyLine, ...]
    caution: str
    method: str
    method_reason: str
    model: str
    scores: tuple[MethodScore, ...]
    coverage80: float | None
    past: tuple[PastDay, ...]
    ahead: tuple[DayAhead, ...]
    scenarios: int
