"""An import is all of a folder or nothing, once by content, recorded; older versions stay."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from db import documents
from db.session import Database
from domain.context import Actor, Context
from domain.errors import NotFound
from retrieval import embedding
from retrieval.errors import DocumentsRefused
from retrieval.importer import DocumentsReport, import_folder
from retrieval.search import Scope, search
from tests.fix_network import Network

TEXT = """---
code: SOP-70
title: Forklift traffic
kind: sop
version: {version}
effective_from: {begins}
owner: Safety
---
## 1 Speed
Forklifts drive at {speed} km/h at most.

## 2 Crossing
Sound the horn before every crossing.
"""
EVENTS = "SELECT action, convert_from(body, 'UTF8')::jsonb AS data FROM audit.event ORDER BY event_id"


class Shelf:
    """A folder and its import."""

    def __init__(self, operator: Database, agent: Database, tenant: str, folder: Path) -> None:
        self.operator, self.agent, self.tenant, self.folder = operator, agent, tenant, folder
        self.context = Context(tenant, Actor("person", "local"))

    def put(self, version: int, begins: str, speed: int, name: str = "") -> None:
        text = TEXT.format(version=version, begins=begins, speed=speed)
        (self.folder / (name or f"v{version}.md")).write_text(text, encoding="utf-8")

    def take(self) -> DocumentsReport:
        return import_folder(self.operator, self.context, self.folder)

    def says(self, text: str, day: date) -> str:
        with self.agent.transaction(self.tenant) as connection:
            found = search(lambda: connection, text, Scope(day), limit=1)
        return found.sections[0].row.body if found.sections else ""

    def events(self) -> list[tuple[str, dict[str, object]]]:
        with self.operator.transaction(self.tenant) as connection:
            return [(row["action"], row["data"]) for row in connection.execute(EVENTS)]


@pytest.fixture
def shelf(operator_database: Database, agent_database: Database, tenant: str, tmp_path: Path) -> Shelf:
    return Shelf(operator_database, agent_database, tenant, tmp_path)


def test_versions_are_kept_and_the_day_decides_which_speaks(shelf: Shelf) -> None:
    shelf.put(1, "2025-01-01", 12)
    first = shelf.take()
    assert (first.imported, first.unchanged, first.sections, first.vectors) == (("SOP-70 v1",), (), 2, 2)
    shelf.put(2, "2026-03-01", 8)
    second = shelf.take()
    assert (second.imported, second.unchanged) == (("SOP-70 v2",), ("SOP-70 v1",))
    question = "how fast may a forklift drive"
    assert "12 km/h" in shelf.says(question, date(2026, 2, 28))
    assert "8 km/h" in shelf.says(question, date(2026, 3, 1))
    assert shelf.says(question, date(2024, 12, 31)) == ""
    again = shelf.take()
    assert (again.imported, again.sections, again.vectors) == ((), 0, 0)
    events = shelf.events()
    assert [action for action, _ in events] == ["documents.imported", "documents.imported"], "no write, no event"
    recorded = events[1][1]["documents"]
    assert isinstance(recorded, list)
    assert [(one["code"], one["version"], one["sections"]) for one in recorded] == [("SOP-70", 2, 2)]


def test_one_fault_refuses_the_whole_folder_and_is_recorded(shelf: Shelf) -> None:
    shelf.put(1, "2025-01-01", 12)
    (shelf.folder / "bad.md").write_text("no front matter", encoding="utf-8")
    with pytest.raises(DocumentsRefused, match=r"bad\.md:1: does not begin with front matter"):
        shelf.take()
    with shelf.agent.transaction(shelf.tenant) as connection:
        assert documents.versions(connection) == []
    [(action, data)] = shelf.events()
    assert action == "documents.refused"
    assert data["faults"] == 1


def test_what_cannot_stand_beside_what_is_stored_is_refused(shelf: Shelf) -> None:
    shelf.put(2, "2026-03-01", 8)
    shelf.take()
    shelf.put(2, "2026-03-01", 9)
    with pytest.raises(DocumentsRefused, match=r"v2\.md:5: SOP-70 v2 is stored with other content"):
        shelf.take()
    (shelf.folder / "v2.md").unlink()
    shelf.put(3, "2026-02-01", 9)
    with pytest.raises(DocumentsRefused, match=r"v3\.md:6: version 2 begins on 2026-03-01"):
        shelf.take()
    shelf.put(1, "2025-01-01", 9, "v3.md")
    assert shelf.take().imported == ("SOP-70 v1",), "an older version may arrive later"


def test_a_site_that_the_network_lacks_is_refused(
    network: Network, operator_database: Database, tmp_path: Path
) -> None:
    text = TEXT.format(version=1, begins="2025-01-01", speed=8).replace("owner:", "sites: [LEJ, LEX]\nowner:")
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    with pytest.raises(DocumentsRefused, match=r"a\.md:7: there is no site LEX"):
        import_folder(operator_database, network.context, tmp_path)


def test_a_tenant_that_is_not_there(operator_database: Database, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(TEXT.format(version=1, begins="2025-01-01", speed=8), encoding="utf-8")
    with pytest.raises(NotFound):
        import_folder(operator_database, Context("nobody", Actor("person", "local")), tmp_path)


def test_without_the_model_words_alone_answer_and_vectors_come_later(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.put(1, "2025-01-01", 12)
    embedding._load.cache_clear()
    with monkeypatch.context() as patch:
        patch.setattr(embedding, "PACKAGE", "no_such_package")
        report = shelf.take()
        assert report.vectors == 0
        assert "not installed" in report.without_vectors
        with shelf.agent.transaction(shelf.tenant) as connection:
            found = search(lambda: connection, "forklift speed", Scope(date(2026, 1, 1)), limit=1)
        assert (found.method, found.model) == ("full_text", "")
        assert "by words alone" in found.notes[0]
        assert found.sections[0].row.number == "1"
        assert found.sections[0].why.similarity is None
    later = shelf.take()
    assert (later.imported, later.vectors) == ((), 2)
    assert later.without_vectors == ""
