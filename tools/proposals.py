"""Please do this: a transfer or a purchase proposed on the evidence of a comparison, and what the gate says to it.

Nothing but a reference to evidence and a planner's quantity comes in; every number is looked up or computed anew.
The proposal is all this writes. Deciding and writing belong to another process under another role.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid4

from pydantic import Field, TypeAdapter

from actions.model import Proposal
from actions.port import Order
from actions.proposals import make_proposal
from cases.choices import Choices, edited
from cases.comparison import rank
from db import actions, case_life, evidence, worklist
from db.evidence import Evidence, KeptEvidence
from db.session import Database
from domain.context import Context
from domain.errors import BadInput, Conflict, Forbidden, NotFound
from domain.quantity import FINEST
from tools.contract import Answer, Call, Tool, ToolInput, ToolOutput
from tools.options import OptionLine, OptionsCompared, answer, exposed

ProposedKind = Literal["transfer", "purchase"]
OPTION_OF: Mapping[ProposedKind, str] = {"transfer": "transfer", "purchase": "buy"}


@dataclass(frozen=True)
class Waiting:
    """How old evidence may be, how long the answer waits for a decision, and how often it looks."""

    evidence_age: timedelta = timedelta(hours=4)
    seconds: float = 2.0
    every: float = 0.05


WAITING = Waiting()


class ProposeRequest(ToolInput):
    """Evidence of a `compare_options` for this case, and the planner's edits.

    `source` picks among several options of the kind (a sending site or a supplier); without it the best one is taken.
    `quantity` in the item's base unit replaces the computed one, and all money is computed anew.
    """

    evidence_id: UUID
    source: str | None = Field(default=None, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$")
    quantity: Decimal | None = Field(default=None, gt=0, le=Decimal(10**9), decimal_places=FINEST)


class ProposeTransfer(ProposeRequest):
    """A transfer."""


class ProposePurchase(ProposeRequest):
    """A purchase."""


class GateReason(ToolOutput):
    """A policy that determined the answer."""

    policy: str
    reason: str


class Proposed(ToolOutput):
    """The proposal, and the decision when it came in time.

    `outcome` is pending until the executor decides: then automatic, approval (by each of `approver_roles`), denied or
    observed, with the reasons. Money in `currency`; `benefit_lower` and `tail_loss` as the gate compares them.
    """

    proposal_id: UUID
    fingerprint: str
    case_id: str
    order: Order
    value: Decimal
    currency: str
    reversible: bool
    expected_benefit: Decimal
    benefit_lower: Decimal
    tail_loss: Decimal
    probability_better: Decimal
    evidence_id: UUID
    expires_at: datetime
    outcome: Literal["pending", "automatic", "approval", "denied", "observed"]
    approver_roles: tuple[str, ...] = ()
    reasons: tuple[GateReason, ...] = ()


def run_transfer(call: Call, asked: ProposeTransfer) -> Answer[Proposed]:
    """Proposes the transfer that the evidence computed."""
    return _run(call, asked, "transfer")


def run_purchase(call: Call, asked: ProposePurchase) -> Answer[Proposed]:
    """Proposes the purchase that the evidence computed."""
    return _run(call, asked, "purchase")


def _run(call: Call, asked: ProposeRequest, kind: ProposedKind) -> Answer[Proposed]:
    kept = _evidence(call, asked.evidence_id)
    compared = OptionsCompared.model_validate(kept.result["output"])
    index, option = _option(compared, kind, asked.source)
    assert option.order is not None  # _option looks
    evidence_id, order = kept.evidence_id, option.order
    if asked.quantity is not None and asked.quantity != option.quantity:
        evidence_id, index, order = _edited(call, compared, option.order, asked.quantity)
    actor = call.context.actor
    _may_ask(call, compared, order, is_asked=actor.asker.kind == "person")
    proposal = make_proposal(
        call.connection(),
        call.context,
        case_id=str(call.case_id),
        evidence_id=evidence_id,
        option=f"/output/options/{index}",
        order=order,
        on_behalf_of=actor.person,
    )
    return Answer(_proposed(proposal), model=compared.forecast)


def _may_ask(call: Call, compared: OptionsCompared, order: Order, *, is_asked: bool) -> None:
    """Raises `Conflict` for a closed case, and `Forbidden` where the agent would by itself repeat what was rejected."""
    if not case_life.hold_open(call.connection(), str(call.case_id)):
        raise Conflict(f"Case {call.case_id} is closed.", remedy="Report what happened as a new exception.")
    if is_asked:
        return
    payload, batch = order.model_dump(mode="json"), str(call.data.batch_id)
    said = worklist.rejected_before(call.connection(), payload, batch=batch, model=compared.forecast)
    if said is not None:
        raise Forbidden(
            f"{said.person} rejected this very order on the same data: {said.reason}",
            remedy="It is not asked again until the data change.",
        )


def _evidence(call: Call, evidence_id: UUID) -> KeptEvidence:
    """The comparison; raises when it is another's, another case's, no success, of older data or too old."""
    if call.case_id is None:
        raise BadInput("A proposal belongs to a case.", remedy="Call this for a case.")
    kept = evidence.find(call.connection(), evidence_id)
    if kept is None:
        raise NotFound(f"There is no evidence {evidence_id}.", remedy="Run compare_options for this case first.")
    again = "Run compare_options for this case again."
    if kept.tool != "compare_options" or kept.status != "success":
        raise BadInput(f"Evidence {evidence_id} is a {kept.status} of {kept.tool}, not a comparison.", remedy=again)
    if kept.case_id != call.case_id:
        raise BadInput(f"Evidence {evidence_id} belongs to {kept.case_id or 'no case'}.", remedy=again)
    if kept.versions.get("data_batch") != str(call.data.batch_id):
        raise Conflict("New data have come in since this comparison.", remedy=again)
    if datetime.now(UTC) - kept.created_at > WAITING.evidence_age:
        raise Conflict(f"This comparison is older than {WAITING.evidence_age}.", remedy=again)
    return kept


def _option(compared: OptionsCompared, kind: ProposedKind, source: str | None) -> tuple[int, OptionLine]:
    """The best option of the kind (from that source) with its place in the list."""
    name = OPTION_OF[kind]
    for index, option in enumerate(compared.options):
        if option.option == name and option.order is not None and source in (None, option.source):
            return index, option
    offered = [f"{option.option} from {option.source}" for option in compared.options if option.order is not None]
    what = f"{name} from {source}" if source else name
    raise BadInput(f"The comparison holds no {what}.", remedy=f"It offers: {', '.join(offered) or 'nothing to place'}.")


def _edited(call: Call, compared: OptionsCompared, order: Order, quantity: Decimal) -> tuple[UUID, int, Order]:
    """A comparison of the edited order on today's situation, kept as evidence of its own; no figure is scaled."""
    snapshot, exposure = exposed(call, compared.sku, compared.site)
    choice = edited(snapshot, exposure, order, quantity)
    age = (call.as_of - call.data.as_of).total_seconds() / 86_400.0
    result = answer(exposure, rank(exposure, Choices((choice,), ()), age))
    index = next(place for place, option in enumerate(result.output.options) if option.order is not None)
    new_order = result.output.options[index].order
    assert new_order is not None
    arguments = {"sku": compared.sku, "site": compared.site, "edited_quantity": str(quantity)}
    return _keep(call, result, arguments), index, new_order


