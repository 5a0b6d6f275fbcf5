"""How the console says money, dates, states and orders. Words only; the numbers come from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from actions.port import Order, TransferOrder
from agents.conversation.answers.words import plain
from db.console import MomentRow

Tone = Literal["good", "wait", "bad", "calm"]

NARROW = "\u00a0"  # keeps a number and what it counts on one line
SIGNS = {"EUR": "€", "USD": "$", "GBP": "£"}
STATES: dict[str, tuple[str, Tone]] = {
    "confirmed": ("confirmed in the ERP", "good"),
    "waiting": ("waits for approval", "wait"),
    "approved": ("approved, not sent yet", "wait"),
    "sent": ("sent, not confirmed yet", "wait"),
    "pending": ("the gate has not answered yet", "wait"),
    "unknown": ("sent, outcome unknown", "bad"),
    "denied": ("denied by policy", "bad"),
    "rejected": ("rejected", "bad"),
    "expired": ("expired without an answer", "bad"),
    "conflict": ("conflict: the stock was no longer there", "bad"),
    "failed": ("failed in the ERP", "bad"),
    "observed": ("observed only", "calm"),
    "open": ("being worked on", "calm"),
    "none": ("no proposal", "calm"),
}


def money(amount: Decimal, currency: str) -> str:
    """`1,860 €`; cents only below ten, where they matter."""
    sign = SIGNS.get(currency, currency)
    said = f"{amount:,.0f}" if abs(amount) >= 10 or not amount else f"{amount:,.2f}"
    return f"{said}{NARROW}{sign}".replace("-", "−")


def quantity(amount: Decimal, unit: str) -> str:
    """A number with its unit, `708 EA`."""
    said = f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount.normalize():,f}"
    return f"{said}{NARROW}{unit}".replace("-", "−")


def day(when: date) -> str:
    """`Wed 26 Nov`."""
    return f"{when:%a} {when.day} {when:%b}"


def due(when: date | None, today: date) -> str:
    """By when, with how long that is."""
    if when is None:
        return ""
    left = (when - today).days
    away = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days" if left > 0 else f"{-left} days ago")
    return f"{day(when)} · {away}"


def clock(at: datetime) -> str:
    """`06:47 UTC`."""
    return f"{at:%H:%M} UTC"


def state(name: str) -> tuple[str, Tone]:
    """What a state is called, and its tone."""
    return STATES.get(name, (name, "calm"))


def roles(names: Sequence[str]) -> str:
    """`procurement manager and supervisor`."""
    return " and ".join(name.replace("_", " ") for name in names)


def order(asked: Order, worth: str = "") -> str:
    """`Move 258 EA Hamburg → Berlin (1,320 €)`; sites and suppliers by their codes."""
    amount, value = quantity(asked.quantity, asked.unit), f" ({worth})" if worth else ""
    if isinstance(asked, TransferOrder):
        return f"Move {amount} {asked.source} → {asked.destination}{value}"
    return f"Buy {amount} from {asked.supplier} for {asked.site}{value}"


def headline(summary: str) -> tuple[str, str]:
    """A case's summary as its subject and what is the matter."""
    subject, found, rest = summary.partition(": ")
    return (subject, rest[:1].upper() + rest[1:]) if found else (summary, "")


def reasons(rows: Sequence[Any]) -> str:
    """The gate's words."""
    return " ".join(str(row.get("reason", "")) for row in rows if isinstance(row, dict))


def came(moment: MomentRow) -> str:
    """One moment in a sentence; each word means what the database means by it."""
    at = clock(moment.at)
    because = f": {plain(moment.reason)}" if moment.reason else ""
    match moment.what:
        case "approved":
            return f"*Approved* by {plain(moment.who)} as {roles([moment.role])}, {at}."
        case "rejected":
            return f"*Rejected* by {plain(moment.who)} as {roles([moment.role])}, {at}{because}"
        case "sent":
            return f"*Sent* to the ERP, {at}."
        case "confirmed":
            return f"*Confirmed*: **{plain(moment.document)}** in the ERP, read back {at}."
        case "unknown":
            return f"*Outcome unknown*, {at}: the ERP did not answer. It is asked again; nothing is sent twice."
        case _:
            text, _ = state(moment.what)
            return f"*{text[:1].upper()}{text[1:]}*, {at}{because}"
