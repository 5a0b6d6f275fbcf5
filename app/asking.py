"""The wiring of a conversation for the surfaces: one call makes it, over the agent's database role."""

from __future__ import annotations

from agents.conversation.port import Conversation
from agents.model_settings import ModelSettings, load_model_settings
from app.wiring import program_version
from db.session import Database
from tools.catalogue import registry
from tools.executor import ToolExecutor
from tools.registry import Registry


def conversation(database: Database, settings: ModelSettings | None = None) -> Conversation:
    """The conversation over the agent's database; one serves all threads and may be kept as long as the process.

    The model comes from the settings (`QUARTERMASTER_MODEL_URL` and its like); without one the embedded planner
    answers. Raises `agents.model_settings.ModelSettingsInvalid`.
    """
    from agents.conversation.run import GraphConversation

    settings = settings or load_model_settings()
    tools = registry()
    model = _model(settings, tools) if settings.url else None
    return GraphConversation(database, ToolExecutor(database, tools), version=program_version(), model=model)


def _model(settings: ModelSettings, tools: Registry):
    from agents.budget import Budget
    from agents.conversation.model.planner import ModelPlanner
    from agents.openai_endpoint import OpenAIEndpoint
    from prompts import load

    budget = Budget(steps=16, seconds=settings.seconds, tokens=settings.turn_tokens)
    return ModelPlanner(OpenAIEndpoint(settings), load("conversation"), tools, budget)
