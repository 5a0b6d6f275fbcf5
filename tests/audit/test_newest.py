"""The quick look at a log's head: it holds, is signed by somebody else, or is not the one outside."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.append import append
from audit.errors import HeadNotIntact
from audit.keys import public_key
from audit.newest import check_newest, has_head
from audit.note import VerifierKey
from audit.sealer import seal_all
from audit.settings import AuditSettings
from db.session import Database
from domain.context import Actor, Context

Seal = Callable[[], None]


@pytest.fixture
def settings(tmp_path: Path) -> AuditSettings:
    return AuditSettings.below(tmp_path)


@pytest.fixture
def seal(tenant: str, operator_database: Database, sealer_database: Database, settings: AuditSettings) -> Seal:
    """Record one event and seal it."""

    def once() -> None:
        with operator_database.transaction(tenant) as connection:
            append(connection, Context(tenant, Actor("person", "p")), "import.refused", subject="delivery:x", data={})
        assert seal_all(sealer_database, settings).sealed == 1

    return once


def look(database: Database, settings: AuditSettings, tenant: str, key: VerifierKey | None = None) -> int:
    with database.transaction(tenant) as connection:
        assert has_head(connection, tenant)
        key = key or settings.key_of(tenant, public_key(settings))
        return check_newest(connection, tenant, key, settings.checkpoints)


def test_before_the_first_seal_there_is_no_head(tenant: str, sealer_database: Database) -> None:
    with sealer_database.transaction(tenant) as connection:
        assert not has_head(connection, tenant)


def test_it_holds(tenant: str, seal: Seal, sealer_database: Database, settings: AuditSettings) -> None:
    for size in (1, 2, 3):
        seal()
        assert look(sealer_database, settings, tenant) == size


def test_another_key_did_not_sign_it(
    tenant: str, seal: Seal, sealer_database: Database, settings: AuditSettings
) -> None:
    seal()
    other = settings.key_of(tenant, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    with pytest.raises(HeadNotIntact, match="does not hold"):
        look(sealer_database, settings, tenant, other)


def test_the_file_outside_may_be_behind_by_one_and_no_more(
    tenant: str, seal: Seal, sealer_database: Database, settings: AuditSettings
) -> None:
    for _ in range(3):
        seal()
    lines = settings.checkpoints.read_bytes().splitlines(keepends=True)
    settings.checkpoints.write_bytes(b"".join(lines[:2]))
    assert look(sealer_database, settings, tenant) == 3
    for rest in (lines[:1], []):
        settings.checkpoints.write_bytes(b"".join(rest))
        with pytest.raises(HeadNotIntact, match="is not the one in"):
            look(sealer_database, settings, tenant)


def test_a_database_that_went_back_is_behind_the_file(
    tenant: str, seal: Seal, sealer_database: Database, settings: AuditSettings
) -> None:
    """Another log's line stands for a head that the database no longer has."""
    seal()
    ahead = settings.checkpoints.read_text(encoding="utf-8").replace("\\n1\\n", "\\n2\\n", 1)
    with settings.checkpoints.open("a", encoding="utf-8") as file:
        file.write(ahead)
    with pytest.raises(HeadNotIntact, match="is not the one in"):
        look(sealer_database, settings, tenant)
