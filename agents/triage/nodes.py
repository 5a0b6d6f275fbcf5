"""The steps of a triage. Each is a short function: call one tool, note its evidence, say what follows from it.

A node decides which tool comes next and nothing else: quantities, money and the choice between options come from tools.
"""

from __future__ import annotations

from typing import Any

from langgraph.runtime import Runtime

from agents.toolbox import Toolbox
from agents.triage.state import TriageState
from cases.rank import SHORTAGES, SURPLUSES
from tools.contract import ToolResult
from tools.options import OptionLine, OptionsCompared

Step = dict[str, Any]
ORDERS = {"transfer": "propose_transfer", "buy": "propose_purchase"}


def read_case(state: TriageState, runtime: Runtime[Toolbox]) -> Step:
    """What the case is about."""
    result = runtime.context.call("get_case", {"case_id": state["case_id"]})
    if result.output is None:
        return _gave_up(result, "The case could not be read")
    case = result.output
    sku, site = case.sku or "", case.site or ""
    return _noted(result, kind=case.kind, sku=sku, site=site, target_sku=sku, target_site=site)


def read_stock(state: TriageState, runtime: Runtime[Toolbox]) -> Step:
    """What is there, in which state, and what is coming."""
    return _noted(runtime.context.call("get_inventory_position", _place(state)))


def forecast(state: TriageState, runtime: Runtime[Toolbox]) -> Step:
    """What will sell, with its interval."""
    return _noted(runtime.context.call("forecast_demand", {"skus": [state["sku"]], "sites": [state["site"]]}))


def assess_risk(state: TriageState, runtime: Runtime[Toolbox]) -> Step:
    """How likely it goes wrong, what that costs, and why."""
    return _noted(runtime.context.call("assess_stock_risk", _place(state)))


def find_moves(state: TriageState, runtime: Runtime[Toolbox]) -> Step:
    """For a surplus: where the stock would do the most good. The rest of the run looks at that place."""
    result = runtime.context.call("optimise_transfers", {"skus": [state["sku"]]})
    if result.output is None:
        return _gave_up(result, "No move could be worked out")
    moves = [move for move in result.output.moves if move.source == state["site"]]
    if not moves:
        return {
            **_noted(result),
            "findings": ["No move away from here is worth more than leaving the stock."],
            "outcome": "none",
        }
    best = max(moves, key=lambda move: move.quantity)
    return _noted(result, target_site=best.destination)


def compare(state: TriageState, runtime: Runtime[Toolbox]) -> Step:
    """Hold, transfer, buy or expedite, in money, on the same scenarios."""
    place = {"sku": state["target_sku"], "site": state["target_site"]}
    result = runtime.context.call("compare_options", place)
    if result.output is None:
        return _gave_up(result, "The options could not be compared")
    line = _first_order(result.output, only_from=state["site"] if state["kind"] in SURPLUSES else "")
    chosen = {"option": line.option, "source": line.source} if line else {}
    return _noted(result, comparison_id=str(result.evidence_id), **chosen)


def propose(state: TriageState, runtime: Runtime[Toolbox]) -> Step:
    """Hand the best option to the gate. This is the farthest the agent can go."""
    arguments = {"evidence_id": state["comparison_id"], "source": state["source"]}
    result = runtime.context.call(ORDERS[state["option"]], arguments)
    if result.output is None:
        return _gave_up(result, "The proposal was not taken")
    made = result.output
    return _noted(result, outcome="proposed", proposal_id=str(made.proposal_id))


def conclude(state: TriageState, runtime: Runtime[Toolbox]) -> Step:
    """One sentence for the case."""
    del runtime
    if state["outcome"] == "proposed":
        return {"summary": f"Proposed: {state['option']} for {state['target_sku']} at {state['target_site']}."}
    reasons = " ".join(state["findings"]) or "Nothing that we can carry out is worth more than doing nothing."
    return {"outcome": state["outcome"] or "none", "summary": f"No proposal. {reasons}"}


def after_case(state: TriageState) -> str:
    """Shortage, surplus, or a person's matter."""
    if state["outcome"] or not state["sku"] or not state["site"]:
        return "conclude"
    return "read_stock" if state["kind"] in SHORTAGES | SURPLUSES else "assess_risk"


def after_risk(state: TriageState) -> str:
    """A surplus first needs a place where the stock is wanted."""
    if state["kind"] in SURPLUSES:
        return "find_moves"
    return "compare" if state["kind"] in SHORTAGES else "conclude"


def after_moves(state: TriageState) -> str:
    """Compare only where a move was found."""
    return "conclude" if state["outcome"] else "compare"


def after_comparison(state: TriageState) -> str:
    """Propose what can be carried out and beats doing nothing."""
    return "propose" if not state["outcome"] and state["option"] in ORDERS else "conclude"


def _first_order(compared: OptionsCompared, *, only_from: str) -> OptionLine | None:
    """The best option that an order of ours carries out and that beats doing nothing.

    A surplus is only helped by a transfer away from its own site.
    """
    worth = [line for line in compared.options if line.order is not None and line.expected_benefit > 0]
    if only_from:
        worth = [line for line in worth if line.option == "transfer" and line.source == only_from]
    return worth[0] if worth else None


def _place(state: TriageState) -> dict[str, str]:
    return {"sku": state["sku"], "site": state["site"]}


def _noted(result: ToolResult[Any], **known: object) -> Step:
    found = [] if result.output is not None else [result.error]
    return {"evidence": [str(result.evidence_id)], "findings": found, **known}


def _gave_up(result: ToolResult[Any], what: str) -> Step:
    # What is missing is a finding; what broke is to be tried again.
    outcome = "failed" if result.status == "error" else "none"
    return {"evidence": [str(result.evidence_id)], "findings": [f"{what}: {result.error}"], "outcome": outcome}
