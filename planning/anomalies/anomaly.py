"""What was found: one stretch of demand that is not as usual, what it is taken for, and the evidence for that."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What somebody has to do about it: forecast anew, leave it out, correct the record, or wait and look again."""

    SHIFT = "lasting_shift"
    ONE_OFF = "one_off"
    DATA_ERROR = "data_error"
    UNCLEAR = "unclear"


class Form(StrEnum):
    """What it looks like."""

    RISE = "rise"
    FALL = "fall"
    SPIKE = "spike"
    DIP = "dip"
    PACK_SLIP = "pack_slip"
    DECIMAL_SLIP = "decimal_slip"
    NEGATIVE = "negative"
    STUCK = "stuck"
    MISSING_FEED = "missing_feed"
    REPEATED_DAY = "repeated_day"
    DOUBLED_DAY = "doubled_day"


# Confidence never exceeds this while a lasting shift and a one-off would look the same.
UNCLEAR_CAP = 0.5


@dataclass(frozen=True)
class Anomaly:
    """Periods are counted from the first of the series; units are the series' own.

    Attributes:
        kind: what it is taken for.
        form: what it looks like.
        first: its first period.
        last: its last period, inclusive.
        observed: units over those periods.
        expected: units that would have been usual over them.
        statistic: what was tested, in words.
        value: of the statistic.
        threshold: that `value` had to pass.
        strength: the chance of anything as extreme in a whole window of usual demand.
        confidence: in `kind`, 0 to 1; at most UNCLEAR_CAP while unclear.
        alternative: what it would be otherwise; None where nothing else fits.
        factor: by which the record seems to be wrong; None unless it is a slip.
        clear_in: periods from the last known one until shift and one-off can be told apart at the latest; 0 unless
            unclear.
    """

    kind: Kind
    form: Form
    first: int
    last: int
    observed: float
    expected: float
    statistic: str
    value: float
    threshold: float
    strength: float
    confidence: float
    alternative: Kind | None = None
    factor: float | None = None
    clear_in: int = 0

    @property
    def periods(self) -> int:
        """How many periods it lasts."""
        return self.last - self.first + 1
