"""The stock walk, its risk and its money, against hand-computed cases and rules that hold for any stock."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays as numpy_arrays

from planning.arrays import FloatArray
from planning.errors import Infeasible, InvalidField
from planning.inventory.outlook import StockOutlook, simulate_stock, stock_outlook

DAYS = 5
units = st.floats(0, 50, allow_subnormal=False)
demands = numpy_arrays(np.float64, st.tuples(st.integers(1, 6), st.just(DAYS)), elements=units)
receipts = numpy_arrays(np.float64, DAYS, elements=units)


def outlook(demand: FloatArray, on_hand: float, arriving: FloatArray, **more: object) -> StockOutlook:
    """With a margin of 2, holding at 0.1 and three days of cover."""
    given_: dict[str, object] = {"unit_margin": 2.0, "holding_cost_per_unit_day": 0.1, "cover_days_target": 3}
    return stock_outlook(demand, on_hand, arriving, **(given_ | more))  # pyright: ignore[reportArgumentType]


def test_two_scenarios_by_hand() -> None:
    demand = np.array([[4.0, 4.0, 4.0], [1.0, 1.0, 1.0]])
    found = outlook(demand, 6.0, np.array([0.0, 0.0, 3.0]))
    # First scenario: stock 2, 0 (2 short), 0 (1 short). Second: 5, 4, 6.
    assert found.probability_stockout == 0.5
    assert found.expected_units_short == 1.5
    assert found.expected_lost_margin == 3.0
    assert found.days_short == 1.0
    assert found.first_day_at_risk == 1
    # After three days of demand 9 − 12 and 9 − 3 are left.
    assert found.probability_overstock == 0.5
    assert found.expected_units_over == 3.0
    assert found.expected_holding_and_expiry_cost == pytest.approx(0.1 * (2 + 0 + 0 + 5 + 4 + 6) / 2)
    assert found.projected[:, 1] == pytest.approx([3.5, 2.0, 3.0])


def test_first_expired_first_out_by_hand() -> None:
    # 10 on hand, 4 of them good through day 1 only; one is sold a day, so 2 have gone by then and 2 are thrown away.
    paths = simulate_stock(np.ones((1, 3)), 10.0, np.zeros(3), np.array([0.0, 4.0, 0.0]))
    assert paths.expired.tolist() == [[0.0, 2.0, 0.0]]
    assert paths.stock.tolist() == [[9.0, 6.0, 5.0]]
    found = outlook(np.ones((1, 3)), 10.0, np.zeros(3), expiring=np.array([0.0, 4.0, 0.0]), unit_cost=7.0)
    assert found.expected_units_expired == 2.0
    assert found.expected_holding_and_expiry_cost == pytest.approx(0.1 * 20 + 14.0)


def test_cover_beyond_the_horizon_goes_on_at_the_daily_average() -> None:
    found = outlook(np.full((1, 2), 3.0), 20.0, np.zeros(2), cover_days_target=4)
    assert found.expected_units_over == pytest.approx(20.0 - 4 * 3.0)


@given(demands, receipts, units, units)
def test_more_stock_never_raises_the_risk(demand: FloatArray, coming: FloatArray, stock: float, more: float) -> None:
    less, plenty = outlook(demand, stock, coming), outlook(demand, stock + more, coming)
    assert plenty.probability_stockout <= less.probability_stockout
    assert plenty.expected_units_short <= less.expected_units_short + 1e-9
    assert plenty.expected_units_over >= less.expected_units_over - 1e-9


@given(demands, receipts, units, st.data())
def test_nothing_is_made_or_lost(demand: FloatArray, coming: FloatArray, stock: float, data: st.DataObject) -> None:
    shares = data.draw(numpy_arrays(np.float64, DAYS, elements=st.floats(0, 0.2)))
    paths = simulate_stock(demand, stock, coming, shares * stock)
    sold = demand - paths.short
    left = stock + coming.sum() - sold.sum(axis=1) - paths.expired.sum(axis=1)
    assert paths.stock[:, -1] == pytest.approx(left, abs=1e-6)
    assert (paths.stock >= 0.0).all()
    assert (paths.short >= 0.0).all()
    assert (paths.expired >= 0.0).all()


@given(demands, receipts, units, st.sampled_from([0.5, 2.0, 8.0]))
def test_other_units_scale_the_answer(demand: FloatArray, coming: FloatArray, stock: float, factor: float) -> None:
    one = outlook(demand, stock, coming)
    other = outlook(demand * factor, stock * factor, coming * factor)
    assert other.expected_units_short == pytest.approx(one.expected_units_short * factor)
    assert other.expected_units_over == pytest.approx(one.expected_units_over * factor)
    assert other.probability_stockout == one.probability_stockout
    assert other.projected == pytest.approx(one.projected * factor)


@given(demands, receipts, units)
def test_lost_units_are_the_peak_of_the_net_demand(demand: FloatArray, coming: FloatArray, stock: float) -> None:
    peak = np.maximum((np.cumsum(demand - coming, axis=1) - stock).max(axis=1), 0.0)
    assert simulate_stock(demand, stock, coming).short.sum(axis=1) == pytest.approx(peak, abs=1e-6)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("demand", {"demand": np.array([[np.nan]])}),
        ("demand", {"demand": np.zeros((0, 3))}),
        ("on_hand", {"on_hand": -1.0}),
        ("on_hand", {"on_hand": float("nan")}),
        ("receipts", {"receipts": np.zeros(2)}),
        ("receipts", {"receipts": np.full(3, -1.0)}),
        ("unit_margin", {"unit_margin": -1.0}),
        ("cover_days_target", {"cover_days_target": 0}),
        ("unit_cost", {"expiring": np.zeros(3)}),
        ("risk_threshold", {"risk_threshold": 0.0}),
    ],
)
def test_bad_input_is_refused_by_field(field: str, change: dict[str, object]) -> None:
    good: dict[str, object] = {
        "demand": np.ones((2, 3)), "on_hand": 1.0, "receipts": np.zeros(3), "unit_margin": 1.0,
        "holding_cost_per_unit_day": 0.0, "cover_days_target": 1,
    }  # fmt: skip
    with pytest.raises(InvalidField) as refused:
        stock_outlook(**(good | change))  # pyright: ignore[reportArgumentType]
    assert refused.value.field == field


def test_more_cannot_expire_than_is_there() -> None:
    with pytest.raises(Infeasible, match="expiring"):
        outlook(np.ones((1, 3)), 2.0, np.zeros(3), expiring=np.array([0.0, 3.0, 0.0]), unit_cost=1.0)
