"""What one step of a constraint is: the problem with it tightened, to see whether it binds, and with it relaxed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from planning.purchasing import constraints as named
from planning.purchasing.limits import Measure, VolumeLimit
from planning.purchasing.plan import Constraint, PlannedLine
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.scope import within
from planning.purchasing.suppliers import Offer

CENT = Decimal("0.01")
# A step of an amount of money, as a share of it.
MONEY_STEP = Decimal("0.01")


T = TypeVar("T")


@dataclass(frozen=True)
class Step:
    """A constraint, its step in words, and the problem with it one step tighter (None: it binds anyway) and looser."""

    constraint: Constraint
    words: str
    tightened: PurchaseProblem | None
    relaxed: PurchaseProblem


def steps_of(problem: PurchaseProblem, lines: Sequence[PlannedLine]) -> Iterator[Step]:
    """Steps of what may bind: budgets, volume limits, policies, offers that are used, due dates of what is short."""
    yield from _budget_steps(problem)
    yield from _volume_steps(problem)
    for policy in problem.exclusions:
        rest = tuple(one for one in problem.exclusions if one is not policy)
        yield Step(named.excluded(policy), "without the policy", None, replace(problem, exclusions=rest))
    used = {(line.supplier, line.item) for line in lines}
    for offer in problem.offers:
        if (offer.supplier, offer.item) in used:
            yield from _offer_steps(problem, offer)
    yield from _due_steps(problem, lines)


def _budget_steps(problem: PurchaseProblem) -> Iterator[Step]:
    for position, budget in enumerate(problem.budgets):
        step = max((budget.amount * MONEY_STEP).quantize(CENT), CENT)
        tight, loose = (
            replace(problem, budgets=_with(problem.budgets, position, replace(budget, amount=max(amount, Decimal(0)))))
            for amount in (budget.amount - step, budget.amount + step)
        )
        yield Step(named.budget(budget), f"{step} more", tight, loose)


def _volume_steps(problem: PurchaseProblem) -> Iterator[Step]:
    for position, limit in enumerate(problem.volume_limits):
        step = _volume_step(problem, limit)

        def changed(one: VolumeLimit, position: int = position) -> PurchaseProblem:
            return replace(problem, volume_limits=_with(problem.volume_limits, position, one))

        if limit.at_most is not None:
            tight = changed(replace(limit, at_most=max(limit.at_most - step, limit.at_least)))
            loose = changed(replace(limit, at_most=limit.at_most + step))
            yield Step(named.volume_limit(limit), f"{step} more", tight, loose)
        if limit.at_least:
            most = limit.at_least + step if limit.at_most is None else min(limit.at_least + step, limit.at_most)
            loose = changed(replace(limit, at_least=max(limit.at_least - step, 0)))
            yield Step(named.committed_volume(limit), f"{step} less", changed(replace(limit, at_least=most)), loose)


def _volume_step(problem: PurchaseProblem, limit: VolumeLimit) -> int:
    """The largest order multiple in scope, in the measure of the limit."""
    sizes = (
        offer.order_multiple * (problem.item_of[offer.item].size if limit.measure is Measure.SIZE else 1)
        for offer in problem.offers
        if within(offer.supplier, limit.suppliers) and within(offer.item, limit.items)
    )
    return max(sizes, default=1) or 1


def _offer_steps(problem: PurchaseProblem, offer: Offer) -> Iterator[Step]:
    step = offer.order_multiple
    if offer.capacity is not None:
        tight = replace(offer, capacity=max(offer.capacity - step, offer.minimum_quantity))
        loose = replace(offer, capacity=offer.capacity + step)
        yield _offer_step(problem, offer, named.capacity(offer), f"{step} more", tight, loose)
    if offer.maximum_quantity is not None:
        tight = replace(offer, maximum_quantity=max(offer.maximum_quantity - step, offer.minimum_quantity))
        loose = replace(offer, maximum_quantity=offer.maximum_quantity + step)
        yield _offer_step(problem, offer, named.maximum_line(offer), f"{step} more", tight, loose)
    limits = [one for one in (offer.maximum_quantity, offer.capacity) if one is not None]
    if offer.minimum_quantity > 1:
        tight = replace(offer, minimum_quantity=min([offer.minimum_quantity + step, *limits]))
        loose = replace(offer, minimum_quantity=max(offer.minimum_quantity - step, 0))
        yield _offer_step(problem, offer, named.minimum_line(offer), f"{step} less", tight, loose)


def _offer_step(
    problem: PurchaseProblem, offer: Offer, rule: Constraint, words: str, tight: Offer, loose: Offer
) -> Step:
    tightened, relaxed = (
        replace(problem, offers=tuple(new if one is offer else one for one in problem.offers)) for new in (tight, loose)
    )
    return Step(rule, words, tightened, relaxed)


def _due_steps(problem: PurchaseProblem, lines: Sequence[PlannedLine]) -> Iterator[Step]:
    delivered: dict[str, int] = {}
    for one in (one for line in lines for one in line.allocations):
        delivered[one.demand] = delivered.get(one.demand, 0) + one.quantity
    for position, demand in enumerate(problem.demands):
        if delivered.get(demand.demand, 0) < demand.quantity:
            later = _with(problem.demands, position, replace(demand, latest_day=demand.last_day + 1))
            yield Step(named.due_date(demand), "a day later", None, replace(problem, demands=later))


def _with(ones: tuple[T, ...], position: int, new: T) -> tuple[T, ...]:
    return (*ones[:position], new, *ones[position + 1 :])
