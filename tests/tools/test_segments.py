"""Segments: the policy that each implies, today's parameters beside it, the same answer from the same data."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from cases.segmenting import FOLLOWED, Recorded, segmented
from cases.snapshot import load
from db.session import Database
from tests.fix_network import BATCH, TODAY, Network, insert
from tests.fix_tools import Asker


def test_each_item_has_a_segment_with_its_policy(asker: Asker, owner_database: Database) -> None:
    """Eight weeks of 10 and of 3 a day with a margin of 1: 10 of 13 is the first 77 %; what nobody buys is to order."""
    with owner_database.transaction(asker.network.tenant) as connection:
        connection.execute("UPDATE item_site SET listed_on = %s WHERE sku = 'OAT-1L'", [TODAY - timedelta(days=56)])
    found = asker.answer("segment_items")
    by_site = {(one.sku, one.site): one for one in found.items}
    best = by_site["OAT-1L", "LEJ"]
    assert (best.segment, best.policy.kind, best.policy.service_level) == (
        "A smooth fast", "periodic_order_up_to", 0.98,
    )  # fmt: skip
    assert (best.interval, best.units_per_day, best.margin_per_day) == (1.0, 10.0, 10)
    assert by_site["OAT-1L", "HAL"].segment == "A smooth medium"
    assert by_site["BOLT", "ERF"].policy.kind == "to_order"
    assert by_site["BOLT", "ERF"].interval is None
    assert found.left_out == ("NEW at LEJ",)
    assert sum(group.items for group in found.segments) == found.total == 6
    assert sum(group.margin_share for group in found.segments) == 1.0


def test_what_would_change_is_said_beside_todays_parameters(asker: Asker, owner_database: Database) -> None:
    with owner_database.transaction(asker.network.tenant) as connection:
        connection.execute(
            "UPDATE item_site SET reorder_point = 100, order_up_to = 150, safety_stock = 40, service_level = 0.9 "
            "WHERE sku = 'OAT-1L' AND site = 'LEJ'"
        )
    (item,) = asker.answer("segment_items", skus=["OAT-1L"], sites=["LEJ"]).items
    assert "service level 90.0% to 98.0%" in item.changes
    # 12 days at 10 a day without doubt.
    assert (item.reorder_point.today, item.reorder_point.implied) == (100, 120)
    assert (item.safety_stock.today, item.safety_stock.implied) == (40, 0)


def test_the_same_data_give_the_same_answer_and_returns_are_shown_where_recorded(
    asker: Asker, owner_database: Database, network: Network
) -> None:
    first = asker.answer("segment_items")
    assert asker.answer("segment_items") == first
    assert {one.returned_share for one in first.items} == {None}
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("DELETE FROM demand WHERE sku = 'OAT-1L' AND site = 'HAL' AND day = %s", [TODAY])
        insert(connection, "demand", tenant=network.tenant, batch_id=BATCH, sku="OAT-1L", site="ERF",
               day=TODAY.replace(month=2), quantity=-4)  # fmt: skip
    again = {(one.sku, one.site): one.returned_share for one in asker.answer("segment_items").items}
    assert again["OAT-1L", "LEJ"] == 0.0


def test_a_class_is_kept_while_its_measure_stays_near_the_border(agent_database: Database, network: Network) -> None:
    """Just above 10 a day for weeks and now just below: fast it stays; without the weeks before it would be medium."""
    with agent_database.transaction(network.tenant) as connection:
        snapshot = load(lambda: connection, TODAY, skus=["OAT-1L"], sites=["LEJ"], with_demand=False)
    situations = list(snapshot.situations.values())
    pair = ("OAT-1L", "LEJ")

    def segment_of(days: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[str, tuple[str, ...]]:
        found = segmented(situations, {pair: Recorded(days, 0.0)}, lambda: None).segments[pair]
        return found.velocity.value, found.kept

    year, followed = 52 * 7, FOLLOWED * 7
    falling = np.concatenate([np.full(year, 10.1), np.full(followed, 9.0)])
    assert segment_of(falling) == ("fast", ("velocity",))
    assert segment_of(np.full(year + followed, 9.9)) == ("medium", ())
