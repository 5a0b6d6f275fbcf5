"""Where in a network stock should sit: guaranteed service on any acyclic network, stochastic service on serial ones."""
