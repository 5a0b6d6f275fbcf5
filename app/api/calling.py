"""Calling a tool for a request: through the one audited executor, a failure raised as the error that it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.api.identity import Asked
from domain.errors import QuartermasterError
from tools.contract import ToolResult


class ToolFailed(QuartermasterError):
    """The tool failed inside."""


def called(asked: Asked, name: str, arguments: Mapping[str, object], *, case_id: str | None = None) -> ToolResult[Any]:
    """The result of a call that succeeded; raises its cause otherwise (`NoData` where nothing is stored)."""
    result = asked.parts.tools.call(asked.context, name, arguments, case_id=case_id)
    if result.output is None:
        raise result.cause or ToolFailed(remedy="It was logged; please report it with the trace id.")
    return result


def output_of(asked: Asked, name: str, arguments: Mapping[str, object], *, case_id: str | None = None) -> Any:
    """The tool's output alone; raises as `called`."""
    return called(asked, name, arguments, case_id=case_id).output
