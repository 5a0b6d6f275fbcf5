"""Conversation: a question becomes tool calls, evidence, an answer, at most a proposal. A model is optional."""
