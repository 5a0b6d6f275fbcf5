"""Why: what was recommended, what data informed it, who or what executed it; with the runner-up and what would flip it.

Everything is read from what was kept at the time. Rows of the network are as they are now, with their batch beside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import model_validator

from actions.port import Order, TransferOrder
from actions.proposals import load
from cases.timeline import Moment, timeline
from db import cases, evidence, lineage
from db.cases import CaseFile
from db.evidence import KeptEvidence
from db.lineage import SourceRow
from domain.errors import NotFound
from tools.contract import Answer, Call, Code, Tool, ToolInput, ToolOutput
from tools.options import OptionLine, OptionsCompared


class WhyQuestion(ToolInput):
    """A case (its newest proposal is explained) or a proposal."""

    case_id: Code | None = None
    proposal_id: UUID | None = None

    @model_validator(mode="after")
    def _names_one(self) -> WhyQuestion:
        if (self.case_id is None) == (self.proposal_id is None):
            raise ValueError("name either a case or a proposal")
        return self


class Recommended(ToolOutput):
    """What was recommended in `currency`, the runner-up, and the smallest change that would flip the two.

    `order` is None where only a comparison was made, or holding was best; `options` are all that were compared.
    """

    proposal_id: UUID | None
    order: Order | None
    value: Decimal | None
    currency: str
    expected_benefit: Decimal | None
    benefit_lower: Decimal | None
    tail_loss: Decimal | None
    options: tuple[OptionLine, ...]
    runner_up: OptionLine | None
    flip: str


class DataRow(ToolOutput):
    """A row that is used: its table, key, file, hash of the file, and row number in it."""

    table: str
    key: str
    batch: UUID
    as_of: datetime
    provenance: str
    file: str
    sha256: str
    row: int | None


class DataUsed(ToolOutput):
    """The evidence, the data batch and hash it stood on, the versions that made it, and the rows of the network."""

    evidence_id: UUID | None
    evidence_fingerprint: str
    as_of: datetime | None
    versions: Mapping[str, str]
    rows: tuple[DataRow, ...]


class ExecutedBy(ToolOutput):
    """Who decided, approved and wrote, in words and in order; `state` is where it stands, `document` the target's."""

    state: str
    document: str
    steps: tuple[str, ...]


class Explanation(ToolOutput):
    """The three answers."""

    case_id: str
    summary: str
    recommended: Recommended
    data: DataUsed
    executed: ExecutedBy


def run(call: Call, asked: WhyQuestion) -> Answer[Explanation]:
    """Explains the proposal or, where none was made, the newest comparison."""
    case = _case(call, asked)
    moments = timeline(call.connection(), case.case_id)
    proposal_id = asked.proposal_id or _newest_proposal(moments)
    kept = _comparison(call, case.case_id, moments, proposal_id)
    compared = None if kept is None else OptionsCompared.model_validate(kept.result["output"])
    recommended = _recommended(call, case, compared, proposal_id)
    explanation = Explanation(
        case_id=case.case_id,
        summary=case.summary,
        recommended=recommended,
        data=_data(call, case, kept, recommended.order),
        executed=_executed(moments, proposal_id),
    )
    return Answer(explanation, model=compared.forecast if compared else "")


def _case(call: Call, asked: WhyQuestion) -> CaseFile:
    case_id = asked.case_id
    if asked.proposal_id is not None:
        case_id = cases.case_of_proposal(call.connection(), asked.proposal_id)
    case = None if case_id is None else cases.find(call.connection(), case_id)
    if case is None:
        named = asked.proposal_id or asked.case_id
        raise NotFound(f"There is no {named}.", remedy="List cases with list_exceptions.")
    return case


def _newest_proposal(moments: Sequence[Moment]) -> UUID | None:
    made = [moment for moment in moments if moment.what == "proposal"]
    return UUID(made[-1].id) if made else None


def _comparison(call: Call, case_id: str, moments: Sequence[Moment], proposal_id: UUID | None) -> KeptEvidence | None:
    """The comparison that the proposal stands on; without a proposal the newest of the case."""
    if proposal_id is not None:
        named = next(one.fields["evidence_id"] for one in moments if one.id == str(proposal_id))
        return evidence.find(call.connection(), UUID(str(named)))
    kept = [one for one in evidence.of_case(call.connection(), case_id) if one.tool == "compare_options"]
    return next((one for one in reversed(kept) if one.status == "success"), None)


def _recommended(call: Call, case: CaseFile, compared: OptionsCompared | None, proposal_id: UUID | None) -> Recommended:
    proposal = None if proposal_id is None else load(call.connection(), proposal_id)
    options = compared.options if compared else ()
    best = options[0] if options else None
    order = proposal.order if proposal else (best.order if best else None)
    others = [one for one in options if one.order is None or one.order != order]
    numbers = proposal or best
    return Recommended(
        proposal_id=proposal_id,
        order=order,
        value=proposal.value if proposal else None,
        currency=compared.currency if compared else case.currency,
        expected_benefit=numbers.expected_benefit if numbers else None,
        benefit_lower=numbers.benefit_lower if numbers else None,
        tail_loss=numbers.tail_loss if numbers else None,
        options=options,
        runner_up=others[0] if order and others else (options[1] if len(options) > 1 else None),
        flip=compared.flip if compared else "",
    )


def _data(call: Call, case: CaseFile, kept: KeptEvidence | None, order: Order | None) -> DataUsed:
    sites = {case.site} if case.site else set[str]()
    if isinstance(order, TransferOrder):
        sites |= {order.source, order.destination}
    sku = case.sku or (order.sku if order else None)
    rows = [] if sku is None else lineage.source_rows(call.connection(), sku, sorted(sites))
    return DataUsed(
        evidence_id=kept.evidence_id if kept else None,
        evidence_fingerprint=kept.fingerprint if kept else "",
        as_of=kept.as_of if kept else None,
        versions={key: str(value) for key, value in kept.versions.items()} if kept else {},
        rows=tuple(_row(row) for row in rows),
    )


def _row(row: SourceRow) -> DataRow:
    fields: dict[str, Any] = {key: value for key, value in vars(row).items() if key != "batch_id"}
    return DataRow(**fields, batch=row.batch_id)


def _executed(moments: Sequence[Moment], proposal_id: UUID | None) -> ExecutedBy:
    """Steps of this proposal: its making, decisions, approvals and write."""
    mine = [one for one in moments if str(proposal_id) in (one.id, str(one.fields.get("proposal_id")))]
    made = next((one for one in mine if one.what == "proposal"), None)
    written = next((one.fields.get("document") for one in reversed(mine) if one.what == "write"), None)
    number = str(written.get("number", "")) if isinstance(written, dict) else ""
    return ExecutedBy(
        state=str(made.fields["state"]) if made else "nothing proposed",
        document=number,
        steps=tuple(f"{one.at:%Y-%m-%d %H:%M:%S} {one.actor}: {one.text}" for one in mine),
    )


TOOL = Tool(
    name="explain_decision",
    description="Why something was recommended or done: what was recommended, its runner-up and what would flip it, "
    "on which data (batch, file, hash, row, model version), and who decided, approved and executed it.",
    permission="read",
    takes=WhyQuestion,
    gives=Explanation,
    run=run,
    examples=({"case_id": "C-00042"}, {"proposal_id": "0b1f4f0e-9b0c-4d5e-8a53-3a7f0f3f9d11"}),
)
