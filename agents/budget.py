"""How much one run may spend: steps, seconds, tokens. A run at its limit stops, says so, and leaves its case open."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from domain.errors import QuartermasterError


class BudgetExceeded(QuartermasterError):
    """The run reached its budget and stopped before it was done."""


@dataclass(frozen=True)
class Budget:
    """Limits of one run: tool calls, wall seconds, model tokens in and out together."""

    steps: int = 16
    seconds: float = 60.0
    tokens: int = 20_000


@dataclass
class Meter:
    """What a run has spent so far."""

    budget: Budget
    started: float = field(default_factory=time.monotonic)
    steps: int = 0
    tokens: int = 0

    def spend_step(self) -> None:
        """Count one tool call; raises `BudgetExceeded` instead of starting one too many."""
        if self.steps >= self.budget.steps:
            raise BudgetExceeded(f"The run made its {self.budget.steps} permitted tool calls.")
        if self.seconds >= self.budget.seconds:
            raise BudgetExceeded(f"The run used its {self.budget.seconds:g} permitted seconds.")
        self.steps += 1

    def spend_tokens(self, tokens: int) -> None:
        """Count tokens that a model used; raises `BudgetExceeded` once over the limit."""
        self.tokens += tokens
        if self.tokens > self.budget.tokens:
            raise BudgetExceeded(f"The run used its {self.budget.tokens} permitted tokens.")

    @property
    def seconds(self) -> float:
        """Wall seconds since the run began."""
        return time.monotonic() - self.started
