"""One supplier's order for several items: what to add or leave out to reach its minimum or to fill its containers.

Exact on integers (OR-Tools CP-SAT): the choice with the most value among all steps, against waiting. It forecasts
nothing and decides for one order; many suppliers, capacities and customers are the business of `purchasing`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from planning.arrays import number
from planning.errors import InvalidField
from planning.inventory.order_steps import StepLine

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

# Sizes and money become whole numbers of at most this many in total, well inside what the solver can add up.
WHOLE = 10**9
SECONDS = 10.0


@dataclass(frozen=True)
class JointTerms:
    """What the supplier asks of an order as a whole; 0 and None mean that it does not.

    A container holds `container_weight` and `container_volume`, whichever is reached first, costs `container_cost`, and
    must be filled to `least_fill` in one of them. `order_cost` is paid once.
    """

    minimum_value: float = 0.0
    minimum_weight: float = 0.0
    minimum_volume: float = 0.0
    container_weight: float | None = None
    container_volume: float | None = None
    least_fill: float = 0.0
    container_cost: float = 0.0
    order_cost: float = 0.0

    def __post_init__(self) -> None:
        for field in ("minimum_value", "minimum_weight", "minimum_volume", "container_cost", "order_cost"):
            number(field, getattr(self, field), at_least=0.0)
        number("least_fill", self.least_fill, at_least=0.0, at_most=1.0)
        for field in ("container_weight", "container_volume"):
            size = getattr(self, field)
            if size is not None and number(field, size) <= 0.0:
                raise InvalidField(field, "must be positive; None means no limit")
        if not self.has_containers and (self.least_fill or self.container_cost):
            raise InvalidField("container_volume", "or container_weight is needed where containers are filled or paid")

    @property
    def has_containers(self) -> bool:
        """True where goods come by the container."""
        return self.container_weight is not None or self.container_volume is not None


@dataclass(frozen=True)
class JointChoice:
    """One item in the order: units in all, units beyond its own need, units short of it, and what that changes."""

    item: str
    quantity: float
    topped_up: float
    left_out: float
    value_change: float


@dataclass(frozen=True)
class JointOrder:
    """What to order together, if anything.

    Attributes:
        is_waiting: True where no order is better than any that the terms allow; the choices then say what the best
            order would have been.
        choices: by item, in the order given; empty where no order can reach the terms.
        value: money gained by the best order, after containers and order cost.
        cost_of_terms: money by which that falls short of ordering just what is needed, were there no minimums and were
            containers paid for but as empty as one likes.
        cost_of_waiting: money lost by ordering what is needed at the next occasion, as if the terms were met then.
        containers: how many.
        order_value: money of the goods; `weight` and `volume` of all of them.
        weight: see `order_value`.
        volume: see `order_value`.
        binding: the terms that changed what is ordered: ordering just what is needed breaks them, or takes another
            number of containers. All the terms there are where no order can reach them.
        is_proven: the solver proved that no choice is worth more, or that none reaches the terms.
    """

    is_waiting: bool
    choices: tuple[JointChoice, ...]
    value: float
    cost_of_terms: float
    cost_of_waiting: float
    containers: int
    order_value: float
    weight: float
    volume: float
    binding: tuple[str, ...]
    is_proven: bool


def joint_order(lines: Sequence[StepLine], terms: JointTerms) -> JointOrder:
    """The most valuable order under the terms, or to wait.

    Raises:
        InvalidField: no lines, an item twice, nothing needed.
    """
    if not lines or not any(line.needed for line in lines):
        raise InvalidField("lines", "must hold at least one item that needs something")
    if len({line.item for line in lines}) < len(lines):
        raise InvalidField("lines", "name an item twice")
    waiting = sum(line.cost_of_waiting for line in lines)
    taken, containers, proven = _solve(lines, terms)
    if not taken:
        return JointOrder(True, (), 0.0, 0.0, waiting, 0, 0.0, 0.0, 0.0, _named(terms), proven)
    value = sum(line.value(count) for line, count in zip(lines, taken, strict=True))
    value -= containers * terms.container_cost + terms.order_cost
    needed = sum(line.value(line.needed) for line in lines) - terms.order_cost
    needed -= _containers_for(lines, [line.needed for line in lines], terms) * terms.container_cost
    choices = tuple(_choice(line, count) for line, count in zip(lines, taken, strict=True))
    changed = any(choice.topped_up or choice.left_out for choice in choices)
    goods, weight, volume = _totals(lines, taken)
    return JointOrder(
        is_waiting=needed - waiting > value or value < 0.0,
        choices=choices,
        value=value,
        cost_of_terms=needed - value,
        cost_of_waiting=waiting,
        containers=containers,
        order_value=goods,
        weight=weight,
        volume=volume,
        binding=_binding(lines, terms, containers) if changed else (),
        is_proven=proven,
    )


def _choice(line: StepLine, taken: int) -> JointChoice:
    quantity, needed = line.quantity(taken), line.quantity(line.needed)
    change = line.value(taken) - line.value(line.needed)
    return JointChoice(line.item, quantity, max(quantity - needed, 0.0), max(needed - quantity, 0.0), change)


def _named(terms: JointTerms) -> tuple[str, ...]:
    """The names of the terms that are there."""
    named = ("minimum_value", "minimum_weight", "minimum_volume", "container_weight", "container_volume", "least_fill")
    return tuple(name for name in named if getattr(terms, name))


def _binding(lines: Sequence[StepLine], terms: JointTerms, containers: int) -> tuple[str, ...]:
    """The terms that ordering just what is needed would break, or for which it would take other containers."""
    needed = [line.needed for line in lines]
    goods, weight, volume = _totals(lines, needed)
    boxes = _containers_for(lines, needed, terms)
    sizes = {"container_weight": (weight, terms.container_weight), "container_volume": (volume, terms.container_volume)}
    fills = {name: load / (size * boxes) for name, (load, size) in sizes.items() if size is not None and boxes}
    breaks = {
        "minimum_value": goods < terms.minimum_value,
        "minimum_weight": weight < terms.minimum_weight,
        "minimum_volume": volume < terms.minimum_volume,
        **{name: containers != boxes and fill == max(fills.values()) for name, fill in fills.items()},
        "least_fill": max(fills.values(), default=1.0) < terms.least_fill,
    }
    return tuple(name for name, is_broken in breaks.items() if is_broken)


def _totals(lines: Sequence[StepLine], taken: Sequence[int]) -> tuple[float, float, float]:
    amounts = [(line, line.quantity(count)) for line, count in zip(lines, taken, strict=True)]
    return (
        sum(line.unit_cost * units for line, units in amounts),
        sum(line.unit_weight * units for line, units in amounts),
        sum(line.unit_volume * units for line, units in amounts),
    )


def _containers_for(lines: Sequence[StepLine], taken: Sequence[int], terms: JointTerms) -> int:
    """How many containers hold these steps."""
    _, weight, volume = _totals(lines, taken)
    loads = ((weight, terms.container_weight), (volume, terms.container_volume))
    return max((int(np.ceil(load / size - 1e-9)) for load, size in loads if size is not None), default=0)


def _solve(lines: Sequence[StepLine], terms: JointTerms) -> tuple[list[int], int, bool]:
    """Steps taken by item, containers, and whether that is proven best; no steps where no order reaches the terms."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    flags = [[model.new_bool_var("") for _ in line.steps] for line in lines]
    for line in flags:
        for before, after in pairwise(line):
            model.add_implication(after, before)
    model.add_bool_or([line[0] for line in flags if line])
    most = _containers_for(lines, [len(line.steps) for line in lines], terms)
    containers = model.new_int_var(1 if terms.has_containers else 0, max(most, 1), "containers")
    _limit(model, lines, flags, terms, containers)
    worth = [[step.value for step in line.steps] for line in lines]
    scale = WHOLE / max(sum(abs(value) for line in worth for value in line) + most * terms.container_cost, 1e-9)
    gains = [
        round(value * scale) * flag
        for row, line in zip(worth, flags, strict=True)
        for value, flag in zip(row, line, strict=True)
    ]
    model.maximize(sum(gains) - round(terms.container_cost * scale) * containers)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_time_in_seconds = SECONDS
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return [], 0, status == cp_model.INFEASIBLE
    taken = [sum(solver.boolean_value(flag) for flag in line) for line in flags]
    return taken, _containers_for(lines, taken, terms), status == cp_model.OPTIMAL


