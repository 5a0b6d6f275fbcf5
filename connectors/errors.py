"""What can go wrong in an adapter, beside the port's own four errors."""

from __future__ import annotations

from domain.errors import Conflict, Unavailable


class SetupFailed(Unavailable):
    """A target system's environment could not be set up; what is complete is kept, and a second try goes on there."""


class StaleDocument(Conflict):
    """Somebody else changed the document after we read it; nothing was written by us in this step."""
