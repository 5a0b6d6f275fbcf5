"""May a new model take the place of the one that serves? Each condition with its number and its limit.

Both are judged on the same held-back days, which neither has learned from, by what each would have served there. It
compares figures and knows neither models nor data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planning.errors import InvalidField
from planning.forecasting.calibration import MethodMetrics

ALL = "all"


@dataclass(frozen=True)
class Standing:
    """How well what serves does, all series together; figures are shares.

    Attributes:
        days: series-days scored.
        wql: weighted quantile loss, 2 · Σ pinball / (levels · Σ demand); None without demand.
        bias: Σ mean forecast / Σ demand − 1; None without demand.
        coverage80: share of days inside the central 80 % interval, point masses counted by their share.
    """

    days: int
    wql: float | None
    bias: float | None
    coverage80: float


@dataclass(frozen=True)
class PromotionLimits:
    """How much worse is still not worse. Shares; `wql` relative to what it is compared with.

    Attributes:
        wql: the candidate's loss at most this much above the serving version's.
        bias: |bias| at most this much above the serving version's.
        coverage: distance of the 80 % interval's coverage from .8 at most this much above the serving version's.
        bias_well, coverage_well: so much is well, whatever the serving version has: months differ by more.
        bias_alone, coverage_alone: |bias|, and that distance, of a candidate by itself.
    """

    wql: float = 0.01
    bias: float = 0.01
    coverage: float = 0.02
    bias_well: float = 0.03
    coverage_well: float = 0.03
    bias_alone: float = 0.25
    coverage_alone: float = 0.15


@dataclass(frozen=True)
class Check:
    """One condition: what was measured, the limit it must not exceed, and what it was compared with, in words."""

    name: str
    value: float | None
    limit: float | None
    passed: bool
    said: str


@dataclass(frozen=True)
class Verdict:
    """All conditions; `compared` is False where there was nothing to hold the candidate against but baselines."""

    checks: tuple[Check, ...]
    compared: bool

    @property
    def passed(self) -> bool:
        """True when every condition holds."""
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> str:
        """The conditions that do not hold, in words; empty when all do."""
        return "; ".join(check.said for check in self.checks if not check.passed)


def standing(scores: Sequence[MethodMetrics], served: Mapping[str, str]) -> Standing | None:
    """What serves, pooled over segments: `served` names each segment's method. None when no segment was scored.

    Raises `InvalidField` where the method that serves a segment was not scored there.
    """
    chosen: list[MethodMetrics] = []
    for segment, method in served.items():
        rows = [one for one in scores if one.segment == segment and segment != ALL]
        found = [one for one in rows if one.method == method]
        if rows and not found:
            raise InvalidField("served", f"names {method!r} for {segment!r} series, which was not scored there")
        chosen += found
    days = sum(one.days for one in chosen)
    if days == 0:
        return None
    # 2 · pinball · days / wql is a segment's demand; one without demand adds to neither side but its losses.
    demand = [2.0 * one.pinball * one.days / one.wql if one.wql else 0.0 for one in chosen]
    total = sum(demand)
    loss = sum(2.0 * one.pinball * one.days for one in chosen)
    mean = sum((one.bias + 1.0) * units for one, units in zip(chosen, demand, strict=True) if one.bias is not None)
    return Standing(
        days=days,
        wql=loss / total if total > 0.0 else None,
        bias=mean / total - 1.0 if total > 0.0 else None,
        coverage80=sum(one.coverage80 * one.days for one in chosen) / days,
    )


def judge(candidate: Standing | None, serving: Standing | None, limits: PromotionLimits | None = None) -> Verdict:
    """The candidate against the version that serves, both measured on the same held-back days.

    None where the history allowed no back-test: what then serves is each series' own history.
    """
    allowed = limits or PromotionLimits()
    if serving is None:
        return Verdict(alone(candidate, allowed).checks, compared=True)
    if candidate is None:
        said = "The candidate could not be back-tested, and the serving version could."
        return Verdict((Check("back-test", None, None, passed=False, said=said),), compared=True)
    bias = max((_size(serving.bias) or 0.0) + allowed.bias, allowed.bias_well)
    coverage = max(_off(serving) + allowed.coverage, allowed.coverage_well)
    checks = (
        _not_above("wql", candidate.wql, serving.wql, (serving.wql or 0.0) * (1.0 + allowed.wql)),
        _not_above("bias", _size(candidate.bias), _size(serving.bias), bias),
        _not_above("coverage80", _off(candidate), _off(serving), coverage),
    )
    return Verdict(checks, compared=True)


def alone(candidate: Standing | None, limits: PromotionLimits | None = None) -> Verdict:
    """The candidate by itself, where nothing serves or what serves cannot be measured on the same days."""
    allowed = limits or PromotionLimits()
    if candidate is None:
        said = "No back-test was possible, so every series is served by its own history."
        return Verdict((Check("back-test", None, None, passed=True, said=said),), compared=False)
    checks = (
        _within("bias", _size(candidate.bias), allowed.bias_alone),
        _within("coverage80", _off(candidate), allowed.coverage_alone),
    )
    return Verdict(checks, compared=False)


def _not_above(name: str, value: float | None, against: float | None, limit: float) -> Check:
    if value is None or against is None:
        passed = value is None and against is None
        return Check(name, value, None, passed, f"{name}: no demand on the held-back days to measure it by")
    said = f"{NAMES[name]} {value:.4f}, the serving version's {against:.4f}, at most {limit:.4f}"
    return Check(name, value, limit, value <= limit, said)


def _within(name: str, value: float | None, limit: float) -> Check:
    if value is None:
        return Check(name, None, limit, passed=True, said=f"{name}: no demand on the held-back days to measure it by")
    return Check(name, value, limit, value <= limit, f"{NAMES[name]} {value:.4f}, at most {limit:.4f}")


NAMES = {
    "wql": "weighted quantile loss",
    "bias": "size of the bias",
    "coverage80": "distance of the 80 % interval's coverage from 80 %",
}


def _size(bias: float | None) -> float | None:
    return None if bias is None else abs(bias)


def _off(one: Standing) -> float:
    return abs(one.coverage80 - 0.8)
