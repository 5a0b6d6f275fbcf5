"""The words of a question as stems, where a word that no document holds is read as a known one that is nearly it.

It is said which word was read as which; a word with nothing near it stays as it is, and then finds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import DictRow

from db import documents
from db.documents import Word

SHORTEST = 5  # letters; in a shorter word one letter makes another word
NEAR = 0.8  # share of letters that agree: one slip in five letters, two in ten
READ_AS = 3  # a question in another language must not become a question about something else
ASKED = 32  # words of a question that are looked at
# What a question says beside its subject; PostgreSQL's own list of stop words is for texts and lacks them.
ASKING = frozenset(
    {"also", "anybody", "anyone", "anything", "could", "everything", "get", "got", "know", "let", "many", "may",
     "might", "much", "must", "need", "please", "shall", "somebody", "someone", "something", "still", "tell", "us",
     "want", "would", "yet", "now"}
)  # fmt: skip


@dataclass(frozen=True)
class Spelt:
    """`terms` are the stems to look for, `notes` which words were read as others."""

    terms: frozenset[str]
    notes: tuple[str, ...]


def spell(connection: Connection[DictRow], text: str) -> Spelt:
    """The stems of `text`."""
    words = [word for word in documents.words(connection, text) if word.word not in ASKING][:ASKED]
    unknown = [word for word in words if not word.known and len(word.word) >= SHORTEST and word.word.isalpha()]
    read_as = {} if len(unknown) > READ_AS else _nearest(connection, unknown)
    terms = {read_as[word.word][1] if word.word in read_as else word.term for word in words}
    return Spelt(frozenset(terms), tuple(f"{word!r} was read as {known!r}." for word, (known, _) in read_as.items()))


def _nearest(connection: Connection[DictRow], unknown: list[Word]) -> dict[str, tuple[str, str]]:
    """For each word the known one nearest to it, with its stem; the first letter is taken to be right."""
    # Here and not above: most questions are spelt well.
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import extractOne

    found: dict[str, tuple[str, str]] = {}
    for word in unknown:
        known = documents.vocabulary(connection, word.word[0])
        nearest = extractOne(word.word, known.keys(), scorer=OSA.normalized_similarity, score_cutoff=NEAR)
        if nearest is not None:
            found[word.word] = (nearest[0], known[nearest[0]])
    return found
