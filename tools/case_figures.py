"""A case's figures as its kept evidence has them: stock, demand, risk and the options that were compared.

Each says from which call it is. Nothing is worked out anew but days of cover and a mean a day, by one division each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from pydantic import ValidationError

from db.evidence import KeptEvidence
from tools.contract import Probability, ToolOutput
from tools.forecast import Forecasts, SeriesForecast
from tools.inventory_position import Position, Positions
from tools.options import OptionLine, OptionsCompared
from tools.stock_risk import CauseLine, StockRisk, StockRisks

TOOLS = ("get_inventory_position", "forecast_demand", "assess_stock_risk", "compare_options")
Answered = TypeVar("Answered", bound=ToolOutput)
Line = TypeVar("Line", bound=ToolOutput)
TENTH, THOUSANDTH = Decimal("0.1"), Decimal("0.001")


class Evidenced(ToolOutput):
    """Which call it is from, and the moment that its data describe."""

    evidence_id: UUID
    as_of: datetime


class StockThen(Evidenced):
    """Stock at the case's site by state, what is on the way, and what is promised, in `unit`."""

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


class DemandThen(Evidenced):
    """Units a day over the next `days`: the mean, and the span that holds it in eight of ten cases."""

    unit: str
    days: int
    low: Decimal
    mean: Decimal
    high: Decimal
    model: str
    reason: str


class RiskThen(Evidenced):
    """What may go wrong within `horizon_days`, in `unit` and money in `currency`; `causes` add up to what is short."""

    unit: str
    currency: str
    horizon_days: int
    usable: Decimal
    probability_stockout: Probability
    expected_units_short: Decimal
    expected_lost_margin: Decimal
    at_risk_on: date | None
    causes: tuple[CauseLine, ...]
    probability_overstock: Probability
    expected_units_over: Decimal
    overstock_cost_a_year: Decimal
    expected_units_expired: Decimal


class OptionsThen(Evidenced):
    """What was compared for an item at `site` (for a surplus, where the stock is wanted), best first.

    `notes` say why other things were not possible.
    """

    site: str
    unit: str
    currency: str
    options: tuple[OptionLine, ...]
    flip: str
    notes: tuple[str, ...]


class CaseFigures(ToolOutput):
    """None where no evidence of it is kept. `days_of_cover`: usable stock over mean demand, None without either."""

    stock: StockThen | None
    demand: DemandThen | None
    days_of_cover: Decimal | None
    risk: RiskThen | None
    options: OptionsThen | None


def figures(kept: Sequence[KeptEvidence], sku: str | None, site: str | None, compared: UUID | None) -> CaseFigures:
    """From evidence, newest first; options from the comparison `compared` where a proposal stands on one."""
    stock = _newest(kept, "get_inventory_position", Positions, lambda answer: _at(answer.positions, sku, site))
    demand = _newest(kept, "forecast_demand", Forecasts, lambda answer: _at(answer.series, sku, site))
    risk = _newest(kept, "assess_stock_risk", StockRisks, lambda answer: _at(answer.risks, sku, site))
    named = [row for row in kept if compared is None or row.evidence_id == compared]
    options = _newest(named, "compare_options", OptionsCompared, lambda answer: answer)
    shown = demand and _demand(*demand)
    return CaseFigures(
        stock=stock and _same(StockThen, *stock),
        demand=shown,
        days_of_cover=_cover(risk and risk[1], stock and stock[1], shown),
        risk=risk and _same(RiskThen, *risk),
        options=options and _same(OptionsThen, *options),
    )


def comparison(row: KeptEvidence) -> OptionsCompared | None:
    """A kept comparison; None for one in a shape of an older version."""
    return _parsed(row, OptionsCompared)


def _newest(
    kept: Sequence[KeptEvidence], tool: str, answer: type[Answered], pick: Callable[[Answered], Line | None]
) -> tuple[KeptEvidence, Line] | None:
    """The newest answer of the tool that says something about the place."""
    for row in kept:
        parsed = _parsed(row, answer) if row.tool == tool else None
        line = None if parsed is None else pick(parsed)
        if line is not None:
            return row, line
    return None


def _parsed(row: KeptEvidence, answer: type[Answered]) -> Answered | None:
    try:
        return answer.model_validate(row.result.get("output"))
    except ValidationError:
        return None


Placed = TypeVar("Placed", Position, SeriesForecast, StockRisk)


def _at(lines: Sequence[Placed], sku: str | None, site: str | None) -> Placed | None:
    return next((line for line in lines if (line.sku, line.site) == (sku, site)), None)


Then = TypeVar("Then", bound=Evidenced)


def _same(shown: type[Then], row: KeptEvidence, line: ToolOutput) -> Then:
    """The line's fields of the same names, with where they are from."""
    wanted = shown.model_fields.keys() - Evidenced.model_fields.keys()
    values = {name: getattr(line, name) for name in wanted}
    return shown.model_validate({"evidence_id": row.evidence_id, "as_of": row.as_of, **values})


def _demand(row: KeptEvidence, series: SeriesForecast) -> DemandThen | None:
    days = sum(period.days for period in series.periods)
    if not days:
        return None
    low, mean, high = (
        (amount / days).quantize(THOUSANDTH) for amount in (series.total.low, series.total.mean, series.total.high)
    )
    return DemandThen(
        evidence_id=row.evidence_id,
        as_of=row.as_of,
        unit=series.unit,
        days=days,
        low=low,
        mean=mean,
        high=high,
        model=series.model,
        reason=series.reason,
    )


def _cover(risk: StockRisk | None, stock: Position | None, demand: DemandThen | None) -> Decimal | None:
    units = risk.usable if risk else (stock.available if stock else None)
    if units is None or demand is None or demand.mean <= 0:
        return None
    return (units / demand.mean).quantize(TENTH)
