"""Options in money and proposals in words. A proposal is never called done."""

from __future__ import annotations

from agents.conversation.answers.cases import asked
from agents.conversation.answers.demand import overridden
from agents.conversation.answers.orders import order_line
from agents.conversation.answers.words import day, money, percent, plain, sentence, units
from tools.options import OptionLine, OptionsCompared
from tools.proposals import Proposed

NAMES = {"hold": "hold, do nothing", "transfer": "move", "buy": "buy", "expedite": "expedite"}


def compared(found: OptionsCompared) -> str:
    """A ranked table in money, what would flip it, and what else is not possible."""
    best = "nothing is better than holding" if found.recommended == "hold" else f"{NAMES[found.recommended]} is best"
    where = f"**{plain(found.name)} ({plain(found.sku)}) at {plain(found.site)}**"
    head = f"{where}: {best}. Against doing nothing, over {found.horizon_days} days:"
    table = ["| # | option | expected benefit | 95% sure of more than | worst tenth | better than nothing |",
             "|--:|---|--:|--:|--:|--:|"]  # fmt: skip
    table += [f"| {number} | {_option(one, found)}" for number, one in enumerate(found.options, 1)]
    parts = [head, "\n".join(table), _flip(found), *(sentence(note) for note in found.notes[:3])]
    if found.forecast_reason:
        parts.append(f"*Only a baseline forecast: {plain(found.forecast_reason)}.*")
    parts.append(overridden(found.forecast))
    return "\n\n".join(part for part in parts if part)


def proposed(made: Proposed) -> str:
    """What was proposed and what the gate said; the words of the gate's reasons as they are."""
    worth = f"expected benefit {money(made.expected_benefit, made.currency)}"
    bound = f"95% sure of more than {money(made.benefit_lower, made.currency)}"
    order = f"{order_line(made.order)}, value {money(made.value, made.currency)}"
    head = f"**Proposed for {made.case_id}:** {order}; {worth} ({bound})."
    reasons = " ".join(plain(one.reason) for one in made.reasons)
    return f"{head}\n\n{_gate(made)} {reasons}".rstrip()


def _flip(found: OptionsCompared) -> str:
    return f"**What would change the choice:** {plain(found.flip)}." if found.flip else ""


def _gate(made: Proposed) -> str:
    match made.outcome:
        case "pending":
            return "The gate has not answered yet; the answer will come to the case."
        case "automatic":
            return "The gate lets it pass; the executor writes it and the case says when it is confirmed."
        case "approval":
            return f"It waits for {asked(made.approver_roles)}. You asked for it, so it cannot be you."
        case "denied":
            return "The gate denies it."
        case "observed":
            return "The gate only observes here: it is recorded and not carried out."


def _option(one: OptionLine, found: OptionsCompared) -> str:
    quantity = f" {units(one.quantity, found.unit)}" if one.quantity else ""
    source = f" from {plain(one.source)}" if one.source else ""
    arrives = f", there on {day(one.arrives_on)}" if one.arrives_on else ""
    numbers = (one.expected_benefit, one.benefit_lower, one.tail_loss)
    told = " | ".join(money(amount, found.currency) for amount in numbers)
    better = "–" if one.option == "hold" else percent(one.probability_better)
    return f"{NAMES[one.option]}{quantity}{source}{arrives} | {told} | {better} |"
