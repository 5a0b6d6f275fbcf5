"""What a person reads while tools work: a title for each call, and one line on what it gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agents.conversation.answers.words import count, money, percent, plain, units
from tools.contract import ToolResult

TITLES: Mapping[str, str] = {
    "resolve_identity": "Finding what “{text}” means",
    "get_inventory_position": "Looking at the stock{of}{at}",
    "get_open_orders": "Looking at open orders{of}{at}",
    "list_exceptions": "Looking at what is at risk{of}{at}",
    "get_case": "Reading {case_id}",
    "explain_decision": "Looking up why",
    "forecast_demand": "Forecasting demand{of}{at}",
    "explain_forecast": "Looking at what drives the forecast{of}{at}",
    "get_model_status": "Looking at the model that makes the forecasts",
    "assess_stock_risk": "Working out the risk{of}{at}",
    "recommend_replenishment": "Working out what to buy{of}{at}",
    "plan_purchases": "Planning all purchases{of}{at}{from_}",
    "segment_items": "Sorting items into segments{at}",
    "optimise_transfers": "Working out what to move{of}{at}",
    "compare_options": "Comparing what can be done{of}{at}{case}",
    "propose_transfer": "Proposing the transfer",
    "propose_purchase": "Proposing the purchase",
    "search_sops": "Looking into the procedures",
}

SUMMARIES: Mapping[str, Callable[[Any], str]] = {
    "resolve_identity": lambda out: (
        f"{plain(out.match.name)} ({plain(out.match.code)})"
        if out.match
        else f"{len(out.candidates)} things may be meant"
    ),
    "get_inventory_position": lambda out: count(len(out.positions), "position"),
    "get_open_orders": lambda out: f"{count(len(out.lines), 'line')}, {out.overdue} overdue",
    "list_exceptions": lambda out: f"{count(out.total, 'case')}, {money(out.money_at_risk, out.currency)} at risk",
    "get_case": lambda out: plain(out.summary),
    "explain_decision": lambda out: out.executed.state,
    "forecast_demand": lambda out: f"{len(out.series)} series over {out.horizon} days",
    "explain_forecast": lambda out: (
        f"{count(len(out.drivers), 'driver')}, {count(len(out.comparable), 'comparable period')}, "
        f"{len(out.anomalies) or 'nothing'} unusual"
    ),
    "get_model_status": lambda out: (
        f"{plain(out.serving.model)} serves"
        + ("" if out.drift is None else ", it drifts" if out.drift.drifted else ", no drift")
    ),
    "assess_stock_risk": lambda out: (
        f"{percent(out.risks[0].probability_stockout)} likely to run out at {plain(out.risks[0].site)}"
    ),
    "recommend_replenishment": lambda out: f"{count(len(out.sites), 'site')} planned",
    "plan_purchases": lambda out: (
        f"{count(len(out.lines), 'line')} for {money(out.spend, out.currency)}, {len(out.collisions)} collisions"
    ),
    "segment_items": lambda out: f"{out.total:,} items in {count(len(out.segments), 'segment')}",
    "optimise_transfers": lambda out: (
        f"{count(len(out.moves), 'move')}, {money(out.expected_benefit, out.currency)} of benefit"
    ),
    "compare_options": lambda out: (
        "nothing is better than holding"
        if out.recommended == "hold"
        else f"{out.recommended} is best, {money(out.options[0].expected_benefit, out.currency)} against doing nothing"
    ),
    "propose_transfer": lambda out: f"{units(out.order.quantity, out.order.unit)}: {out.outcome}",
    "propose_purchase": lambda out: f"{units(out.order.quantity, out.order.unit)}: {out.outcome}",
    "search_sops": lambda out: count(len(out.sections), "section"),
}


def title(name: str, arguments: Mapping[str, object]) -> str:
    """The title of a call; an unknown tool's name as it is."""
    pattern = TITLES.get(name)
    if pattern is None:
        return f"Calling {plain(name[:60])}"
    of = _first(arguments.get("sku") or arguments.get("skus"))
    at = _first(arguments.get("site") or arguments.get("sites") or arguments.get("destinations"))
    case_id = _first(arguments.get("case_id"))
    supplier = _first(arguments.get("supplier"))
    return pattern.format(
        of=f" of {of}" if of else "",
        at=f" at {at}" if at else "",
        text=_first(arguments.get("text")),
        case_id=case_id or "the case",
        case=f" for {case_id}" if case_id else "",
        from_=f" from {supplier}" if supplier else "",
    )


def summary(result: ToolResult[Any]) -> str:
    """One line: the gist of the output, or the tool's own words for why there is none."""
    if result.output is None:
        return plain(result.error)
    told = SUMMARIES.get(result.tool)
    return told(result.output) if told else "done"


def _first(value: object) -> str:
    if isinstance(value, list | tuple):
        value = ", ".join(str(one) for one in value[:3])
    return plain(str(value)[:80]) if value else ""
