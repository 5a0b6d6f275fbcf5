"""What a turn leaves in focus, told from the tools that it called: the same after a model's turn as after our own."""

from __future__ import annotations

from agents.conversation.state import CallRecord, Comparison, ConversationState, Focus

NARROW = frozenset({
    "get_inventory_position", "assess_stock_risk", "recommend_replenishment", "get_open_orders", "explain_forecast",
})  # fmt: skip


def focus_after(state: ConversationState) -> Focus:
    """The thread's focus after this turn."""
    focus: Focus = {**state["focus"]}
    for call in state["results"]:
        if call["status"] == "success":
            focus = _after_call(focus, call)
    if state["reading"] and not state["asked_back"]:
        focus["question"] = state["reading"]
    return {**focus, "pending": state["pending"], "offered": state["offered"]}


def _after_call(focus: Focus, call: CallRecord) -> Focus:
    name, arguments, output = call["name"], call["arguments"], call["output"]
    given = output if isinstance(output, dict) else {}
    if name == "list_exceptions":
        found = given.get("cases")
        listed = [str(one["case_id"]) for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        return {**focus, "listed": listed, "case_id": listed[0] if len(listed) == 1 else ""}
    if name == "get_case":
        place: Focus = {**focus, "case_id": str(given["case_id"]), "sku": str(given["sku"] or "")}
        return {**place, "site": str(given["site"] or "")}
    if name == "compare_options":
        case_id = call["case_id"] or str(arguments.get("case_id") or "")
        shown = Comparison(evidence_id=call["evidence_id"], case_id=case_id)
        return {**focus, "comparison": shown, "sku": str(given["sku"]), "site": str(given["site"])}
    if name == "forecast_demand":
        return _narrowed(focus, _only(arguments.get("skus")), _only(arguments.get("sites")))
    if name in NARROW:
        return _narrowed(focus, str(arguments.get("sku") or ""), str(arguments.get("site") or ""))
    return focus


def _narrowed(focus: Focus, sku: str, site: str) -> Focus:
    """Another item is another subject: the case and the options that were spoken of are not meant by "it" any more."""
    if sku and sku != focus["sku"]:
        return {**focus, "sku": sku, "site": site, "case_id": "", "comparison": None}
    return {**focus, "site": site or focus["site"]}


def _only(codes: object) -> str:
    return str(codes[0]) if isinstance(codes, list) and len(codes) == 1 else ""
