"""The picture of a case over the small network, where demand is certain and every day can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cases.projection import HISTORY_DAYS, Arrival, Projection, project
from cases.snapshot import load
from db import demand
from db.session import Database
from tests.fix_network import TODAY, Network, day

Draw = Callable[..., Projection | None]


@pytest.fixture
def draw(agent_database: Database, network: Network) -> Draw:
    def make(sku: str, site: str, arrival: Arrival | None = None) -> Projection | None:
        with agent_database.transaction(network.tenant) as connection:
            situation = load(lambda: connection, TODAY, skus=[sku], sites=[site]).situations[sku, site]
            sold = demand.demand(connection, skus=[sku], sites=[site], since=day(-HISTORY_DAYS), before=TODAY)
        return project(situation, sold[0] if sold else None, arrival)

    return make


def test_stock_falls_to_zero_and_stays_there_until_the_late_order_comes(draw: Draw) -> None:
    shown = draw("OAT-1L", "LEJ")
    assert shown is not None
    assert list(shown.stock.middle[:8]) == [20, 10, 0, 0, 0, 0, 90, 80]
    assert list(shown.demand.middle[:3]) == list(shown.demand.low[:3]) == list(shown.demand.high[:3]) == [10, 10, 10]
    assert (len(shown.history), set(shown.history)) == (HISTORY_DAYS, {10.0})
    assert (shown.with_order, shown.arrival) == (None, None)
    assert shown.safety_stock == 0  # nothing is in doubt
    assert shown.reorder_point is not None
    assert shown.reorder_point > 0


def test_an_order_lifts_the_stock_from_the_day_it_arrives_and_is_sold_from_then_on(draw: Draw) -> None:
    shown = draw("OAT-1L", "LEJ", Arrival(25.0, day(3)))
    assert shown is not None
    assert shown.with_order is not None
    assert list(shown.with_order[:8]) == [20, 10, 0, 15, 5, 0, 90, 80]
    assert list(shown.stock.middle[:8]) == [20, 10, 0, 0, 0, 0, 90, 80]


def test_an_order_that_comes_after_the_last_day_is_not_drawn(draw: Draw) -> None:
    shown = draw("OAT-1L", "LEJ", Arrival(25.0, day(200)))
    assert shown is not None
    assert shown.with_order is not None
    assert list(shown.with_order) == list(shown.stock.middle)
    assert shown.arrival is None


@pytest.mark.parametrize("place", [("NEW", "LEJ"), ("OAT-1L", "HAL")], ids=["no forecast", "never counted"])
def test_there_is_no_picture_of_what_is_not_known(draw: Draw, place: tuple[str, str]) -> None:
    assert draw(*place) is None
