"""Tryton as the system of record: set up once in an environment of its own, reached over HTTP only.

`prepare` builds the environment, `TrytonEnvironment.seed` loads a network, `.start` runs the server, `connect` gives
the adapter to whoever writes. Nothing here imports Tryton's own code, whose licence and versions stay apart.
"""

from __future__ import annotations

from connectors.tryton.adapter import Tryton, connect
from connectors.tryton.environment import TrytonEnvironment, prepare
from connectors.tryton.network import SeedItem, SeedNetwork, SeedSite, SeedStock, SeedSupplier
from connectors.tryton.process import TrytonServer

__all__ = [
    "SeedItem",
    "SeedNetwork",
    "SeedSite",
    "SeedStock",
    "SeedSupplier",
    "Tryton",
    "TrytonEnvironment",
    "TrytonServer",
    "connect",
    "prepare",
]
