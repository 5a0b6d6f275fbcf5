"""The embedded planner: questions are read by patterns, answered by tools, and put into words by code. No model."""
