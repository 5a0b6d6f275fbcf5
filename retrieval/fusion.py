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
        relevance: the least `similarity + coverage_weight * coverage`, where `similarity` is the cosine with the
            question and `coverage` the share of the question's words, weighted by rarity, that the section holds.
        coverage_weight: what holding all the words is worth beside a cosine.
        coverage_alone: the least coverage of a section that has no vector.
    """

    relevance: float = 0.45
    coverage_weight: float = 0.5
    coverage_alone: float = 0.4


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
    ids: Iterable[int], coverage: Mapping[int, float], similarity: Mapping[int, float], floor: Floor = FLOOR
) -> set[int]:
    """Those above the floor; what `coverage` lacks holds none of the words, what `similarity` lacks has no vector."""
    return {one for one in ids if _passes(coverage.get(one, 0.0), similarity.get(one), floor)}


def _passes(coverage: float, similarity: float | None, floor: Floor) -> bool:
    if similarity is None:
        return coverage >= floor.coverage_alone
    return similarity + floor.coverage_weight * coverage >= floor.relevance
