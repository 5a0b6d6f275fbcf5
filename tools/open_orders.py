"""What is coming and what is promised: open purchases, transfers and customer orders with their lateness today."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from db import network
from db.network import CustomerLine, PurchaseLine, Tier, TransferLine
from tools.contract import Answer, Call, Code, Tool, ToolInput, ToolOutput
from tools.errors import NoData

OrderKind = Literal["purchase", "transfer", "customer"]


class OrdersQuestion(ToolInput):
    """Any of these narrows; `supplier` means purchases only."""

    sku: Code | None = None
    site: Code | None = None
    supplier: Code | None = None
    kind: OrderKind | None = None
    limit: int = Field(default=50, ge=1, le=500)


class OrderLine(ToolOutput):
    """One open line.

    `quantity` is what is still open, in the item's base `unit`; `expected_on` the latest word, else the due day.
    `overdue_days` counts from the expected day to today; `slipped_days` from the agreed to the expected day.
    """

    kind: OrderKind
    order_no: str
    line_no: int
    sku: str
    unit: str
    site: str
    counterpart: str
    tier: Tier | None
    quantity: Decimal
    due_on: date
    expected_on: date
    overdue_days: int
    slipped_days: int
    shipped_on: date | None


class OpenOrders(ToolOutput):
    """Lines in order of the day they are expected."""

    lines: tuple[OrderLine, ...]
    overdue: int
    left_out: int


def run(call: Call, asked: OrdersQuestion) -> Answer[OpenOrders]:
    """Open lines in the question's scope."""
    batch = call.data
    lines = sorted(_lines(call, asked), key=lambda line: (line.expected_on, line.order_no, line.line_no))
    if not lines:
        searched = {**asked.model_dump(exclude={"limit"}), "data_batch": batch.batch_id}
        raise NoData("Nothing is open in this scope.", searched=searched, remedy="Widen the scope.")
    shown = tuple(lines[: asked.limit])
    overdue = sum(line.overdue_days > 0 for line in lines)
    return Answer(OpenOrders(lines=shown, overdue=overdue, left_out=len(lines) - len(shown)))


def _lines(call: Call, asked: OrdersQuestion) -> list[OrderLine]:
    skus = [asked.sku] if asked.sku else None
    sites = [asked.site] if asked.site else None
    kinds: set[OrderKind] = {"purchase"} if asked.supplier else {"purchase", "transfer", "customer"}
    wanted = kinds if asked.kind is None else kinds & {asked.kind}
    lines: list[OrderLine] = []
    units = {item.sku: item.unit for item in network.items(call.connection(), skus)}
    if "purchase" in wanted:
        found = network.open_purchases(call.connection(), skus, sites, asked.supplier)
        lines += [_purchase(line, units, call.today) for line in found]
    if "transfer" in wanted:
        lines += [_transfer(line, units, call.today) for line in network.open_transfers(call.connection(), skus, sites)]
    if "customer" in wanted:
        orders = network.open_customer_orders(call.connection(), skus, sites)
        lines += [_customer(line, units, call.today) for line in orders]
    return lines


def _purchase(line: PurchaseLine, units: dict[str, str], today: date) -> OrderLine:
    return OrderLine(
        kind="purchase",
        order_no=line.order_no,
        line_no=line.line_no,
        sku=line.sku,
        unit=units.get(line.sku, ""),
        site=line.site,
        counterpart=line.supplier,
        tier=None,
        quantity=line.outstanding,
        due_on=line.due_on,
        expected_on=line.expected_on,
        overdue_days=max((today - line.expected_on).days, 0),
        slipped_days=max((line.expected_on - line.due_on).days, 0),
        shipped_on=None,
    )


def _transfer(line: TransferLine, units: dict[str, str], today: date) -> OrderLine:
    return OrderLine(
        kind="transfer",
        order_no=line.order_no,
        line_no=line.line_no,
        sku=line.sku,
        unit=units.get(line.sku, ""),
        site=line.destination,
        counterpart=line.source,
        tier=None,
        quantity=line.quantity,
        due_on=line.due_on,
        expected_on=line.due_on,
        overdue_days=max((today - line.due_on).days, 0),
        slipped_days=0,
        shipped_on=line.shipped_on,
    )


def _customer(line: CustomerLine, units: dict[str, str], today: date) -> OrderLine:
    return OrderLine(
        kind="customer",
        order_no=line.order_no,
        line_no=line.line_no,
        sku=line.sku,
        unit=units.get(line.sku, ""),
        site=line.site,
        counterpart=line.customer,
        tier=line.tier,
        quantity=line.quantity,
        due_on=line.due_on,
        expected_on=line.due_on,
        overdue_days=max((today - line.due_on).days, 0),
        slipped_days=0,
        shipped_on=None,
    )


TOOL = Tool(
    name="get_open_orders",
    description="Open purchase, transfer and customer order lines with due days and lateness: what is coming, what is "
    "promised.",
    permission="read",
    takes=OrdersQuestion,
    gives=OpenOrders,
    run=run,
    examples=({"sku": "OAT-1L", "site": "LEJ"}, {"supplier": "S-07", "kind": "purchase"}),
)
