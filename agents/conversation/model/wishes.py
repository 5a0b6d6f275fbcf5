"""What the person asked for, told from their own words: a model may look at any time, and propose only then.

Nothing that a model reads is a wish, whoever wrote it into a document, a name or an earlier answer.
"""

from __future__ import annotations

from agents.conversation.embedded.intents import Intent
from agents.conversation.embedded.reading import read
from agents.conversation.state import ConversationState
from tools.contract import Permission

LOOKING: tuple[Permission, ...] = ("read", "analyse")
PROPOSING: tuple[Permission, ...] = (*LOOKING, "propose")


def permitted(state: ConversationState) -> tuple[Permission, ...]:
    """What a model may call in this turn: proposing is asked for now, or was before the last answer asked back."""
    asked_back = [turn["question"] for turn in state["history"][-1:] if turn["answer"].rstrip().endswith("?")]
    wishes = [read(text).intent for text in (*asked_back, state["question"])]
    return PROPOSING if Intent.PROPOSE in wishes else LOOKING
