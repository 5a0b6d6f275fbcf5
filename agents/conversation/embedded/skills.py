"""How each kind of question is answered: which tools, in which order, in which words. Numbers are the tools' own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from uuid import UUID

from agents.conversation.answers import cases, demand, explained, options, orders, procedures, purchases, stock, talk
from agents.conversation.answers.model_status import status
from agents.conversation.embedded.intents import Intent
from agents.conversation.embedded.task import Failed, Stop, Task
from agents.conversation.plan import Saying
from cases.rank import SHORTAGES, SURPLUSES
from tools.case import CaseView
from tools.exceptions import Exceptions
from tools.options import OptionLine, OptionsCompared

LISTED = 20
LINES = 500
ORDERS = {"transfer": "propose_transfer", "buy": "propose_purchase"}
CHOSEN = {"transfer": "transfer", "purchase": "buy"}


def at_risk(task: Task) -> Saying:
    """Open cases in order; with an item it is that item's risk."""
    if task.reading.sku:
        return risk(task)
    return Saying(cases.exceptions(task.call("list_exceptions", site=task.reading.site or None, limit=LISTED)))


def waiting(task: Task) -> Saying:
    """What waits for a person's approval."""
    sku, site = task.reading.sku or None, task.reading.site or None
    return Saying(cases.waiting(task.call("list_exceptions", sku=sku, site=site, waiting=True, limit=LISTED)))


def case(task: Task) -> Saying:
    """Where a case stands."""
    return Saying(cases.case(task.call("get_case", case_id=_case_id(task))))


def why(task: Task) -> Saying:
    """Why a case is one and what was made of it; without a case, why an item is short."""
    if not task.reading.case_id and (task.reading.sku or task.reading.site or task.focus["sku"]):
        return risk(task)
    view: CaseView = task.call("get_case", case_id=_case_id(task))
    explained = task.call("explain_decision", case_id=view.case_id)
    if not view.sku or not view.site:
        return Saying(cases.why(explained, None, too_little=False))
    record = task.record("assess_stock_risk", sku=view.sku, site=view.site)
    risks = task.call("assess_stock_risk", sku=view.sku, site=view.site) if record["status"] == "success" else None
    return Saying(cases.why(explained, risks, too_little=view.kind in SHORTAGES))


def position(task: Task) -> Saying:
    """Stock of an item, or of a whole site."""
    site = task.reading.site or None
    if site and not task.reading.sku and not task.reading.follows and not task.reading.refers:
        return Saying(stock.positions(task.call("get_inventory_position", site=site)))
    return Saying(stock.positions(task.call("get_inventory_position", sku=_sku(task), site=site)))


def open_orders(task: Task) -> Saying:
    """What is coming and what is late."""
    kind = task.reading.kind
    found = task.call(
        "get_open_orders",
        sku=task.reading.sku or None,
        site=task.reading.site or task.reading.source or None,
        supplier=task.reading.supplier or None,
        kind=kind if kind in ("purchase", "customer", "transfer") and not task.reading.supplier else None,
        limit=LINES,
    )
    return Saying(orders.open_orders(found, late_only=kind == "late"))


def forecast(task: Task) -> Saying:
    """What will sell."""
    sites = [task.reading.site] if task.reading.site else None
    horizon = min(task.reading.days, 56) or None
    found = task.call("forecast_demand", skus=[_sku(task)], sites=sites, horizon=horizon, by=task.reading.by)
    longer = "\n\nForecasts reach 56 days." if task.reading.days > 56 else ""
    return Saying(demand.forecasts(found) + longer)


def forecast_why(task: Task) -> Saying:
    """Why the forecast is what it is; a case is explained as a case."""
    if task.reading.case_id:
        return why(task)
    site = task.reading.site or task.focus["site"]
    if not site:
        raise _ask(talk.NO_SITE)
    return Saying(explained.forecast(task.call("explain_forecast", sku=_sku(task), site=site)))


