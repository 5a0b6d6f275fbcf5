"""Reorder points against closed forms and against rules that hold for any lead time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma, norm

from planning.errors import HorizonTooShort, InvalidField
from planning.inventory.distributions import compound_poisson, poisson
from planning.inventory.reorder import DailyDemand, reorder_point
from planning.inventory.service import CostRatio, FillRate, ServiceTarget, safety_factors

rates = st.floats(0.1, 200)
spreads = st.floats(0.0, 200)
days = st.floats(0.5, 40)
services = st.floats(0.5, 0.999)


def test_certain_demand_and_lead_time_need_no_safety_stock() -> None:
    found = reorder_point(DailyDemand(10, 0), lead_time_mean=7, lead_time_sd=0, service_level=0.95, review_days=1)
    assert (found.reorder_point, found.safety_stock) == (80.0, 0.0)


def test_moments_of_random_demand_over_a_random_lead_time() -> None:
    # E = 10·5, Var = 4²·5 + 10²·2² (Silver, Pyke and Thomas, section 6.10).
    found = reorder_point(DailyDemand(10, 4), lead_time_mean=5, lead_time_sd=2, service_level=0.9)
    assert found.lead_time_demand_mean == 50.0
    assert found.lead_time_demand_sd == pytest.approx(np.sqrt(80 + 400))


def test_exactly_gamma_demand_gives_its_quantile() -> None:
    # Gamma(100, 30) as one day's demand; the sum over a certain lead time of 4 days is gamma as well.
    shape, scale = 100**2 / 30**2, 30**2 / 100
    found = reorder_point(DailyDemand(100, 30), lead_time_mean=4, lead_time_sd=0, service_level=0.95)
    assert found.reorder_point == pytest.approx(gamma.ppf(0.95, 4 * shape, scale=scale))


def test_many_small_days_approach_the_normal_formula() -> None:
    # Safety stock = z·σ·√L for normal demand, the textbook case; the gamma's skewness vanishes as 1/√L.
    found = reorder_point(DailyDemand(100, 10), lead_time_mean=400, lead_time_sd=0, service_level=0.975)
    assert found.safety_stock == pytest.approx(norm.ppf(0.975) * 10 * np.sqrt(400), rel=0.005)


def test_newsvendor_with_normal_demand() -> None:
    # stockpyl's example_4_3: h = .18, p = .70, Normal(50, 8): base stock 56.60396. With a coefficient of variation of
    # .16 the gamma with the same moments lies within half a percent of it.
    found = reorder_point(DailyDemand(50, 8), lead_time_mean=1, lead_time_sd=0, service_level=0.70 / 0.88)
    assert found.reorder_point == pytest.approx(56.60396, rel=0.005)


def test_scenarios_of_independent_days_agree_with_the_formula() -> None:
    drawn = np.random.default_rng(1).gamma(4.0, 5.0, (40_000, 30))
    formula = reorder_point(DailyDemand(20, 10), lead_time_mean=8, lead_time_sd=2, service_level=0.95)
    sampled = reorder_point(drawn, lead_time_mean=8, lead_time_sd=2, service_level=0.95)
    # Whole days add a twelfth to the variance of the lead time.
    assert sampled.lead_time_demand_mean == pytest.approx(formula.lead_time_demand_mean, rel=0.01)
    assert sampled.lead_time_demand_sd == pytest.approx(formula.lead_time_demand_sd, rel=0.02)
    assert sampled.reorder_point == pytest.approx(formula.reorder_point, rel=0.01)


def test_scenarios_see_what_the_formula_cannot_that_days_move_together() -> None:
    level = np.random.default_rng(1).gamma(4.0, 5.0, (5_000, 1))
    together = reorder_point(np.tile(level, (1, 20)), lead_time_mean=9, lead_time_sd=0, service_level=0.95)
    assert together.lead_time_demand_sd == pytest.approx(9 * 10, rel=0.03)


def test_the_promised_service_is_kept_on_fresh_draws() -> None:
    random = np.random.default_rng(7)
    found = reorder_point(DailyDemand(20, 10), lead_time_mean=8, lead_time_sd=2, service_level=0.95)
    lead = random.gamma(16, 0.5, 100_000)
    demand = random.gamma(4 * lead, 5.0)
    assert (demand <= found.reorder_point).mean() == pytest.approx(0.95, abs=0.005)


targets: st.SearchStrategy[ServiceTarget] = st.one_of(
    services, st.builds(FillRate, st.floats(0.6, 0.999)), st.builds(CostRatio, st.floats(0.1, 50), st.floats(0.1, 5))
)


@settings(max_examples=25)
@given(rates, spreads, days, st.floats(0, 12), targets, st.integers(1, 8), st.lists(st.floats(1.0, 1.5), max_size=3))
def test_a_longer_lead_time_never_lowers_the_safety_stock(
    rate: float, spread: float, lead: float, sd: float, target: ServiceTarget, review: int, longer: list[float]
) -> None:
    """With the standard deviation of the lead time fixed."""
    before = 0.0
    for factor in (1.0, *longer):
        lead *= factor
        found = reorder_point(
            DailyDemand(rate, spread), lead_time_mean=lead, lead_time_sd=sd, service_level=target, review_days=review,
            order_quantity=rate,
        )  # fmt: skip
        assert found.safety_stock >= before * (1 - 1e-12)
        before = found.safety_stock


@given(rates, spreads, days, st.floats(0, 2), services, st.floats(1.0, 5.0))
def test_nor_does_one_that_is_longer_and_less_certain(
    rate: float, spread: float, lead: float, variation: float, service: float, longer: float
) -> None:
    short, long_ = (
        reorder_point(
            DailyDemand(rate, spread), lead_time_mean=lead * factor, lead_time_sd=variation * lead * factor,
            service_level=service,
        )
        for factor in (1.0, longer)
    )  # fmt: skip
    assert long_.safety_stock >= short.safety_stock * (1 - 1e-3) - 1e-9
    assert long_.reorder_point >= short.reorder_point * (1 - 1e-3)


@given(st.integers(0, 50), st.floats(0, 5), services, st.integers(0, 5))
def test_nor_does_it_over_scenarios(seed: int, sd: float, service: float, review: int) -> None:
    """Demand that catches up: what is not bought one day is bought the next, so doubt falls with time."""
    random = np.random.default_rng(seed)
    drawn = random.gamma(2.0, 5.0, (40, 24))
    drawn[:, 1::2] = np.maximum(20.0 - drawn[:, ::2], 0.0)
    before = 0.0
    for lead in np.sort(random.uniform(0.3, 18, 6)):
        found = reorder_point(
            drawn, lead_time_mean=float(lead), lead_time_sd=sd, service_level=service, review_days=review
        )
        assert found.safety_stock >= before * (1 - 1e-12)
        before = found.safety_stock


@given(rates, spreads, days, st.floats(0, 10), services, services)
def test_more_service_never_needs_less(
    rate: float, spread: float, lead: float, spread_lead: float, one: float, two: float
) -> None:
    points = [
        reorder_point(DailyDemand(rate, spread), lead_time_mean=lead, lead_time_sd=spread_lead, service_level=level)
        for level in sorted((one, two))
    ]
    assert points[0].reorder_point <= points[1].reorder_point * (1 + 1e-9)
    assert points[0].safety_stock >= 0.0


@given(rates, spreads, days, st.floats(0, 10), services, st.floats(0.01, 100))
def test_other_units_scale_the_point(
    rate: float, spread: float, lead: float, spread_lead: float, service: float, factor: float
) -> None:
    def point(scale: float) -> float:
        demand = DailyDemand(rate * scale, spread * scale)
        return reorder_point(demand, lead_time_mean=lead, lead_time_sd=spread_lead, service_level=service).reorder_point

    assert point(factor) == pytest.approx(point(1.0) * factor, rel=1e-6)


def test_scenarios_must_last_as_long_as_the_lead_time() -> None:
    with pytest.raises(HorizonTooShort, match="12"):
        reorder_point(np.ones((3, 10)), lead_time_mean=11, lead_time_sd=1, service_level=0.9, review_days=1)


@pytest.mark.parametrize("service", [0.4, 1.0, float("nan")])
def test_an_impossible_service_level_is_refused(service: float) -> None:
    with pytest.raises(InvalidField, match="service_level"):
        reorder_point(DailyDemand(1, 1), lead_time_mean=1, lead_time_sd=0, service_level=service)


def test_a_fill_rate_is_kept_on_fresh_draws() -> None:
    # Continuous review, orders of 100, a lead time of 8 ± 2 days: run the stock, count what was served at once.
    random = np.random.default_rng(3)
    found = reorder_point(
        DailyDemand(20, 10), lead_time_mean=8, lead_time_sd=2, service_level=FillRate(0.97), order_quantity=100
    )
    over_lead = random.gamma(4 * random.gamma(16, 0.5, 200_000), 5.0)
    position = found.reorder_point + 100 * random.random(over_lead.size)
    # Shortage per order is E[(D − r)⁺] − E[(D − r − Q)⁺] = Q·P(D > position) with the position evenly spread. These
    # lead times have a skewness of .5 where the fit takes 1, so a little more is kept than promised.
    assert 0.97 <= 1 - (over_lead > position).mean() <= 0.975


def test_a_fill_rate_asks_for_less_than_cycle_service_when_orders_are_large() -> None:
    small, large = (
        reorder_point(
            DailyDemand(20, 10), lead_time_mean=8, lead_time_sd=2, service_level=FillRate(0.95), order_quantity=quantity
        ).safety_stock
        for quantity in (20, 200)
    )
    cycle = reorder_point(DailyDemand(20, 10), lead_time_mean=8, lead_time_sd=2, service_level=0.95).safety_stock
    assert 0.0 < large < small
    assert large < cycle


def test_a_cost_ratio_is_its_critical_fractile() -> None:
    by_costs, by_service = (
        reorder_point(DailyDemand(20, 10), lead_time_mean=8, lead_time_sd=2, service_level=target)
        for target in (CostRatio(19.0, 1.0), 0.95)
    )
    assert by_costs == by_service


def test_whole_units_are_exact() -> None:
    # Poisson 0.5 a day over exactly 8 days is Poisson 4: P(D ≤ 8) = .9786, P(D ≤ 7) = .9489.
    found = reorder_point(poisson(0.5), lead_time_mean=8, lead_time_sd=0, service_level=0.95)
    assert (found.reorder_point, found.lead_time_demand_mean) == (8.0, pytest.approx(4.0))
    assert found.lead_time_demand_sd == pytest.approx(2.0)


def test_whole_units_keep_their_promise_over_a_random_lead_time() -> None:
    random = np.random.default_rng(5)
    sizes = np.array([0.0, 0.6, 0.1, 0.0, 0.0, 0.3])
    day = compound_poisson(0.7, sizes)
    found = reorder_point(day, lead_time_mean=6, lead_time_sd=3, service_level=0.95, review_days=2)
    lead = np.floor(random.gamma(4, 1.5, 300_000) + 0.5) + 2
    units = np.zeros(lead.size)
    for size, share in ((1, 0.6), (2, 0.1), (5, 0.3)):
        units += size * random.poisson(0.7 * share * lead)
    covered = (units <= found.reorder_point).mean()
    assert covered >= 0.95 - 0.002
    assert (units <= found.reorder_point - 1).mean() < 0.95 + 0.002


@settings(max_examples=25)
@given(st.floats(0.01, 3), st.floats(0, 12), st.floats(0, 8), services)
def test_whole_units_never_reorder_later_for_a_longer_lead_time(
    rate: float, lead: float, longer: float, service: float
) -> None:
    first, second = (
        reorder_point(poisson(rate), lead_time_mean=days_, lead_time_sd=0.0, service_level=service).reorder_point
        for days_ in (lead, lead + longer)
    )
    assert second >= first
    assert first == round(first)


def test_whole_units_and_the_fit_agree_where_demand_is_large() -> None:
    exact = reorder_point(poisson(40), lead_time_mean=9, lead_time_sd=0, service_level=0.95)
    fitted = reorder_point(DailyDemand(40, np.sqrt(40)), lead_time_mean=9, lead_time_sd=0, service_level=0.95)
    assert exact.reorder_point == pytest.approx(fitted.reorder_point, abs=1.0)


@pytest.mark.parametrize(("skewness", "level", "order"), [(20.0, 0.99999, 0.01), (8.0, 0.999, 0.5), (0.01, 0.9, 3.0)])
def test_a_fill_rate_is_reached_however_skewed_demand_is(skewness: float, level: float, order: float) -> None:
    factor = float(safety_factors(np.array([skewness]), FillRate(level), np.array([order]))[0])
    shape = 4.0 / skewness**2
    places = np.linspace(factor, factor + order, 2_001)
    short = np.trapezoid(gamma.sf(shape + np.sqrt(shape) * places, shape), places)
    assert 1.0 - short / order == pytest.approx(level, abs=(1.0 - level) * 1e-3)


def test_whole_units_need_an_order_for_a_fill_rate_too() -> None:
    with pytest.raises(InvalidField, match="order_quantity"):
        reorder_point(poisson(3), lead_time_mean=4, lead_time_sd=0, service_level=FillRate(0.95))


@pytest.mark.parametrize(
    ("field", "target", "quantity"),
    [
        ("fill_rate", lambda: FillRate(1.0), None),
        ("underage_cost", lambda: CostRatio(0.0, 1.0), None),
        ("overage_cost", lambda: CostRatio(1.0, float("nan")), None),
        ("order_quantity", lambda: FillRate(0.9), None),
        ("order_quantity", lambda: FillRate(0.9), 0.0),
        ("order_quantity", lambda: FillRate(0.9), -3.0),
    ],
)
def test_an_impossible_target_is_refused(
    field: str, target: Callable[[], ServiceTarget], quantity: float | None
) -> None:
    with pytest.raises(InvalidField) as refused:
        reorder_point(
            DailyDemand(5, 2), lead_time_mean=3, lead_time_sd=1, service_level=target(), order_quantity=quantity
        )
    assert refused.value.field == field
