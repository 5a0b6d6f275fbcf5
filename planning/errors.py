"""What the mathematics refuses, each naming the field at fault so that a tool can say it to a person."""

from __future__ import annotations

from domain.errors import BadInput


class InvalidField(BadInput):
    """A parameter is missing, not finite, of the wrong shape or out of its range."""

    def __init__(self, field: str, problem: str, *, remedy: str = "") -> None:
        super().__init__(f"{field} {problem}.", remedy=remedy)
        self.field = field


class Infeasible(InvalidField):
    """What is asked cannot be done with what is there, for example sending more than is on hand."""


class HorizonTooShort(InvalidField):
    """The scenarios end before the period that the question is about."""


class ChangedArtefact(InvalidField):
    """A stored model is not byte for byte the one that was approved."""
