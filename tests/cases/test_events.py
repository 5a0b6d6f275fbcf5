from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from app.triage import read_event
from cases.events import Received, decode, parse, receive
from db.session import Database
from domain.errors import BadInput, Conflict, NotFound
from domain.incoming_json import DEEPEST, LARGEST_BYTES
from tests.fix_network import Network, day

RISK = {
    "id": "1",
    "source": "wms",
    "type": "stock.risk",
    "time": "2026-03-02T06:00:00Z",
    "data": {"sku": "OAT-1L", "site": "LEJ"},
}
LATE = {**RISK, "type": "supply.late", "data": {"order_no": "PO-1", "line_no": 1, "promised_on": str(day(20))}}
LOT = {**RISK, "type": "lot.expiring", "data": {"sku": "MILK", "site": "ERF", "lot": "L1"}}


def receive_in(database: Database, network: Network, raw: Mapping[str, object]) -> Received:
    with database.transaction(network.tenant) as connection:
        return receive(connection, network.context, raw)


def rows(database: Database, network: Network, table: str) -> int:
    with database.transaction(network.tenant) as connection:
        return len(connection.execute(sql.SQL("SELECT 1 FROM {}").format(sql.Identifier(table))).fetchall())


def test_an_event_becomes_a_case_with_our_own_figures(network: Network, agent_database: Database) -> None:
    received = receive_in(agent_database, network, RISK)
    (case,) = received.cases
    assert received.is_new
    assert (case.kind, case.money_at_risk, case.event_id) == ("late_supply", Decimal("30.00"), "1")


def test_the_same_event_twice_is_one_case(network: Network, agent_database: Database) -> None:
    first, second = (receive_in(agent_database, network, RISK) for _ in range(2))
    assert (second.cases, second.is_new) == (first.cases, False)
    assert rows(agent_database, network, "event") == 1


def test_the_same_id_with_other_content_is_a_conflict(network: Network, agent_database: Database) -> None:
    receive_in(agent_database, network, RISK)
    with pytest.raises(Conflict, match="other content"):
        receive_in(agent_database, network, {**RISK, "data": {"sku": "MILK", "site": "ERF"}})


def test_another_event_on_the_same_matter_attaches(network: Network, agent_database: Database) -> None:
    (first,) = receive_in(agent_database, network, RISK).cases
    other = {**RISK, "id": "2"}
    assert [case.case_id for case in receive_in(agent_database, network, other).cases] == [first.case_id]
    assert [case.case_id for case in receive_in(agent_database, network, other).cases] == [first.case_id]
    assert rows(agent_database, network, "case_file") == 1


def test_a_new_promise_counts_instead_of_the_old(network: Network, agent_database: Database) -> None:
    (case,) = receive_in(agent_database, network, LATE).cases
    # Nothing comes in the 12 days that count: 90 short instead of 30.
    assert case.money_at_risk == Decimal("90.00")


def test_a_lot_is_judged_by_what_will_expire(network: Network, agent_database: Database) -> None:
    (case,) = receive_in(agent_database, network, LOT).cases
    assert (case.kind, case.money_at_risk) == ("expiry_risk", Decimal("35.00"))


def test_a_worry_that_our_data_do_not_share_is_kept_without_money(network: Network, agent_database: Database) -> None:
    (case,) = receive_in(agent_database, network, {**RISK, "data": {"sku": "BOLT", "site": "ERF"}}).cases
    assert (case.money_at_risk, case.severity) == (0, "low")
    assert "wms reports stock.risk" in case.summary


def test_a_sweep_opens_everything(network: Network, agent_database: Database) -> None:
    received = receive_in(agent_database, network, {**RISK, "type": "sweep", "data": {}})
    assert {case.kind for case in received.cases} >= {"late_supply", "overstock", "expiry_risk", "demand_anomaly"}
    again = receive_in(agent_database, network, {**RISK, "type": "sweep", "data": {}})
    assert [case.case_id for case in again.cases] == [case.case_id for case in received.cases]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"type": "stock.gone"}, "type"),
        ({"type": None}, "type"),
        ({"id": ""}, "id"),
        ({"time": "yesterday"}, "time"),
        ({"time": "2026-03-02T06:00:00"}, "time"),
        ({"data": {"sku": "OAT-1L"}}, "data.site"),
        ({"data": {"sku": "OAT-1L", "site": "LEJ", "quantity": -1}}, "data.quantity"),
        ({"data": {"sku": "O\x00", "site": "LEJ"}}, "data.sku"),
        ({"tenant": "globex"}, "tenant"),
    ],
)
def test_a_malformed_event_names_its_field(
    network: Network, agent_database: Database, change: dict[str, object], field: str
) -> None:
    with pytest.raises(BadInput, match=f"{field}:"):
        receive_in(agent_database, network, {**RISK, **change})
    assert rows(agent_database, network, "event") == 0


