"""Stock as recorded, in words."""

from __future__ import annotations

from agents.conversation.answers.words import day, most, plain, units
from tools.inventory_position import Position, Positions

SHOWN = 8


def positions(found: Positions) -> str:
    """One line an item and site; states that hold nothing are left out."""
    shown, _ = most(found.positions, SHOWN)
    left = len(found.positions) - len(shown) + found.left_out
    lines = [_position(one) for one in shown]
    rest = f"\n\n… and {left:,} more; name an item." if left else ""
    uncounted = (
        f"\n\nNever counted: {', '.join(plain(one) for one in found.never_counted[:SHOWN])}."
        if found.never_counted
        else ""
    )
    return "\n".join(f"- {line}" for line in lines) + rest + uncounted


def _position(one: Position) -> str:
    what = f"**{plain(one.name)} ({plain(one.sku)}) at {plain(one.site)}**: {units(one.on_hand, one.unit)} on hand"
    states = {
        "available": one.available,
        "reserved": one.reserved,
        "quarantined": one.quarantined,
        "damaged": one.damaged,
        "expired": one.expired,
        "on order": one.on_order,
        "in transit": one.in_transit,
        "ordered by customers": one.ordered_by_customers,
    }
    told = ", ".join(f"{units(quantity)} {name}" for name, quantity in states.items() if quantity)
    promise = f"{units(one.available_to_promise)} available to promise"
    expiry = f"; next expiry {day(one.next_expiry)}" if one.next_expiry else ""
    return f"{what} ({told}); {promise}{expiry}." if told else f"{what}; {promise}{expiry}."
