"""What was known of the shelf in advance, declared as the engine's signals: prices, deals, features, rivals'.

All of it is announced for the weeks asked; nothing here looks at sales.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.forecast_oj_data import Juice, carried
from planning.arrays import FloatArray
from planning.forecasting.signals import Known, Scope, Signal, SignalKind

# Weeks over which the usual price is the upper fifth, so that a sale does not count as usual.
USUAL_WEEKS, USUAL_LEVEL = 13, 0.8
Plane = tuple[str, SignalKind, FloatArray]


def signals_of(juice: Juice, weeks: int) -> tuple[Signal, ...]:
    """Signals over the first `weeks` columns."""
    keys = series_ids(juice)
    elastic = [_series(juice, keys, plane, elastic=True) for plane in _elastic(juice, weeks)]
    beside = [_series(juice, keys, plane, elastic=False) for plane in _beside(juice, weeks)]
    return (*elastic, *beside, *_rivals(juice, weeks))


def series_ids(juice: Juice) -> np.ndarray[tuple[int, int], np.dtype[np.str_]]:
    """(stores, brands) names."""
    return np.array([[f"{store}-{brand}" for brand in range(1, juice.units.shape[1] + 1)] for store in juice.stores])


def _elastic(juice: Juice, weeks: int) -> list[Plane]:
    price, deal, feature, discount = _shelf(juice, weeks)
    rivals = _of_others(discount)
    prices = _of_others(price)
    promoted = feature.sum(axis=1, keepdims=True) - feature
    return [
        ("price", SignalKind.PRICE, price),
        ("discount", SignalKind.MEASURE, discount),
        ("deep_discount", SignalKind.MEASURE, discount**2),
        ("feature", SignalKind.EVENT, feature),
        ("deal", SignalKind.EVENT, deal),
        ("featured_discount", SignalKind.MEASURE, feature * discount),
        ("deepest_rival", SignalKind.MEASURE, np.nanmin(rivals, axis=2)),
        ("rivals_discount", SignalKind.MEASURE, np.nanmean(rivals, axis=2)),
        ("cheapest_rival", SignalKind.MEASURE, np.log(np.nanmin(prices, axis=2))),
        ("rivals_price", SignalKind.MEASURE, np.log(np.nanmean(prices, axis=2))),
        ("rivals_featured", SignalKind.MEASURE, promoted),
        ("discount_before", SignalKind.MEASURE, _before(discount)),
        ("feature_before", SignalKind.MEASURE, _before(feature)),
        ("deal_before", SignalKind.MEASURE, _before(deal)),
    ]


def _beside(juice: Juice, weeks: int) -> list[Plane]:
    """For the trees alone: ratios, and how long ago the last promotion was."""
    price, deal, feature, _ = _shelf(juice, weeks)
    brand = np.broadcast_to(np.arange(price.shape[1])[None, :, None], price.shape)
    return [
        ("brand", SignalKind.MEASURE, brand.astype(np.float64)),
        ("price_an_ounce", SignalKind.MEASURE, np.log(price)),
        ("over_cheapest", SignalKind.MEASURE, np.log(price / np.nanmin(_of_others(price), axis=2))),
        ("over_category", SignalKind.MEASURE, np.log(price / price.mean(axis=1, keepdims=True))),
        ("over_chain", SignalKind.MEASURE, np.log(price / np.median(price, axis=0, keepdims=True))),
        ("price_move", SignalKind.MEASURE, np.log(price / _before(price))),
        ("since_feature", SignalKind.MEASURE, _since(feature)),
        ("since_deal", SignalKind.MEASURE, _since(deal)),
        ("rivals_dealing", SignalKind.MEASURE, deal.sum(axis=1, keepdims=True) - deal),
    ]


def _rivals(juice: Juice, weeks: int) -> list[Signal]:
    """Each brand's discount in the store, a signal of the site."""
    _, _, _, discount = _shelf(juice, weeks)
    sites = np.array([str(store) for store in juice.stores])
    return [
        Signal(
            f"discount_of_brand_{brand + 1}", SignalKind.MEASURE, Scope.SITE, Known.in_advance(),
            pd.DataFrame({
                "site": np.repeat(sites, weeks),
                "ds": np.tile(juice.monday[:weeks], sites.size),
                "value": discount[:, brand].reshape(-1),
            }),
        )
        for brand in range(discount.shape[1])
    ]  # fmt: skip


def _series(
    juice: Juice, keys: np.ndarray[tuple[int, int], np.dtype[np.str_]], plane: Plane, *, elastic: bool
) -> Signal:
    name, kind, values = plane
    weeks = values.shape[-1]
    table = pd.DataFrame(
        {
            "unique_id": np.repeat(keys.reshape(-1), weeks),
            "ds": np.tile(juice.monday[:weeks], keys.size),
            "value": values.reshape(-1),
        }
    )
    return Signal(name, kind, Scope.SERIES, Known.in_advance(), table, elastic=elastic)


def _shelf(juice: Juice, weeks: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Price, deal, feature, and log price against the usual one; an unreported week stays as the one before."""
    price, deal, feature = (carried(one[..., :weeks]) for one in (juice.price, juice.deal, juice.feature))
    logs = np.log(price)
    usual = np.stack([
        np.quantile(logs[..., max(week + 1 - USUAL_WEEKS, 0) : week + 1], USUAL_LEVEL, axis=-1) for week in range(weeks)
    ], axis=-1)  # fmt: skip
    return price, deal, feature, logs - usual


def _of_others(values: FloatArray) -> FloatArray:
    """(stores, brands, brands, weeks) what the brands of the store have, NaN for itself."""
    own = np.eye(values.shape[1], dtype=bool)[None, :, :, None]
    return np.where(own, np.nan, values[:, None, :, :])


def _before(values: FloatArray) -> FloatArray:
    return np.concatenate([values[..., :1], values[..., :-1]], axis=-1)


def _since(flag: FloatArray) -> FloatArray:
    """Weeks since the last one before this with the flag, at most 26."""
    weeks = np.arange(flag.shape[-1])
    last = np.maximum.accumulate(np.where(flag > 0.0, weeks, -26), axis=-1)
    return np.minimum(weeks - np.concatenate([np.full((*flag.shape[:-1], 1), -26), last[..., :-1]], axis=-1), 26.0)
