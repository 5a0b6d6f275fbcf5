"""A case as a person is shown it, read from what was kept: the evidence that its proposal stands on, the gate's words.

No figure is computed here: options, drivers and causes are those of the tools' kept answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import DictRow

from actions.model import Proposal
from actions.port import Order
from actions.proposals import load
from app.console import words
from app.console.answerable import NOTHING_WAITS, Answerable, answerable
from app.console.words import Tone
from app.console.worklist import Shown
from app.outcomes import CaseOutcome, outcomes_of
from db import actions, cases, console, evidence
from db.cases import CaseFile
from db.session import tenant_clock
from domain.context import Context
from domain.errors import NotFound
from policies.gate import Gate
from tools.case_figures import CaseFigures, OptionsThen, RiskThen, figures
from tools.options import OptionLine

NAMES = {"hold": "Do nothing", "transfer": "Transfer from", "buy": "Buy from", "expedite": "Hasten"}


class OptionRow(Shown):
    """One option, in money against doing nothing."""

    name: str
    quantity: str
    arrives: str
    benefit: str
    at_least: str
    worst_tenth: str
    chance: str
    cost: str
    place: str


class Bar(Shown):
    """One part of a sum; `share` of the largest part, negative where it eases."""

    name: str
    amount: str
    share: float


class Proposed(Shown):
    """What is asked for, and what the gate said."""

    order: str
    benefit: str
    at_least: str
    worst_tenth: str
    chance: str
    gate: str
    reasons: str
    on_behalf_of: str
    expires: str


class CaseCard(Shown):
    """Everything on the card; `card` is the id that its buttons send."""

    card: str
    case: str
    subject: str
    matter: str
    money: str
    due: str
    severity: str
    state: str
    tone: Tone
    note: str
    proposed: Proposed | None
    options: tuple[OptionRow, ...]
    flip: str
    causes: tuple[Bar, ...]
    causes_total: str
    drivers: tuple[Bar, ...]
    drivers_total: str
    basis: str
    answer: Answerable


@dataclass(frozen=True)
class CaseRead:
    """The card with what is kept beside it: never sent to a browser."""

    card: CaseCard
    file: CaseFile
    proposal: Proposal | None
    told: tuple[str, ...]


def read_case(connection: Connection[DictRow], gate: Gate, context: Context, case_id: str) -> CaseRead:
    """The case as it stands now for this person; raises `NotFound`."""
    file = cases.find(connection, case_id)
    if file is None:
        raise NotFound(f"There is no case {case_id[:40]!r}.", remedy="Open one from the list.")
    outcome = outcomes_of(connection, [file.case_id])[0]
    proposal = load(connection, UUID(outcome.proposal)) if outcome.proposal else None
    found = _figures(connection, file, proposal)
    subject, matter = words.headline(file.summary)
    state, tone = words.state(outcome.state)
    causes, causes_total = _causes(found.risk)
    drivers, drivers_total = _drivers(found.options)
    card = CaseCard(
        card=str(uuid4()),
        case=file.case_id,
        subject=subject,
        matter=matter,
        money=words.money(file.money_at_risk, file.currency),
        due=words.due(file.at_risk_on, tenant_clock(connection).date()),
        severity=file.severity,
        state=f"{state} · {outcome.document}" if outcome.document else state,
        tone=tone,
        note=_note(outcome),
        proposed=_proposed(connection, proposal, outcome),
        options=_options(found.options, proposal),
        flip=found.options.flip if found.options else "",
        causes=causes,
        causes_total=causes_total,
        drivers=drivers,
        drivers_total=drivers_total,
        basis=_basis(found),
        answer=answerable(connection, gate, context, proposal) if proposal else NOTHING_WAITS,
    )
    told = console.moments(connection, proposal.proposal_id) if proposal else []
    return CaseRead(card, file, proposal, tuple(one.key for one in told))


def _figures(connection: Connection[DictRow], file: CaseFile, proposal: Proposal | None) -> CaseFigures:
    """As the case's newest evidence has them; the options are those that the proposal stands on."""
    kept = list(reversed(evidence.of_case(connection, file.case_id)))
    return figures(kept, file.sku, file.site, proposal.evidence_id if proposal else None)


