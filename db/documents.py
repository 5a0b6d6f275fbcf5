"""Reads documents in versions, sections, words and vectors, for search and for lists. It never writes.

Every function takes a connection inside a tenant's transaction; row-level security limits what it sees. Which version
is in force is decided here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from psycopg import Connection
from psycopg.rows import DictRow, class_row, tuple_row

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DocumentKind = Literal["sop", "policy", "supplier_rule", "service_commitment"]
Ids = Sequence[int]

VERSIONS = """
SELECT v.version_id, v.code, d.kind, v.version, v.title, v.owner, v.language, v.effective_from, v.effective_to,
       v.sites, v.product_classes, v.source_file, v.content_hash, v.sections, v.words
  FROM document_version v JOIN document d USING (tenant, code)
 WHERE (%(codes)s::text[] IS NULL OR code = ANY (%(codes)s)) ORDER BY code, version
"""
IN_FORCE = """
SELECT version_id FROM (
    SELECT DISTINCT ON (code) version_id, effective_to, sites, product_classes FROM document_version
     WHERE effective_from <= %(day)s ORDER BY code, effective_from DESC) AS latest
 WHERE (effective_to IS NULL OR effective_to >= %(day)s)
   AND (%(site)s::text IS NULL OR sites = '{}' OR %(site)s = ANY (sites))
   AND (%(product_class)s::text IS NULL OR product_classes = '{}'
        OR lower(%(product_class)s) IN (SELECT lower(one) FROM unnest(product_classes) AS one))
"""
PRODUCT_CLASSES = "SELECT DISTINCT unnest(product_classes) AS one FROM document_version ORDER BY one"
SECTIONS = """
SELECT s.section_id, s.version_id, v.code, d.kind, v.version, v.title, v.owner, v.language, v.effective_from,
       v.effective_to, v.sites, v.product_classes, s.number, s.heading, s.body
  FROM document_section s JOIN document_version v USING (tenant, version_id) JOIN document d USING (tenant, code)
"""
SECTIONS_BY_ID = SECTIONS + " WHERE s.section_id = ANY (%(section_ids)s)"
SECTIONS_OF = SECTIONS + " WHERE s.version_id = ANY (%(version_ids)s) ORDER BY v.code, v.version, s.position"
# A word that the stemmer throws away (the, of) has no stem and is left out.
WORDS = """
SELECT word, stem[1] AS term,
       EXISTS (SELECT FROM section_term t WHERE t.term = stem[1] COLLATE "C") AS known
  FROM unnest(to_tsvector('simple', %(text)s)) AS parsed(word), ts_lexize('english_stem', word) AS stem
 WHERE cardinality(stem) > 0 ORDER BY word
"""
VOCABULARY = "SELECT word, term FROM document_word WHERE word >= %(first)s AND word < %(after)s"
# BM25 (Robertson and Zaragoza 2009) with k1 = 1.2, b = .75; `coverage` is the share of the question's weight in words
# (idf) that the section holds, where a word that no section holds counts as the rarest.
TEXT_HITS = """
WITH posting AS (
    SELECT term, section_id, frequency, length FROM section_term
     WHERE term = ANY (%(terms)s) AND version_id = ANY (%(version_ids)s)
), corpus AS (
    SELECT greatest(sum(sections), 1)::float8 AS n, greatest(sum(words)::float8 / greatest(sum(sections), 1), 1) AS mean
      FROM document_version WHERE version_id = ANY (%(version_ids)s)
), asked AS (
    SELECT a.term, ln(1 + (n - count(p.section_id) + 0.5) / (count(p.section_id) + 0.5)) AS idf
      FROM corpus CROSS JOIN unnest(%(terms)s::text[]) AS a (term) LEFT JOIN posting p ON p.term = a.term
     GROUP BY a.term, n
)
SELECT section_id, sum(idf * frequency * 2.2 / (frequency + 1.2 * (0.25 + 0.75 * length / mean))) AS score,
       sum(idf) / (SELECT sum(idf) FROM asked) AS coverage, array_agg(term ORDER BY idf DESC, term) AS terms
  FROM posting JOIN asked USING (term) CROSS JOIN corpus
 GROUP BY section_id ORDER BY score DESC, section_id LIMIT %(limit)s
"""
VECTOR_HITS = """
SELECT section_id, 1 - min(distance) AS similarity FROM (
    SELECT section_id, embedding <=> %(vector)s::public.vector AS distance FROM section_embedding
     WHERE model = %(model)s AND version_id = ANY (%(version_ids)s)) AS passages
 GROUP BY section_id ORDER BY similarity DESC, section_id LIMIT %(limit)s
"""
SIMILARITIES = """
SELECT section_id, max(1 - (embedding <=> %(vector)s::public.vector)) AS similarity FROM section_embedding
 WHERE model = %(model)s AND section_id = ANY (%(section_ids)s) GROUP BY section_id
"""
THAT_SAY = """
SELECT s.section_id FROM document_section s,
       to_tsvector('english', s.heading || ' ' || s.body) AS said
 WHERE s.section_id = ANY (%(section_ids)s)
   AND said @@ ALL (SELECT phraseto_tsquery('english', one) FROM unnest(%(phrases)s::text[]) AS one)
   AND NOT said @@ ANY (SELECT plainto_tsquery('english', one) FROM unnest(%(excluded)s::text[]) AS one)
