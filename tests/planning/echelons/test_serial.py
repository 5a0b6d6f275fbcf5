"""Stochastic service in series against published optima and against simulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.echelon_instances import SerialInstance, echelon_errors, serial_instances
from planning.arrays import FloatArray
from planning.echelons.serial import PoissonDemand, SerialStage, place_serial, serial_cost
from planning.errors import InvalidField
from planning.inventory.distributions import NormalDemand, poisson
from planning.inventory.newsvendor import newsvendor


@pytest.mark.parametrize("instance", serial_instances(), ids=lambda one: one.name)
def test_published_optima(instance: SerialInstance) -> None:
    found = place_serial(instance.stages, instance.demand, shortage_cost=instance.shortage_cost)
    assert found.cost == pytest.approx(instance.cost, rel=1e-6 if instance.is_exact else 0.01)
    if instance.levels is not None:
        assert tuple(one.echelon_base_stock for one in found.stages) == instance.levels


def test_the_benchmark_keeps_its_goals() -> None:
    errors = echelon_errors()
    assert errors.exact <= 1e-6
    assert errors.grid <= 0.01


def simulated(instance: SerialInstance, levels: list[float], draws: int) -> FloatArray:
    """Cost in each of many draws of lead time demand, straight from how echelon stock moves."""
    random = np.random.default_rng(3)
    position = np.full(draws, np.inf)
    cost = np.zeros(draws)
    for stage, level in zip(instance.stages, levels, strict=True):
        if isinstance(instance.demand, PoissonDemand):
            demand = random.poisson(instance.demand.rate * stage.lead_time, draws).astype(float)
        else:
            over = instance.demand.over(stage.lead_time)
            demand = random.normal(over.mean, over.sd, draws)
        position = np.minimum(position, level) - demand
        cost += stage.echelon_holding_cost * position
    every = instance.shortage_cost + sum(one.echelon_holding_cost for one in instance.stages)
    return cost + every * np.maximum(-position, 0.0)


@pytest.mark.parametrize("instance", serial_instances(), ids=lambda one: one.name)
def test_the_cost_is_what_a_simulation_pays(instance: SerialInstance) -> None:
    found = place_serial(instance.stages, instance.demand, shortage_cost=instance.shortage_cost)
    paid = simulated(instance, [one.echelon_base_stock for one in found.stages], 200_000)
    assert found.cost == pytest.approx(paid.mean(), abs=4.0 * paid.std() / np.sqrt(paid.size))


@settings(max_examples=15)
@given(st.integers(0, 1000))
def test_no_levels_nearby_cost_less(seed: int) -> None:
    random = np.random.default_rng(seed)
    stages = [SerialStage(str(at), float(random.uniform(0.2, 2)), float(random.uniform(0.2, 3))) for at in range(3)]
    demand = PoissonDemand(float(random.uniform(0.5, 9)))
    found = place_serial(stages, demand, shortage_cost=20.0)
    best = [one.echelon_base_stock for one in found.stages]
    assert serial_cost(stages, demand, best, shortage_cost=20.0) == pytest.approx(found.cost)
    for at in range(3):
        for change in (-2.0, -1.0, 1.0):
            moved = [max(level + change * (place == at), 0.0) for place, level in enumerate(best)]
            assert serial_cost(stages, demand, moved, shortage_cost=20.0) >= found.cost - 1e-9


def test_one_stage_is_the_newsvendor() -> None:
    stage = [SerialStage("shop", 4.0, 0.18)]
    normal = place_serial(stage, NormalDemand(50, 8), shortage_cost=0.70)
    alone = newsvendor(NormalDemand(50, 8).over(4), overage_cost=0.18, underage_cost=0.70)
    assert normal.stages[0].echelon_base_stock == pytest.approx(alone.level, abs=0.1)
    assert normal.cost == pytest.approx(alone.cost, rel=1e-5)
    whole = place_serial(stage, PoissonDemand(3.0), shortage_cost=0.70)
    exact = newsvendor(poisson(12.0), overage_cost=0.18, underage_cost=0.70)
    assert (whole.stages[0].echelon_base_stock, whole.cost) == (exact.level, pytest.approx(exact.cost))


@pytest.mark.parametrize("mean", [1.0, 1e3, 1e5, 1e7])
def test_a_large_mean_costs_no_accuracy(mean: float) -> None:
    stages = [SerialStage("plant", 2.0, 1.0), SerialStage("shop", 1.0, 2.0)]
    small = place_serial(stages, NormalDemand(100.0, 10.0), shortage_cost=20.0)
    found = place_serial(stages, NormalDemand(mean, 10.0), shortage_cost=20.0)
    # Only what is in transit downstream grows with the mean: one unit-period for each unit, at the plant's cost.
    assert found.cost - 1.0 * mean == pytest.approx(small.cost - 100.0, rel=1e-6)
    alone = newsvendor(NormalDemand(mean, 10.0), overage_cost=1.0, underage_cost=9.0)
    one = place_serial([SerialStage("shop", 1.0, 1.0)], NormalDemand(mean, 10.0), shortage_cost=9.0)
    assert one.cost == pytest.approx(alone.cost, rel=1e-5)
    assert one.stages[0].echelon_base_stock == pytest.approx(alone.level, abs=0.05)


def test_local_levels_add_up_and_price_their_safety() -> None:
    instance = serial_instances()[0]
    found = place_serial(instance.stages, instance.demand, shortage_cost=instance.shortage_cost)
    assert sum(one.local_base_stock for one in found.stages) == found.stages[0].echelon_base_stock
    assert [one.local_base_stock for one in found.stages] == [4.0, 5.0, 5.0, 8.0]
    assert found.stages[-1].safety_stock == 4.0
    assert found.stages[-1].safety_stock_cost == 4.0 * 1.0


@given(st.floats(0.5, 40))
def test_money_in_other_units_scales_the_cost(factor: float) -> None:
    stages = [SerialStage("plant", 2.0, 1.0), SerialStage("shop", 1.0, 2.0)]
    scaled = [SerialStage(one.stage, one.lead_time, one.echelon_holding_cost * factor) for one in stages]
    one = place_serial(stages, PoissonDemand(4.0), shortage_cost=10.0)
    other = place_serial(scaled, PoissonDemand(4.0), shortage_cost=10.0 * factor)
    assert other.cost == pytest.approx(one.cost * factor)


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("stages", lambda: place_serial([], PoissonDemand(1), shortage_cost=1)),
        ("stages", lambda: place_serial([SerialStage("A", 1, 1)] * 2, PoissonDemand(1), shortage_cost=1)),
        ("A.lead_time", lambda: SerialStage("A", -1, 1)),
        ("A.echelon_holding_cost", lambda: SerialStage("A", 1, -1)),
        ("A.echelon_holding_cost", lambda: SerialStage("A", 1, float("inf"))),
        ("demand.rate", lambda: PoissonDemand(-1)),
        ("demand", lambda: place_serial([SerialStage("A", 1, 1)], PoissonDemand(0), shortage_cost=1)),
        ("demand", lambda: place_serial([SerialStage("A", 1, 1)], NormalDemand(0, 1), shortage_cost=1)),
        ("lead_time", lambda: place_serial([SerialStage("A", 0, 1)], PoissonDemand(1), shortage_cost=1)),
        ("shortage_cost", lambda: place_serial([SerialStage("A", 1, 1)], PoissonDemand(1), shortage_cost=0)),
        (
            "echelon_base_stock",
            lambda: serial_cost([SerialStage("A", 1, 1)], PoissonDemand(1), [1, 2], shortage_cost=1),
        ),
        ("echelon_base_stock", lambda: serial_cost([SerialStage("A", 1, 1)], PoissonDemand(1), [1e9], shortage_cost=1)),
    ],
)
def test_bad_input_is_refused_by_field(field: str, call: Callable[[], object]) -> None:
    with pytest.raises(InvalidField) as refused:
        call()
    assert refused.value.field == field
