"""Proposals: made on the evidence of a comparison, looked at, and answered by people. The gate decides, not this."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from app import approving
from app.api.calling import output_of
from app.api.cases import CaseId
from app.api.identity import Approver, Proposer, Reader
from app.api.paging import LONGEST, cursor_of, where_of
from app.approving import Verdict, Waiting
from app.signin.model import SignedIn
from db import proposals
from db.actions import Kind
from db.proposals import ProposalView, State
from domain.errors import Forbidden, NotFound
from domain.text import CONTROLS
from tools.contract import Code
from tools.proposals import PURCHASE, TRANSFER, Proposed, ProposePurchase, ProposeTransfer

router = APIRouter(prefix="/v1", tags=["proposals"])

Fingerprint = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=rf"^[^{CONTROLS}]+$"),
]
SEEN = "The proposal's fingerprint as you saw it; when it is another by now, the answer does not count."


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Approve(_Frozen):
    """Yes to what was seen, in `role` or in the first role that is asked for and held."""

    fingerprint: Fingerprint = Field(description=SEEN)
    role: Code | None = None


class Reject(Approve):
    """No for good, with the reason; it is kept."""

    reason: Words


class ProposalPage(_Frozen):
    """Proposals, newest first; `next` leads on, None at the end."""

    proposals: tuple[ProposalView, ...]
    next: str | None


class Worklist(_Frozen):
    """What waits for one of your roles, most money at risk first."""

    approvals: tuple[Waiting, ...]


class LastProposal(_Frozen):
    """Where a page of proposals ended."""

    created_at: AwareDatetime
    proposal_id: UUID


@router.get("/proposals", summary="Proposals, newest first")
def list_proposals(
    asked: Reader,
    state: State | None = None,
    kind: Kind | None = None,
    case_id: Annotated[Code | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    cursor: Annotated[str | None, Query(max_length=LONGEST)] = None,
) -> ProposalPage:
    """What was proposed, what the gate said, who answered, and what was written and read back."""
    last = None if cursor is None else where_of(LastProposal, cursor)
    before: tuple[datetime, UUID] | None = None if last is None else (last.created_at, last.proposal_id)
    with asked.parts.agent.transaction(asked.context.tenant) as connection:
        found = proposals.newest(connection, state=state, kind=kind, case_id=case_id, before=before, limit=limit + 1)
    page = tuple(found[:limit])
    onward = None
    if len(found) > limit:
        onward = cursor_of(LastProposal(created_at=page[-1].created_at, proposal_id=page[-1].proposal_id))
    return ProposalPage(proposals=page, next=onward)


@router.get("/proposals/{proposal_id}", summary="A proposal")
def show_proposal(proposal_id: UUID, asked: Reader) -> ProposalView:
    """As it was frozen, and where it stands."""
    with asked.parts.agent.transaction(asked.context.tenant) as connection:
        found = proposals.view(connection, proposal_id)
    if found is None:
        raise NotFound(f"There is no proposal {proposal_id}.", remedy="GET /v1/proposals lists proposals.")
    return found


@router.get("/approvals", summary="What waits for me")
def list_approvals(asked: Approver) -> Worklist:
    """Proposals that wait for a person's answer in one of your roles."""
    with asked.parts.operator.transaction(asked.context.tenant) as connection:
        return Worklist(approvals=tuple(approving.waiting_for(connection, _person(asked.caller).person)))


@router.post("/proposals/{proposal_id}/approve", summary="Approve")
def approve(proposal_id: UUID, answer: Approve, asked: Approver) -> Verdict:
    """Approves exactly what you saw. Nobody approves their own; roles and limits are checked by the gate."""
    _person(asked.caller)
    return approving.approve_seen(
        asked.parts.operator, asked.context, proposal_id, fingerprint=answer.fingerprint, role=answer.role
    )


@router.post("/proposals/{proposal_id}/reject", summary="Reject")
def reject(proposal_id: UUID, answer: Reject, asked: Approver) -> Verdict:
    """Rejects for good, with the reason."""
    _person(asked.caller)
    return approving.reject_seen(
        asked.parts.operator,
        asked.context,
        proposal_id,
        fingerprint=answer.fingerprint,
        role=answer.role,
        reason=answer.reason,
    )


@router.post("/cases/{case_id}/proposals/transfer", status_code=201, summary=TRANSFER.description.partition(".")[0])
def propose_transfer(
    case_id: CaseId,
    wanted: Annotated[ProposeTransfer, Body(examples=list(TRANSFER.examples))],
    asked: Proposer,
    response: Response,
) -> Proposed:
    """On the evidence of a comparison of this case; says what the gate answered, or pending."""
    return _proposed(asked, response, TRANSFER.name, case_id, wanted)


@router.post("/cases/{case_id}/proposals/purchase", status_code=201, summary=PURCHASE.description.partition(".")[0])
def propose_purchase(
    case_id: CaseId,
    wanted: Annotated[ProposePurchase, Body(examples=list(PURCHASE.examples))],
    asked: Proposer,
    response: Response,
) -> Proposed:
    """On the evidence of a comparison of this case; says what the gate answered, or pending."""
    return _proposed(asked, response, PURCHASE.name, case_id, wanted)


def _proposed(asked: Proposer, response: Response, name: str, case_id: str, wanted: BaseModel) -> Any:
    arguments = wanted.model_dump(mode="json", exclude_unset=True)
    made: Proposed = output_of(asked, name, arguments, case_id=case_id)
    response.headers["Location"] = f"/v1/proposals/{made.proposal_id}"
    return made


def _person(caller: object) -> SignedIn:
    """Bots never approve: a second check beside the scope, which no key can have."""
    if not isinstance(caller, SignedIn):
        raise Forbidden("Only a signed-in person answers a proposal.", remedy="Sign in at /sign-in.")
    return caller
