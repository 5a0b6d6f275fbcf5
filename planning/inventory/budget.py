"""Open to buy: which steps of which items to buy under budgets, and what one more unit of money would be worth.

A linear programme over the items' steps (OR-Tools GLOP), rounded down and filled up again; the programme's value bounds
what any allocation could reach. A budget may hold for all items or for some (a class, a category).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planning.arrays import number
from planning.errors import Infeasible, InvalidField
from planning.inventory.order_steps import StepLine

# Shares of the largest value or cost that count as nothing.
SMALLEST = 1e-9


@dataclass(frozen=True)
class Budget:
    """`amount` of money for the goods of `items`; None means every item."""

    budget: str
    amount: float
    items: frozenset[str] | None = None

    def __post_init__(self) -> None:
        number(f"{self.budget}.amount", self.amount, at_least=0.0)

    def holds_for(self, item: str) -> bool:
        """True where buying this item uses it."""
        return self.items is None or item in self.items


@dataclass(frozen=True)
class Cut:
    """Units of an item not bought though they are worth something, what they would have gained, and the budgets."""

    item: str
    quantity: float
    value: float
    budgets: tuple[str, ...]


@dataclass(frozen=True)
class BudgetUse:
    """`shadow_price` is the money gained by one more unit of money in this budget; 0 where some is left."""

    budget: str
    amount: float
    used: float
    shadow_price: float


@dataclass(frozen=True)
class OpenToBuy:
    """`quantities` by item in the order given; `value` is what they are worth, `bound` what nothing can exceed."""

    quantities: tuple[tuple[str, float], ...]
    cuts: tuple[Cut, ...]
    budgets: tuple[BudgetUse, ...]
    value: float
    bound: float


@dataclass(frozen=True)
class _Block:
    """Steps of one line that are taken together: `last` is the number of steps taken with them."""

    line: int
    last: int
    cost: float
    value: float


def open_to_buy(lines: Sequence[StepLine], budgets: Sequence[Budget]) -> OpenToBuy:
    """The allocation of the budgets by marginal value.

    Steps that are worth nothing are never bought. Steps worth more per money than the one before them (a minimum order
    that pays only with what follows) are taken together with it, which keeps the programme exact for each item.

    Raises:
        InvalidField: no lines, no budgets, a name twice.
        Infeasible: an item that no budget covers.
    """
    _check(lines, budgets)
    blocks = [block for index, line in enumerate(lines) for block in _blocks(index, line)]
    shares, prices, bound = _relaxed(lines, blocks, budgets)
    taken, left = [0] * len(lines), {budget.budget: budget.amount for budget in budgets}
    wanted = sorted(zip(blocks, shares, strict=True), key=lambda pair: (-pair[1], -_density(pair[0])))
    for block, _ in wanted:
        _take(block, lines[block.line], budgets, taken, left)
    for block in sorted(blocks, key=_density, reverse=True):
        _fill(block.line, lines[block.line], budgets, taken, left)
    quantities = tuple((line.item, line.quantity(count)) for line, count in zip(lines, taken, strict=True))
    return OpenToBuy(
        quantities=quantities,
        cuts=tuple(_cuts(lines, taken, blocks, budgets)),
        budgets=tuple(
            BudgetUse(one.budget, one.amount, one.amount - left[one.budget], price)
            for one, price in zip(budgets, prices, strict=True)
        ),
        value=sum(line.value(count) for line, count in zip(lines, taken, strict=True)),
        bound=bound,
    )


def _check(lines: Sequence[StepLine], budgets: Sequence[Budget]) -> None:
    for field, names in (("lines", [one.item for one in lines]), ("budgets", [one.budget for one in budgets])):
        if not names:
            raise InvalidField(field, "are empty")
        if len(set(names)) < len(names):
            raise InvalidField(field, "hold a name twice")
    for line in lines:
        if not any(budget.holds_for(line.item) for budget in budgets):
            raise Infeasible("budgets", f"cover nothing of {line.item}", remedy="Name a budget that it is bought from.")


def _blocks(index: int, line: StepLine) -> list[_Block]:
    """The upper concave hull of value over cost: blocks of falling value per money."""
    hull: list[_Block] = []
    for count, step in enumerate(line.steps, start=1):
        block = _Block(index, count, step.quantity * line.unit_cost, step.value)
        while hull and _density(block) > _density(hull[-1]):
            before = hull.pop()
            block = _Block(index, count, before.cost + block.cost, before.value + block.value)
        hull.append(block)
    return [block for block in hull if block.value > 0.0]


def _density(block: _Block) -> float:
    """Value per money."""
    return block.value / block.cost if block.cost else float("inf") if block.value > 0.0 else float("-inf")


def _relaxed(
    lines: Sequence[StepLine], blocks: list[_Block], budgets: Sequence[Budget]
) -> tuple[list[float], list[float], float]:
    """Shares of the blocks, shadow prices of the budgets and the value of the linear programme."""
    from ortools.linear_solver import pywraplp

    if not blocks:
        return [], [0.0] * len(budgets), 0.0
    # Money in the largest value and the largest cost: the solver takes what is small beside 1 for nothing.
    worth = max(block.value for block in blocks)
    money = max(max(block.cost for block in blocks), max(budget.amount for budget in budgets), SMALLEST)
    solver = pywraplp.Solver.CreateSolver("GLOP")
    shares = [solver.NumVar(0.0, 1.0, "") for _ in blocks]
    rows = [solver.Constraint(-solver.infinity(), _cleared(budget.amount / money)) for budget in budgets]
    for row, budget in zip(rows, budgets, strict=True):
        for block, share in zip(blocks, shares, strict=True):
            if budget.holds_for(lines[block.line].item):
                row.SetCoefficient(share, _cleared(block.cost / money))
    gains = [_cleared(block.value / worth) for block in blocks]
    solver.Maximize(solver.Sum([gain * share for gain, share in zip(gains, shares, strict=True)]))
    if solver.Solve() != pywraplp.Solver.OPTIMAL:
        raise Infeasible("budgets", "could not be allocated", remedy="Give amounts of money of a like size.")
    prices = [max(float(row.dual_value()), 0.0) * worth / money for row in rows]
    unseen = sum(block.value for block, gain in zip(blocks, gains, strict=True) if gain == 0.0)
    return [float(share.solution_value()) for share in shares], prices, solver.Objective().Value() * worth + unseen


def _cleared(share: float) -> float:
    return share if share >= SMALLEST else 0.0


def _take(block: _Block, line: StepLine, budgets: Sequence[Budget], taken: list[int], left: dict[str, float]) -> None:
    """Take a whole block if it follows what is taken and every budget allows it."""
    cost = sum(step.quantity for step in line.steps[taken[block.line] : block.last]) * line.unit_cost
    names = [budget.budget for budget in budgets if budget.holds_for(line.item)]
    follows = abs(cost - block.cost) <= 1e-9 * max(cost, 1.0) and block.last > taken[block.line]
    if follows and all(cost <= left[name] + 1e-9 for name in names):
        taken[block.line] = block.last
        for name in names:
            left[name] -= cost


def _fill(index: int, line: StepLine, budgets: Sequence[Budget], taken: list[int], left: dict[str, float]) -> None:
    """Take single steps with what is left, as long as each is worth something."""
    names = [budget.budget for budget in budgets if budget.holds_for(line.item)]
    for step in line.steps[taken[index] :]:
        cost = step.quantity * line.unit_cost
        if step.value <= 0.0 or any(cost > left[name] + 1e-9 for name in names):
            return
        taken[index] += 1
        for name in names:
            left[name] -= cost


def _cuts(lines: Sequence[StepLine], taken: list[int], blocks: list[_Block], budgets: Sequence[Budget]) -> list[Cut]:
    """What would have been bought with money enough."""
    worthwhile = [0] * len(lines)
    for block in blocks:
        worthwhile[block.line] = max(worthwhile[block.line], block.last)
    cuts = [
        Cut(
            line.item,
            line.quantity(most) - line.quantity(count),
            line.value(most) - line.value(count),
            tuple(budget.budget for budget in budgets if budget.holds_for(line.item)),
        )
        for line, most, count in zip(lines, worthwhile, taken, strict=True)
        if most > count
    ]
    return sorted(cuts, key=lambda cut: -cut.value)
