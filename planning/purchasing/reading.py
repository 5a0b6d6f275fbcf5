"""From the values of a formulation's variables to the lines of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planning.purchasing.formulation import Formulation
from planning.purchasing.network import Line
from planning.purchasing.plan import Allocation, PlannedLine
from planning.purchasing.pricing import goods_cost


def read_lines(formulation: Formulation, values: Sequence[int]) -> tuple[PlannedLine, ...]:
    """The lines that are bought, by supplier, item and day."""
    lines = [line for number, line in enumerate(formulation.network.lines) if number in formulation.tiers]
    planned = (_read(formulation, line, values) for line in lines)
    return tuple(sorted((one for one in planned if one is not None), key=_order))


def _order(line: PlannedLine) -> tuple[str, int, str, str]:
    return line.supplier, line.order_day, line.item, line.demand or ""


def _read(formulation: Formulation, line: Line, values: Sequence[int]) -> PlannedLine | None:
    units = sum(values[use.count.index] * use.multiple for use in formulation.tiers[line.number])
    if units == 0:
        return None
    allocations = tuple(Allocation(name, given) for name, given in _given(formulation, line, values) if given)
    return PlannedLine(
        supplier=line.offer.supplier,
        item=line.offer.item,
        order_day=line.order_day,
        arrival_day=line.arrival_day,
        quantity=units,
        allocations=allocations,
        goods_cost=goods_cost(line.offer, units),
        demand=line.demand,
    )


def _given(formulation: Formulation, line: Line, values: Sequence[int]) -> Iterator[tuple[str, int]]:
    for arc in formulation.network.arcs_from[line.number]:
        demand = formulation.problem.demands[formulation.network.arcs[arc].demand]
        yield demand.demand, sum(values[part.index] for part in formulation.given.get(arc, ()))
