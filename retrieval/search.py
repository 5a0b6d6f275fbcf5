"""Finding sections: by code, by words (BM25) and by meaning (vectors), among the versions in force on a day.

The text it returns is somebody's document: data to be quoted, never an instruction to whoever reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Literal, Protocol

from psycopg import Connection
from psycopg.rows import DictRow

from db import documents
from db.documents import SectionRow, TextHit, VersionRow
from domain.errors import NotFound
from retrieval.errors import EmbeddingUnavailable
from retrieval.fusion import FLOOR, Floor, fuse, relevant
from retrieval.question import Asked, read, unknown_code
from retrieval.spelling import Spelt, spell

if TYPE_CHECKING:
    from retrieval.bert import Floats

Method = Literal["code", "full_text_and_vectors", "full_text"]
Connect = Callable[[], Connection[DictRow]]
DEPTH = 50  # how far each ranking is looked at


class QuestionEncoder(Protocol):
    """What turns a question into a vector; `retrieval.embedding.Embedder` is one."""

    @property
    def model(self) -> str:
        """Its name and the hash of its weights."""
        ...

    def question(self, text: str) -> Floats:
        """A vector of length 1, shape (384,)."""
        ...


@dataclass(frozen=True)
class Scope:
    """Where to look: the day whose versions count, and a site and a product class for which they must hold."""

    day: date
    site: str | None = None
    product_class: str | None = None


@dataclass(frozen=True)
class Why:
    """Why a section was found; None where that search did not find it.

    `score` is the fused one and compares sections of one answer only. `text_rank`, `vector_rank` count from 1;
    `coverage` and `similarity` lie between 0 and 1; `words` are the stems of the question that it holds.
    """

    by_code: bool = False
    score: float = 0.0
    text_rank: int | None = None
    coverage: float | None = None
    words: tuple[str, ...] = ()
    vector_rank: int | None = None
    similarity: float | None = None


@dataclass(frozen=True)
class FoundSection:
    """A section and why."""

    row: SectionRow
    in_force: bool
    why: Why


@dataclass(frozen=True)
class Found:
    """`sections` best first. `model` made the vectors ('' when there were none); `notes` says what was not as usual."""

    sections: tuple[FoundSection, ...]
    method: Method
    model: str
    documents_searched: int
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Rankings:
    text: Sequence[TextHit] = ()
    vectors: Sequence[int] = ()
    similarity: Mapping[int, float] = field(default_factory=dict)


def search(
    connect: Connect, text: str, scope: Scope, *, limit: int, encoder: QuestionEncoder | None = None,
    floor: Floor = FLOOR,
) -> Found:  # fmt: skip
    """The sections that answer `text`, none when nothing is relevant.

    `connect` gives the connection anew before each read. Without an `encoder` the embedded one is used; where it is
    not installed full text answers alone, and `notes` says so. A code of a document ('SOP-12', 'SOP-12 v2 4.1') is
    looked up; words beside it are searched in that document.

    Raises:
        NotFound: there is no such document, or not that version or section, or not on that day.
    """
    all_versions = documents.versions(connect())
    asked = read(text, _known_codes(all_versions, text))
    current = documents.in_force(connect(), scope.day, site=scope.site, product_class=scope.product_class)
    if asked.code:
        version = _named_version(asked, [row for row in all_versions if row.code == asked.code], current, scope)
        if asked.number or not asked.words:
            return _by_code(connect, asked, version, current, limit)
        versions: Sequence[int] = [version.version_id]
    else:
        versions = current
    return _by_content(connect, asked, versions, current, limit, encoder, floor)


def _known_codes(versions: Sequence[VersionRow], text: str) -> set[str]:
    """Codes of all documents; whoever names another one must not be given something that sounds like it."""
    known = {row.code for row in versions}
    missing = unknown_code(text, known)
    if missing and not read(text, known).code:
        raise NotFound(f"There is no document {missing}.", remedy=f"There is {', '.join(sorted(known))}.")
    return known


def _named_version(asked: Asked, versions: Sequence[VersionRow], current: Sequence[int], scope: Scope) -> VersionRow:
    for row in versions:
        if row.version == asked.version or (asked.version is None and row.version_id in current):
            return row
    there = ", ".join(f"v{row.version} from {row.effective_from}" + _until(row) for row in versions)
    if asked.version is not None:
        raise NotFound(f"{asked.code} has no version {asked.version}.", remedy=f"There is {there}.")
    where = "".join(f" for {name}" for name in (scope.site, scope.product_class) if name)
    raise NotFound(
        f"No version of {asked.code} is in force on {scope.day}{where}.",
        remedy=f"There is {there}; name the version to read it all the same.",
    )


def _until(row: VersionRow) -> str:
    return "" if row.effective_to is None else f" to {row.effective_to}"


def _by_code(connect: Connect, asked: Asked, version: VersionRow, current: Sequence[int], limit: int) -> Found:
    """The section and its subsections, or the document from its beginning."""
    rows = documents.sections_of(connect(), [version.version_id])
    wanted = [row for row in rows if not asked.number or f"{row.number}.".startswith(f"{asked.number}.")]
    name = f"{version.code} v{version.version}"
    if not wanted:
        there = ", ".join(row.number for row in rows)
        raise NotFound(f"{name} has no section {asked.number}.", remedy=f"It has the sections {there}.")
    is_current = version.version_id in current
    sections = tuple(FoundSection(row, is_current, Why(by_code=True)) for row in wanted[:limit])
    left = len(wanted) - len(sections)
    notes = [f"{name} was looked up by its code."]
    notes += [f"{left} more sections of it were left out."] if left else []
    return Found(sections, "code", "", 1, (*notes, *_not_in_force(name, is_current)))


def _by_content(
    connect: Connect, asked: Asked, versions: Sequence[int], current: Sequence[int], limit: int,
    encoder: QuestionEncoder | None, floor: Floor,
) -> Found:  # fmt: skip
    spelt = spell(connect(), asked.words)
    encoder, missing = _encoder(encoder)
    rankings = _rankings(connect, asked.words, spelt, versions, encoder)
    scores = _fused(connect, asked, rankings, floor)
    found = dict(list(scores.items())[:limit])
    rows = documents.sections(connect(), list(found))
    sections = tuple(
        FoundSection(rows[one], rows[one].version_id in current, _why(one, score, rankings, bool(asked.code)))
        for one, score in found.items()
    )
    names = sorted({f"{one.row.code} v{one.row.version}" for one in sections if not one.in_force})
    notes = (*missing, *spelt.notes, *(note for name in names for note in _not_in_force(name, False)))
    method: Method = "full_text_and_vectors" if encoder else "full_text"
    return Found(sections, method, encoder.model if encoder else "", len(versions), notes)


def _encoder(encoder: QuestionEncoder | None) -> tuple[QuestionEncoder | None, tuple[str, ...]]:
    if encoder is not None:
        return encoder, ()
    try:
        from retrieval.embedding import embedder

        return embedder(), ()
    except EmbeddingUnavailable as error:
        return None, (f"Searched by words alone, not by meaning. {error}",)


def _rankings(
    connect: Connect, text: str, spelt: Spelt, versions: Sequence[int], encoder: QuestionEncoder | None
) -> _Rankings:
    if not text.strip() or not versions:
        return _Rankings()
    hits = documents.text_hits(connect(), spelt.terms, versions, limit=DEPTH) if spelt.terms else []
    if encoder is None:
        return _Rankings(hits)
    vector = encoder.question(text)
    near = documents.vector_hits(connect(), vector, encoder.model, versions, limit=DEPTH)
    similarity = {hit.section_id: hit.similarity for hit in near}
    others = [hit.section_id for hit in hits if hit.section_id not in similarity]
    if others:
        more = documents.similarities(connect(), vector, encoder.model, others)
        similarity |= {hit.section_id: hit.similarity for hit in more}
    return _Rankings(hits, [hit.section_id for hit in near], similarity)


def _fused(connect: Connect, asked: Asked, rankings: _Rankings, floor: Floor) -> dict[int, float]:
    """Scores of what is relevant and says what it must, best first.

    What is not relevant leaves both rankings before they are fused: its places would be noise to the other.
    """
    by_text = [hit.section_id for hit in rankings.text]
    found = {*by_text, *rankings.vectors}
    # Who names the document has narrowed enough: whatever fits best in it is an answer.
    kept = found if asked.code else relevant(found, _coverage(rankings), rankings.similarity, floor)
    if kept and (asked.phrases or asked.excluded):
        kept = kept & documents.that_say(connect(), list(kept), asked.phrases, asked.excluded)
    return fuse([[one for one in ranking if one in kept] for ranking in (by_text, rankings.vectors)])


def _coverage(rankings: _Rankings) -> dict[int, float]:
    return {hit.section_id: hit.coverage for hit in rankings.text}


def _why(one: int, score: float, rankings: _Rankings, by_code: bool) -> Why:
    why = Why(by_code=by_code, score=score, similarity=rankings.similarity.get(one))
    for rank, hit in enumerate(rankings.text, 1):
        if hit.section_id == one:
            why = replace(why, text_rank=rank, coverage=hit.coverage, words=tuple(hit.terms))
    vectors = list(rankings.vectors)
    return replace(why, vector_rank=vectors.index(one) + 1) if one in vectors else why


def _not_in_force(name: str, is_current: bool) -> tuple[str, ...]:
    return () if is_current else (f"{name} is not in force on that day for what was asked.",)