def _limit(
    model: cp_model.CpModel,
    lines: Sequence[StepLine],
    flags: list[list[cp_model.IntVar]],
    terms: JointTerms,
    containers: cp_model.IntVar,
) -> None:
    """Add minimums, capacity and fill; they hold to one part in a million of all that is on offer."""
    filled: list[cp_model.IntVar] = []
    measures = (
        ([line.unit_cost for line in lines], terms.minimum_value, None),
        ([line.unit_weight for line in lines], terms.minimum_weight, terms.container_weight),
        ([line.unit_volume for line in lines], terms.minimum_volume, terms.container_volume),
    )
    for sizes, least, capacity in measures:
        loads = [[size * step.quantity for step in line.steps] for size, line in zip(sizes, lines, strict=True)]
        scale = WHOLE / max(sum(map(sum, loads)), least, capacity or 0.0, 1e-9)
        load = sum(
            round(size * scale) * flag
            for row, line in zip(loads, flags, strict=True)
            for size, flag in zip(row, line, strict=True)
        )
        slack = sum(map(len, flags)) + 1  # What rounding can add up to.
        if least > 0.0:
            model.add(load >= round(least * scale) - slack)
        if capacity is not None:
            model.add(load <= (round(capacity * scale) + slack) * containers)
            filled.append(model.new_bool_var("filled"))
            enough = (round(terms.least_fill * capacity * scale) - slack) * containers
            model.add(load >= enough).only_enforce_if(filled[-1])
    if filled:
        model.add_bool_or(filled)
