"""Cursors: where the last page ended, opaque to the caller, checked like any other input."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from domain.errors import BadInput

LONGEST = 1000
Where = TypeVar("Where", bound=BaseModel)


def cursor_of(where: BaseModel) -> str:
    """A cursor that leads on from there."""
    return base64.urlsafe_b64encode(where.model_dump_json().encode()).decode().rstrip("=")


def where_of(kind: type[Where], cursor: str) -> Where:
    """The place that a cursor names; raises `BadInput` for one that was not made here."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return kind.model_validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, ValidationError, binascii.Error):
        raise BadInput("This cursor leads nowhere.", remedy="Begin without a cursor.") from None
