"""How demand above a series moves: the recent level against the slow one, of its SKU, its site and the whole."""

from __future__ import annotations

import numpy as np

from planning.arrays import FloatArray, IntArray, SingleArray
from planning.forecasting.panel import Panel


def trends_of(panel: Panel, first: int) -> list[tuple[str, SingleArray]]:
    """Names and (series, periods − first + 1): column t knows periods up to first + t − 1; NaN where nothing sold."""
    everything = np.zeros(len(panel.ids), dtype=np.int64)
    groups = [("trend_sku", panel.sku), ("trend_site", panel.site), ("trend_all", everything)]
    return [(name, _trend(panel, group, first)) for name, group in groups if group is not None]


def _trend(panel: Panel, group: IntArray, first: int) -> SingleArray:
    kind = panel.frequency
    summed = np.zeros((int(group.max()) + 1, panel.periods))
    np.add.at(summed, group, np.nan_to_num(panel.values))
    total = np.cumsum(np.pad(summed, ((0, 0), (1, 0))), axis=1)
    recent = _mean_back(total, max(kind.windows[-1], kind.block) if kind.season > 1 else kind.block)
    usual = _mean_back(total, kind.scale_window)
    ratio = np.where(usual > 0.0, recent / np.where(usual > 0.0, usual, 1.0), np.nan)
    return ratio[group, first:].astype(np.float32)


def _mean_back(total: FloatArray, window: int) -> FloatArray:
    place = np.arange(total.shape[1])
    back = np.maximum(place - window, 0)
    return (total - total[:, back]) / np.maximum(place - back, 1)
