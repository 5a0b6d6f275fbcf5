"""The sealer's process: takes what is committed into the signed trees, one a tenant."""

from __future__ import annotations

import signal
import threading

from app.wiring import sealer_database, settings
from audit.sealer import seal_all, seal_forever
from audit.settings import AuditSettings

EVERY_SECONDS = 5.0


def run(*, drain: bool = False) -> None:
    """Seal until told to stop, or once."""
    where = AuditSettings.below(settings().home)
    with sealer_database() as database:
        if drain:
            seal_all(database, where)
            return
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        seal_forever(database, where, stopping, interval=EVERY_SECONDS)
        seal_all(database, where)
