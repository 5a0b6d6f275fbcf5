"""Dominick's orange juice as arrays, with the rounds of the published protocol. It forecasts nothing.

The protocol is that of microsoft/forecasting, `split_train_test`: ten rounds, one after another, each forecasts two
weeks from what was known two weeks before the first of them; prices, deals and features of those weeks are known. The
first weeks are 40 to 135 known and 137 and 138 asked; the last ask for 155 and 156.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from planning.arrays import BoolArray, FloatArray, IntArray

FOLDER = Path(__file__).parents[1].parent / "shared" / "data" / "demand"
FILE = FOLDER / "orangejuice_weekly.parquet"
FIRST_WEEK, LAST_WEEK = 40, 156
ROUNDS, HORIZON, GAP = 10, 2, 2
LAST_KNOWN: tuple[int, ...] = tuple(
    LAST_WEEK - HORIZON * (ROUNDS - number) + 1 - GAP for number in range(ROUNDS)
)  # 135, 137, …, 153


@dataclass(frozen=True)
class Juice:
    """(stores, brands, weeks) arrays; column 0 is week 40. NaN where a store did not report a week.

    Attributes:
        stores: their numbers.
        monday: (weeks,) the Monday before each week begins.
        units, price, ratio, deal, feature: sold; dollars an ounce; price over the mean of the store; flags.
    """

    stores: IntArray
    monday: np.ndarray[tuple[int], np.dtype[np.datetime64]]
    units: FloatArray
    price: FloatArray
    ratio: FloatArray
    deal: FloatArray
    feature: FloatArray

    @property
    def reported(self) -> BoolArray:
        """(stores, brands, weeks)."""
        return ~np.isnan(self.units)

    def thinned(self, step: int) -> Juice:
        """One store of each `step`."""
        kept = {name: getattr(self, name)[::step] for name in ("stores", "units", "price", "ratio", "deal", "feature")}
        return replace(self, **kept)


@dataclass(frozen=True)
class Asked:
    """A round's forecast: (stores, brands, 2) of the two weeks asked."""

    last_known: int

    @property
    def columns(self) -> IntArray:
        """Columns of the weeks asked."""
        return self.last_known - FIRST_WEEK + GAP + np.arange(HORIZON)

    @property
    def known(self) -> int:
        """Columns known."""
        return self.last_known - FIRST_WEEK + 1


def load() -> Juice:
    """Read the file; `OSError` where it is absent."""
    if not FILE.exists():
        raise FileNotFoundError(f"{FILE.name} is not beside the project")
    frame = pl.read_parquet(FILE).filter(pl.col("week") <= LAST_WEEK)
    stores = np.sort(frame["store"].unique().to_numpy())
    brands = int(frame["brand"].max())  # pyright: ignore[reportArgumentType]
    place = (
        np.searchsorted(stores, frame["store"].to_numpy()),
        frame["brand"].to_numpy() - 1,
        frame["week"].to_numpy() - FIRST_WEEK,
    )

    def laid(name: str) -> FloatArray:
        found = np.full((stores.size, brands, LAST_WEEK - FIRST_WEEK + 1), np.nan)
        found[place] = frame[name].to_numpy()
        return found

    begins = frame["date"].to_numpy().astype("datetime64[D]").min()  # a Thursday
    monday = begins - 3 + 7 * np.arange(LAST_WEEK - FIRST_WEEK + 1)
    columns = ("units", "price", "price_ratio", "deal", "feat")
    return Juice(stores, monday, *(laid(name) for name in columns))


def carried(values: FloatArray) -> FloatArray:
    """The last reported week in place of one that was not, the first one before it; over the last axis."""
    known = ~np.isnan(values)
    weeks = np.arange(values.shape[-1])
    last = np.maximum.accumulate(np.where(known, weeks, -1), axis=-1)
    first = np.argmax(known, axis=-1)[..., None]
    return np.take_along_axis(values, np.where(last >= 0, last, first), axis=-1)
