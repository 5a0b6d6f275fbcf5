"""Two rankings become one, and what is not relevant is left out. Pure: ids and scores in, ids and scores out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

# Cormack, Clarke and Büttcher 2009: 60 keeps one ranking's first place from deciding alone.
CONSTANT = 60


@dataclass(frozen=True)
class Floor:
    """From when on a section counts as relevant; chosen on the labelled and the off-topic questions of the benchmark.

    Attributes:
        similarity: cosine with the question that is enough by itself.
        coverage: share of the question's weight in words that is enough, if the cosine is not below
            `least_similarity`; without vectors it is all there is.
    """

    similarity: float = 0.36
    coverage: float = 0.5
    least_similarity: float = 0.2


FLOOR = Floor()


def fuse(rankings: Iterable[Sequence[int]], *, constant: int = CONSTANT) -> dict[int, float]:
    """Reciprocal rank fusion: each ranking (best first, each id once) gives 1 / (constant + place).

    Returns the scores, best first; equal ones by id, so that the same question has the same answer.
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for place, one in enumerate(ranking, 1):
            scores[one] = scores.get(one, 0.0) + 1.0 / (constant + place)
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def relevant(
    ids: Iterable[int], coverage: Mapping[int, float], similarity: Mapping[int, float] | None, floor: Floor = FLOOR
) -> set[int]:
    """Those above the floor; `similarity` None: there are no vectors."""
    return {one for one in ids if _passes(coverage.get(one, 0.0), similarity, one, floor)}


def _passes(covered: float, similarity: Mapping[int, float] | None, one: int, floor: Floor) -> bool:
    # A section that was stored before there was a model is judged by its words.
    near = None if similarity is None else similarity.get(one)
    if near is None:
        return covered >= floor.coverage
    return near >= floor.similarity or (covered >= floor.coverage and near >= floor.least_similarity)
