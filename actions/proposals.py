"""Making a proposal: an order, its numbers from evidence, its value from master data, frozen under a hash and a key.

Runs under the agent's database role. It decides nothing; the executor is asked for a decision in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import ValidationError

from actions.errors import EvidenceUnfit
from actions.jobs import defer_decide
from actions.model import Benefit, Proposal
from actions.port import Order
from actions.value import FOUR, value_of
from audit.append import append
from audit.events import Action
from db import actions as rows
from db import evidence as kept_evidence
from db.evidence import KeptEvidence
from domain.context import Context
from domain.errors import NotFound

VALID_FOR = timedelta(hours=24)


def make_proposal(
    connection: Connection[DictRow],
    context: Context,
    *,
    case_id: str,
    evidence_id: UUID,
    option: str,
    order: Order,
    on_behalf_of: str | None = None,
    valid_for: timedelta = VALID_FOR,
) -> Proposal:
    """Keeps a proposal and asks for its decision; both exist once the caller's transaction commits.

    `option` is the JSON pointer (RFC 6901) to the object in the evidence's result that holds the four fields of
    `Benefit`; where that object, or its `order`, names sku, sites, supplier or quantity, they must be this order's.

    Raises:
        NotFound: no such evidence or item.
        EvidenceUnfit: the evidence is of another case, is no success, or does not speak of this order.
        BadInput: the order's unit is not the item's.
    """
    evidence = _evidence(connection, evidence_id, case_id)
    benefit = _benefit(evidence, option, order)
    proposal = _freeze(connection, context, evidence, case_id, order, benefit, on_behalf_of, valid_for)
    rows.insert_proposal(connection, proposal.row())
    append(
        connection,
        context,
        Action.PROPOSAL_MADE,
        subject=f"proposal:{proposal.proposal_id}",
        data={"case": case_id, "proposal": proposal.model_dump()},
    )
    defer_decide(connection, context.tenant, proposal.proposal_id)
    return proposal


def _evidence(connection: Connection[DictRow], evidence_id: UUID, case_id: str) -> KeptEvidence:
    evidence = kept_evidence.find(connection, evidence_id)
    if evidence is None:
        raise NotFound(f"There is no evidence {evidence_id}.", remedy="Run the comparison first.")
    if evidence.case_id != case_id or evidence.status != "success":
        raise EvidenceUnfit(
            f"Evidence {evidence_id} is a {evidence.status} of case {evidence.case_id or 'none'}, not of {case_id}.",
            remedy="Run the comparison for this case.",
        )
    return evidence


def _benefit(evidence: KeptEvidence, option: str, order: Order) -> Benefit:
    found = _at(evidence.result, option)
    try:
        benefit = Benefit.model_validate({key: _number(value) for key, value in found.items()})
    except ValidationError as error:
        raise EvidenceUnfit(
            f"Evidence {evidence.evidence_id} has no benefit at {option!r}: {error.error_count()} numbers are missing.",
            remedy="Point to an option of a comparison.",
        ) from error
    stated = found.get("order")
    _same_order(order, {**found, **stated} if isinstance(stated, dict) else found)
    return benefit


def _at(result: Mapping[str, object], pointer: str) -> Mapping[str, object]:
    value: object = result
    for part in pointer.split("/")[1:]:
        value = _step(value, part.replace("~1", "/").replace("~0", "~"))
    if not isinstance(value, dict):
        raise EvidenceUnfit(f"The evidence has no option at {pointer!r}.", remedy="Point to an option of a comparison.")
    return {str(key): item for key, item in value.items()}


def _step(value: object, part: str) -> object:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
        return value[int(part)]
    return None


def _same_order(order: Order, stated: Mapping[str, object]) -> None:
    """The numbers were worked out for this order and no other."""
    for name in ("sku", "source", "destination", "site", "supplier", "quantity"):
        ours, theirs = getattr(order, name, None), stated.get(name)
        if ours is not None and theirs is not None and not _same(ours, theirs):
            raise EvidenceUnfit(
                f"The evidence is about {name} {theirs}, the order about {ours}.",
                remedy="Compare the options for this very order.",
            )


def _same(ours: object, theirs: object) -> bool:
    """Quantities as numbers, names letter by letter: item 1E3 is not item 1000."""
    return _number(theirs) == ours if isinstance(ours, Decimal) else theirs == ours


def _number(value: object) -> object:
    """Numbers as `Decimal` however they were written, everything else as it is."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return value
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return value


def _freeze(
    connection: Connection[DictRow],
    context: Context,
    evidence: KeptEvidence,
    case_id: str,
    order: Order,
    benefit: Benefit,
    on_behalf_of: str | None,
    valid_for: timedelta,
) -> Proposal:
    proposal_id = uuid4()
    valuation = value_of(connection, order)
    proposal = Proposal(
        proposal_id=proposal_id,
        case_id=case_id,
        order=order,
        evidence_id=evidence.evidence_id,
        value=valuation.value.amount,
        currency=valuation.value.currency,
        reversible=valuation.reversible,
        expected_benefit=benefit.expected_benefit.quantize(FOUR),
        benefit_lower=benefit.benefit_lower.quantize(FOUR, ROUND_FLOOR),
        tail_loss=benefit.tail_loss.quantize(FOUR, ROUND_FLOOR),
        probability_better=benefit.probability_better.quantize(FOUR),
        data_as_of=evidence.as_of,
        idempotency_key=f"{context.tenant}:{proposal_id}:1",
        proposed_by=context.actor.id,
        on_behalf_of=on_behalf_of,
        expires_at=rows.now(connection) + valid_for,
        fingerprint="",
    )
    return proposal.model_copy(update={"fingerprint": proposal.content_fingerprint()})


def load(connection: Connection[DictRow], proposal_id: UUID) -> Proposal:
    """The proposal as it was kept; raises `NotFound`."""
    row = rows.proposal(connection, proposal_id)
    if row is None:
        raise NotFound(
            f"There is no proposal {proposal_id}.", remedy="`quartermaster approvals` lists those that wait."
        )
    return Proposal.of(row)
