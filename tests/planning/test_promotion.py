"""The gate before promotion: each condition at its limit, and what it does where something cannot be measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from planning.errors import InvalidField
from planning.forecasting.calibration import MethodMetrics, measure
from planning.forecasting.promotion import Standing, alone, judge, standing

SERVING = Standing(days=1000, wql=0.50, bias=-0.04, coverage80=0.76)


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({}, set[str]()),
        ({"wql": 0.504}, set[str]()),
        ({"wql": 0.506}, {"wql"}),
        ({"bias": 0.049}, set[str]()),
        ({"bias": 0.051}, {"bias"}),
        ({"bias": -0.051}, {"bias"}),
        ({"coverage80": 0.859}, set[str]()),
        ({"coverage80": 0.861}, {"coverage80"}),
        ({"coverage80": 0.739}, {"coverage80"}),
        ({"wql": 0.6, "bias": 0.3}, {"wql", "bias"}),
        ({"wql": None}, {"wql"}),
    ],
)
def test_a_candidate_must_not_be_worse(change: dict[str, float], failed: set[str]) -> None:
    verdict = judge(replace(SERVING, **change), SERVING)
    assert {check.name for check in verdict.checks if not check.passed} == failed
    assert verdict.passed == (not failed)
    assert verdict.compared
    assert all((check.said in verdict.failures) != check.passed for check in verdict.checks)


def test_a_little_bias_is_well_whatever_serves() -> None:
    perfect = Standing(1000, 0.5, 0.0, 0.8)
    assert judge(replace(perfect, bias=0.029, coverage80=0.771), perfect).passed
    assert not judge(replace(perfect, bias=0.031), perfect).passed


@given(some.floats(0.01, 2.0), some.floats(-0.9, 0.9), some.floats(0.0, 1.0))
def test_a_version_is_never_worse_than_itself(wql: float, bias: float, coverage: float) -> None:
    one = Standing(10, wql, bias, coverage)
    assert judge(one, one).passed


def test_where_nothing_can_be_measured() -> None:
    assert not judge(None, SERVING).passed
    assert judge(None, None).passed
    assert judge(SERVING, None).compared
    assert alone(None).passed
    assert alone(SERVING).passed
    assert not alone(SERVING).compared
    assert not alone(replace(SERVING, bias=0.3)).passed
    assert not alone(replace(SERVING, coverage80=0.6)).passed


LEVELS = np.array([0.1, 0.5, 0.9, 0.95])
BLANK = measure("", "", np.ones(1), np.ones(1), np.ones((1, 4)), LEVELS, 1)


def metrics(
    segment: str, method: str, days: int, demand: float, wql: float, bias: float, inside: float
) -> MethodMetrics:
    loss = wql * demand / 2.0 / days
    return replace(
        BLANK, method=method, segment=segment, days=days, pinball=loss, wql=wql, coverage80=inside, bias=bias
    )


def test_segments_are_pooled_by_their_demand_and_days() -> None:
    rows = [
        metrics("steady", "lightgbm", 100, 900.0, 0.4, 0.1, 0.9),
        metrics("steady", "own", 100, 900.0, 0.1, 0.0, 0.8),
        metrics("sparse", "own", 300, 100.0, 0.8, -0.5, 0.7),
        metrics("all", "own", 400, 1000.0, 0.2, 0.0, 0.7),
    ]
    found = standing(rows, {"steady": "lightgbm", "sparse": "own"})
    assert found is not None
    assert found.days == 400
    assert found.wql == pytest.approx((0.4 * 900 + 0.8 * 100) / 1000)
    assert found.bias == pytest.approx((0.1 * 900 - 0.5 * 100) / 1000)
    assert found.coverage80 == pytest.approx((0.9 * 100 + 0.7 * 300) / 400)
    assert standing(rows, {}) is None
    assert standing([], {"steady": "own"}) is None
    with pytest.raises(InvalidField, match="not scored"):
        standing(rows, {"sparse": "croston-sba"})