def model(task: Task) -> Saying:
    """Which model makes the forecasts, how good it is, and who moved it."""
    return Saying(status(task.call("get_model_status")))


def risk(task: Task) -> Saying:
    """Whether it runs out, and why."""
    horizon = min(task.reading.days, 56) or None
    return Saying(
        demand.risks(task.call("assess_stock_risk", sku=_sku(task), site=task.reading.site or None, horizon=horizon))
    )


def buy(task: Task) -> Saying:
    """What to buy of an item; from a supplier, all that should come from it."""
    if task.reading.supplier and not any(name.role in ("", "of") for name in task.reading.names):
        return plan_purchases(task)
    plan = task.call("recommend_replenishment", sku=_sku(task), site=task.reading.site or None)
    return Saying(orders.replenishment(plan))


def plan_purchases(task: Task) -> Saying:
    """One plan for all that must be bought: everywhere, at a site, of an item, from a supplier."""
    skus = [task.reading.sku] if task.reading.sku and not task.reading.supplier else None
    sites = [task.reading.site] if task.reading.site else None
    found = task.call("plan_purchases", skus=skus, sites=sites, supplier=task.reading.supplier or None)
    return Saying(purchases.plan(found))


def segment(task: Task) -> Saying:
    """Which items behave alike, and how each kind is best kept."""
    skus = [task.reading.sku] if task.reading.sku else None
    sites = [task.reading.site] if task.reading.site else None
    return Saying(purchases.segments(task.call("segment_items", skus=skus, sites=sites)))


def move(task: Task) -> Saying:
    """What to move, for an item, to a site, or from one."""
    destinations = [task.reading.site] if task.reading.site else None
    skus = [_sku(task)] if task.reading.sku or not destinations else None
    plan = task.call("optimise_transfers", skus=skus, destinations=destinations)
    return Saying(orders.moves(plan, source=task.reading.source))


def compare(task: Task) -> Saying:
    """Options in money, for a case or an item at a site."""
    return Saying(options.compared(_compared(task)[0]))


def propose(task: Task) -> Saying:
    """The option that was named, or the best one that an order of ours carries out."""
    case_id = _case_of_proposal(task)
    shown = task.focus["comparison"]
    if shown is not None and shown["case_id"] == case_id:
        found, evidence_id = _kept(task, shown["evidence_id"])
    else:
        found, evidence_id = _compared(task.reading_as(case_id=case_id))
    line = _option(task, found)
    source, quantity = line.source or None, task.reading.quantity or None
    made = task.call(ORDERS[line.option], about=case_id, evidence_id=evidence_id, source=source, quantity=quantity)
    return Saying(options.proposed(made))


def procedure(task: Task) -> Saying:
    """What the SOPs say, with document, version and section."""
    found = task.call("search_sops", query=task.reading.topic)
    return Saying(procedures.sections(found), citations=procedures.citations(found))


def help_(task: Task) -> Saying:
    """What can be asked."""
    del task
    return Saying(talk.HELP)


def thanks(task: Task) -> Saying:
    """A word back."""
    del task
    return Saying(talk.THANKS)


SKILLS: Mapping[Intent, Callable[[Task], Saying]] = {
    Intent.AT_RISK: at_risk,
    Intent.WAITING: waiting,
    Intent.CASE: case,
    Intent.WHY: why,
    Intent.STOCK: position,
    Intent.ORDERS: open_orders,
    Intent.FORECAST: forecast,
    Intent.FORECAST_WHY: forecast_why,
    Intent.MODEL: model,
    Intent.RISK: risk,
    Intent.BUY: buy,
    Intent.PURCHASES: plan_purchases,
    Intent.SEGMENTS: segment,
    Intent.MOVE: move,
    Intent.OPTIONS: compare,
    Intent.PROPOSE: propose,
    Intent.SOP: procedure,
    Intent.HELP: help_,
    Intent.THANKS: thanks,
}


