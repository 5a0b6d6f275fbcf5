"""Why a whole delivery is refused. Nothing of it is written then; what is wrong in one row only is not an error."""

from __future__ import annotations

from domain.errors import BadInput


class ImportRefused(BadInput):
    """The delivery was refused and nothing of it was written."""


class UnreadableFile(ImportRefused):
    """A file could not be read."""


class NotUtf8(UnreadableFile):
    """A file is not UTF-8 text."""


class EmptyDelivery(ImportRefused):
    """There is nothing to import."""


class EmptyFile(ImportRefused):
    """A file that must say something says nothing."""


class MissingFile(ImportRefused):
    """A file that a first import needs is not there."""


class MissingColumn(ImportRefused):
    """A file lacks a column that its contract requires."""


class MixedCurrencies(ImportRefused):
    """More than one currency where the network has one."""


class TooManyQuarantined(ImportRefused):
    """So many rows of one file are wrong that it is most likely the wrong file."""


class TenantMissing(ImportRefused):
    """The tenant that is to receive the data does not exist."""
