"""Quantiles corrected by how they did on origins held back (conformalised quantile regression, Romano et al. 2019).

The score of a period is demand over the quantile, so that the correction is a factor, the same for small and large
series of a segment: the level's own quantile of the scores. It is drawn towards 1 where few periods were seen.

Only the upper quantiles, the ones that stock is kept for, are corrected: the lower ones of intermittent demand lie on
the point mass at nothing, which no factor can calibrate.
"""

from __future__ import annotations

import numpy as np

from planning.arrays import FloatArray

# Periods that "no correction" is worth; and the most that a correction may do.
PRIOR_PERIODS = 200.0
UPPER = 0.9
LEAST, MOST = 0.5, 2.0


def factors(actual: FloatArray, quantiles: FloatArray, levels: FloatArray) -> FloatArray:
    """(levels,) what to multiply each quantile by; `actual` (rows,), `quantiles` (rows, levels)."""
    return np.array([
        _factor(actual, quantiles[:, place], level) if level >= UPPER else 1.0 for place, level in enumerate(levels)
    ])  # fmt: skip


def corrected(quantiles: FloatArray, factor: FloatArray) -> FloatArray:
    """(…, levels) the quantiles times their factors, not crossing."""
    return np.sort(quantiles * factor, axis=-1)


def _factor(actual: FloatArray, quantile: FloatArray, level: float) -> float:
    kept = quantile > 0.0
    size = int(kept.sum())
    if size == 0:
        return 1.0
    # Where the quantile is nothing a factor does nothing; the rest must make up the level among themselves.
    ordered = np.sort(actual[kept] / quantile[kept])
    below = float((actual[~kept] <= 0.0).sum())
    place = int(np.ceil((actual.size + 1) * level - below)) - 1
    found = float(np.clip(ordered[np.clip(place, 0, size - 1)], LEAST, MOST))
    return float(found ** (size / (size + PRIOR_PERIODS)))
