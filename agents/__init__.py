"""The agent: graph, state, nodes, models behind one interface. It reads, analyses and proposes through typed tools."""
