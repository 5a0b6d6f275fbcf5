"""Takes a problem apart where nothing couples its items, so that each part is planned, and proven, by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from planning.purchasing.limits import Budget, VolumeLimit
from planning.purchasing.problem import PurchaseProblem
from planning.purchasing.suppliers import Supplier


def split(problem: PurchaseProblem) -> tuple[PurchaseProblem, ...]:
    """Parts that share no order, limit or budget; their plans together are a plan of the whole, as good as theirs."""
    groups = _Groups(problem.item_names)
    offered: dict[str, list[str]] = defaultdict(list)
    for offer in problem.offers:
        offered[offer.supplier].append(offer.item)
    for supplier in problem.suppliers:
        if _couples(supplier):
            groups.join(offered[supplier.supplier])
    for scope in _scopes(problem):
        groups.join(scope)
    if problem.limits.maximum_orders is not None or problem.limits.maximum_suppliers is not None:
        groups.join(problem.item_names)
    parts = groups.parts()
    # A commitment that nobody's offer can keep belongs to no part, and must not get lost.
    hopeless = any(one.at_least and not _items_in(problem, one) for one in problem.volume_limits)
    if hopeless or len(parts) < 2:
        return (problem,)
    return tuple(_part(problem, items) for items in parts if _matters(problem, items))


def _couples(supplier: Supplier) -> bool:
    costs = supplier.order_cost or supplier.supplier_cost or supplier.minimum_order_value
    return bool(costs or supplier.minimum_order_units or supplier.discounts)


def _scopes(problem: PurchaseProblem) -> Iterator[Iterable[str]]:
    """The items that each limit or budget speaks of."""
    for limit in (*problem.volume_limits, *problem.budgets):
        yield _items_in(problem, limit)


def _items_in(problem: PurchaseProblem, limit: VolumeLimit | Budget) -> list[str]:
    named = problem.item_names if limit.items is None else limit.items
    if isinstance(limit, Budget) and limit.by_unit:
        wanted = {
            one.item
            for one in problem.demands
            if (limit.demands is None or one.demand in limit.demands)
            and (limit.customers is None or one.customer in limit.customers)
        }
        named = tuple(item for item in named if item in wanted)
    if limit.suppliers is None:
        return list(named)
    offered = {one.item for one in problem.offers if one.supplier in limit.suppliers}
    return [item for item in named if item in offered]


def _matters(problem: PurchaseProblem, items: set[str]) -> bool:
    return any(one.item in items for one in (*problem.demands, *problem.fixed)) or any(
        limit.at_least and not items.isdisjoint(_items_in(problem, limit)) for limit in problem.volume_limits
    )


def _part(problem: PurchaseProblem, items: set[str]) -> PurchaseProblem:
    demands = tuple(one for one in problem.demands if one.item in items)
    offers = tuple(one for one in problem.offers if one.item in items)
    names = {one.demand for one in demands}
    customers = {one.customer for one in demands if one.customer is not None}
    return replace(
        problem,
        demands=demands,
        offers=offers,
        items=tuple(one for one in problem.items if one.item in items),
        fixed=tuple(one for one in problem.fixed if one.item in items),
        volume_limits=tuple(
            replace(one, items=_among(one.items, items))
            for one in problem.volume_limits
            if not items.isdisjoint(_items_in(problem, one))
        ),
        budgets=tuple(
            replace(
                one,
                items=_among(one.items, items),
                demands=_among(one.demands, names),
                customers=_among(one.customers, customers),
            )
            for one in problem.budgets
            if not items.isdisjoint(_items_in(problem, one))
        ),
    )


def _among(names: tuple[str, ...] | None, known: set[str]) -> tuple[str, ...] | None:
    return None if names is None else tuple(name for name in names if name in known)


class _Groups:
    """Union-find over item names."""

    def __init__(self, names: Iterable[str]) -> None:
        self.parent = {name: name for name in names}

    def root(self, name: str) -> str:
        while self.parent[name] != name:
            self.parent[name] = self.parent[self.parent[name]]
            name = self.parent[name]
        return name

    def join(self, names: Iterable[str]) -> None:
        roots = [self.root(name) for name in names]
        for one in roots[1:]:
            self.parent[self.root(one)] = self.root(roots[0])

    def parts(self) -> list[set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for name in self.parent:
            found[self.root(name)].add(name)
        return list(found.values())
