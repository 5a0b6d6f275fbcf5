"""Guaranteed service against published optima, enumeration, and itself by two methods."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.echelon_instances import GuaranteedInstance, guaranteed_instances
from planning.echelons.general import solve_general
from planning.echelons.guaranteed import Placement, place_guaranteed
from planning.echelons.network import EchelonNetwork, Link, Stage
from planning.errors import Infeasible, InvalidField


@pytest.mark.parametrize("instance", guaranteed_instances(), ids=lambda one: one.name)
def test_published_optima(instance: GuaranteedInstance) -> None:
    found = place_guaranteed(instance.network)
    assert found.cost == pytest.approx(instance.cost, rel=1e-6)
    keeps_its_promises(instance.network, found)


def keeps_its_promises(network: EchelonNetwork, found: Placement) -> None:
    """Times fit together and stock follows from them."""
    for plan in found.stages:
        own = network.by_name[plan.stage]
        quoted = [found.of(link.source).service_days for link in network.suppliers[plan.stage]]
        assert plan.inbound_days == max([own.inbound_days, *quoted])
        assert plan.net_days == plan.inbound_days + own.processing_days - plan.service_days
        assert plan.net_days >= 0
        assert own.service_days is None or plan.service_days <= own.service_days
        mean, sd = network.demand[plan.stage]
        assert plan.safety_stock == pytest.approx(own.safety_factor * sd * np.sqrt(plan.net_days))
        assert plan.base_stock == pytest.approx(mean * plan.net_days + plan.safety_stock)
    assert found.cost == pytest.approx(sum(plan.cost for plan in found.stages))


def test_demand_travels_up_by_units() -> None:
    stages = (
        Stage("part", 2, 1.0),
        Stage("A", 1, 5.0, 1.645, 10.0, 3.0, 0, 0),
        Stage("B", 1, 5.0, 1.645, 4.0, 2.0, 0, 0),
    )
    network = EchelonNetwork(stages, (Link("part", "A", 2.0), Link("part", "B")))
    assert network.demand["part"] == (24.0, pytest.approx(np.sqrt(36.0 + 4.0)))


def test_one_demand_that_travels_two_ways_is_not_two() -> None:
    last = Stage("kit", 1, 5.0, 1.645, 10.0, 3.0, 0, 0)
    stages = (Stage("part", 2, 1.0), Stage("A", 1, 2.0), Stage("B", 1, 2.0), last)
    links = (Link("part", "A"), Link("part", "B", 2.0), Link("A", "kit"), Link("B", "kit"))
    assert EchelonNetwork(stages, links).demand["part"] == (30.0, 9.0)


@st.composite
def networks(draw: st.DrawFn, tree: bool) -> EchelonNetwork:
    """Up to five stages; every one has a customer below or of its own."""
    size = draw(st.integers(2, 5 if tree else 4))
    if tree:
        joins = [(draw(st.integers(0, at - 1)), at) for at in range(1, size)]
        pairs = [pair if draw(st.booleans()) else pair[::-1] for pair in joins]
    else:
        pairs = [pair for pair in itertools.combinations(range(size), 2) if draw(st.integers(0, 9)) < 8]
    sources = {source for source, _ in pairs}
    stages = tuple(
        Stage(
            str(at), draw(st.integers(0, 3)), draw(st.integers(1, 20)) / 4, 1.5, 0.0,
            0.0 if at in sources else draw(st.integers(1, 5)), draw(st.integers(0, 1)),
            None if at in sources else draw(st.integers(0, 2)),
        )
        for at in range(size)
    )  # fmt: skip
    return EchelonNetwork(stages, tuple(Link(str(one), str(other)) for one, other in pairs))


def cheapest(network: EchelonNetwork) -> float:
    """By trying every combination of quoted times."""
    best = float("inf")
    ranges = [
        range(min(network.longest_days[name], 99 if own.service_days is None else own.service_days) + 1)
        for name, own in ((name, network.by_name[name]) for name in network.order)
    ]
    for times in itertools.product(*ranges):
        quoted = dict(zip(network.order, times, strict=True))
        cost = 0.0
        for name in network.order:
            own = network.by_name[name]
            inbound = max([own.inbound_days, *(quoted[link.source] for link in network.suppliers[name])])
            net = inbound + own.processing_days - quoted[name]
            cost += own.holding_cost * own.safety_factor * network.demand[name][1] * net**0.5 if net >= 0 else np.inf
        best = min(best, cost)
    return best


@settings(max_examples=20)
@given(networks(tree=True))
def test_no_service_times_on_a_tree_cost_less(network: EchelonNetwork) -> None:
    found = place_guaranteed(network)
    keeps_its_promises(network, found)
    assert found.cost == pytest.approx(cheapest(network), abs=1e-9)
    assert found.bound == found.cost


@settings(max_examples=12)
@given(networks(tree=False))
def test_no_service_times_on_any_network_cost_less(network: EchelonNetwork) -> None:
    found = place_guaranteed(network)
    keeps_its_promises(network, found)
    assert found.cost == pytest.approx(cheapest(network), rel=1e-6, abs=1e-6)
    assert found.bound <= found.cost
    assert found.bound == pytest.approx(found.cost, rel=1e-6, abs=1e-6)


def test_both_methods_agree_on_the_published_trees() -> None:
    for instance in guaranteed_instances()[:3]:
        _, bound = solve_general(instance.network, seconds=20.0)
        assert bound == pytest.approx(instance.cost, rel=1e-6)


def test_a_forest_is_the_sum_of_its_trees() -> None:
    one, other = (Stage(name, 2, 3.0, 1.0, 5.0, 2.0, 0, 0) for name in "AB")
    together = place_guaranteed(EchelonNetwork((one, other)))
    assert together.cost == pytest.approx(2 * place_guaranteed(EchelonNetwork((one,))).cost)
    assert together.cost == pytest.approx(2 * 3.0 * 2.0 * np.sqrt(2.0))


def chain(**change: object) -> EchelonNetwork:
    """A plant and a shop."""
    shop: dict[str, object] = {
        "stage": "shop", "processing_days": 1, "holding_cost": 2.0, "demand_mean": 5.0, "demand_sd": 2.0,
        "service_days": 0,
    }  # fmt: skip
    last = Stage(**(shop | change))  # pyright: ignore[reportArgumentType]
    return EchelonNetwork((Stage("plant", 3, 1.0), last), (Link("plant", "shop"),))


def test_a_longer_promise_never_costs_more() -> None:
    costs = [place_guaranteed(chain(service_days=days)).cost for days in range(6)]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == 0.0


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("shop.service_days", {"service_days": -1}),
        ("shop.service_days", {"service_days": None}),
        ("shop.processing_days", {"processing_days": 1.5}),
        ("shop.processing_days", {"processing_days": -1}),
        ("shop.holding_cost", {"holding_cost": -1.0}),
        ("shop.demand_sd", {"demand_sd": float("nan")}),
        ("plant.demand_sd", {"demand_sd": 0.0}),
        ("processing_days", {"processing_days": 5000}),
    ],
)
def test_bad_stages_are_refused_by_name(field: str, change: dict[str, object]) -> None:
    with pytest.raises(InvalidField) as refused:
        place_guaranteed(chain(**change))
    assert refused.value.field == field


def test_bad_links_are_refused_by_name() -> None:
    stages = tuple(Stage(name, 1, 1.0, 1.0, 1.0, 1.0, 0, 0) for name in "ABC")
    with pytest.raises(Infeasible, match=r"A -> B -> C -> A|B -> C -> A -> B|C -> A -> B -> C"):
        EchelonNetwork(stages, (Link("A", "B"), Link("B", "C"), Link("C", "A")))
    with pytest.raises(InvalidField, match="A->D leads to D"):
        EchelonNetwork(stages, (Link("A", "D"),))
    with pytest.raises(InvalidField, match="twice"):
        EchelonNetwork(stages, (Link("A", "B"), Link("A", "B")))
    with pytest.raises(InvalidField, match="twice"):
        EchelonNetwork((stages[0], stages[0]))
    with pytest.raises(InvalidField, match=r"A->B\.units"):
        Link("A", "B", 0.0)
    with pytest.raises(InvalidField, match="stages"):
        EchelonNetwork(())
