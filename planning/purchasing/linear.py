"""OR-Tools' linear solvers on a matrix: the relaxation (GLOP) with a bound that rounding cannot spoil, and HiGHS.

HiGHS is the branch and bound that OR-Tools brings; its bound is floating point and taken with a margin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from planning.arrays import FloatArray, IntArray
from planning.purchasing.matrix import Matrix, as_float

# What summing in floating point may be wrong by, relative to the sum of what is summed: some thousand times its unit.
ROUNDING = 1e-12
# What HiGHS's bound may be wrong by, relative to it.
MARGIN = 1e-9
# Rows are scaled until no coefficient is larger.
LARGEST_COEFFICIENT = 128.0


@dataclass(frozen=True)
class Relaxation:
    """The linear relaxation: `bound` in ticks holds for every plan; x and reduced costs (ticks) at its optimum."""

    bound: int
    x: FloatArray
    reduced: FloatArray


@dataclass(frozen=True)
class Branching:
    """What branch and bound found, rounded, or None: its `value` in ticks, and a bound in ticks or None.

    `done`: it proved the value. Columns that are implied may have been rounded from anything.
    """

    x: IntArray | None
    value: float
    bound: int | None
    done: bool


@dataclass(frozen=True)
class _Rows:
    """Rows divided by powers of two, which is exact: money in ticks must not dwarf units in what is tolerated."""

    values: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, matrix: Matrix) -> _Rows:
        largest = np.ones(len(matrix.low))
        np.maximum.at(largest, matrix.rows, np.abs(matrix.values).astype(np.float64))
        factor = np.exp2(-np.maximum(np.ceil(np.log2(largest / LARGEST_COEFFICIENT)), 0.0))
        values = matrix.values.astype(np.float64) * factor[matrix.rows]
        return cls(values, as_float(matrix.low) * factor, as_float(matrix.high) * factor)


def relax(matrix: Matrix, unit: int, seconds: float) -> Relaxation | None:
    """The relaxation, or None if none was found in `seconds`; the solver counts money in units of `unit` ticks."""
    from ortools.linear_solver.python import model_builder
    from scipy.sparse import csr_matrix

    scaled = _Rows.of(matrix)
    shape = (len(matrix.low), len(matrix.lower))
    rows = csr_matrix((scaled.values, (matrix.rows, matrix.columns)), shape=shape)
    model = model_builder.Model()
    bounds: tuple[Any, Any, Any, Any, Any] = (
        matrix.lower.astype(np.float64),
        matrix.upper.astype(np.float64),
        matrix.cost / unit,
        scaled.low,
        scaled.high,
    )
    model.helper.fill_model_from_sparse_data(*bounds, rows)
    solver = model_builder.Solver("glop")
    solver.set_time_limit_in_seconds(seconds)
    if solver.solve(model) != model_builder.SolveStatus.OPTIMAL:
        return None
    x = solver.values(model.get_variables()).to_numpy()
    duals = solver.dual_values(model.get_linear_constraints()).to_numpy()
    return _safe(matrix, scaled, rows, duals, x, unit)


def _safe(matrix: Matrix, scaled: _Rows, rows: Any, duals: FloatArray, x: FloatArray, unit: int) -> Relaxation:
    """A bound from any duals y: y·(row bound) + Σ min over the box of (c − Aᵀy)ⱼ xⱼ, less what rounding may add.

    Neumaier and Shcherbina, Safe bounds in linear and mixed-integer linear programming (2004).
    """
    low, high = scaled.low, scaled.high
    duals = np.where((duals > 0.0) & np.isinf(low), 0.0, np.where((duals < 0.0) & np.isinf(high), 0.0, duals))
    reduced = matrix.cost / unit - rows.T @ duals
    sides = np.where(duals > 0.0, low, np.where(duals < 0.0, high, 0.0))
    box = np.where(reduced > 0.0, matrix.lower, matrix.upper)
    terms = np.concatenate([duals * np.where(duals == 0.0, 0.0, sides), reduced * box])
    spread = float(np.abs(terms).sum()) + float(np.abs(rows).T.dot(np.abs(duals)).dot(np.abs(box)))
    value = math.fsum(terms) - ROUNDING * spread
    return Relaxation(math.ceil(value * unit) + matrix.constant, x, reduced * unit)


def branch(matrix: Matrix, unit: int, seconds: float, gap: float) -> Branching:
    """HiGHS on the matrix for at most `seconds`, until the relative gap is `gap`."""
    from ortools.math_opt import model_pb2
    from ortools.math_opt.python import mathopt

    proto = model_pb2.ModelProto()
    _fill(proto, matrix, unit)
    limits = mathopt.SolveParameters(
        time_limit=timedelta(seconds=seconds), relative_gap_tolerance=gap, absolute_gap_tolerance=0.0
    )
    result = mathopt.solve(mathopt.Model.from_model_proto(proto), mathopt.SolverType.HIGHS, params=limits)
    reason = result.termination.reason
    bound = result.termination.objective_bounds.dual_bound * unit
    known = math.isfinite(bound)
    x = None
    if result.solutions and result.solutions[0].primal_solution is not None:
        values = result.solutions[0].primal_solution.variable_values
        x = np.zeros(len(matrix.lower), dtype=np.int64)
        for variable, value in values.items():
            x[variable.id] = round(value)
    floor = math.ceil(bound - MARGIN * abs(bound) - 0.5) + matrix.constant if known else None
    value = result.termination.objective_bounds.primal_bound * unit + matrix.constant
    return Branching(x, value, floor, reason == mathopt.TerminationReason.OPTIMAL and x is not None)


def _fill(proto: Any, matrix: Matrix, unit: int) -> None:
    columns, rows = len(matrix.lower), len(matrix.low)
    proto.variables.ids.extend(range(columns))
    proto.variables.lower_bounds.extend(matrix.lower.astype(np.float64).tolist())
    proto.variables.upper_bounds.extend(matrix.upper.astype(np.float64).tolist())
    proto.variables.integers.extend((~matrix.implied).tolist())
    paid = np.flatnonzero(matrix.cost)
    proto.objective.linear_coefficients.ids.extend(paid.tolist())
    proto.objective.linear_coefficients.values.extend((matrix.cost[paid] / unit).tolist())
    proto.linear_constraints.ids.extend(range(rows))
    scaled = _Rows.of(matrix)
    proto.linear_constraints.lower_bounds.extend(scaled.low.tolist())
    proto.linear_constraints.upper_bounds.extend(scaled.high.tolist())
    order = np.lexsort((matrix.columns, matrix.rows))
    order = order[matrix.values[order] != 0]
    proto.linear_constraint_matrix.row_ids.extend(matrix.rows[order].tolist())
    proto.linear_constraint_matrix.column_ids.extend(matrix.columns[order].tolist())
    proto.linear_constraint_matrix.coefficients.extend(scaled.values[order].tolist())
