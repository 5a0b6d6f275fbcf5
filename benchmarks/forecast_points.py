"""The point of a predicted distribution that a score asks for. It changes no forecast and fits nothing.

MAPE is least at neither mean nor median but at the median of the density weighted by 1/y (Gneiting 2011, table 3).
"""

from __future__ import annotations

import numpy as np

from planning.arrays import FloatArray

GRID = 200


def least_percentage_error(quantiles: FloatArray, levels: FloatArray) -> FloatArray:
    """(rows,) the points of (rows, levels) quantiles that MAPE asks for; a quantile below 1 counts as 1.

    The quantile function is a straight line in the logarithm of demand over normal scores between the levels, and
    continues straight beyond them.
    """
    from scipy.special import ndtri

    logs = np.log(np.maximum(quantiles, 1.0))
    grid = (np.arange(GRID) + 0.5) / GRID
    knots, scores = ndtri(levels), ndtri(grid)
    cell = np.clip(np.searchsorted(knots, scores) - 1, 0, levels.size - 2)
    slope = np.diff(logs, axis=1) / np.diff(knots)
    values = logs[:, cell] + slope[:, cell] * (scores - knots[cell])
    weight = np.exp(values[:, :1] - values)
    share = np.cumsum(weight, axis=1) / weight.sum(axis=1, keepdims=True)
    middle = np.argmax(share >= 0.5, axis=1)
    return np.exp(values[np.arange(middle.size), middle])
