"""A case in the terminal: what a person needs to judge it, then what happened. Every figure is from kept evidence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

from rich.markup import escape

from app.cli.output import print_table, say

# What is not there need not be said; these are said even when they are zero.
ALWAYS = frozenset({"on hand", "available"})
STATES = (
    ("on hand", "on_hand"), ("available", "available"), ("reserved", "reserved"), ("quarantined", "quarantined"),
    ("damaged", "damaged"), ("expired", "expired"),
)  # fmt: skip
COMING = (("on order", "on_order"), ("in transit", "in_transit"))
PROMISED = (("ordered by customers", "ordered_by_customers"), ("leaving by transfers", "committed_to_transfers"))


def case(view: Any) -> None:
    """The case, its figures, related cases, the options in money, and the time line."""
    say(f"[bold]{view.case_id}[/] {escape(view.summary)}")
    say(f"{view.status}, severity {view.severity}, {_money(view.money_at_risk, view.currency)} at risk")
    for text in (view.note, *_relations(view.related)):
        if text:
            say(f"  {escape(text)}")
    say()
    for name, text in _lines(view.figures):
        say(f"[bold]{name:<8}[/] {escape(text)}")
    if view.figures.options is not None:
        _options(view.figures.options)
    print_table(
        "What happened",
        ["at (UTC)", "who", "what", "id"],
        [[f"{one.at.astimezone(UTC):%d %b %H:%M:%S}", one.actor, one.text, one.id[:8]] for one in view.moments],
    )


def _relations(related: Sequence[Any]) -> Iterable[str]:
    for one in related:
        money = _money(one.money_at_risk, one.currency)
        lane = f"{one.source} → {one.destination} takes {one.lead_time_days} d"
        yield f"related: {one.case_id} ({one.why}, {money}; {lane})"
        yield one.better


def _lines(figures: Any) -> Iterable[tuple[str, str]]:
    """Stock, what is on the way, demand and risk; what no evidence is kept of says so."""
    stock, demand, risk = figures.stock, figures.demand, figures.risk
    if stock is None and demand is None and risk is None:
        yield "Figures", "none are kept for this case (yet)."
        return
    if stock is not None:
        cover = f"; {figures.days_of_cover:f} days of cover" if figures.days_of_cover is not None else ""
        expiry = f"; next expiry {stock.next_expiry:%d %b %Y}" if stock.next_expiry else ""
        yield "Stock", f"{_units(stock, STATES)} {stock.unit}{cover}{expiry}"
        coming, promised = _units(stock, COMING), _units(stock, PROMISED)
        yield "Coming", f"{coming} {stock.unit}" if coming else "nothing is on the way"
        free = f"{_number(stock.available_to_promise)} {stock.unit} can be promised today"
        yield "Promised", f"{promised} {stock.unit}; {free}" if promised else f"nothing; {free}"
    if demand is not None:
        span = f"{_number(demand.low)} to {_number(demand.high)}"
        why = f", {demand.reason}" if demand.reason else ""
        yield (
            "Demand",
            f"{_number(demand.mean)} {demand.unit} a day over {demand.days} days (80 %: {span}), {demand.model}{why}",
        )
    if risk is not None:
        yield "Risk", "; ".join(_risks(risk)) + f", within {risk.horizon_days} days"


def _risks(risk: Any) -> Iterable[str]:
    when = f", first on {risk.at_risk_on:%d %b}" if risk.at_risk_on else ""
    chance = f"{risk.probability_stockout:.0%} likely to run out"
    if risk.expected_units_short:
        short, lost = _number(risk.expected_units_short), _money(risk.expected_lost_margin, risk.currency)
        chance = f"{chance}{when}: {short} {risk.unit} short, {lost} of margin lost"
    yield chance
    if risk.expected_units_over:
        cost = _money(risk.overstock_cost_a_year, risk.currency)
        yield f"{_number(risk.expected_units_over)} {risk.unit} too many, {cost} a year to hold"
    if risk.expected_units_expired:
        yield f"{_number(risk.expected_units_expired)} {risk.unit} will expire"


def _options(compared: Any) -> None:
    """Best, runner-up and hold, then what was not possible and why."""
    shown = [one for place, one in enumerate(compared.options) if place < 2 or one.option == "hold"]
    names = {0: "best", 1: "runner-up"}
    places = [list(compared.options).index(one) for one in shown]
    print_table(
        f"Options for {compared.site}, in {compared.currency} against doing nothing",
        ["", "option", "arrives", "cost", "benefit", "at least", "worst tenth"],
        [
            [
                names.get(place, ""),
                f"{one.option} {_number(one.quantity)} from {one.source}" if one.source else one.option,
                f"{one.arrives_on:%d %b}" if one.arrives_on else "",
                f"{one.cost:,.2f}",
                f"{one.expected_benefit:,.2f}",
                f"{one.benefit_lower:,.2f}",
                f"{one.tail_loss:,.2f}",
            ]
            for place, one in zip(places, shown, strict=True)
        ],
    )
    for text in (compared.flip and f"What would flip it: {compared.flip}", *(f"Not: {one}" for one in compared.notes)):
        if text:
            say(f"  {escape(text)}")
    say()


def _units(stock: Any, names: Sequence[tuple[str, str]]) -> str:
    amounts = ((label, getattr(stock, field)) for label, field in names)
    return ", ".join(f"{_number(amount)} {label}" for label, amount in amounts if amount or label in ALWAYS)


def _number(amount: Decimal) -> str:
    """At most one decimal: these are for judging, the exact ones are in the JSON."""
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.1f}"


def _money(amount: Decimal, currency: str) -> str:
    return f"{amount:,.2f} {currency}"
