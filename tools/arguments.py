"""Arguments at the door: checked against the tool's input model, and brought into a form that can be kept.

What a model or a person sent may be anything. It is never repaired, and it is kept even when it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from domain.canonical import to_json
from domain.errors import BadInput, QuartermasterError
from tools.contract import ToolInput
from tools.registry import AnyTool

KEPT_CHARACTERS = 2000


def validated(tool: AnyTool, arguments: Mapping[str, object]) -> ToolInput:
    """The tool's input; raises `BadInput` that names each field at fault and what the tool takes."""
    try:
        return tool.takes.model_validate(dict(arguments))
    except ValidationError as error:
        takes = ", ".join(tool.takes.model_fields) or "nothing"
        faults = "; ".join(_fault(tuple(item["loc"]), str(item["msg"])) for item in error.errors()[:5])
        raise BadInput(f"{tool.name} cannot use this: {faults}.", remedy=f"It takes {takes}.") from None
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(f"{tool.name} cannot read its arguments ({type(error).__name__}).") from None


def storable(arguments: Mapping[str, object]) -> Mapping[str, object]:
    """The arguments as JSON that the database and the hash both take; what is not such is kept as its text."""
    try:
        plain = to_json(dict(arguments))
        text = repr(plain)
        if isinstance(plain, dict) and len(text) <= KEPT_CHARACTERS and _is_clean(plain):
            return dict(plain)
    except (QuartermasterError, RecursionError, TypeError, ValueError):
        pass
    return {"unreadable": _text(arguments)}


def _fault(location: tuple[int | str, ...], message: str) -> str:
    where = ascii(".".join(str(part) for part in location))[1:-1][:80] or "input"
    return f"{where}: {ascii(message)[1:-1].removeprefix('Value error, ')[:200]}"


def _is_clean(value: object) -> bool:
    """True when text holds no NUL or lone surrogate, and no number is beyond what JSON readers agree on."""
    if isinstance(value, dict):
        return all(_is_clean(key) and _is_clean(item) for key, item in value.items())
    if isinstance(value, list):
        return all(_is_clean(item) for item in value)
    if isinstance(value, str):
        return "\x00" not in value and value.isprintable()
    if isinstance(value, (int, float)):
        return abs(value) <= 2**53
    return True


def _text(arguments: object) -> str:
    try:
        return ascii(arguments)[:KEPT_CHARACTERS]
    except Exception:
        # Somebody's own __repr__ may do anything; that it could not be shown is all there is to keep.
        return f"a {type(arguments).__name__} that has no text"
