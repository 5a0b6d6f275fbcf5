"""The triage graph. It ends at the proposal: nothing waits inside it, and no node can write anywhere else."""

from __future__ import annotations

from functools import cache

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agents.toolbox import Toolbox
from agents.triage import nodes
from agents.triage.state import TriageState

TriageGraph = CompiledStateGraph[TriageState, Toolbox, TriageState, TriageState]


@cache
def triage_graph() -> TriageGraph:
    """The compiled graph; one serves all threads, each run brings its own toolbox."""
    graph = StateGraph(TriageState, context_schema=Toolbox)
    for node in (
        nodes.read_case,
        nodes.read_stock,
        nodes.forecast,
        nodes.assess_risk,
        nodes.find_moves,
        nodes.compare,
        nodes.propose,
        nodes.conclude,
    ):
        graph.add_node(node)
    graph.add_edge(START, "read_case")
    graph.add_conditional_edges("read_case", nodes.after_case, ["read_stock", "assess_risk", "conclude"])
    graph.add_edge("read_stock", "forecast")
    graph.add_edge("forecast", "assess_risk")
    graph.add_conditional_edges("assess_risk", nodes.after_risk, ["find_moves", "compare", "conclude"])
    graph.add_conditional_edges("find_moves", nodes.after_moves, ["compare", "conclude"])
    graph.add_conditional_edges("compare", nodes.after_comparison, ["propose", "conclude"])
    graph.add_edge("propose", "conclude")
    graph.add_edge("conclude", END)
    return graph.compile(name="triage")
