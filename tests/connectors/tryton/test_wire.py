"""Values survive the way to Tryton's JSON and back; quantities come back as the decimals they stand for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.tryton.wire import decode, encode, quantity

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.dates() | st.decimals(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(values)
def test_what_is_sent_arrives(value: object) -> None:
    assert decode(encode(value)) == value


@given(st.decimals(min_value=0, max_value=10**9, places=3))
def test_a_quantity_survives_trytons_floats(value: Decimal) -> None:
    assert quantity(float(value)) == value


def test_whole_quantities_read_as_whole() -> None:
    assert str(quantity(40.0)) == "40"
    assert str(quantity(0.30000000000000004)) == "0.3"


def test_what_tryton_does_not_know_is_not_sent() -> None:
    with pytest.raises(TypeError, match="does not travel"):
        encode({"when": {1, 2}})


def test_dates_are_tagged() -> None:
    assert encode(date(2026, 11, 21)) == b'{"__class__": "date", "year": 2026, "month": 11, "day": 21}'
