"""Orders and moves in words: what is coming, what to buy, what to move, and one order in a clause."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from agents.conversation.answers.demand import overridden
from agents.conversation.answers.words import day, money, most, plain, units
from tools.open_orders import OpenOrders, OrderLine
from tools.replenishment_output import ReplenishmentPlan, SiteReplenishment, SupplierOrder
from tools.transfers import MoveLine, TransfersPlanned

SHOWN = 10


def order_line(order: BaseModel) -> str:
    """Buy 708 EA of QM-0158 from S-06 for HAM-DC, delivery 29 Nov."""
    fields: Mapping[str, Any] = dict(order)
    what = f"{units(fields['quantity'], fields['unit'])} of {plain(fields['sku'])}"
    if fields["kind"] == "transfer":
        road = f"{plain(fields['source'])} → {plain(fields['destination'])}"
        return f"move {what} {road}, arriving {day(fields['arrive_on'])}"
    where = f"from {plain(fields['supplier'])} for {plain(fields['site'])}"
    return f"buy {what} {where}, delivery {day(fields['deliver_on'])}"


def open_orders(found: OpenOrders, *, late_only: bool) -> str:
    """Lines by the day they are expected; with `late_only` those that are overdue or promised later than agreed."""
    lines = [line for line in found.lines if not late_only or line.overdue_days or line.slipped_days]
    if not lines:
        return f"None of the {len(found.lines)} open lines that I looked at is late."
    lines.sort(
        key=lambda line: (
            (-line.overdue_days, -line.slipped_days, line.expected_on) if late_only else (0, 0, line.expected_on)
        )
    )
    shown, more = most(lines, SHOWN)
    what = "late" if late_only else "open"
    head = f"**{len(lines)} {what} line{'s' if len(lines) != 1 else ''}, {found.overdue} overdue.**"
    rest = f"\n\n{found.left_out:,} further lines were not looked at; name an item or a site." if found.left_out else ""
    return "\n".join([head, "", *(f"- {_line(line)}" for line in shown)]) + more + rest


def replenishment(plan: ReplenishmentPlan) -> str:
    """One paragraph a site: buy what from whom, or why nothing."""
    shown, more = most(plan.sites, SHOWN)
    parts = [f"{_site(site)} {overridden(site.forecast)}".rstrip() for site in shown]
    parts += [
        f"- **{plain(one.site)}**: nothing can be recommended, {plain(one.reason)}." for one in plan.unplanned[:SHOWN]
    ]
    return (
        "\n".join(parts) + more + "\n\n*Benefit and cost of waiting are means over scenarios of demand and lead time.*"
    )


def moves(plan: TransfersPlanned, *, source: str = "") -> str:
    """The plan's moves by worth, its benefit, and the bound that no plan exceeds."""
    lines = [move for move in plan.moves if not source or move.source == source]
    if not lines:
        return "No move in this scope is worth more than leaving the stock where it is."
    shown, more = most(lines, SHOWN)
    benefit, bound = money(plan.expected_benefit, plan.currency), money(plan.upper_bound, plan.currency)
    head = (
        f"**{len(lines)} move{'s' if len(lines) != 1 else ''} worth making**, by what the plan would lose without each:"
    )
    tail = f"\n\nThe whole plan: expected benefit {benefit}; no plan exceeds {bound} on its {plan.scenarios} scenarios."
    limits = f" What limits it: {', '.join(plain(one) for one in plan.binding[:3])}." if plan.binding else ""
    return "\n".join([head, "", *(f"- {_move(move, plan.currency)}" for move in shown)]) + more + tail + limits


def _line(line: OrderLine) -> str:
    late = f", **{line.overdue_days} days overdue**" if line.overdue_days else ""
    slipped = f", slipped {line.slipped_days} days" if line.slipped_days else ""
    tier = f" ({line.tier})" if line.tier else ""
    other = {"purchase": "from", "transfer": "from", "customer": "for"}[line.kind]
    what = f"{units(line.quantity, line.unit)} of {plain(line.sku)} at {plain(line.site)}"
    whose = f"{line.kind} {plain(line.order_no)}: {what} {other} {plain(line.counterpart)}{tier}"
    return f"{whose}, expected {day(line.expected_on)}{late}{slipped}"


def _site(site: SiteReplenishment) -> str:
    have = f"inventory position {units(site.inventory_position, site.unit)}"
    level = f"{site.service_level * 100:g}% service{' (assumed)' if site.service_level_is_assumed else ''}"
    head = f"- **{plain(site.sku)} at {plain(site.site)}**: {have}, {level}."
    wanted = [order for order in site.orders if order.quantity > 0]
    if not wanted:
        best = site.orders[0] if site.orders else None
        point = f"; the reorder point is {units(best.reorder_point, site.unit)}" if best else ""
        return f"{head} Nothing to buy now{point}."
    told = f"{head} {_supplier(wanted[0], site.unit)}."
    return told + (f" Runner-up: {_supplier(wanted[1], site.unit)}." if len(wanted) > 1 else "")


def _supplier(order: SupplierOrder, unit: str) -> str:
    return (
        f"buy {units(order.quantity, unit)} from {plain(order.name)} ({plain(order.supplier)}) for "
        f"{money(order.value, order.currency)}, arriving {day(order.arrives_on)}; expected benefit "
        f"{money(order.expected_benefit, order.currency)}, waiting for the next review costs "
        f"{money(order.cost_of_waiting, order.currency)}"
    )


def _move(move: MoveLine, currency: str) -> str:
    road = f"{plain(move.source)} → {plain(move.destination)}"
    what = f"{units(move.quantity, move.unit)} of {plain(move.sku)}"
    return f"{what} {road}, there on {day(move.arrives_on)}: {money(move.worth, currency)}"