def _ask(text: str) -> Stop:
    return Stop(Saying(text, asked_back=True))


def _sku(task: Task) -> str:
    """The item that is spoken of; without one the person is asked."""
    sku = task.reading.sku or task.focus["sku"]
    if not sku:
        raise _ask(talk.NO_ITEM)
    return sku


def _case_id(task: Task) -> str:
    """The case that is spoken of: named, in focus, or the only open one of the item and site."""
    if task.reading.case_id:
        return task.reading.case_id
    found = _cases_of(task)
    if found is None:
        raise _ask(talk.NO_CASE)
    if len(found.cases) > 1:
        listed = cases.exceptions(found)
        raise Stop(Saying(f"Which of these do you mean?\n\n{listed}", asked_back=True))
    return next(one.case_id for one in found.cases)


def _cases_of(task: Task) -> Exceptions | None:
    sku = task.reading.sku or task.focus["sku"]
    site = task.reading.site
    return task.call("list_exceptions", sku=sku or None, site=site or None, limit=LISTED) if sku or site else None


def _compared(task: Task) -> tuple[OptionsCompared, str]:
    """The comparison and its evidence; for a surplus it is made where the stock is wanted."""
    if not task.reading.case_id and not task.reading.names and not task.reading.sku:
        raise _ask(talk.NO_CASE)
    if not task.reading.case_id:
        if not task.reading.site:
            raise _ask(talk.NO_SITE)
        arguments, about = {"sku": _sku(task), "site": task.reading.site}, ""
    else:
        view: CaseView = task.call("get_case", case_id=task.reading.case_id)
        arguments, about = _place_of(task, view), view.case_id
    found = task.call("compare_options", about=about, **arguments)
    return found, task.record("compare_options", about=about, **arguments)["evidence_id"]


def _place_of(task: Task, view: CaseView) -> dict[str, str]:
    if view.kind not in SURPLUSES or not view.sku or not view.site:
        return {"case_id": view.case_id}
    moves = [move for move in task.call("optimise_transfers", skus=[view.sku]).moves if move.source == view.site]
    if not moves:
        raise Stop(
            Saying("No move away from there is worth more than leaving the stock, and I know nothing else to do.")
        )
    return {"sku": view.sku, "site": max(moves, key=lambda move: move.quantity).destination}


def _kept(task: Task, evidence_id: str) -> tuple[OptionsCompared, str]:
    """The comparison that was shown; made anew where the thread no longer holds it."""
    for call in task.results:
        if call["evidence_id"] == evidence_id and call["status"] == "success":
            return OptionsCompared.model_validate(call["output"]), str(UUID(evidence_id))
    return _compared(task)


def _case_of_proposal(task: Task) -> str:
    """A proposal belongs to a case: the one named or shown, or the one that is open for the item and site."""
    if task.reading.case_id:
        return task.reading.case_id
    try:
        return _case_id(task)
    except Failed:
        raise Stop(
            Saying("No case is open for this, and a proposal belongs to a case: triage opens one when it is due.")
        ) from None


def _option(task: Task, found: OptionsCompared) -> OptionLine:
    """By its number, its kind, or the best that is worth more than doing nothing."""
    orderable = [line for line in found.options if line.order is not None]
    if task.reading.ordinal and task.reading.ordinal <= len(found.options):
        line = found.options[task.reading.ordinal - 1]
        if line.order is None:
            raise Stop(
                Saying(f"Option {task.reading.ordinal} is nothing that an order of ours carries out.", asked_back=True)
            )
        return line
    wanted = CHOSEN.get(task.reading.kind)
    fitting = [line for line in orderable if wanted in (None, line.option)]
    fitting = [line for line in fitting if task.reading.source in ("", line.source)]
    worth = [line for line in fitting if line.expected_benefit > 0 or wanted]
    if not worth:
        raise Stop(Saying("Nothing that we can carry out is worth more than doing nothing, so I propose nothing."))
    return worth[0]
