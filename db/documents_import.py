"""Writes an import of documents: versions, their sections and words, and vectors. Nothing is updated or deleted.

All functions take the connection of one transaction of the operator role; the caller commits everything or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import Connection
from psycopg.rows import class_row, tuple_row

from db.documents import as_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('documents:' || current_setting('quartermaster.tenant'), 0))"
ADD_DOCUMENT = """
INSERT INTO document (code, kind) VALUES (%(code)s, %(kind)s) ON CONFLICT (tenant, code) DO NOTHING
"""
ADD_VERSION = """
INSERT INTO document_version (code, version, title, owner, language, effective_from, effective_to, sites,
                              product_classes, keywords, source_file, content_hash, sections, words, imported_by)
VALUES (%(code)s, %(version)s, %(title)s, %(owner)s, %(language)s, %(effective_from)s, %(effective_to)s, %(sites)s,
        %(product_classes)s, %(keywords)s, %(source_file)s, %(content_hash)s, cardinality(%(bodies)s::text[]),
        (SELECT coalesce(sum(length(to_tsvector('english', body))), 0) FROM unnest(%(bodies)s::text[]) AS body),
        %(imported_by)s) RETURNING version_id
"""
ADD_SECTIONS = """
INSERT INTO document_section (version_id, position, number, heading, body)
SELECT %(version_id)s, position, number, heading, body
  FROM unnest(%(numbers)s::text[], %(headings)s::text[], %(bodies)s::text[])
       WITH ORDINALITY AS given (number, heading, body, position)
RETURNING section_id, number
"""
# The weights: a word of the heading counts three times one of the body, one of the title twice, a keyword as much.
ADD_TERMS = """
INSERT INTO section_term (term, section_id, version_id, frequency, length)
SELECT lexeme, s.section_id, s.version_id,
       (SELECT sum(CASE weight WHEN 'A' THEN 3 WHEN 'B' THEN 2 ELSE 1 END) FROM unnest(weights) AS weight),
       length(to_tsvector('english', s.body))
  FROM document_section s JOIN document_version v USING (tenant, version_id),
       unnest(setweight(to_tsvector('english', s.heading), 'A') || setweight(to_tsvector('english', v.title), 'B')
              || setweight(to_tsvector('english', array_to_string(v.keywords, ' ')), 'C')
              || to_tsvector('english', s.body)) AS said (lexeme, positions, weights)
 WHERE s.version_id = %(version_id)s
"""
ADD_WORDS = """
INSERT INTO document_word (word, term)
SELECT DISTINCT word, stem[1] FROM document_section s JOIN document_version v USING (tenant, version_id),
       unnest(to_tsvector('simple', concat_ws(' ', v.title, s.heading, array_to_string(v.keywords, ' '), s.body)))
           AS parsed(word), ts_lexize('english_stem', word) AS stem
 WHERE s.version_id = %(version_id)s AND cardinality(stem) > 0 AND word ~ '^[[:alpha:]]{4,40}$'
ON CONFLICT (tenant, word) DO NOTHING
"""
ADD_EMBEDDING = """
INSERT INTO section_embedding (section_id, model, passage, version_id, embedding)
SELECT section_id, %(model)s, %(passage)s, version_id, %(vector)s::public.vector
  FROM document_section WHERE section_id = %(section_id)s ON CONFLICT DO NOTHING
"""
WITHOUT_VECTORS = """
SELECT s.section_id, v.title, s.heading, s.body
  FROM document_section s JOIN document_version v USING (tenant, version_id)
 WHERE NOT EXISTS (SELECT FROM section_embedding e WHERE e.tenant = s.tenant AND e.section_id = s.section_id
                   AND e.model = %(model)s) ORDER BY s.section_id
"""


@dataclass(frozen=True)
class Unembedded:
    """A section that has no vector of a model yet."""

    section_id: int
    title: str
    heading: str
    body: str


def lock_documents(connection: Connection[Any]) -> None:
    """One import of a tenant at a time: the second sees what the first wrote."""
    connection.execute(LOCK)


def add_version(
    connection: Connection[Any], version: Mapping[str, object], parts: Sequence[tuple[str, str, str]]
) -> dict[str, int]:
    """Adds a version (the columns of `document_version`, and `kind`) with its sections (number, heading, body).

    Returns the sections' ids by number.
    """
    numbers, headings, bodies = (list(column) for column in zip(*parts, strict=True))
    values = {**version, "bodies": bodies}
    connection.execute(ADD_DOCUMENT, values)
    cursor = connection.cursor(row_factory=tuple_row)
    made = cursor.execute(ADD_VERSION, values).fetchone()
    assert made is not None  # RETURNING of an insert that did not raise
    own = {"version_id": made[0], "numbers": numbers, "headings": headings, "bodies": bodies}
    ids = {number: section_id for section_id, number in cursor.execute(ADD_SECTIONS, own).fetchall()}
    connection.execute(ADD_TERMS, own)
    connection.execute(ADD_WORDS, own)
    return ids


def without_vectors(connection: Connection[Any], model: str) -> list[Unembedded]:
    """Sections that this model has not read."""
    return connection.cursor(row_factory=class_row(Unembedded)).execute(WITHOUT_VECTORS, {"model": model}).fetchall()


def add_vectors(connection: Connection[Any], model: str, vectors: Iterable[tuple[int, NDArray[np.float32]]]) -> int:
    """Keeps (section id, its passages' vectors of shape (passages, 384)); returns how many passages."""
    rows = [
        {"section_id": section_id, "model": model, "passage": passage, "vector": as_text(vector)}
        for section_id, passages in vectors
        for passage, vector in enumerate(passages)
    ]
    if rows:
        connection.cursor().executemany(ADD_EMBEDDING, rows)
    return len(rows)
