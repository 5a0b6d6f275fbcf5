"""The ERP as the executor sees it: connected to when the first write is due, so that its absence stops nothing else."""

from __future__ import annotations

from pathlib import Path

from actions.errors import TargetRejected, TargetUnavailable
from actions.port import ActionKind, Capabilities, Document, TargetSystem, WriteRequest
from connectors.tryton import connect
from connectors.tryton.adapter import TENANT_SETTING, served_tenant
from domain.errors import Unavailable

NAME = "tryton"


class LateTarget:
    """Tryton, connected to at the first call; raises `TargetUnavailable` while it was never set up or is down."""

    name = NAME
    capabilities = Capabilities(optimistic_lock=True, idempotency_key=True, lookup_by_key=True)

    def __init__(self, home: Path) -> None:
        self._home = home
        self._connected: TargetSystem | None = None

    def ready(self) -> None:
        """Probe a write path."""
        self._target().ready()

    def find_by_key(self, key: str) -> Document | None:
        """The document that carries `key`."""
        return self._target().find_by_key(key)

    def write(self, request: WriteRequest) -> Document:
        """Make the document once; raises `TargetRejected` for a tenant whose ERP this is not."""
        self._check_tenant(request.tenant)
        return self._target().write(request)

    def withdraw(self, key: str) -> Document | None:
        """Cancel what stands half-made under `key`."""
        return self._target().withdraw(key)

    def read_back(self, document_id: str, kind: ActionKind) -> Document:
        """What the target holds now."""
        return self._target().read_back(document_id, kind)

    def _check_tenant(self, tenant: str) -> None:
        """The same codes may mean another tenant's goods."""
        served = served_tenant(self._home)
        if served is None:
            # Not set up, or not said: the write waits, and nothing is lost.
            raise TargetUnavailable(
                "The ERP is not set up, or nobody has said whose it is.",
                remedy=f"Start the ERP of this home, or name the tenant in {TENANT_SETTING}.",
            )
        if served != tenant:
            raise TargetRejected(
                f"The ERP is that of tenant {served}, the order is {tenant}'s.",
                reason="not the tenant's ERP",
                remedy=f"Give this tenant an executor with an ERP of its own, and name it in {TENANT_SETTING}.",
            )

    def _target(self) -> TargetSystem:
        if self._connected is None:
            self._connected = self._connect()
        return self._connected

    def _connect(self) -> TargetSystem:
        try:
            return connect(self._home)
        except TargetUnavailable:
            raise
        except Unavailable as error:
            raise TargetUnavailable(str(error.args[0]), remedy=error.remedy) from error
