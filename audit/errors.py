"""What the audit store refuses, and what the reader can do about it."""

from __future__ import annotations

from domain.errors import QuartermasterError, Unavailable


class SealRefused(QuartermasterError):
    """The sealer found that the past does not fit what was sealed; it signs nothing until somebody has looked."""


class HeadNotIntact(QuartermasterError):
    """The newest checkpoint is not one that our sealer made last."""


class KeyUnusable(Unavailable):
    """The sealing key is missing, unreadable or open to others."""


class ExportRefused(QuartermasterError):
    """The folder for the export is in use."""
