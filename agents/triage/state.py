"""What a triage run knows, as plain JSON, so that an older checkpoint never depends on our classes."""

from __future__ import annotations

from operator import add
from typing import Annotated, Literal, TypedDict

Outcome = Literal["", "proposed", "none", "failed"]


class TriageState(TypedDict):
    """The graph's state: '' is what is not known (yet), `evidence` and `findings` are appended to.

    `target_sku` and `target_site` say where help is needed, which for a surplus is another site.
    """

    case_id: str
    kind: str
    sku: str
    site: str
    target_sku: str
    target_site: str
    evidence: Annotated[list[str], add]
    findings: Annotated[list[str], add]
    option: str
    source: str
    comparison_id: str
    proposal_id: str
    outcome: Outcome
    summary: str


def started(case_id: str) -> TriageState:
    """The state in which a run begins."""
    return TriageState(
        case_id=case_id,
        kind="",
        sku="",
        site="",
        target_sku="",
        target_site="",
        evidence=[],
        findings=[],
        option="",
        source="",
        comparison_id="",
        proposal_id="",
        outcome="",
        summary="",
    )