@pytest.mark.parametrize(
    "change",
    [
        {"data": {"sku": "NOPE", "site": "LEJ"}},
        {"data": {"sku": "OAT-1L", "site": "NOPE"}},
        {"data": {"sku": "MILK", "site": "HAL"}},
        {**LOT, "data": {"sku": "MILK", "site": "ERF", "lot": "L9"}},
        {**LATE, "data": {"order_no": "PO-9"}},
    ],
)
def test_an_event_about_nothing_we_have_leaves_nothing(
    network: Network, agent_database: Database, change: dict[str, object]
) -> None:
    with pytest.raises(NotFound):
        receive_in(agent_database, network, {**RISK, **change})
    assert rows(agent_database, network, "event") == 0
    assert rows(agent_database, network, "case_file") == 0


# The first draw of any text loads hypothesis's table of characters, which takes a second on a busy machine.
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from([*RISK, "x"]), st.none() | st.text() | st.integers() | st.dictionaries(st.text(), st.text())
    )
)
def test_nonsense_is_bad_input_and_nothing_else(change: dict[str, object]) -> None:
    with suppress(BadInput):
        parse({**RISK, **change})


BROKEN: dict[str, tuple[bytes, str]] = {
    "too large": (b'{"id": "' + b"x" * LARGEST_BYTES + b'"}', "larger than 65,536 bytes"),
    "too deep": (b'{"data":' + b"[" * DEEPEST + b"]" * DEEPEST + b"}", "nested more than 16 deep"),
    "so deep that a parser would fall over": (b"[" * 60_000, "nested more than 16 deep"),
    "not UTF-8": ('{"id": "Käse"}'.encode("latin-1"), "not UTF-8: byte 9"),
    "not JSON": (b"{", "is not JSON"),
    "empty": (b"", "is not JSON"),
    "a name twice": (b'{"data": {"sku": "A", "sku": "B"}}', "'sku' stands twice"),
    "NaN": (b'{"data": NaN}', "NaN is no number"),
    "a number beyond all": (b'{"data": 1e999}', "is not JSON"),
    "a number of many digits": (b'{"data": ' + b"9" * 5000 + b"}", "more than 19 digits"),
    "half a surrogate pair": (b'{"id": "\\ud800"}', "surrogate"),
    "a list": (b"[]", "holds no JSON object"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_json_that_cannot_be_used_is_refused_before_it_costs_anything(what: str) -> None:
    raw, says = BROKEN[what]
    with pytest.raises(BadInput, match=f"^The event .*{says}") as caught:
        decode(raw)
    assert caught.value.remedy
    assert len(str(caught.value)) < 300


def test_brackets_in_a_text_are_no_nesting() -> None:
    data = {"id": '[[[[{{{{[[[[{{{{[[[["\\', "source": "x"}
    assert decode(b"\xef\xbb\xbf" + json.dumps(data).encode()) == data


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,\\u0d8e1N ').map(str.encode))
def test_bytes_are_an_object_or_bad_input(raw: bytes) -> None:
    with suppress(BadInput):
        assert isinstance(decode(raw), dict)


def test_an_event_file_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInput, match="pipe is no file"):
        read_event(tmp_path / "pipe")


def test_of_a_large_event_file_no_more_is_read_than_an_event_may_have(tmp_path: Path) -> None:
    with (tmp_path / "event.json").open("wb") as file:
        file.truncate(1 << 40)  # a hole, which no memory could hold
    with pytest.raises(BadInput, match=r"event\.json is larger than 65,536 bytes"):
        read_event(tmp_path / "event.json")