def _keep(call: Call, result: Answer[OptionsCompared], arguments: Mapping[str, object]) -> UUID:
    body = {"output": result.output.model_dump(mode="json"), "error": "", "searched": {}}
    batch = call.data
    versions = {"data_batch": str(batch.batch_id), "data_hash": batch.content_hash, "model": result.model,
                "solver": result.solver, "policy": ""}  # fmt: skip
    actor = call.context.actor
    bound = evidence.content_fingerprint("compare_options", arguments, "success", body, call.described, versions)
    row = Evidence(
        evidence_id=uuid4(),
        case_id=call.case_id,
        tool="compare_options",
        arguments=arguments,
        status="success",
        result=body,
        as_of=call.described,
        versions=versions,
        fingerprint=bound,
        actor=f"{actor.kind}:{actor.id}",
        trace_id=call.context.trace_id,
        duration_ms=0.0,
    )
    evidence.insert_once(call.connection(), call.context.tenant, row)
    return row.evidence_id


def _proposed(proposal: Proposal) -> Proposed:
    return Proposed(
        proposal_id=proposal.proposal_id,
        fingerprint=proposal.fingerprint,
        case_id=proposal.case_id,
        order=proposal.order,
        value=proposal.value,
        currency=proposal.currency,
        reversible=proposal.reversible,
        expected_benefit=proposal.expected_benefit,
        benefit_lower=proposal.benefit_lower,
        tail_loss=proposal.tail_loss,
        probability_better=proposal.probability_better,
        evidence_id=proposal.evidence_id,
        expires_at=proposal.expires_at,
        outcome="pending",
    )


def follow(database: Database, context: Context, proposed: Proposed) -> Proposed:
    """Waits up to two seconds for the executor's first decision; pending when none has come."""
    until = time.monotonic() + WAITING.seconds
    while True:
        with database.transaction(context.tenant) as connection:
            decision = actions.first_decision(connection, proposed.proposal_id)
        if decision is not None:
            reasons = TypeAdapter(tuple[GateReason, ...]).validate_python(
                tuple(_reason(one) for one in decision.reasons)
            )
            roles = tuple(decision.approver_roles)
            return proposed.model_copy(
                update={"outcome": decision.outcome, "approver_roles": roles, "reasons": reasons}
            )
        if time.monotonic() + WAITING.every > until:
            return proposed
        time.sleep(WAITING.every)


def _reason(row: Mapping[str, object]) -> GateReason:
    return GateReason(policy=str(row.get("policy", "")), reason=str(row.get("reason", "")))


TRANSFER = Tool(
    name="propose_transfer",
    description="Asks for the transfer that a compare_options of this case computed, optionally in another quantity. "
    "Returns the gate's answer, or pending. Never says that anything was done.",
    permission="propose",
    takes=ProposeTransfer,
    gives=Proposed,
    run=run_transfer,
    examples=({"evidence_id": "0b1f4f0e-9b0c-4d5e-8a53-3a7f0f3f9d11"},),
    follow=follow,
)
PURCHASE = Tool(
    name="propose_purchase",
    description="Asks for the purchase that a compare_options of this case computed, optionally in another quantity or "
    "from another of its suppliers. Returns the gate's answer, or pending. Never says that anything was done.",
    permission="propose",
    takes=ProposePurchase,
    gives=Proposed,
    run=run_purchase,
    examples=({"evidence_id": "0b1f4f0e-9b0c-4d5e-8a53-3a7f0f3f9d11", "source": "S-07", "quantity": "48"},),
    follow=follow,
)
