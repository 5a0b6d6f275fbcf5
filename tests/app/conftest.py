"""Commands in this process, on the database of the test."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from psycopg.conninfo import conninfo_to_dict

from app.wiring import settings
from db.embedded import Embedded


@pytest.fixture
def own_database(cluster: Embedded, database_name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This test's database is the one that commands find."""
    parts = {name: quote(str(value), safe="") for name, value in conninfo_to_dict(cluster.admin_conninfo()).items()}
    url = f"postgresql://{parts['user']}:{parts['password']}@/{database_name}?host={parts['host']}&port={parts['port']}"
    monkeypatch.setenv("QUARTERMASTER_DATABASE_URL", url)
    settings.cache_clear()
    yield
    settings.cache_clear()
