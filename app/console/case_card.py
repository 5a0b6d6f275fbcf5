"""A case as a person is shown it, read from what was kept: the evidence that its proposal stands on, the gate's words.

No figure is computed here: options, drivers and causes are those of the tools' kept answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, ValidationError

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
from db.evidence import KeptEvidence
from db.session import tenant_clock
from domain.context import Context
from domain.errors import NotFound
from policies.gate import Gate
from tools.options import OptionLine, OptionsCompared
from tools.stock_risk import StockRisk, StockRisks

Output = TypeVar("Output", bound=BaseModel)
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
    kept = evidence.of_case(connection, file.case_id)
    compared, stands_on = _comparison(kept, proposal)
    risk = _risk(kept, file)
    subject, matter = words.headline(file.summary)
    state, tone = words.state(outcome.state)
    causes, causes_total = _causes(risk)
    drivers, drivers_total = _drivers(compared)
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
        options=_options(compared, proposal),
        flip=compared.flip if compared else "",
        causes=causes,
        causes_total=causes_total,
        drivers=drivers,
        drivers_total=drivers_total,
        basis=_basis(stands_on, compared),
        answer=answerable(connection, gate, context, proposal) if proposal else NOTHING_WAITS,
    )
    told = console.moments(connection, proposal.proposal_id) if proposal else []
    return CaseRead(card, file, proposal, tuple(one.key for one in told))


def _comparison(
    kept: Sequence[KeptEvidence], proposal: Proposal | None
) -> tuple[OptionsCompared | None, KeptEvidence | None]:
    """What the proposal stands on; without one the newest comparison."""
    for one in reversed(kept):
        if one.evidence_id == proposal.evidence_id if proposal else one.tool == "compare_options":
            return _output(one, OptionsCompared), one
    return None, None


def _risk(kept: Sequence[KeptEvidence], file: CaseFile) -> StockRisk | None:
    for one in reversed(kept):
        found = _output(one, StockRisks) if one.tool == "assess_stock_risk" else None
        if found is not None:
            return next((risk for risk in found.risks if risk.site == file.site), None)
    return None


def _output(kept: KeptEvidence, kind: type[Output]) -> Output | None:
    """The kept answer; None for what was no success, or was given by a version that said it otherwise."""
    try:
        return kind.model_validate(kept.result["output"]) if kept.status == "success" else None
    except ValidationError:
        return None


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


def _options(compared: OptionsCompared | None, proposal: Proposal | None) -> tuple[OptionRow, ...]:
    if compared is None:
        return ()
    return tuple(_option(one, place, compared, proposal) for place, one in enumerate(compared.options))


def _option(line: OptionLine, place: int, compared: OptionsCompared, proposal: Proposal | None) -> OptionRow:
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


def _causes(risk: StockRisk | None) -> tuple[tuple[Bar, ...], str]:
    if risk is None:
        return (), ""
    parts = [(one.cause, one.units) for one in risk.causes]
    bars = _bars(parts, lambda amount: words.quantity(amount.quantize(Decimal(1)), risk.unit))
    return bars, words.quantity(risk.expected_units_short.quantize(Decimal(1)), risk.unit)


def _drivers(compared: OptionsCompared | None) -> tuple[tuple[Bar, ...], str]:
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


def _basis(kept: KeptEvidence | None, compared: OptionsCompared | None) -> str:
    if kept is None or compared is None:
        return ""
    at = f"Data of {words.day(kept.as_of.date())}, {words.clock(kept.as_of)}"
    return f"{at} · forecast {compared.forecast} · {compared.scenarios:,} scenarios over {compared.horizon_days} days"
