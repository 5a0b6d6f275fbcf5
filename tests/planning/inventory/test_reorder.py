"""Reorder points against closed forms and against rules that hold for any lead time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import gamma, norm

from planning.errors import HorizonTooShort, InvalidField
from planning.inventory.reorder import DailyDemand, reorder_point

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


@given(rates, spreads, days, st.floats(0, 2), services, st.floats(1.0, 5.0))
def test_a_longer_lead_time_never_lowers_the_safety_stock(
    rate: float, spread: float, lead: float, variation: float, service: float, longer: float
) -> None:
    demand = DailyDemand(rate, spread)
    short = reorder_point(demand, lead_time_mean=lead, lead_time_sd=variation * lead, service_level=service)
    long_ = reorder_point(
        demand, lead_time_mean=lead * longer, lead_time_sd=variation * lead * longer, service_level=service
    )
    assert long_.safety_stock >= short.safety_stock * (1 - 1e-9) - 1e-9
    assert long_.reorder_point >= short.reorder_point * (1 - 1e-9)


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
