from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from db.session import Database
from tests.fix_network import BATCH, Network, insert
from tests.fix_tools import Asker
from tools.resolve_identity import has_check_digit, similarity


@pytest.mark.parametrize(
    ("text", "code", "by"),
    [
        ("OAT-1L", "OAT-1L", "code"),
        ("oat-1l", "OAT-1L", "code"),
        ("hafermilch", "OAT-1L", "alias"),
        ("4006381333931", "OAT-1L", "trade number"),
        ("04006381333931", "OAT-1L", "trade number"),
        ("Oat drink 1 l", "OAT-1L", "name"),
        ("oat drink 1l", "OAT-1L", "name"),
        ("LEJ", "LEJ", "code"),
        ("Leipzig", "LEJ", "name"),
        ("liepzig", "LEJ", None),
        ("PO-1", "PO-1", "code"),
        ("L1", "L1", "code"),
        ("corner shop", "K-1", "name"),
        ("whole mlik", "MILK", "similar name"),
    ],
)
def test_one_thing_is_meant(asker: Asker, text: str, code: str, by: str | None) -> None:
    found = asker.answer("resolve_identity", text=text)
    if by is None:
        assert found.match is None
        assert found.candidates[0].code == code
    else:
        assert (found.match.code, found.match.matched_by) == (code, by)
        assert found.ambiguous_because == ""


def test_several_names_are_asked_back(asker: Asker) -> None:
    found = asker.answer("resolve_identity", text="oat drink", kind="sku")
    assert found.match is None
    assert {one.code for one in found.candidates} == {"OAT-1L", "OAT-B"}
    assert "several names" in found.ambiguous_because


def test_another_size_is_another_item(asker: Asker) -> None:
    found = asker.answer("resolve_identity", text="oat drink 2 l", kind="sku")
    assert found.match is None


def test_a_wrong_check_digit_is_no_data(asker: Asker) -> None:
    result = asker.ask("resolve_identity", text="4006381333932")
    assert result.status == "no_data"
    assert "check digit" in result.error


def test_nothing_alike_is_no_data_with_what_was_searched(asker: Asker) -> None:
    result = asker.ask("resolve_identity", text="xyzzy plugh", kind="site")
    assert result.status == "no_data"
    assert result.searched["kind"] == "site"
    assert result.searched["names"] == 3


def test_a_code_of_two_kinds_is_ambiguous_until_the_kind_is_named(
    asker: Asker, network: Network, owner_database: Database
) -> None:
    with owner_database.transaction(network.tenant) as connection:
        insert(connection, "supplier", tenant=network.tenant, batch_id=BATCH, supplier="LEJ", name="Lejon AB",
               country="SE", currency="SEK")  # fmt: skip
    both = asker.answer("resolve_identity", text="LEJ")
    assert both.match is None
    assert both.ambiguous_because == "the text fits a site and a supplier"
    assert asker.answer("resolve_identity", text="LEJ", kind="site").match.kind == "site"


def test_a_shared_alias_is_ambiguous(asker: Asker, network: Network, owner_database: Database) -> None:
    with owner_database.transaction(network.tenant) as connection:
        insert(connection, "item_alias", tenant=network.tenant, batch_id=BATCH, alias="Hafermilch", sku="OAT-B")
    found = asker.answer("resolve_identity", text="Hafermilch")
    assert found.match is None
    assert {one.code for one in found.candidates} == {"OAT-1L", "OAT-B"}


@pytest.mark.parametrize("digits", ["4006381333931", "73513537", "036000291452", "10614141000415"])
def test_published_trade_numbers_have_their_check_digit(digits: str) -> None:
    assert has_check_digit(digits)


@given(st.text("0123456789", min_size=7, max_size=13), st.data())
def test_one_wrong_digit_is_always_noticed(body: str, data: st.DataObject) -> None:
    last = next(digit for digit in "0123456789" if has_check_digit(body + digit))
    place = data.draw(st.integers(0, len(body) - 1))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != body[place]]))
    assert not has_check_digit(body[:place] + other + body[place + 1 :] + last)


@given(st.text(max_size=30), st.text(max_size=30))
def test_similarity_is_a_share(left: str, right: str) -> None:
    assert 0.0 <= similarity(left, right) <= 100.0


CODES = st.text(st.characters(codec="ascii", categories=("Lu", "Ll", "Nd")), min_size=1, max_size=6)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(codes=st.lists(CODES, min_size=1, max_size=5, unique=True), pick=st.data())
def test_an_exact_code_is_never_taken_for_another(
    asker: Asker, network: Network, owner_database: Database, codes: list[str], pick: st.DataObject
) -> None:
    """Whatever else is called alike, a code as it is written means the item of that code."""
    code = pick.draw(st.sampled_from(codes))
    assume(not (code.isdigit() and len(code) in (8, 12, 13, 14)))
    with owner_database.transaction(network.tenant) as connection:
        connection.execute("DELETE FROM item WHERE name LIKE 'probe %'")
        for other in codes:
            insert(connection, "item", tenant=network.tenant, batch_id=BATCH, sku=other, name=f"probe {code}",
                   unit="EA", unit_cost=1, unit_price=1, currency="EUR",
                   storage_class="ambient", unit_volume=1)  # fmt: skip
    found = asker.answer("resolve_identity", text=code, kind="sku")
    assert found.match is not None
    assert found.match.code == code
