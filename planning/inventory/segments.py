"""Items sorted into segments that behave alike, the policy each implies, and the difference from today's parameters.

Reproducible: the same history gives the same segment, in any order of items. Stable: an item keeps last week's class
until its measure is beyond the border by a band.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

import numpy as np

from planning.arrays import FloatArray, number, vector
from planning.errors import InvalidField
from planning.inventory.segment_classes import (
    Borders,
    Parameters,
    Returns,
    Value,
    Variability,
    Velocity,
    implied_policy,
)

Class = TypeVar("Class", bound=StrEnum)


@dataclass(frozen=True)
class ItemHistory:
    """`demand` (periods,) units, oldest first; `unit_margin` money; `days_per_period` 1 for days, 7 for weeks.

    `returned_share` and `channel` where they are known.
    """

    item: str
    demand: FloatArray
    unit_margin: float
    days_per_period: float = 1.0
    returned_share: float | None = None
    channel: str | None = None

    def __post_init__(self) -> None:
        vector(f"{self.item}.demand", self.demand, at_least=0.0)
        number(f"{self.item}.unit_margin", self.unit_margin, at_least=0.0)
        if number(f"{self.item}.days_per_period", self.days_per_period) <= 0.0:
            raise InvalidField(f"{self.item}.days_per_period", "must be positive")
        if self.returned_share is not None:
            number(f"{self.item}.returned_share", self.returned_share, at_least=0.0, at_most=1.0)


@dataclass(frozen=True)
class Measures:
    """What an item was sorted by; `rank` is the share of all margin held by the items before it."""

    interval: float
    variation: float
    rank: float
    margin: float
    units_per_day: float
    returned_share: float | None


@dataclass(frozen=True)
class Segment:
    """One item's classes with the policy they imply; `kept` names the classes that only the band held in place."""

    item: str
    variability: Variability
    value: Value
    velocity: Velocity
    returns: Returns | None
    channel: str | None
    measures: Measures
    policy: Parameters
    kept: tuple[str, ...] = ()
    changes: tuple[str, ...] = field(default=())

    @property
    def label(self) -> str:
        """For example "A smooth fast"."""
        return f"{self.value} {self.variability} {self.velocity}"


def segment_items(
    histories: Sequence[ItemHistory],
    *,
    borders: Borders | None = None,
    before: Mapping[str, Segment] | None = None,
    today: Mapping[str, Parameters] | None = None,
) -> tuple[Segment, ...]:
    """Segments in the order of the items given.

    Args:
        histories: of all items among which money is ranked.
        borders: where classes end.
        before: last time's segments by item; a class changes only beyond the band.
        today: the parameters in force by item; the segment says what would change.

    Raises:
        InvalidField: no items, an item twice.
    """
    if not histories or len({one.item for one in histories}) < len(histories):
        raise InvalidField("histories", "must hold at least one item, each once")
    limits = borders or Borders()
    ranks = _ranks(histories)
    return tuple(
        _segment(one, ranks[one.item], limits, (before or {}).get(one.item), (today or {}).get(one.item))
        for one in histories
    )


def intervals_and_variation(demand: FloatArray) -> tuple[float, float]:
    """Mean periods between demands (ADI) and squared coefficient of variation of the non-zero demands.

    Infinite interval and no variation where nothing was ever asked for.
    """
    sizes = demand[demand > 0.0]
    if sizes.size == 0:
        return float("inf"), 0.0
    return demand.size / sizes.size, float((sizes.std() / sizes.mean()) ** 2)


def _segment(
    history: ItemHistory, rank: float, borders: Borders, before: Segment | None, today: Parameters | None
) -> Segment:
    interval, variation = intervals_and_variation(history.demand)
    rate = float(history.demand.mean()) / history.days_per_period
    measures = Measures(interval, variation, rank, rate * history.unit_margin, rate, history.returned_share)
    free, held = _classes(measures, borders, None), _classes(measures, borders, before)
    variability, value, velocity, returns = held
    policy = implied_policy(variability, value, velocity)
    names = ("variability", "value", "velocity", "returns")
    kept = tuple(name for name, one, other in zip(names, free, held, strict=True) if one != other)
    return Segment(
        history.item, variability, value, velocity, returns, history.channel, measures, policy, kept,
        _changes(policy, today),
    )  # fmt: skip


