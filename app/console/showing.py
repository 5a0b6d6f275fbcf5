"""Puts the worklist and cases into a thread, and remembers what was shown: buttons carry an id, the rest stays here."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

import chainlit as cl
import plotly.graph_objects as go
from chainlit.context import context
from psycopg import Connection
from psycopg.rows import DictRow

from agents.conversation.answers.words import plain
from app.console import chart, parts
from app.console.case_card import CaseCard, CaseRead, read_case
from app.console.person import Visitor, visitor
from app.console.worklist import Worklist, worklist
from cases.projection import HISTORY_DAYS, Arrival, Projection, project
from cases.snapshot import load
from db import console, demand
from db.console import Place
from db.session import tenant_clock
from domain.errors import QuartermasterError
from tools.forecast import SeriesForecast
from tools.forecast_explained import ForecastExplained

AUTHOR = "Quartermaster"
# Elements carry what they show; with an address they are not written to files besides.
NO_FILE = "data:,"


@dataclass(frozen=True)
class Picture:
    """A case with its picture, where there can be one."""

    read: CaseRead
    projection: Projection | None


async def show_worklist() -> None:
    """The greeting and the ranked list."""
    asking = visitor()
    found = await asyncio.to_thread(_worklist, asking)
    await cl.Message(
        content=f"## {found.greeting}\n{found.sentence}",
        author=AUTHOR,
        elements=[cl.CustomElement(name="Worklist", props=found.model_dump(mode="json"), url=NO_FILE)],
    ).send()


async def show_rows(case_ids: Sequence[str]) -> cl.CustomElement | None:
    """Rows of some cases, to be opened; None where none of them needs attention."""
    asking = visitor()
    found = await asyncio.to_thread(_worklist, asking)
    by_id = {row.case: row for row in found.rows}
    rows = tuple(by_id[one] for one in case_ids if one in by_id)
    if not rows:
        return None
    props = found.model_copy(update={"rows": rows, "questions": (), "greeting": "", "sentence": ""})
    return cl.CustomElement(name="Worklist", props=props.model_dump(mode="json"), url=NO_FILE)


async def show_case(case_id: str) -> None:
    """The case in this thread: headline, picture, card. Raises `NotFound`."""
    asking, thread_id = visitor(), UUID(context.session.thread_id)
    shown = await asyncio.to_thread(_open, asking, thread_id, case_id)
    card = shown.read.card
    elements = [plot(chart.figure(shown.projection), f"{card.case} outlook")] if shown.projection else []
    headline = f"### {plain(card.subject)}\n{plain(card.matter)}"
    await cl.Message(content=headline, author=AUTHOR, elements=elements).send()
    element = card_element(card)
    await cl.Message(content="", author=AUTHOR, elements=[element], id=element.for_id).send()
    # The list of threads is read again when this changes, and shows the thread under its case's name.
    named = {"interaction": f"{card.case} · {card.subject}", "thread_id": str(thread_id)}
    await context.emitter.emit("first_interaction", named)


def card_element(card: CaseCard) -> cl.CustomElement:
    """The card with its buttons; the message that holds it follows from its id, so that it can be updated later."""
    held_by = str(uuid5(NAMESPACE_URL, f"{card.card}:card"))
    return cl.CustomElement(
        id=card.card, name="CaseCard", props=card.model_dump(mode="json"), for_id=held_by, url=NO_FILE
    )


def plot(figure: go.Figure, name: str) -> cl.Plotly:
    """A chart that carries its own data: there is no file to keep, to serve, or to lose."""
    made = cl.Plotly(name=name, figure=figure, display="inline")
    made.url = "data:application/json;base64," + base64.b64encode(made.content.encode()).decode()
    return made


def _worklist(asking: Visitor) -> Worklist:
    with parts.here().operator.transaction(asking.who.tenant) as connection:
        return worklist(connection, asking.who)


def _open(asking: Visitor, thread_id: UUID, case_id: str) -> Picture:
    """Read the case and remember what its card shows, in one transaction."""
    here = parts.here()
    place = Place(asking.who.tenant, asking.who.person, thread_id)
    with here.operator.transaction(asking.who.tenant) as connection:
        read = read_case(connection, here.gate(), asking.context, case_id)
        console.begin_thread(connection, place)
        name = f"{read.card.case} · {read.card.subject}"
        console.change_thread(connection, place, name=name, case_id=read.card.case)
        console.insert_card(
            connection,
            place,
            UUID(read.card.card),
            case_id=read.card.case,
            proposal_id=read.proposal.proposal_id if read.proposal else None,
            fingerprint=read.proposal.fingerprint if read.proposal else "",
            told=read.told,
        )
    with here.agent.transaction(asking.who.tenant, snapshot=True) as connection:
        return Picture(read, _project(connection, read))


def _project(connection: Connection[DictRow], read: CaseRead) -> Projection | None:
    """The picture of the place that the proposal helps, else of the case's own."""
    order = read.proposal.order if read.proposal else None
    sku = read.file.sku
    site = read.file.site if order is None else getattr(order, "destination", None) or getattr(order, "site", None)
    if sku is None or site is None:
        return None
    today = tenant_clock(connection).date()
    situation = load(lambda: connection, today, skus=[sku], sites=[site]).get(sku, site)
    since = today - timedelta(days=HISTORY_DAYS)
    sold = demand.demand(connection, skus=[sku], sites=[site], since=since, before=today)
    arrives_on = None if order is None else getattr(order, "arrive_on", None) or getattr(order, "deliver_on", None)
    arrival = Arrival(float(order.quantity), arrives_on) if order and arrives_on else None
    return None if situation is None else project(situation, sold[0] if sold else None, arrival)


def explained(asking: Visitor, one: SeriesForecast) -> ForecastExplained | None:
    """What stands behind a forecast that was asked for, so that it can be seen; None for a sum of several."""
    if one.series > 1:
        return None
    result = parts.here().tools.call(asking.context, "explain_forecast", {"sku": one.sku, "site": one.site})
    return result.output if isinstance(result.output, ForecastExplained) else None


async def say(error: QuartermasterError) -> None:
    """What happened and what to do next, in the thread."""
    remedy = f" {error.remedy}" if error.remedy else ""
    await cl.Message(content=f"{error}{remedy}", author=AUTHOR).send()
