"""What a question means in its thread: "and in Milan?", "why?", "the second one", "propose it"."""

from __future__ import annotations

from dataclasses import replace

from agents.conversation.embedded.intents import Intent
from agents.conversation.embedded.naming import choose, chosen_reading, waiting_for_choice
from agents.conversation.embedded.reading import Reading, read
from agents.conversation.state import Focus

ABOUT_CASES = frozenset({Intent.CASE, Intent.WHY, Intent.OPTIONS, Intent.PROPOSE})
ABOUT_FORECASTS = frozenset({Intent.FORECAST, Intent.FORECAST_WHY})
ABOUT_ITEMS = ABOUT_FORECASTS | {Intent.STOCK, Intent.RISK, Intent.BUY, Intent.OPTIONS, Intent.WHY}
FOLLOWED = ABOUT_FORECASTS | {
    Intent.AT_RISK, Intent.STOCK, Intent.ORDERS, Intent.RISK, Intent.BUY, Intent.MOVE, Intent.OPTIONS,
}  # fmt: skip


def understood(question: str, focus: Focus, case_id: str) -> Reading:
    """The reading of a question in its thread; `case_id` is the case that the thread is about, or ''."""
    if waiting_for_choice(focus):
        choice = choose(question, focus["offered"])
        if choice is not None:
            pending = Reading.from_json(focus["pending"])
            return chosen_reading(pending, pending.topic, choice)
    reading = read(question)
    before = Reading.from_json(focus["question"]) if focus["question"] else None
    reading = _with_intent(reading, before, focus)
    reading = _with_case(reading, focus, case_id)
    return _with_place(reading, before, focus)


def _with_intent(reading: Reading, before: Reading | None, focus: Focus) -> Reading:
    """A question without a kind of its own repeats the last one; "why?" after a forecast asks why that forecast."""
    asks_why = reading.intent is Intent.WHY and not reading.case_id and not reading.names
    if asks_why and before is not None and before.intent in ABOUT_FORECASTS:
        return replace(reading, intent=Intent.FORECAST_WHY, follows=True)
    if reading.intent is not None:
        return reading
    if reading.case_id or (reading.ordinal and focus["listed"] and not reading.names):
        return replace(reading, intent=Intent.CASE)
    if not (reading.names or (reading.follows and reading.days)):
        return reading
    if before is not None and before.intent in FOLLOWED:
        return replace(reading, intent=before.intent, follows=True, days=reading.days or before.days, kind=before.kind)
    return replace(reading, intent=Intent.STOCK, guessed=True)


def _with_case(reading: Reading, focus: Focus, case_id: str) -> Reading:
    if reading.intent not in ABOUT_CASES or reading.case_id or reading.names:
        return reading
    counts_options = reading.intent is Intent.PROPOSE and focus["comparison"] is not None
    listed = focus["listed"]
    if reading.ordinal and listed and not counts_options:
        place = reading.ordinal - 1 if reading.ordinal > 0 else len(listed) - 1
        return replace(reading, case_id=listed[place]) if place < len(listed) else reading
    shown = focus["comparison"]
    if reading.intent is Intent.PROPOSE and shown is not None:
        return replace(reading, case_id=shown["case_id"])
    # Somebody who went on to an item asks about that; in a case's own thread "this" is the case.
    about = focus["case_id"] or ("" if focus["sku"] else case_id)
    return replace(reading, case_id=about or (listed[0] if len(listed) == 1 else ""))


def _with_place(reading: Reading, before: Reading | None, focus: Focus) -> Reading:
    """The item and site that were spoken of last, where this question names none."""
    if reading.intent not in ABOUT_ITEMS | {Intent.ORDERS, Intent.MOVE} or reading.case_id:
        return reading
    leans = reading.follows or reading.refers
    says_item = any(name.role in ("", "of") for name in reading.names)
    says_site = any(name.role in ("at", "to", "from") for name in reading.names)
    if reading.intent in (Intent.ORDERS, Intent.MOVE) and not leans:
        return reading
    alone = not reading.names
    wants_item = not says_item and (alone or leans or reading.intent is not Intent.STOCK)
    sku = focus["sku"] if wants_item else ""
    site = focus["site"] if not says_site and (alone or (leans and before is not None)) else ""
    return replace(reading, sku=sku, site=site)
