"""Will we run out, or sit on it: probability and money over lead time and review, and why, as a sum that adds up."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from pydantic import Field

from cases import unusual
from cases.causes import causes
from cases.detect import Risk, overstock_money, risk
from cases.situation import Situation
from cases.snapshot import load
from cases.unusual import Caution
from domain.errors import NotFound
from tools.contract import Answer, Call, Code, Probability, Tool, ToolInput, ToolOutput
from tools.errors import NoData
from tools.numbers import money, share, units


class RiskQuestion(ToolInput):
    """An item, at one site or wherever it is listed; `horizon` in days, None: each site's lead time plus review."""

    sku: Code
    site: Code | None = None
    horizon: int | None = Field(default=None, ge=1, le=56)


class CauseLine(ToolOutput):
    """Units of the expected shortage that this explains; negative where it eased it."""

    cause: str
    units: Decimal


class ProjectedDay(ToolOutput):
    """Stock at the end of a day: one in ten scenarios below `low`, half below `median`, one in ten above `high`."""

    day: date
    low: Decimal
    median: Decimal
    high: Decimal


class StockRisk(ToolOutput):
    """One item × site. Units in `unit`, money in `currency`; probabilities over `horizon_days` from today.

    `causes` add up to `expected_units_short`, but for rounding. `supply_from` and `lead_time_days` are None where
    nobody is known to supply; then only the review period is looked at. `caution` says what is unusual about the newest
    demand, '' for nothing; while it is unclear whether that lasts, no more than `confidence_cap` is to be had in this.
    """

    sku: str
    name: str
    site: str
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
    supply_from: str | None
    lead_time_days: float | None
    forecast: str
    forecast_reason: str
    caution: str = ""
    confidence_cap: Probability | None = None
    projected: tuple[ProjectedDay, ...]


class UnknownRisk(ToolOutput):
    """Where no risk can be told, and why."""

    sku: str
    site: str
    reason: str


class StockRisks(ToolOutput):
    """Sites from most to least money at risk, and those that cannot be told; all on the same `scenarios`."""

    risks: tuple[StockRisk, ...]
    unknown: tuple[UnknownRisk, ...]
    scenarios: int


def run(call: Call, asked: RiskQuestion) -> Answer[StockRisks]:
    """The outlook at each site."""
    batch = call.data
    snapshot = load(call.connection, call.today, skus=[asked.sku], sites=[asked.site] if asked.site else None)
    if not snapshot.situations:
        raise NotFound(f"{asked.sku!r} is not listed in this scope.", remedy="Find it with resolve_identity.")
    listings = [one.listing for one in snapshot.situations.values()]
    known = unusual.recorded(call.connection, call.today, listings, [asked.site] if asked.site else None)
    risks: list[StockRisk] = []
    unknown: list[UnknownRisk] = []
    for situation in snapshot.situations.values():
        call.deadline.check()
        found = risk(situation, asked.horizon)
        if found is None:
            unknown.append(UnknownRisk(sku=asked.sku, site=situation.site.site, reason=why_unknown(situation)))
        else:
            series = known.get((asked.sku, situation.site.site))
            caution = None if series is None else unusual.caution(series, unusual.packs_of(situation.item))
            risks.append(_line(situation, found, caution))
    if not risks:
        searched = {"sku": asked.sku, "site": asked.site, "data_batch": batch.batch_id}
        reasons = "; ".join(f"{one.site}: {one.reason}" for one in unknown)
        raise NoData(f"No risk can be computed. {reasons}.", searched=searched)
    risks.sort(key=lambda one: (-one.expected_lost_margin, one.site))
    scenarios = next(iter(snapshot.situations.values())).thresholds.simulation.scenarios
    models = sorted({one.forecast for one in risks})
    return Answer(StockRisks(risks=tuple(risks), unknown=tuple(unknown), scenarios=scenarios), model=", ".join(models))


def why_unknown(situation: Situation) -> str:
    """Why no outlook is possible here."""
    if not situation.is_counted:
        return "no stock was ever recorded here"
    return f"demand cannot be forecast: {situation.no_forecast}"


def _line(situation: Situation, found: Risk, caution: Caution | None) -> StockRisk:
    outlook, view, lead = found.outlook, situation.forecast, situation.lead_time
    first = outlook.first_day_at_risk
    return StockRisk(
        sku=situation.item.sku,
        name=situation.item.name,
        site=situation.site.site,
        unit=situation.item.unit,
        currency=situation.item.currency,
        horizon_days=found.days,
        usable=situation.usable,
        probability_stockout=share(outlook.probability_stockout),
        expected_units_short=units(outlook.expected_units_short),
        expected_lost_margin=money(outlook.expected_lost_margin),
        at_risk_on=None if first is None else situation.today + timedelta(days=first),
        causes=tuple(CauseLine(cause=one.name, units=units(one.units)) for one in causes(situation, found.demand)),
        probability_overstock=share(outlook.probability_overstock),
        expected_units_over=units(outlook.expected_units_over),
        overstock_cost_a_year=overstock_money(situation, outlook.expected_units_over),
        expected_units_expired=units(outlook.expected_units_expired),
        supply_from=None if lead is None else lead.source,
        lead_time_days=None if lead is None else lead.mean,
        forecast=view.model if view else "",
        forecast_reason=view.reason if view else "",
        caution="" if caution is None else caution.text,
        confidence_cap=None if caution is None else caution.cap,
        projected=tuple(_day(situation, number, row) for number, row in enumerate(outlook.projected.tolist())),
    )


def _day(situation: Situation, number: int, row: list[float]) -> ProjectedDay:
    low, median, high = (units(value) for value in row)
    return ProjectedDay(day=situation.today + timedelta(days=number), low=low, median=median, high=high)


TOOL = Tool(
    name="assess_stock_risk",
    description="Will an item run out, or are we sitting on it: probability and money of stockout and overstock over "
    "lead time plus review, the first day at risk, and causes that add up to the shortage.",
    permission="analyse",
    takes=RiskQuestion,
    gives=StockRisks,
    run=run,
    examples=({"sku": "OAT-1L", "site": "LEJ"}, {"sku": "OAT-1L", "horizon": 14}),
    seconds=30.0,
)
