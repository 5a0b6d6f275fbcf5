"""What reciprocal rank fusion promises for any rankings, and what the floor lets through."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retrieval.fusion import CONSTANT, FLOOR, fuse, relevant

ranking = st.lists(st.integers(0, 30), unique=True, max_size=20)
rankings = st.lists(ranking, max_size=4)


@given(rankings)
def test_it_holds_what_the_rankings_hold_best_first(given_rankings: list[list[int]]) -> None:
    scores = fuse(given_rankings)
    assert set(scores) == {one for each in given_rankings for one in each}
    assert list(scores.values()) == sorted(scores.values(), reverse=True)
    assert all(0 < score <= len(given_rankings) / (CONSTANT + 1) + 1e-12 for score in scores.values())


@given(rankings, st.randoms(use_true_random=False))
def test_the_order_of_the_rankings_does_not_matter(given_rankings: list[list[int]], chance: st.DataObject) -> None:
    shuffled = list(given_rankings)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = fuse(given_rankings), fuse(shuffled)
    assert one.keys() == other.keys()
    assert all(abs(one[key] - other[key]) < 1e-12 for key in one)


@given(ranking)
def test_one_ranking_alone_keeps_its_order(only: list[int]) -> None:
    assert list(fuse([only, []])) == only


@given(ranking, ranking)
def test_who_is_ahead_in_both_is_ahead(one: list[int], other: list[int]) -> None:
    scores = fuse([one, other])
    both = [each for each in one if each in other]
    for first in both:
        for second in both:
            if one.index(first) < one.index(second) and other.index(first) < other.index(second):
                assert scores[first] > scores[second]


@given(ranking, st.data())
def test_climbing_never_costs(only: list[int], data: st.DataObject) -> None:
    if len(only) < 2:
        return
    at = data.draw(st.integers(1, len(only) - 1))
    climbed = [*only[: at - 1], only[at], only[at - 1], *only[at + 1 :]]
    assert fuse([climbed])[only[at]] > fuse([only])[only[at]]


@given(st.floats(0, 1), st.floats(-1, 1))
def test_more_words_or_more_meaning_never_make_a_section_less_relevant(coverage: float, similarity: float) -> None:
    if relevant([1], {1: coverage}, {1: similarity}):
        assert relevant([1], {1: 1.0}, {1: similarity})
        assert relevant([1], {1: coverage}, {1: 1.0})


def test_without_a_vector_the_words_decide() -> None:
    assert relevant([1, 2], {1: FLOOR.coverage_alone, 2: FLOOR.coverage_alone - 0.01}, {}) == {1}
    assert relevant([1], {}, {}) == set()
