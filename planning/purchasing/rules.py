"""A CP-SAT model whose constraints have names, so that a set of them can be asked whether it collides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from planning.purchasing.plan import Constraint
from planning.purchasing.scale import fits


class Rules:
    """Adds linear constraints to a model of its own; in a `switched` one each holds only where its literal does."""

    def __init__(self, *, switched: bool) -> None:
        from ortools.sat.python import cp_model

        self.model = cp_model.CpModel()
        self.switched = switched
        self.literals: dict[Constraint, Any] = {}
        self.implied: list[int] = []
        self._nothing = self.model.new_constant(0)

    def add(self, expression: Any, constraint: Constraint) -> None:
        """Add a linear constraint under a name."""
        added = self.model.add(expression)
        if self.switched:
            if constraint not in self.literals:
                self.literals[constraint] = self.model.new_bool_var("")
            added.only_enforce_if(self.literals[constraint])

    def total(self, parts: Iterable[Any]) -> Any:
        """The sum, which is an expression even where there is nothing to add."""
        from ortools.sat.python import cp_model

        return cp_model.LinearExpr.sum([self._nothing, *parts])

    def whole(self, most: int) -> Any:
        """A variable between 0 and `most`."""
        return self.model.new_int_var(0, fits("quantity", most), "")

    def flow(self, most: int) -> Any:
        """A variable between 0 and `most` that an optimum makes whole by itself once the others are whole."""
        variable = self.whole(most)
        self.implied.append(variable.index)
        return variable

    def binary(self) -> Any:
        """A variable that is 0 or 1."""
        return self.model.new_bool_var("")


@dataclass(frozen=True)
class Columns:
    """What is known of columns: `groups` have no use without their first; `implied` are whole by themselves."""

    groups: Sequence[Sequence[int]]
    implied: Sequence[int]


class Goal:
    """A sum to be made small: whole coefficients times variables, plus a constant. It `counts` things, or is money."""

    def __init__(self, name: str, *, counts: bool = True) -> None:
        self.name, self.counts = name, counts
        self.variables: list[Any] = []
        self.coefficients: list[int] = []
        self.constant = 0
        self._largest = 0

    def pay(self, variable: Any, amount: int, most: int = 1) -> None:
        """Add `amount` for each unit of a variable that is at most `most`.

        Raises:
            DoesNotFit: the whole sum could be more than exact arithmetic holds.
        """
        if amount:
            self.variables.append(variable)
            self.coefficients.append(amount)
            self._largest += abs(amount) * most
            fits(self.name, self._largest)

    def add(self, amount: int) -> None:
        """Add to the constant."""
        self.constant += amount
        self._largest += abs(amount)
        fits(self.name, self._largest)

    def expression(self) -> Any:
        """The sum as CP-SAT has it."""
        from ortools.sat.python import cp_model

        if not self.variables:
            return cp_model.LinearExpr.sum([]) + self.constant
        return cp_model.LinearExpr.weighted_sum(self.variables, self.coefficients) + self.constant

    def value(self, values: Sequence[int]) -> int:
        """The sum at a solution, exactly."""
        pairs = zip(self.variables, self.coefficients, strict=True)
        return self.constant + sum(values[variable.index] * amount for variable, amount in pairs)
