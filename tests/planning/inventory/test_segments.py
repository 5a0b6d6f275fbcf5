"""Segments: the classes by hand, the same in any order, and no flicker at a border."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.errors import InvalidField
from planning.inventory.segment_classes import (
    Borders,
    Parameters,
    PolicyKind,
    Returns,
    Value,
    Variability,
    Velocity,
)
from planning.inventory.segments import ItemHistory, intervals_and_variation, segment_items


def history(item: str, demand: list[float], margin: float = 1.0, **more: object) -> ItemHistory:
    """Days of demand."""
    return ItemHistory(item, np.array(demand), margin, **more)  # pyright: ignore[reportArgumentType]


def test_interval_and_variation_by_hand() -> None:
    assert intervals_and_variation(np.array([0.0, 2.0, 0.0, 6.0])) == (2.0, 0.25)
    assert intervals_and_variation(np.zeros(5)) == (float("inf"), 0.0)


@pytest.mark.parametrize(
    ("demand", "expected"),
    [
        ([5, 6, 5, 4], Variability.SMOOTH),
        ([1, 20, 1, 1], Variability.ERRATIC),
        ([0, 0, 5, 0], Variability.INTERMITTENT),
        ([0, 0, 1, 0, 0, 30], Variability.LUMPY),
        ([0, 0, 0], Variability.NONE),
    ],
)
def test_variability(demand: list[float], expected: Variability) -> None:
    assert segment_items([history("A", demand)])[0].variability is expected


def test_value_velocity_returns_and_policy() -> None:
    found = segment_items(
        [
            history("big", [80.0] * 4, returned_share=0.2, channel="web"),
            history("middle", [4.0] * 4, 4.0),
            history("small", [0.0, 0.5, 0.0, 0.0], 8.0),
        ]
    )
    assert [one.value for one in found] == [Value.A, Value.B, Value.C]
    assert [one.velocity for one in found] == [Velocity.FAST, Velocity.MEDIUM, Velocity.SLOW]
    assert [one.returns for one in found] == [Returns.HIGH, None, None]
    assert (found[0].channel, found[0].label) == ("web", "A smooth fast")
    assert [one.policy.kind for one in found] == [PolicyKind.PERIODIC, PolicyKind.PERIODIC, PolicyKind.BASE_STOCK]
    assert found[0].policy.service_level > found[2].policy.service_level


def test_the_difference_from_today_is_said() -> None:
    today = {"A": Parameters(0.9, 7, PolicyKind.PERIODIC)}
    assert segment_items([history("A", [5.0] * 4)], today=today)[0].changes == (
        "service level 90.0% to 98.0%", "review days 7 to 1",
    )  # fmt: skip


def test_an_item_at_a_border_does_not_flicker() -> None:
    calm = segment_items([history("A", [9.8] * 10)])
    assert calm[0].velocity is Velocity.MEDIUM
    held = segment_items([history("A", [10.4] * 10)], before={"A": calm[0]})
    assert (held[0].velocity, held[0].kept) == (Velocity.MEDIUM, ("velocity",))
    moved = segment_items([history("A", [11.1] * 10)], before={"A": held[0]})
    assert (moved[0].velocity, moved[0].kept) == (Velocity.FAST, ())
    back = segment_items([history("A", [9.5] * 10)], before={"A": moved[0]})
    assert back[0].velocity is Velocity.FAST
    assert segment_items([history("A", [8.9] * 10)], before={"A": back[0]})[0].velocity is Velocity.MEDIUM


def test_an_item_worth_nothing_any_more_falls_to_the_last_class() -> None:
    def items(margin: float) -> list[ItemHistory]:
        return [history("big", [80.0] * 4), history("falling", [15.0] * 4, margin), history("other", [5.0] * 4)]

    before = {one.item: one for one in segment_items(items(1.0))}
    assert before["falling"].value is Value.B
    fallen = segment_items(items(0.0), before=before)[1]
    assert (fallen.value, fallen.kept) == (Value.C, ())


def test_weeks_of_noise_change_few_classes() -> None:
    random = np.random.default_rng(1)
    rates = random.lognormal(1.0, 1.2, 150)
    days = random.poisson(rates[:, None], (150, 182 + 28)).astype(float)
    changed = {band: 0 for band in (0.0, 0.1)}
    for band in changed:
        before = None
        for week in range(5):
            seen = [history(str(at), list(row[week * 7 : week * 7 + 182]), 2.0) for at, row in enumerate(days)]
            found = segment_items(seen, borders=Borders(band=band), before=before)
            if before is not None:
                changed[band] += sum(one.label != before[one.item].label for one in found)
            before = {one.item: one for one in found}
    assert changed[0.1] <= 0.4 * changed[0.0]
    assert changed[0.1] <= 0.01 * 150 * 4


@given(st.lists(st.lists(st.floats(0, 40), min_size=3, max_size=6), min_size=1, max_size=6), st.permutations(range(6)))
def test_the_order_of_items_does_not_matter(many: list[list[float]], order: list[int]) -> None:
    items = [history(str(at), demand) for at, demand in enumerate(many)]
    shuffled = [items[at] for at in order if at < len(items)]
    assert {one.item: one for one in segment_items(items)} == {one.item: one for one in segment_items(shuffled)}


@given(st.lists(st.floats(0, 40), min_size=3, max_size=6))
def test_the_same_again_keeps_every_class(demand: list[float]) -> None:
    items = [history("A", demand), history("B", [3.0] * 5)]
    first = segment_items(items)
    again = segment_items(items, before={one.item: one for one in first})
    assert [one.label for one in again] == [one.label for one in first]
    assert all(one.kept == () for one in again)


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("histories", lambda: segment_items([])),
        ("histories", lambda: segment_items([history("A", [1.0]), history("A", [1.0])])),
        ("A.demand", lambda: history("A", [])),
        ("A.demand", lambda: history("A", [-1.0])),
        ("A.demand", lambda: history("A", [float("nan")])),
        ("A.unit_margin", lambda: history("A", [1.0], float("inf"))),
        ("A.returned_share", lambda: history("A", [1.0], returned_share=1.5)),
        ("borders.value_a", lambda: Borders(value_a=0.96)),
        ("borders.slow", lambda: Borders(slow=20.0)),
        ("borders.band", lambda: Borders(band=0.5)),
    ],
)
def test_bad_input_is_refused_by_field(field: str, call: object) -> None:
    with pytest.raises(InvalidField) as refused:
        call()  # pyright: ignore[reportCallIssue, reportUnknownVariableType]
    assert refused.value.field == field
