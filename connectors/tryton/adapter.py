"""The port, for Tryton: look by key, hold the precondition, create once, advance, read back.

The key is unique in Tryton's own database, so two writers with one key make one document; each step of advancing it is
under Tryton's optimistic lock. After the first byte of a create is sent, a lost answer is unknown and never repeated.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_random

from actions.errors import OutcomeUnknown, PreconditionFailed, TargetRejected, TargetUnavailable
from actions.port import (
    READ_SECONDS,
    WRITE_SECONDS,
    ActionKind,
    Capabilities,
    Document,
    PurchaseOrder,
    TransferOrder,
    WriteRequest,
)
from connectors.errors import StaleDocument
from connectors.tryton import deadline
from connectors.tryton.client import ANSWER_LIMIT, REMEDY, Endpoint, TrytonClient
from connectors.tryton.files import read_json, write_json
from connectors.tryton.masters import Masters
from connectors.tryton.process import DATABASE
from connectors.tryton.purchases import Purchases
from connectors.tryton.shipments import Shipments
from connectors.tryton.wire import Record
from domain.errors import BadInput, NotFound

OWNER = "tenant.json"
TENANT_SETTING = "QUARTERMASTER_TRYTON_TENANT"
SETTINGS = {name: f"QUARTERMASTER_TRYTON_{name.upper()}" for name in ("url", "database", "user", "password")}


def connect(home: Path, *, answer_limit: float = ANSWER_LIMIT) -> Tryton:
    """The adapter for the Tryton that the environment names, else for this home's own; nothing is sent yet."""
    return Tryton(TrytonClient(_from_environment() or (lambda: home_endpoint(home)), answer_limit=answer_limit))


class Tryton:
    """`actions.port.TargetSystem` over one client."""

    name = "tryton"
    capabilities = Capabilities(optimistic_lock=True, idempotency_key=True, lookup_by_key=True)

    def __init__(self, client: TrytonClient) -> None:
        self.client = client
        masters = Masters(client)
        self._shipments = Shipments(client, masters)
        self._purchases = Purchases(client, masters)

    def close(self) -> None:
        """Give the connections back."""
        self.client.close()

    def ready(self) -> None:
        """Sign in (which writes a row) and ask whether this user may create both documents with our key.

        Raises `TargetUnavailable` with what to do.
        """
        self.client.sign_in_anew()
        for model in (Shipments.model, Purchases.model):
            fields = self.client.read(f"model.{model}.fields_get", ["quartermaster_key"])
            access = self.client.read("model.ir.model.access.get_access", [model])
            if not (isinstance(fields, dict) and "quartermaster_key" in fields):
                raise TargetUnavailable(
                    f"Tryton's {model} has no field for our key.",
                    remedy="Activate the module `quartermaster` (connectors/tryton/module) in this database.",
                )
            if not (isinstance(access, dict) and access.get(model, {}).get("create")):
                raise TargetUnavailable(
                    f"Tryton's user may not create {model}.", remedy="Give it the groups Stock and Purchase."
                )

    def find_by_key(self, key: str) -> Document | None:
        """The document that carries `key`, whichever kind it is; raises `TargetUnavailable`."""
        with deadline.within(READ_SECONDS):
            return self._of_key(key)

    def read_back(self, document_id: str, kind: ActionKind) -> Document:
        """What Tryton holds now; raises `TargetUnavailable` or `NotFound`."""
        documents = self._of(kind)
        with deadline.within(READ_SECONDS):
            record = self._record(documents, "id", int(document_id)) if document_id.isdigit() else None
            if record is None:
                raise NotFound(f"Tryton has no {kind} {document_id}.")
            return documents.document(record)

    def write(self, request: WriteRequest) -> Document:
        """Make the document once, or finish the one that carries the key; returns it confirmed or raises."""
        with deadline.within(WRITE_SECONDS):
            return self._written(request)

    def withdraw(self, key: str) -> Document | None:
        """Cancel what stands unfinished under `key`, which gives its stock back; returns what stands there now.

        Raises `TargetUnavailable` or `OutcomeUnknown`.
        """
        with deadline.within(WRITE_SECONDS):
            try:
                return self._withdrawn(key)
            except (TargetRejected, StaleDocument):
                return self._of_key(key)  # Tryton does not let go of it: whoever reads this sees it standing

    @retry(
        retry=retry_if_exception_type(StaleDocument),
        stop=stop_after_attempt(6),
        wait=wait_random(0.02, 0.2),
        reraise=True,
    )
    def _withdrawn(self, key: str) -> Document | None:
        document = self._of_key(key)
        if document is None or document.standing != "incomplete":
            return document
        documents = self._of(document.kind)
        record = self._record(documents, "quartermaster_key", key)
        if record is not None:
            documents.cancel(record)
        return self._of_key(key)

    def _of_key(self, key: str) -> Document | None:
        for kind in (self._shipments, self._purchases):
            if record := self._record(kind, "quartermaster_key", key):
                return kind.document(record)
        return None

    def _written(self, request: WriteRequest) -> Document:
        if not self._is_there(request):
            self._create(request)
        try:
            return self._finish(request)
        except TargetUnavailable as error:
            # From here on a document exists: "nothing was written" would be untrue.
            raise OutcomeUnknown(
                f"The document with key {request.idempotency_key} was begun in Tryton and could not be finished.",
                remedy="Write again with the same key when Tryton answers: it goes on from there.",
            ) from error

    def _create(self, request: WriteRequest) -> None:
        try:
            match request.order:
                case TransferOrder() as order:
                    self._shipments.check(request, order)
                    self._shipments.create(request, order)
                case PurchaseOrder() as order:
                    self._purchases.create(request, order)
        except TargetRejected:
            # Another writer with our key may have been first; otherwise it is a refusal.
            if not self._is_there(request):
                raise

    @retry(
        retry=retry_if_exception_type(StaleDocument),
        stop=stop_after_attempt(6),
        wait=wait_random(0.02, 0.2),
        reraise=True,
    )
    def _finish(self, request: WriteRequest) -> Document:
        """Advance until confirmed. A stale step is taken again from what is there now: nothing was written by it."""
        documents = self._of(request.order.kind)
        record = self._record(documents, "quartermaster_key", request.idempotency_key)
        document = self._same(
            documents.document(record) if record else self.find_by_key(request.idempotency_key), request
        )
        if record and document.standing == "incomplete":
            match request.order:
                case TransferOrder() as order:
                    self._shipments.advance(record, request, order)
                case PurchaseOrder() as order:
                    self._purchases.advance(record, request, order)
            document = self._same(self.read_back(document.id, document.kind), request)
        if document.standing == "cancelled":
            raise PreconditionFailed(f"{document.number or document.id} with this key was cancelled in Tryton.")
        return document

    def _same(self, document: Document | None, request: WriteRequest) -> Document:
        """`document`, if it is the one that was asked for; raises `TargetRejected`."""
        if document is not None and document.order == request.order:
            return document
        reason = "Tryton's document with this key holds another order."
        raise TargetRejected(reason, reason=reason, remedy="Look at it in Tryton; make a new proposal for this order.")

    def _is_there(self, request: WriteRequest) -> bool:
        return any(
            self._record(kind, "quartermaster_key", request.idempotency_key)
            for kind in (self._shipments, self._purchases)
        )

    def _of(self, kind: ActionKind) -> Shipments | Purchases:
        return self._shipments if kind == "transfer" else self._purchases

    def _record(self, kind: Shipments | Purchases, name: str, value: str | int) -> Record | None:
        found = self.client.records(kind.model, [[name, "=", value]], kind.fields)
        return found[0] if found else None


