"""How much of an effort is left. The only part of the planner that looks at a clock: solvers are given seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from planning.purchasing.settings import Effort, Progress


@dataclass
class Clock:
    """What is left of an effort; `progress` may raise, which ends the search."""

    effort: Effort
    progress: Progress
    stage: str = "plan"
    started: float = field(default_factory=time.monotonic)
    limit: float = 0.0

    def __post_init__(self) -> None:
        self.limit = self.limit or self.effort.seconds

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        """Seconds that remain, never less than a little, so that a solver can answer."""
        return max(self.limit - self.spent, 0.05)

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return self.spent >= self.limit

    def part(self, share: float, stage: str) -> Clock:
        """A clock for a share of what is left."""
        return Clock(self.effort, self.progress, stage, time.monotonic(), self.left * share)

    def longer(self, share: float) -> Clock:
        """A clock that starts anew with a share of the time that this one had."""
        return Clock(self.effort, self.progress, self.stage, time.monotonic(), self.limit * share)

    def tick(self) -> None:
        """Tell how far it is, in seconds of the limit."""
        self.progress(self.stage, int(self.spent), max(int(self.limit), 1))
