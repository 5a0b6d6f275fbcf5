"""A series as it was recorded, with what explains a strange period: no stock, a promotion. It judges nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np

from planning.arrays import BoolArray, FloatArray, number, vector
from planning.errors import InvalidField

Period = Literal["day", "week"]
# Older demand says little about what is usual now.
MEMORY_DAYS = 364


@dataclass(frozen=True)
class Observed:
    """Demand of one series up to the last known period.

    Attributes:
        values: (periods,) units, oldest first, zeros included; negative where returns outweighed demand.
        expected: (periods,) units that a forecast made beforehand expected, promotions included; None: what is usual
            is taken from the series' own history, and promoted periods are not judged.
        stocked_out: (periods,) what sold is not what was wanted; such periods are not judged.
        promoted: (periods,) a promotion ran.
        packs: base units in each of the item's packs, by which a record can be wrong.
        period: of one value.
    """

    values: FloatArray
    expected: FloatArray | None = None
    stocked_out: BoolArray | None = None
    promoted: BoolArray | None = None
    packs: tuple[float, ...] = ()
    period: Period = "day"

    def __post_init__(self) -> None:
        periods = vector("values", self.values).size
        if self.expected is not None:
            vector("expected", self.expected, length=periods, at_least=0.0)
        for name in ("stocked_out", "promoted"):
            flags: BoolArray | None = getattr(self, name)
            if flags is not None and flags.shape != (periods,):
                raise InvalidField(name, f"must have shape ({periods},), not {flags.shape}")
        for pack in self.packs:
            number("packs", pack, at_least=0.0)

    @property
    def week(self) -> int:
        """Periods in a week."""
        return 7 if self.period == "day" else 1

    @cached_property
    def demand(self) -> FloatArray:
        """(periods,) what may count as demand: nothing where returns outweighed it."""
        return np.maximum(self.values, 0.0)

    @cached_property
    def judged(self) -> BoolArray:
        """(periods,) nothing known explains the value away."""
        judged = np.ones(self.values.size, dtype=np.bool_)
        if self.stocked_out is not None:
            judged &= ~self.stocked_out
        if self.promoted is not None and self.expected is None:
            judged &= ~self.promoted
        return judged

    def recent(self) -> Observed:
        """The last year of it."""
        kept = slice(-(MEMORY_DAYS * self.week // 7), None)
        return replace(
            self,
            values=self.values[kept],
            expected=None if self.expected is None else self.expected[kept],
            stocked_out=None if self.stocked_out is None else self.stocked_out[kept],
            promoted=None if self.promoted is None else self.promoted[kept],
        )
