"""The conversation's graph, one for both planners. It ends at a proposal: nothing waits in it or can write from it."""

from __future__ import annotations

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from agents.conversation import nodes
from agents.conversation.state import ConversationState
from agents.conversation.turn import Turn

ConversationGraph = CompiledStateGraph[ConversationState, Turn, ConversationState, ConversationState]


def conversation_graph(saver: BaseCheckpointSaver[str] | None = None) -> ConversationGraph:
    """The compiled graph over a saver of one turn's own (a saver does one thing at a time)."""
    graph = StateGraph(ConversationState, context_schema=Turn)
    for node in (nodes.hear, nodes.plan, nodes.call_tools, nodes.answer):
        graph.add_node(node)
    graph.add_edge(START, "hear")
    graph.add_conditional_edges("hear", nodes.after_hearing, ["plan", "answer"])
    graph.add_conditional_edges("plan", nodes.after_plan, ["call_tools", "answer", "plan"])
    graph.add_conditional_edges("call_tools", nodes.after_calls, ["plan", "answer"])
    graph.add_edge("answer", END)
    return graph.compile(checkpointer=saver, name="conversation")