def _classes(
    measures: Measures, borders: Borders, before: Segment | None
) -> tuple[Variability, Value, Velocity, Returns | None]:
    variability = _variability(measures, borders, before)
    value = _banded(
        measures.rank, (borders.value_a, borders.value_b), (Value.A, Value.B, Value.C), before and before.value,
        [borders.band * _to_the_end(border) for border in (borders.value_a, borders.value_b)],
    )  # fmt: skip
    velocity = _banded(
        measures.units_per_day, (borders.slow, borders.fast), (Velocity.SLOW, Velocity.MEDIUM, Velocity.FAST),
        before and before.velocity, [borders.band * border for border in (borders.slow, borders.fast)],
    )  # fmt: skip
    share = measures.returned_share
    returns = None
    if share is not None:
        returns = _banded(
            share, (borders.returns,), (Returns.USUAL, Returns.HIGH), before and before.returns,
            [borders.band * _to_the_end(borders.returns)],
        )  # fmt: skip
    return variability, value, velocity, returns


def _variability(measures: Measures, borders: Borders, before: Segment | None) -> Variability:
    if not np.isfinite(measures.interval):
        return Variability.NONE
    was = before.variability if before else None
    rare_before = None if was in (None, Variability.NONE) else was in (Variability.INTERMITTENT, Variability.LUMPY)
    wild_before = None if was in (None, Variability.NONE) else was in (Variability.ERRATIC, Variability.LUMPY)
    is_rare = _beyond(measures.interval, borders.interval, rare_before, borders.band * borders.interval)
    is_wild = _beyond(measures.variation, borders.variation, wild_before, borders.band * borders.variation)
    if is_rare:
        return Variability.LUMPY if is_wild else Variability.INTERMITTENT
    return Variability.ERRATIC if is_wild else Variability.SMOOTH


def _banded(
    measure: float, borders: tuple[float, ...], classes: tuple[Class, ...], before: Class | None, bands: list[float]
) -> Class:
    """The class of a measure; each border between it and last time's class must be passed by its band."""
    place = None if before is None else classes.index(before)
    passed = [
        _beyond(measure, border, None if place is None else place > index, band)
        for index, (border, band) in enumerate(zip(borders, bands, strict=True))
    ]
    return classes[sum(passed)]


def _to_the_end(share: float) -> float:
    """From a share to the nearer of 0 and 1: a tenth of .95 above it, no share could ever be."""
    return min(share, 1.0 - share)


def _beyond(measure: float, border: float, before: bool | None, band: float) -> bool:
    """True above the border; coming from below only above it by the band, from above until below it by the band."""
    if before is None:
        return measure >= border
    return measure >= border + (-band if before else band)


def _ranks(histories: Sequence[ItemHistory]) -> dict[str, float]:
    """Share of all margin a day held by the items before each, from most to least; ties by name."""
    margins = {one.item: float(one.demand.mean()) / one.days_per_period * one.unit_margin for one in histories}
    order = sorted(margins, key=lambda item: (-margins[item], item))
    total = sum(margins[item] for item in order)
    if total == 0.0:
        return dict.fromkeys(order, 1.0)
    before = np.append(0.0, np.cumsum([margins[item] for item in order])[:-1]) / total
    return dict(zip(order, (float(share) for share in before), strict=True))


def _changes(policy: Parameters, today: Parameters | None) -> tuple[str, ...]:
    """What would be set differently from today, in words."""
    if today is None:
        return ()
    pairs = (
        ("service level", f"{today.service_level:.1%}", f"{policy.service_level:.1%}"),
        ("review days", str(today.review_days), str(policy.review_days)),
        ("policy", today.kind.value, policy.kind.value),
    )
    return tuple(f"{name} {old} to {new}" for name, old, new in pairs if old != new)
