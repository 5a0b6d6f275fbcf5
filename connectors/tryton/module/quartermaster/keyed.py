# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields: `quartermaster_key`, unique in the database on shipments and purchases; `expires_on` on lots."""

from __future__ import annotations

from trytond.model import Unique, fields
from trytond.pool import PoolMeta


class Keyed:
    """A document that carries the idempotency key of the order it was made from; a copy does not carry it."""

    __slots__ = ()

    quartermaster_key = fields.Char("Quartermaster Key", help="The key of the order this document was made from.")

    @classmethod
    def __setup__(cls):
        cls.quartermaster_key.search_unaccented = False
        super().__setup__()
        table = cls.__table__()
        cls._sql_constraints += [
            ("quartermaster_key_unique", Unique(table, table.quartermaster_key), "quartermaster.msg_key_unique"),
        ]

    @classmethod
    def copy(cls, records, default=None):
        default = default.copy() if default else {}
        default.setdefault("quartermaster_key", None)
        return super().copy(records, default=default)


class ShipmentInternal(Keyed, metaclass=PoolMeta):
    __name__ = "stock.shipment.internal"


class Purchase(Keyed, metaclass=PoolMeta):
    __name__ = "purchase.purchase"


class Lot(metaclass=PoolMeta):
    __name__ = "stock.lot"

    expires_on = fields.Date("Expires On")