"""


@dataclass(frozen=True)
class VersionRow:
    """One version of a document; `effective_to` is its last day, None: until a newer one begins."""

    version_id: int
    code: str
    kind: DocumentKind
    version: int
    title: str
    owner: str
    language: str
    effective_from: date
    effective_to: date | None
    sites: list[str]
    product_classes: list[str]
    source_file: str
    content_hash: str
    sections: int
    words: int


@dataclass(frozen=True)
class SectionRow:
    """One section with what has to be said when it is quoted; empty `sites`, `product_classes`: all."""

    section_id: int
    version_id: int
    code: str
    kind: DocumentKind
    version: int
    title: str
    owner: str
    language: str
    effective_from: date
    effective_to: date | None
    sites: list[str]
    product_classes: list[str]
    number: str
    heading: str
    body: str


@dataclass(frozen=True)
class Word:
    """A word of a question, its stem, and whether any section holds it."""

    word: str
    term: str
    known: bool


@dataclass(frozen=True)
class TextHit:
    """BM25 `score` ≥ 0; `coverage` from 0 to 1; `terms` the stems that the section holds, rarest first."""

    section_id: int
    score: float
    coverage: float
    terms: list[str]


@dataclass(frozen=True)
class VectorHit:
    """`similarity` is the cosine of the section's best passage with the question."""

    section_id: int
    similarity: float


def versions(connection: Connection[DictRow], codes: Sequence[str] | None = None) -> list[VersionRow]:
    """All versions, those of the past and of the future too; None: of every document."""
    cursor = connection.cursor(row_factory=class_row(VersionRow))
    return cursor.execute(VERSIONS, {"codes": None if codes is None else list(codes)}).fetchall()


def in_force(
    connection: Connection[DictRow], day: date, *, site: str | None = None, product_class: str | None = None
) -> list[int]:
    """The ids of the versions in force on `day` that hold for that site and class (None: whatever they hold for)."""
    values = {"day": day, "site": site, "product_class": product_class}
    rows = connection.cursor(row_factory=tuple_row).execute(IN_FORCE, values)
    return [row[0] for row in rows]


def product_classes(connection: Connection[DictRow]) -> list[str]:
    """Every class that some document holds for, in order."""
    return [row[0] for row in connection.cursor(row_factory=tuple_row).execute(PRODUCT_CLASSES)]


def sections(connection: Connection[DictRow], section_ids: Ids) -> dict[int, SectionRow]:
    """These sections by id."""
    cursor = connection.cursor(row_factory=class_row(SectionRow))
    rows = cursor.execute(SECTIONS_BY_ID, {"section_ids": list(section_ids)})
    return {row.section_id: row for row in rows}


def sections_of(connection: Connection[DictRow], version_ids: Ids) -> list[SectionRow]:
    """Every section of these versions, in the order of the documents."""
    cursor = connection.cursor(row_factory=class_row(SectionRow))
    return cursor.execute(SECTIONS_OF, {"version_ids": list(version_ids)}).fetchall()


def words(connection: Connection[DictRow], text: str) -> list[Word]:
    """The words of a question that carry meaning, each once."""
    return connection.cursor(row_factory=class_row(Word)).execute(WORDS, {"text": text}).fetchall()


def vocabulary(connection: Connection[DictRow], first: str) -> dict[str, str]:
    """Known words that begin with this letter, with their stems."""
    values = {"first": first, "after": chr(ord(first) + 1)}
    return dict(connection.cursor(row_factory=tuple_row).execute(VOCABULARY, values).fetchall())


def text_hits(
    connection: Connection[DictRow], terms: Collection[str], version_ids: Ids, *, limit: int
) -> list[TextHit]:
    """Sections of these versions that hold any of the stems, best first."""
    values = {"terms": sorted(terms), "version_ids": list(version_ids), "limit": limit}
    return connection.cursor(row_factory=class_row(TextHit)).execute(TEXT_HITS, values).fetchall()


def vector_hits(
    connection: Connection[DictRow], vector: NDArray[np.float32], model: str, version_ids: Ids, *, limit: int
) -> list[VectorHit]:
    """Sections of these versions nearest to the question, best first; exact, whatever the tenant's share of rows."""
    values = {"vector": as_text(vector), "model": model, "version_ids": list(version_ids), "limit": limit}
    return connection.cursor(row_factory=class_row(VectorHit)).execute(VECTOR_HITS, values).fetchall()


def similarities(
    connection: Connection[DictRow], vector: NDArray[np.float32], model: str, section_ids: Ids
) -> list[VectorHit]:
    """How near just these sections are; one without a vector is left out."""
    values = {"vector": as_text(vector), "model": model, "section_ids": list(section_ids)}
    return connection.cursor(row_factory=class_row(VectorHit)).execute(SIMILARITIES, values).fetchall()


def that_say(
    connection: Connection[DictRow], section_ids: Ids, phrases: Sequence[str], excluded: Sequence[str]
) -> set[int]:
    """Those that hold every phrase, word after word, and none of the excluded words."""
    values = {"section_ids": list(section_ids), "phrases": list(phrases), "excluded": list(excluded)}
    return {row[0] for row in connection.cursor(row_factory=tuple_row).execute(THAT_SAY, values)}


def as_text(vector: NDArray[np.float32]) -> str:
    """The vector as the type `vector` reads it."""
    # Here and not above: the agent's worker reads documents without ever comparing vectors.
    from pgvector import Vector

    return Vector(vector).to_text()
