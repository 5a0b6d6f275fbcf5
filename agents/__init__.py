"""The agent: graph, state, nodes and the models behind one interface. It reads, analyses and proposes through typed tools."""
