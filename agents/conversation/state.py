"""What a thread remembers and what a turn has found, as plain JSON, so that no checkpoint depends on our classes."""

from __future__ import annotations

from typing import Literal, TypedDict

from db.evidence import Status
from domain.canonical import Json

KEPT_TURNS = 12  # further back nothing is remembered but the focus
KEPT_RESULTS = 4  # turns whose tool results a model still sees, and numbers may still come from


class CallRecord(TypedDict):
    """One tool call of this turn and what came of it; `case_id` is the case it was made for, or ''."""

    id: str
    name: str
    arguments: dict[str, Json]
    case_id: str
    status: Status
    evidence_id: str
    as_of: str
    output: Json
    error: str


class Planned(TypedDict):
    """A call that is to be made next."""

    id: str
    name: str
    arguments: dict[str, Json]
    case_id: str


class TurnRecord(TypedDict):
    """A turn that is over; older ones have lost their `results`."""

    question: str
    answer: str
    results: list[CallRecord]


class Choice(TypedDict):
    """A candidate that the person was offered."""

    kind: str
    code: str
    name: str


class Comparison(TypedDict):
    """The options that were shown last: their evidence and the case they were compared for, or ''."""

    evidence_id: str
    case_id: str


class Focus(TypedDict):
    """What "it", "there", "the first one" and "why?" mean; '' and [] where nothing was said.

    `listed` are the cases of the last list in its order, `question` the reading of the last question, `pending` the
    one that waits for an answer, with what was offered for its slot.
    """

    sku: str
    site: str
    case_id: str
    listed: list[str]
    comparison: Comparison | None
    question: dict[str, Json]
    pending: dict[str, Json]
    offered: list[Choice]


class TurnInput(TypedDict):
    """What a turn starts with; everything of the turn before is replaced."""

    question: str
    planner: Literal["embedded", "model"]
    reading: dict[str, Json]
    calls: list[Planned]
    results: list[CallRecord]
    answer: str
    asked_back: bool
    refused: bool
    citations: list[str]
    pending: dict[str, Json]
    offered: list[Choice]
    model_failure: str


class ConversationState(TurnInput):
    """The graph's state. Up to `focus` it lasts as long as the thread, the rest belongs to the turn.

    `pending` and `offered` are what a question back leaves in focus, `model_failure` why the embedded planner took
    over, or ''.
    """

    history: list[TurnRecord]
    focus: Focus


def no_focus() -> Focus:
    """A new thread's focus."""
    return Focus(sku="", site="", case_id="", listed=[], comparison=None, question={}, pending={}, offered=[])


def turn_input(question: str, planner: Literal["embedded", "model"]) -> TurnInput:
    """The state of a turn at its beginning."""
    return TurnInput(
        question=question,
        planner=planner,
        reading={},
        calls=[],
        results=[],
        answer="",
        asked_back=False,
        refused=False,
        citations=[],
        pending={},
        offered=[],
        model_failure="",
    )


def remembered(history: list[TurnRecord], turn: TurnRecord) -> list[TurnRecord]:
    """The history with this turn at its end, bounded in turns and in results."""
    turns = [*history, turn][-KEPT_TURNS:]
    old = len(turns) - KEPT_RESULTS
    return [{**one, "results": []} if number < old else one for number, one in enumerate(turns)]
