"""Adapters: events and files come in, orders go out. Nothing here decides; nothing here imports the agent."""
