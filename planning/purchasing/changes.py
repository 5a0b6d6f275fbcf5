"""The difference between two plans, line by line, and what a repair charges for it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from planning.purchasing.demands import NOTHING
from planning.purchasing.plan import LineChange, PlannedLine
from planning.purchasing.settings import Repair, RepairRule


def changes_between(before: Sequence[PlannedLine], after: Sequence[PlannedLine]) -> tuple[LineChange, ...]:
    """Every line whose quantity differs, by supplier, item and day."""
    old = {line.key: line.quantity for line in before}
    new = {line.key: line.quantity for line in after}
    keys = sorted({*old, *new}, key=lambda key: (key.supplier, key.item, key.order_day, key.demand or ""))
    changes = (LineChange(key, old.get(key, 0), new.get(key, 0)) for key in keys)
    return tuple(one for one in changes if one.before != one.after)


def change_cost(repair: Repair, lines: Sequence[PlannedLine]) -> Decimal:
    """The penalties of a repair that weighs changes in money; nothing for one that does not."""
    if repair.rule is not RepairRule.MONEY_AND_CHANGES:
        return NOTHING
    changes = changes_between(repair.previous, lines)
    moved = sum(abs(one.after - one.before) for one in changes)
    return repair.line_penalty * len(changes) + repair.unit_penalty * moved
