"""Makes one goal as small as it gets: CP-SAT, with the linear relaxation and HiGHS where CP-SAT alone is not done soon.

What counts is exact: a solution is checked in whole numbers. A bound from HiGHS is floating point with a margin. HiGHS
cannot be interrupted: where a search ends before it, its thread ends by itself, at the search's limit at the latest.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from planning.arrays import IntArray
from planning.purchasing.clock import Clock
from planning.purchasing.linear import MARGIN, Branching, Relaxation, branch, relax
from planning.purchasing.matrix import Matrix, matrix_of
from planning.purchasing.rules import Columns, Goal

# CP-SAT's first try: solver seconds of its deterministic clock, for models up to so many variables.
FIRST_TRY = 0.2
SMALL = 3_000
# How near the optimum of the lines that the relaxation uses has to be before the rest is looked at.
KERNEL_GAP = 1e-4
KERNEL_SHARE = 0.4
# Deterministic seconds for working out flows when everything else is fixed.
COMPLETION = 2.0
# What the relaxation calls zero.
UNUSED = 1e-7
POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Answer:
    """`values` of all variables, or None; no solution is below `bound` (ticks), if known. `impossible`: proven."""

    values: tuple[int, ...] | None
    objective: int | None
    bound: int | None
    impossible: bool = False

    @property
    def proven(self) -> bool:
        """Whether it is optimal."""
        return self.objective is not None and self.bound is not None and self.bound >= self.objective

    def better(self, other: Answer) -> Answer:
        """The better solution with the better bound."""
        if other.impossible or self.impossible:
            return self if self.impossible else other
        first, second = (self, other) if other.objective is None else (other, self)
        best = first
        if first.objective is not None and second.objective is not None:
            best = first if first.objective < second.objective else second
        bounds = [one.bound for one in (self, other) if one.bound is not None]
        return Answer(best.values, best.objective, max(bounds, default=None))


NOTHING = Answer(None, None, None)


def minimise(
    model: Any, goal: Goal, columns: Columns, clock: Clock, unit: int, known: tuple[int, ...] | None = None
) -> Answer:
    """Make `goal` small on `model` (linear constraints only); `unit` ticks are one unit of money.

    `known` is a solution that is there already.
    """
    model.clear_objective()
    if goal.variables:
        model.minimize(goal.expression())
    answer = NOTHING if known is None else Answer(known, goal.value(known), None)
    _hint(model, known)
    if clock.effort.reproducible:
        return answer.better(run_cp(model, goal, clock, clock.effort.workers))
    if len(model.proto.variables) <= SMALL:
        answer = answer.better(run_cp(model, goal, clock, 1, work=FIRST_TRY))
        if answer.proven or answer.impossible or _near(answer, clock.effort.gap):
            return answer
    return _Hard(model, goal, columns, clock, unit).run(answer)


def _same(objective: int | None, value: float) -> bool:
    """Whether a whole objective is the floating-point one, to a tick or to what floating point can tell."""
    return objective is not None and abs(objective - value) <= max(1.0, MARGIN * abs(value))


def _hint(model: Any, values: tuple[int, ...] | None) -> None:
    model.clear_hints()
    if values is not None:
        model.proto.solution_hint.vars.extend(range(len(values)))
        model.proto.solution_hint.values.extend(values)


def _near(answer: Answer, gap: float) -> bool:
    if answer.objective is None or answer.bound is None:
        return False
    return answer.objective - answer.bound <= gap * abs(answer.objective)


class _Hard:
    """What CP-SAT alone does not do soon: branch and bound on the lines that the relaxation uses, then on all."""

    def __init__(self, model: Any, goal: Goal, columns: Columns, clock: Clock, unit: int) -> None:
        self.model, self.goal, self.columns, self.clock, self.unit = model, goal, columns, clock, unit
        self.matrix = matrix_of(model, goal, columns.implied)

    def run(self, answer: Answer) -> Answer:
        """Improve on `answer`."""
        clock, gap = self.clock, self.clock.effort.gap
        relaxed = _run(lambda: relax(self.matrix, self.unit, clock.left), clock)
        if relaxed is None:
            return answer.better(run_cp(self.model, self.goal, clock, clock.effort.workers))
        answer = answer.better(Answer(None, None, relaxed.bound))
        kernel = self.matrix.with_upper(self._kernel(relaxed))
        seconds = clock.left * KERNEL_SHARE
        found = _run(lambda: branch(kernel, self.unit, seconds, max(KERNEL_GAP, gap / 4)), clock)
        answer = answer.better(self._completed(found, clock))
        if answer.proven or _near(answer, gap) or clock.over:
            return answer
        return self._finish(relaxed, answer)

    def _completed(self, found: Branching, clock: Clock) -> Answer:
        """The solution in whole numbers; where rounding broke it, with the implied columns worked out anew."""
        if found.x is None:
            return NOTHING
        if self.matrix.holds(found.x) and self.matrix.objective(found.x) <= found.value + 1.0:
            return Answer(tuple(map(int, found.x)), self.matrix.objective(found.x), None)
        model = self.model.clone()
        model.clear_hints()
        for column in np.flatnonzero(~self.matrix.implied).tolist():
            value = int(found.x[column])
            model.add(model.get_int_var_from_proto_index(column) == value)
        done = run_cp(model, self.goal, clock.part(1.0, clock.stage), 1, work=COMPLETION)
        return Answer(done.values, done.objective, None)

    def _kernel(self, relaxed: Relaxation) -> IntArray:
        """Upper bounds that close every group whose first column is 0 in the relaxation."""
        upper = self.matrix.upper.copy()
        for group in self.columns.groups:
            if relaxed.x[group[0]] <= UNUSED:
                upper[list(group)] = 0
        return np.maximum(upper, self.matrix.lower)

    def _finish(self, relaxed: Relaxation, answer: Answer) -> Answer:
        """Branch and bound beside CP-SAT, each on a core, on everything that could still be better.

        A bound there holds for all plans that are better than the one known, which is itself among them.
        """
        smaller = self.matrix.with_upper(self._promising(relaxed, answer))
        clock, found, stop = self.clock, list[Answer](), threading.Event()
        quiet = replace(clock, progress=lambda stage, done, total: None)

        def branching() -> None:
            result = branch(smaller, self.unit, clock.left, clock.effort.gap)
            mine = self._completed(result, quiet)
            settled = result.done and clock.effort.gap == 0.0 and mine.objective is not None
            bound = mine.objective if settled and _same(mine.objective, result.value) else result.bound
            found.append(mine.better(Answer(None, None, bound)))
            stop.set()

        thread = threading.Thread(target=branching)
        thread.start()
        model = self._reduced(smaller, answer)
        answer = answer.better(run_cp(model, self.goal, clock, max(clock.effort.workers - 1, 1), stop=stop))
        while thread.is_alive() and not (answer.proven or _near(answer, clock.effort.gap)):
            thread.join(POLL_SECONDS)
            clock.tick()
        for one in found:
            answer = answer.better(one)
        return answer

    def _promising(self, relaxed: Relaxation, answer: Answer) -> IntArray:
        """Upper bounds that close columns whose reduced cost alone is more than what separates plan and bound."""
        if answer.objective is None:
            return self.matrix.upper
        room = answer.objective - relaxed.bound
        closed = (relaxed.reduced > room * (1.0 + 1e-6) + 1.0) & (self.matrix.lower == 0)
        return np.where(closed, 0, self.matrix.upper)

    def _reduced(self, smaller: Matrix, answer: Answer) -> Any:
        model = self.model.clone()
        for column in np.flatnonzero(smaller.upper < self.matrix.upper).tolist():
            model.proto.variables[column].domain[1] = int(smaller.upper[column])
        _hint(model, answer.values)
        return model


def _run(task: Callable[[], Any], clock: Clock) -> Any:
    """Run a solver that cannot be asked in between; what `progress` raises leaves it behind to end by itself."""
    result: list[Any] = []
    failed: list[BaseException] = []

    def work() -> None:
        try:
            result.append(task())
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    while thread.is_alive():
        thread.join(POLL_SECONDS)
        clock.tick()
    if failed:
        raise failed[0]
    return result[0]


def run_cp(
    model: Any,
    goal: Goal,
    clock: Clock,
    workers: int,
    *,
    work: float | None = None,
    stop: threading.Event | None = None,
) -> Answer:
    """CP-SAT on a model, for its time or `work` of its deterministic seconds, or until `stop` is set."""
    from ortools.sat.python import cp_model

    clock.tick()
    solver = cp_model.CpSolver()
    settings = solver.parameters
    settings.num_workers = workers
    settings.random_seed = clock.effort.seed
    settings.linearization_level = 2
    settings.relative_gap_limit = clock.effort.gap
    if clock.effort.reproducible:
        settings.interleave_search = workers > 1
        settings.max_deterministic_time = min(work or clock.left, clock.left)
    else:
        settings.max_time_in_seconds = clock.left
        if work is not None:
            settings.max_deterministic_time = work
    status = _watch(solver, model, clock, stop)
    if status == cp_model.INFEASIBLE:
        return Answer(None, None, None, impossible=True)
    bound = math.floor(solver.best_objective_bound) if goal.variables and status != cp_model.MODEL_INVALID else None
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Answer(None, None, bound)
    values = tuple(solver.response_proto.solution)
    objective = goal.value(values)
    proven = status == cp_model.OPTIMAL and (clock.effort.gap == 0.0 or not goal.variables)
    return Answer(values, objective, objective if proven else bound)


def _watch(solver: Any, model: Any, clock: Clock, stop: threading.Event | None) -> Any:
    result: list[Any] = []
    thread = threading.Thread(target=lambda: result.append(solver.solve(model)), daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(POLL_SECONDS if clock.spent > 1 else 0.01)
            clock.tick()
            if stop is not None and stop.is_set():
                solver.stop_search()
    except BaseException:
        solver.stop_search()
        thread.join()
        raise
    return result[0]