def _proposed(connection: Connection[DictRow], proposal: Proposal | None, outcome: CaseOutcome) -> Proposed | None:
    if proposal is None:
        return None
    decision = actions.first_decision(connection, proposal.proposal_id)
    behalf = proposal.on_behalf_of
    return Proposed(
        order=words.order(proposal.order, words.money(proposal.value, proposal.currency)),
        benefit=words.money(proposal.expected_benefit, proposal.currency),
        at_least=words.money(proposal.benefit_lower, proposal.currency),
        worst_tenth=words.money(proposal.tail_loss, proposal.currency),
        chance=f"{proposal.probability_better:.0%}",
        gate=_gate_said(outcome),
        reasons=words.reasons(decision.reasons) if decision else "",
        on_behalf_of=f"for {behalf}" if behalf else "",
        expires=f"{words.day(proposal.expires_at.date())}, {words.clock(proposal.expires_at)}",
    )


def _gate_said(outcome: CaseOutcome) -> str:
    if outcome.outcome == "approval":
        return f"Needs approval by {words.roles(outcome.approvers)}"
    return {
        "automatic": "Inside the limits: carried out by itself",
        "denied": "Denied by policy",
        "observed": "Observed: recorded as what would have been",
    }.get(outcome.outcome, "The gate has not answered yet")


def _options(compared: OptionsThen | None, proposal: Proposal | None) -> tuple[OptionRow, ...]:
    if compared is None:
        return ()
    return tuple(_option(one, place, compared, proposal) for place, one in enumerate(compared.options))


def _option(line: OptionLine, place: int, compared: OptionsThen, proposal: Proposal | None) -> OptionRow:
    chosen = proposal is not None and _same(line.order, proposal.order)
    return OptionRow(
        name=f"{NAMES[line.option]} {line.source}".strip(),
        quantity=words.quantity(line.quantity, compared.unit) if line.quantity else "",
        arrives=words.day(line.arrives_on) if line.arrives_on else "",
        benefit=words.money(line.expected_benefit, compared.currency),
        at_least=words.money(line.benefit_lower, compared.currency),
        worst_tenth=words.money(line.tail_loss, compared.currency),
        chance=f"{line.probability_better:.0%}",
        cost=words.money(line.cost, compared.currency),
        place="proposed" if chosen else {0: "best", 1: "runner-up"}.get(place, ""),
    )


def _same(one: Order | None, other: Order) -> bool:
    return one is not None and one == other


def _causes(risk: RiskThen | None) -> tuple[tuple[Bar, ...], str]:
    if risk is None:
        return (), ""
    parts = [(one.cause, one.units) for one in risk.causes]
    bars = _bars(parts, lambda amount: words.quantity(amount.quantize(Decimal(1)), risk.unit))
    return bars, words.quantity(risk.expected_units_short.quantize(Decimal(1)), risk.unit)


def _drivers(compared: OptionsThen | None) -> tuple[tuple[Bar, ...], str]:
    if compared is None:
        return (), ""
    best = compared.options[0]
    parts = [(one.name, one.amount) for one in best.drivers]
    return _bars(parts, lambda amount: words.money(amount, compared.currency)), words.money(
        best.expected_benefit, compared.currency
    )


def _bars(parts: Sequence[tuple[str, Decimal]], say: Callable[[Decimal], str]) -> tuple[Bar, ...]:
    shown = [(name, amount) for name, amount in parts if amount]
    largest = max((abs(amount) for _, amount in shown), default=Decimal(1))
    return tuple(Bar(name=name, amount=say(amount), share=float(amount / largest)) for name, amount in shown)


def _note(outcome: CaseOutcome) -> str:
    """Why there is no proposal, or what is wrong with the one there is."""
    if outcome.problem and outcome.state != "waiting":
        return outcome.problem
    return outcome.note if outcome.state == "none" else ""


def _basis(found: CaseFigures) -> str:
    if found.options is None:
        return ""
    at = f"Data of {words.day(found.options.as_of.date())}, {words.clock(found.options.as_of)}"
    model = f" · forecast {found.demand.model}" if found.demand else ""
    cover = f" · stock for {found.days_of_cover} days" if found.days_of_cover is not None else ""
    notes = [f"{note[:1].upper()}{note[1:].rstrip('.')}." for note in found.options.notes]
    return " ".join((f"{at}{model}{cover}.", *notes))
