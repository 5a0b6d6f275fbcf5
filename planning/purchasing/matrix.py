"""A CP-SAT model without literals as arrays, for solvers of linear programmes, and an exact check of their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from planning.arrays import BoolArray, FloatArray, IntArray
from planning.purchasing.rules import Goal

# What CP-SAT writes for a row without a bound.
UNBOUNDED = 2**62


@dataclass(frozen=True)
class Matrix:
    """Rows `low` ≤ A x ≤ `high` over whole x between `lower` and `upper`; minimise `cost` · x + `constant`.

    All whole numbers (int64). A in coordinates: `values` at (`rows`, `columns`), each place once. `implied` columns are
    whole by themselves in an optimum, once the others are.
    """

    rows: IntArray
    columns: IntArray
    values: IntArray
    low: IntArray
    high: IntArray
    lower: IntArray
    upper: IntArray
    cost: IntArray
    constant: int
    implied: BoolArray

    def with_upper(self, upper: IntArray) -> Matrix:
        """The same with smaller bounds."""
        return replace(self, upper=upper)

    def holds(self, x: IntArray) -> bool:
        """Whether x keeps every row and bound, in whole numbers."""
        sums = np.zeros(len(self.low), dtype=np.int64)
        np.add.at(sums, self.rows, self.values * x[self.columns])
        inside: BoolArray = (x >= self.lower) & (x <= self.upper)
        return bool(inside.all() and ((sums >= self.low) & (sums <= self.high)).all())

    def objective(self, x: IntArray) -> int:
        """Exactly."""
        return self.constant + sum(int(c) * int(v) for c, v in zip(self.cost, x, strict=True) if c and v)


def matrix_of(model: Any, goal: Goal, implied: Sequence[int]) -> Matrix:
    """The arrays of a model that has linear constraints only."""
    proto = model.proto
    rows, columns, values, low, high = [], [], [], [], []
    for constraint in proto.constraints:
        terms: dict[int, int] = {}
        # A comparison of constants is written as a clause; a false one must stay false.
        if constraint.has_bool_or():
            bounds, pairs = (1, UNBOUNDED), [(one, 1) for one in constraint.bool_or.literals]
        else:
            linear = constraint.linear
            bounds = linear.domain[0], linear.domain[1]
            pairs = list(zip(linear.vars, linear.coeffs, strict=True))
        for column, value in pairs:
            terms[column] = terms.get(column, 0) + value
        rows += [len(low)] * len(terms)
        columns += terms.keys()
        values += terms.values()
        low.append(max(bounds[0], -UNBOUNDED))
        high.append(min(bounds[1], UNBOUNDED))
    lower = [variable.domain[0] for variable in proto.variables]
    upper = [variable.domain[1] for variable in proto.variables]
    cost = np.zeros(len(lower), dtype=np.int64)
    for variable, amount in zip(goal.variables, goal.coefficients, strict=True):
        cost[variable.index] += amount
    whole = [np.asarray(part, dtype=np.int64) for part in (rows, columns, values, low, high, lower, upper)]
    by_itself = np.zeros(len(lower), dtype=np.bool_)
    by_itself[list(implied)] = True
    return Matrix(*whole, cost=cost, constant=goal.constant, implied=by_itself)


def as_float(bounds: IntArray) -> FloatArray:
    """Bounds of rows with infinity where there is none."""
    result = bounds.astype(np.float64)
    result[bounds >= UNBOUNDED] = np.inf
    result[bounds <= -UNBOUNDED] = -np.inf
    return result
