"""A folder of documents into the store: all of it or nothing, once by content, recorded, older versions kept.

What takes long (reading, encoding) happens before the transaction that writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from psycopg import Connection
from psycopg.rows import DictRow

from audit.append import append
from audit.events import Action
from db import documents, documents_import, network
from db.documents import VersionRow
from db.session import Database
from db.tenants import read_tenant
from domain.context import Context
from retrieval.document import Document, passage_text
from retrieval.errors import DocumentsRefused, EmbeddingUnavailable, Finding
from retrieval.folder import read_folder

if TYPE_CHECKING:
    from retrieval.bert import Floats


class Encoder(Protocol):
    """What turns sections into vectors; `retrieval.embedding.Embedder` is one."""

    @property
    def model(self) -> str:
        """Its name and the hash of its weights."""
        ...

    def passages(self, texts: Sequence[str]) -> list[Floats]:
        """For each text its vectors, shape (passages, 384)."""
        ...


@dataclass(frozen=True)
class DocumentsReport:
    """What became of a folder. `vectors` counts passages encoded now; `without_vectors` says why there are none."""

    imported: tuple[str, ...]
    unchanged: tuple[str, ...]
    sections: int
    vectors: int
    without_vectors: str


@dataclass(frozen=True)
class _Vectors:
    """What was encoded ahead: each new document's passages by section, and those of sections stored without any."""

    model: str
    why_none: str
    of_new: Mapping[str, Sequence[Floats]]
    of_stored: Sequence[tuple[int, Floats]]


def import_folder(
    database: Database, context: Context, folder: Path, *, encoder: Encoder | None = None
) -> DocumentsReport:
    """Imports every `*.md` below `folder` for the context's tenant (operator role).

    Content that is there already is left alone; a section that has no vector yet gets one. Without an `encoder` the
    embedded one is used, and without that the documents are kept for full text alone, which the report says.

    Raises:
        DocumentsRefused: with every fault by file and line; nothing was written, and the refusal is recorded.
        NotFound: there is no such tenant.
    """
    with database.transaction(context.tenant) as connection:
        read_tenant(connection)
    try:
        found = read_folder(folder)
        vectors = _encode(database, context, found, encoder)
        with database.transaction(context.tenant) as connection:
            documents_import.lock_documents(connection)
            return _write(connection, context, folder.name, found, vectors)
    except DocumentsRefused as refusal:
        _record_refusal(database, context, folder.name, refusal)
        raise


def _encode(database: Database, context: Context, found: Sequence[Document], encoder: Encoder | None) -> _Vectors:
    with database.transaction(context.tenant) as connection:
        new = _new(connection, found)
    try:
        encoder = encoder or _embedded()
        of_new = {document.name: encoder.passages(texts_of(document)) for document in new}
        with database.transaction(context.tenant) as connection:
            stored = documents_import.without_vectors(connection, encoder.model)
        of_stored = encoder.passages([passage_text(one.title, one.heading, one.body) for one in stored])
    except EmbeddingUnavailable as error:
        return _Vectors("", str(error), {}, ())
    ids = [one.section_id for one in stored]
    return _Vectors(encoder.model, "", of_new, tuple(zip(ids, of_stored, strict=True)))


def _embedded() -> Encoder:
    from retrieval.embedding import embedder

    return embedder()


def texts_of(document: Document) -> list[str]:
    """What the encoder reads of it, a text a section."""
    return [passage_text(document.front.title, section.heading, section.body) for section in document.sections]


def _write(
    connection: Connection[DictRow], context: Context, folder: str, found: Sequence[Document], vectors: _Vectors
) -> DocumentsReport:
    new = _new(connection, found)
    added = documents_import.add_vectors(connection, vectors.model, vectors.of_stored)
    for document in new:
        added += _add(connection, context, document, vectors)
    names = tuple(document.name for document in new)
    unchanged = tuple(document.name for document in found if document not in new)
    sections = sum(len(document.sections) for document in new)
    report = DocumentsReport(names, unchanged, sections, added, vectors.why_none)
    if names or added:
        data = {"documents": [_recorded(document) for document in new], "vectors": added, "model": vectors.model}
        append(connection, context, Action.DOCUMENTS_IMPORTED, subject=f"documents:{folder}", data=data)
    return report


def _add(connection: Connection[DictRow], context: Context, document: Document, vectors: _Vectors) -> int:
    columns = {key: list(value) if isinstance(value, tuple) else value for key, value in document.front}
    row = {
        **columns,
        "source_file": document.file,
        "content_hash": document.content_hash,
        "imported_by": context.actor.id,
    }
    parts = [(section.number, section.heading, section.body) for section in document.sections]
    ids = documents_import.add_version(connection, row, parts)
    passages = vectors.of_new.get(document.name, ())
    named = [(ids[section.number], each) for section, each in zip(document.sections, passages, strict=False)]
    return documents_import.add_vectors(connection, vectors.model, named)


def _new(connection: Connection[DictRow], found: Sequence[Document]) -> list[Document]:
    """Those that are not stored yet; raises `DocumentsRefused` when one cannot stand beside what is stored."""
    stored = documents.versions(connection, sorted({document.front.code for document in found}))
    sites = {site.site for site in network.sites(connection)}
    by_name = {(row.code, row.version): row for row in stored}
    new: list[Document] = []
    findings: list[Finding] = []
    for document in found:
        same = by_name.get((document.front.code, document.front.version))
        if same is not None and same.content_hash == document.content_hash:
            continue
        new.append(document)
        findings += _faults(document, same, [row for row in stored if row.code == document.front.code], sites)
    if findings:
        raise DocumentsRefused(findings)
    return new


def _faults(
    document: Document, same: VersionRow | None, others: Sequence[VersionRow], sites: set[str]
) -> Iterator[Finding]:
    front, line = document.front, document.lines
    if same is not None:
        says = f"{document.name} is stored with other content; give the new text a new version"
        yield Finding(document.file, line["version"], says)
        return
    if others and others[0].kind != front.kind:
        yield Finding(document.file, line["kind"], f"{front.code} is stored as a {others[0].kind}")
    for other in others:
        if (other.version < front.version) != (other.effective_from < front.effective_from):
            says = f"version {other.version} begins on {other.effective_from}; a later version begins later"
            yield Finding(document.file, line["effective_from"], says)
    # Before a network is imported nobody can know its sites.
    unknown = sorted(set(front.sites) - sites) if sites else []
    if unknown:
        yield Finding(document.file, line["sites"], f"there is no site {', '.join(unknown)} in this network")


def _recorded(document: Document) -> Mapping[str, object]:
    return {
        "code": document.front.code,
        "version": document.front.version,
        "effective_from": document.front.effective_from,
        "file": document.file,
        "content_hash": document.content_hash,
        "sections": len(document.sections),
    }


def _record_refusal(database: Database, context: Context, folder: str, refusal: DocumentsRefused) -> None:
    """In a transaction of its own, as the import's was rolled back."""
    faults = [str(finding) for finding in refusal.findings[: refusal.shown]]
    data = {"faults": len(refusal.findings), "first": faults}
    with database.transaction(context.tenant) as connection:
        append(connection, context, Action.DOCUMENTS_REFUSED, subject=f"documents:{folder}", data=data)
