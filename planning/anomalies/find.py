"""All that is not as usual in the newest part of one series, each stretch taken for one kind, with its evidence.

A level that has lasted FEWEST_WEEKS or more is a shift; what went back is a one-off; what a factor explains better is
a data error; what is still going on, or has only just ended, is unclear, and says until when.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from planning.anomalies import one_offs, records, shifts
from planning.anomalies.anomaly import UNCLEAR_CAP, Anomaly, Form, Kind
from planning.anomalies.observed import Observed
from planning.anomalies.one_offs import Run
from planning.anomalies.shifts import FEWEST_WEEKS, Shift
from planning.anomalies.usual import Usual
from planning.arrays import BoolArray, FloatArray, count

WINDOW_DAYS = 91
# A level that would still be as far off is ruled out when what came since is this unlikely under it.
GONE = 0.05
HIGHEST = 0.99


def find(seen: Observed, *, window: int | None = None) -> tuple[Anomaly, ...]:
    """Anomalies that touch the last `window` periods (default: 13 weeks), oldest first.

    On usual demand one series in fifty shows any (tests measure it): one_offs.FALSE_ALARMS, shifts.FALSE_ALARMS and
    records.FALSE_ALARMS add up to .012, and tails heavier than assumed add the rest. Raises `InvalidField` for a
    window that is no whole number.
    """
    span = min(count("window", WINDOW_DAYS * seen.week // 7 if window is None else window), seen.values.size)
    errors = _errors(seen, span)
    clean = _without(seen, errors)
    moved = shifts.shift(clean)
    recent = clean.recent()
    offset = seen.values.size - recent.values.size
    found, usual = one_offs.runs(recent, _segments(recent, moved, offset), min(span, recent.values.size))
    strange = [] if usual is None else [_strange(recent, usual, run, span) for run in found]
    shifted = [] if moved is None or moved.is_season else [_shifted(seen, moved)]
    placed = [replace(one, first=one.first + offset, last=one.last + offset) for one in strange]
    return tuple(sorted((*errors, *shifted, *placed), key=lambda one: (one.first, one.last)))


def _errors(seen: Observed, span: int) -> list[Anomaly]:
    negative = [
        Anomaly(
            Kind.DATA_ERROR, Form.NEGATIVE, place, place, float(seen.values[place]), 0.0,
            "units recorded, which cannot be less than none", float(seen.values[place]), 0.0, 0.0, HIGHEST,
        )
        for place in map(int, records.negatives(seen, span))
    ]  # fmt: skip
    stuck = [
        Anomaly(
            Kind.DATA_ERROR, Form.STUCK, one.first, one.last, float(seen.values[one.first : one.last + 1].sum()),
            float(np.median(seen.demand)) * (one.last - one.first + 1), "chance of the same value in a row",
            one.chance, one.threshold, min(one.chance * span, 1.0), HIGHEST - min(one.chance * span, 0.5),
        )
        for one in records.stuck(seen, span)
    ]  # fmt: skip
    return negative + stuck


def _without(seen: Observed, errors: list[Anomaly]) -> Observed:
    bad: BoolArray = np.zeros(seen.values.size, dtype=np.bool_)
    for one in errors:
        bad[one.first : one.last + 1] = True
    return replace(seen, stocked_out=records.without(seen, bad)) if errors else seen


def _segments(recent: Observed, moved: Shift | None, offset: int) -> FloatArray:
    segment = np.zeros(recent.values.size)
    if moved is not None:
        segment[max(moved.first - offset, 0) :] = 1.0
    return segment


def _shifted(seen: Observed, moved: Shift) -> Anomaly:
    """Confidence by the rule of succession: a level that lasted n weeks lasts another with (n + 1)/(n + 2)."""
    last = seen.values.size - 1
    weeks = (last + 1 - moved.first) / seen.week
    return Anomaly(
        Kind.SHIFT,
        Form.RISE if moved.after > moved.before else Form.FALL,
        moved.first,
        last,
        float(seen.demand[moved.first :].sum()),
        moved.before * weeks,
        "difference of the weeks before and since (roots of units), in standard errors",
        moved.value,
        moved.threshold,
        moved.chance,
        (1.0 - moved.chance) * (moved.weeks + 1.0) / (moved.weeks + 2.0),
        Kind.ONE_OFF,
    )


def _strange(recent: Observed, usual: Usual, run: Run, span: int) -> Anomaly:
    strength = min(run.chance * one_offs.trials(span), 1.0)
    form = Form.SPIKE if run.is_high else Form.DIP
    found = Anomaly(
        Kind.ONE_OFF, form, run.first, run.last, run.observed, run.expected,
        "chance of so much in so many periods" if run.is_high else "chance of so little in so many periods",
        run.chance, one_offs.threshold(span), strength, min(1.0 - strength, HIGHEST),
    )  # fmt: skip
    slip = records.slip(recent, usual, run)
    lasting = _may_last(recent, usual, run)
    if slip is not None and slip.probability > UNCLEAR_CAP:
        form = Form.PACK_SLIP if slip.is_pack else Form.DECIMAL_SLIP
        sure = min(slip.probability, HIGHEST)
        other = Kind.UNCLEAR if lasting else Kind.ONE_OFF
        return replace(found, kind=Kind.DATA_ERROR, form=form, confidence=sure, factor=slip.factor, alternative=other)
    if slip is not None:
        found = replace(found, confidence=found.confidence * (1.0 - slip.probability), alternative=Kind.DATA_ERROR)
    if not lasting:
        return found
    left = FEWEST_WEEKS * recent.week - (recent.values.size - run.first)
    return replace(
        found, kind=Kind.UNCLEAR, confidence=min(found.confidence, UNCLEAR_CAP), alternative=Kind.SHIFT,
        clear_in=left if left > 0 else recent.week,
    )  # fmt: skip


def _may_last(recent: Observed, usual: Usual, run: Run) -> bool:
    """Whether what came after the run could still come from the run's level."""
    after = np.flatnonzero(recent.judged[run.last + 1 :]) + run.last + 1
    mean = usual.mean[after] * (run.observed / run.expected)
    if mean.sum() == 0.0:
        return after.size == 0 or run.is_high
    came, level, square = (np.array([float(one.sum())]) for one in (recent.demand[after], mean, mean**2))
    chances = usual.at_most if run.is_high else usual.at_least
    return float(chances(came, level, square)[0]) > GONE
