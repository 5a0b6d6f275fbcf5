"""A joint purchase plan and segments of items in words. Numbers are the tools' own."""

from __future__ import annotations

from agents.conversation.answers.words import count, day, money, most, percent, plain, spoken, units
from tools.purchase_lines import PurchaseLine, PurchaseOrderTotal
from tools.purchases import PurchasesPlanned
from tools.segments import ItemsSegmented, SegmentedItem, SegmentGroup

ORDERS = 8
LINES = 3
ITEMS = 8


def plan(found: PurchasesPlanned) -> str:
    """What to order from whom, what it costs, how good it is, and what is not met."""
    if not found.lines:
        return f"Nothing in this scope is worth ordering now: {count(found.needs, 'need')} looked at.{_short(found)}"
    worth = f"they are worth {money(found.margin, found.currency)} more than everything they cost"
    head = (
        f"**{count(len(found.orders), 'order')} with {count(len(found.lines), 'line')} for "
        f"{money(found.spend, found.currency)}**; {worth}. {_proof(found)}"
    )
    shown, more = most(found.orders, ORDERS)
    orders = "\n".join(_order(order, found) for order in shown)
    return f"{head}\n\n{orders}{more}{_short(found)}{_limits(found)}{_changes(found)}"


def segments(found: ItemsSegmented) -> str:
    """The segments with their policies, and the items worth most."""
    head = f"**{found.total:,} items at sites in {count(len(found.segments), 'segment')}**, by {found.weeks} weeks:"
    groups = "\n".join(_group(group) for group in found.segments)
    shown, more = most(found.items, ITEMS)
    items = "\n".join(_item(item, found.currency) for item in shown)
    told = f"\n\nWorth most:\n\n{items}{more}" if items else ""
    return f"{head}\n\n{groups}{told}"


def _proof(found: PurchasesPlanned) -> str:
    if found.proof == "optimal":
        return "No plan is better (proven)."
    gap = "" if found.gap is None else f" by more than {percent(found.gap)}"
    return f"No plan is better{gap}; the search ended at its time."


def _order(order: PurchaseOrderTotal, found: PurchasesPlanned) -> str:
    key = (order.supplier, order.site, order.order_on)
    own = [line for line in found.lines if (line.supplier, line.site, line.order_on) == key]
    lines, more = most(sorted(own, key=lambda line: -line.cost), LINES)
    what = "; ".join(_line(line) for line in lines) + ("; …" if more else "")
    low = ", **below the minimum volume: fill it up**" if order.below_minimum_volume else ""
    name = f"{plain(own[0].supplier_name)} ({plain(order.supplier)})" if own else plain(order.supplier)
    goods = money(order.goods_cost, found.currency)
    return f"- **{name}** for {plain(order.site)}, order on {day(order.order_on)}, {goods}{low}: {what}"


def _line(line: PurchaseLine) -> str:
    return f"{units(line.quantity, line.unit)} of {plain(line.sku)}, there on {day(line.arrives_on)}"


def _short(found: PurchasesPlanned) -> str:
    missed = [one for one in found.short if one.delivered < one.wanted]
    late = len(found.short) - len(missed)
    parts: list[str] = []
    if missed:
        shown, more = most(missed, ORDERS)
        told = "; ".join(f"{plain(one.need)}: {units(one.delivered)} of {units(one.wanted)}" for one in shown)
        parts.append(f"Not met: {told}{'; …' if more else ''}.")
    if late:
        parts.append(f"{count(late, 'need')} will be met later than wanted.")
    for one in found.collisions[:3]:
        parts.append(f"These rules collide: {'; '.join(plain(rule) for rule in one.rules)}.")
    return "\n\n" + " ".join(parts) if parts else ""


def _limits(found: PurchasesPlanned) -> str:
    worth = [one for one in found.binding if one.worth]
    told = "; ".join(f"{plain(one.rule)} ({money(one.worth, found.currency)} for {plain(one.step)})" for one in worth
                     if one.worth is not None)  # fmt: skip
    return f"\n\nWhat limits it: {told}." if told else ""


def _changes(found: PurchasesPlanned) -> str:
    if not found.changes:
        return ""
    shown, more = most(found.changes, ORDERS)
    told = "; ".join(
        f"{plain(one.sku)} at {plain(one.site)} from {plain(one.supplier)}: {units(one.before)} → {units(one.after)}"
        for one in shown
    )
    return f"\n\nAgainst the plan before: {told}{'; …' if more else ''}."


def _group(group: SegmentGroup) -> str:
    policy = f"{spoken(group.policy.kind)}, {group.policy.service_level * 100:g}% service, every "
    policy += count(group.policy.review_days, "day")
    return (
        f"- **{plain(group.segment)}**: {count(group.items, 'item')}, {percent(group.margin_share)} of the margin; "
        f"{policy}; {group.changing:,} kept otherwise today"
    )


def _item(item: SegmentedItem, currency: str) -> str:
    change = f"; {'; '.join(plain(spoken(one)) for one in item.changes)}" if item.changes else ""
    point = item.reorder_point
    moved = ""
    if point.today is not None and point.implied is not None:
        moved = f"; reorder point {units(point.today)} → {units(point.implied)}"
    where = f"{plain(item.sku)} at {plain(item.site)}"
    return f"- {where}: {plain(item.segment)}, {money(item.margin_per_day, currency)} a day{change}{moved}"
