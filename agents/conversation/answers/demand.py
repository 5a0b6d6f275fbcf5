"""Demand and risk in words, each with its interval and what made it."""

from __future__ import annotations

from agents.conversation.answers.words import between, day, money, most, percent, plain, sentence, spoken, units
from tools.forecast import Forecasts, Period, SeriesForecast
from tools.stock_risk import StockRisk, StockRisks

SHOWN = 6
SITES = 5
# As `cases.overriding` joins it to the name of a forecast.
OVERRIDE = " + override by "


def forecasts(found: Forecasts) -> str:
    """Total and periods of each series, its method, and how its back-test did."""
    shown, more = most(found.series, SITES)
    parts = [_series(one, found.horizon, periods=len(found.series) == 1) for one in shown]
    parts += [f"**{plain(one.sku)} at {plain(one.site)}**: {plain(one.reason)}." for one in found.unforecast[:SITES]]
    return "\n\n".join(parts) + more


def risks(found: StockRisks) -> str:
    """Sites from most to least money at risk."""
    shown, more = most(found.risks, SITES)
    parts = [_risk(one) for one in shown]
    if len(found.risks) == 1:
        parts.append(causes(found.risks[0]))
    parts += [f"**{plain(one.site)}**: cannot be told, {plain(one.reason)}." for one in found.unknown[:SITES]]
    return "\n\n".join(part for part in parts if part) + more


def causes(risk: StockRisk) -> str:
    """What the expected shortage is made of; the parts add up to it."""
    if not risk.causes or not risk.expected_units_short:
        return ""
    parts = sorted(risk.causes, key=lambda one: -abs(one.units))
    told = ", ".join(f"{spoken(plain(one.cause))} {one.units:+,.0f}" for one in parts if abs(one.units) >= 1)
    short = units(risk.expected_units_short, risk.unit)
    return f"**Why:** the expected shortage of {short} comes from {told}." if told else ""


def surplus(risk: StockRisk) -> str:
    """How much is too much, and what it costs."""
    expires = (
        f"{units(risk.expected_units_expired, risk.unit)} are expected to expire" if risk.expected_units_expired else ""
    )
    cost = f"{money(risk.overstock_cost_a_year, risk.currency)} a year"
    over = f"{units(risk.expected_units_over, risk.unit)} more than needed, {cost}" if risk.expected_units_over else ""
    told = "; ".join(part for part in (over, expires) if part)
    return f"**Why:** {units(risk.usable, risk.unit)} usable: {told}." if told else ""


def _series(one: SeriesForecast, horizon: int, *, periods: bool) -> str:
    head = f"**{plain(one.sku)} at {plain(one.site)}**: {between(one.total, one.unit)} over {horizon} days."
    lines = [f"- {_period(period, one.unit)}" for period in one.periods[:SHOWN]] if periods else []
    left = len(one.periods) - SHOWN
    lines += [f"- … and {left} more periods"] if periods and left > 0 else []
    # A baseline is told by its reason; what serves otherwise is told by its name, with the override in it.
    override = f" {overridden(one.model)}".rstrip() if one.reason else ""
    return "\n".join([head, *lines]) + f"\n\n*{_made(one)}*{override}" + careful(one.caution, None)


def careful(caution: str, cap: float | None) -> str:
    """What is unusual about the newest demand, as a paragraph of its own; '' where nothing is."""
    if not caution:
        return ""
    sure = "" if cap is None else f" Until then no more than {percent(cap)} confidence is to be had in this."
    return f"\n\n**Take care:** {sentence(caution)}{sure}"


def overridden(forecast: str) -> str:
    """A sentence with the whole name of a forecast that a planner's override changes; '' for any other."""
    return f"*Under a planner's override: {plain(forecast)}.*" if OVERRIDE in forecast else ""


def _made(one: SeriesForecast) -> str:
    if one.reason:
        return f"Only a baseline ({plain(one.method)}): {plain(one.reason)}."
    tested = "not back-tested" if one.coverage80 is None else f"its 80% interval held {percent(one.coverage80)} of days"
    return f"Model {plain(one.model)}, {tested}."


def _period(period: Period, unit: str) -> str:
    length = "" if period.days == 1 else f" ({period.days} days)"
    return f"from {day(period.starts_on)}{length}: {between(period.demand, unit)}"


def _risk(one: StockRisk) -> str:
    where = f"**{plain(one.name)} ({plain(one.sku)}) at {plain(one.site)}**"
    stock = f"{units(one.usable, one.unit)} usable"
    out = f"{percent(one.probability_stockout)} likely to run out within {one.horizon_days} days"
    first = f", first on {day(one.at_risk_on)}" if one.at_risk_on else ""
    baseline = f" *Only a baseline forecast: {plain(one.forecast_reason)}.*" if one.forecast_reason else ""
    care = careful(one.caution, one.confidence_cap)
    override = f" {overridden(one.forecast)}".rstrip()
    return f"{where}: {stock}; {out}{first}.{_lost(one)}{_over(one)}{baseline}{override}{care}"


def _lost(one: StockRisk) -> str:
    if not one.expected_units_short:
        return ""
    margin = money(one.expected_lost_margin, one.currency)
    return f" Expected: {units(one.expected_units_short, one.unit)} short, {margin} of margin."


def _over(one: StockRisk) -> str:
    if one.probability_overstock < 0.5:
        return ""
    cost = f"{money(one.overstock_cost_a_year, one.currency)} a year"
    over = units(one.expected_units_over, one.unit)
    return f" {percent(one.probability_overstock)} likely to be overstocked by {over}, {cost}."
