"""The start of the day: what needs this person, what waits for others, what was done, what was left alone and why.

Counted and ranked from the database; who may answer in the end is the gate's to say when they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from psycopg import Connection
from psycopg.rows import DictRow
from pydantic import BaseModel, ConfigDict, TypeAdapter

from actions.port import Order
from app.console import words
from app.console.words import Tone
from app.outcomes import CaseOutcome, outcomes_of
from app.signin.model import SignedIn
from db import console, network
from db.console import AskedRow
from db.session import tenant_clock
from tools.permission import PROPOSING_ROLES

Group = Literal["yours", "others", "done", "left"]
MOST = 200
ORDER: TypeAdapter[Order] = TypeAdapter(Order)
# A person who may propose is needed where what was proposed came to nothing.
CAME_TO_NOTHING = frozenset({"denied", "rejected", "expired", "conflict", "failed", "unknown"})
UNDER_WAY = frozenset({"waiting", "approved", "sent", "pending", "open"})


class Shown(BaseModel):
    """What a browser is given: immutable and strict."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class WorkRow(Shown):
    """One case in a line or two."""

    case: str
    subject: str
    matter: str
    money: str
    due: str
    urgent: bool
    proposes: str
    state: str
    tone: Tone
    group: Group


class Worklist(Shown):
    """The greeting and the rows of each group, most urgent first."""

    greeting: str
    sentence: str
    rows: tuple[WorkRow, ...]
    counts: dict[Group, int]
    questions: tuple[str, ...]


def worklist(connection: Connection[DictRow], who: SignedIn) -> Worklist:
    """As it stands now for this person."""
    now, wanted = tenant_clock(connection), console.needing_attention(connection, MOST)
    asked = console.asked(connection)
    outcomes = outcomes_of(connection, wanted)
    rows = tuple(_row(one, asked, who, now) for one in outcomes)
    counts: dict[Group, int] = {
        group: sum(row.group == group for row in rows) for group in ("yours", "others", "done", "left")
    }
    hello = f"{_hello(connection, now)}, {who.name}."
    return Worklist(
        greeting=hello, sentence=sentence(counts), rows=rows, counts=counts, questions=_questions(who, rows, outcomes)
    )


def sentence(counts: Mapping[Group, int]) -> str:
    """Say the counts: `3 things need you, 11 wait for others, 1 was done, 7 I left alone`."""
    yours, others, done, left = (counts[group] for group in ("yours", "others", "done", "left"))
    if not any(counts.values()):
        return "Nothing needs attention: no exception is open."
    parts = [
        "Nothing needs you" if yours == 0 else f"{yours} thing{' needs' if yours == 1 else 's need'} you",
        f"{others} wait{'s' if others == 1 else ''} for others" if others else "",
        f"{done} {'was' if done == 1 else 'were'} done" if done else "",
        f"{left} I left alone" if left else "",
    ]
    return ", ".join(part for part in parts if part) + "."


def _row(one: CaseOutcome, asked: Mapping[str, AskedRow], who: SignedIn, now: datetime) -> WorkRow:
    subject, matter = words.headline(one.summary)
    group = _group(one, asked.get(one.proposal or ""), who)
    state, tone = _state(one, group)
    worth = words.money(one.value, one.currency) if one.value is not None else ""
    days_left = None if one.at_risk_on is None else (one.at_risk_on - now.date()).days
    return WorkRow(
        case=one.id,
        subject=subject,
        matter=matter,
        money=words.money(one.money_at_risk, one.currency),
        due=words.due(one.at_risk_on, now.date()),
        urgent=days_left is not None and days_left <= 2,
        proposes=words.order(ORDER.validate_python(one.payload), worth) if one.payload else "",
        state=state,
        tone=tone,
        group=group,
    )


def _group(one: CaseOutcome, waits: AskedRow | None, who: SignedIn) -> Group:
    if waits is not None:
        mine = set(waits.roles) & who.roles and waits.on_behalf_of != who.person
        return "yours" if mine else "others"
    if one.state == "confirmed":
        return "done"
    if one.state in CAME_TO_NOTHING:
        return "yours" if who.roles & PROPOSING_ROLES else "left"
    return "others" if one.state in UNDER_WAY else "left"


def _state(one: CaseOutcome, group: Group) -> tuple[str, Tone]:
    if one.state == "waiting":
        return ("needs your answer" if group == "yours" else f"asks {words.roles(one.approvers)}"), "wait"
    if one.state == "confirmed" and one.document:
        return f"confirmed · {one.document}", "good"
    return words.state(one.state)


def _hello(connection: Connection[DictRow], now: datetime) -> str:
    """By the clock of the network's first site; simulated data have a clock of their own."""
    sites = network.sites(connection)
    hour = now.astimezone(ZoneInfo(sites[0].timezone) if sites else None).hour
    return "Good morning" if hour < 12 else "Good afternoon" if hour < 18 else "Good evening"


def _questions(who: SignedIn, rows: Sequence[WorkRow], outcomes: Sequence[CaseOutcome]) -> tuple[str, ...]:
    """What this person may want to ask first, about things that are there."""
    place = next((one for one in outcomes if one.sku and one.site), None)
    asked = ["What is at risk?", "What waits for me?"]
    if place is not None:
        asked.append(f"Forecast of {place.sku} at {place.site}")
    if who.roles & {"supervisor", "procurement_manager"}:
        asked.append("What was done by itself?")
    if who.roles & {"planner", "procurement_manager"} and rows:
        first = min(rows, key=lambda row: ("yours", "others", "left", "done").index(row.group))
        asked.append(f"What should I do about {first.case}?")
    asked.append("What does the SOP say about late deliveries?")
    return tuple(asked)