def _from_environment() -> Callable[[], Endpoint] | None:
    given = {name: os.environ.get(variable, "") for name, variable in SETTINGS.items()}
    if not given["url"]:
        return None
    if missing := [SETTINGS[name] for name, value in given.items() if not value]:
        raise BadInput(f"QUARTERMASTER_TRYTON_URL is set, {', '.join(missing)} not.", remedy="Set all four.")
    endpoint = Endpoint(given["url"].rstrip("/"), given["database"], given["user"], given["password"])
    return lambda: endpoint


def served_tenant(home: Path) -> str | None:
    """Whose ERP it is: QUARTERMASTER_TRYTON_TENANT beside a given URL, else whose network this home's own was given.

    None where nobody has said.
    """
    if os.environ.get(SETTINGS["url"]):
        return os.environ.get(TENANT_SETTING) or None
    told = read_json(home / "tryton" / OWNER)
    return None if told is None else str(told["tenant"])


def keep_tenant(home: Path, tenant: str) -> None:
    """Note whose network this home's own Tryton is loaded with."""
    (home / "tryton").mkdir(parents=True, exist_ok=True)
    write_json(home / "tryton" / OWNER, {"tenant": tenant})


def home_endpoint(home: Path, role: Literal["executor", "reader", "admin"] = "executor") -> Endpoint:
    """This home's server and one of its users as they are now: the server may have been started anew.

    Raises `TargetUnavailable` where no server was started yet.
    """
    directory = home / "tryton"
    server, current = read_json(directory / "server.json"), read_json(directory / "current.json")
    user = read_json(directory / "databases" / str((current or {}).get("database")) / f"{role}.json")
    if server is None or user is None:
        raise TargetUnavailable("Tryton was not started in this home yet.", remedy=REMEDY)
    return Endpoint(str(server["url"]), DATABASE, str(user["user"]), str(user["password"]))
