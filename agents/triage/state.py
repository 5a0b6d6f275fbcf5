"""What a triage run knows, as plain JSON, so that an older checkpoint never depends on our classes."""

from __future__ import annotations

from operator import add
from typing import Annotated, Literal, TypedDict

Outcome = Literal["proposed", "none"]


class TriageState(TypedDict, total=False):
    """The graph's state; every key is written by one node, `evidence` and `findings` are appended to.

    `case_id` is the input. `target_sku`/`target_site` is where help is needed, which for a surplus is another site.
    """

    case_id: str
    kind: str
    sku: str
    site: str
    target_sku: str
    target_site: str
    evidence: Annotated[list[str], add]
    findings: Annotated[list[str], add]
    best: str
    comparison_id: str
    proposal_id: str
    decision: str
    outcome: Outcome
    summary: str
