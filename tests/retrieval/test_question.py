"""What a question names and what remains of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.question import Asked, read

KNOWN = {"SOP-12", "POL-1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SOP-12", Asked("SOP-12", None, "", (), (), "")),
        ("sop 12 §4.2", Asked("SOP-12", None, "4.2", (), (), "")),
        ("SOP-12 v2 4.1", Asked("SOP-12", 2, "4.1", (), (), "")),
        ("sop12 version 3", Asked("SOP-12", 3, "", (), (), "")),
        ("SOP-12, section 4", Asked("SOP-12", None, "4", (), (), "")),
        ("what does SOP-12 say about uplift?", Asked("SOP-12", None, "", (), (), "what does say about uplift")),
        ("section 4 of SOP-12", Asked("SOP-12", None, "4", (), (), "of")),
        ("SOP-12 2 days before", Asked("SOP-12", None, "", (), (), "2 days before")),
        ("SOP-12 plan 25 % more?", Asked("SOP-12", None, "", (), (), "plan 25 % more")),
        # Codes of suppliers and items are words like others.
        ("minimum of S-07 for QM-0042", Asked("", None, "", (), (), "minimum of S-07 for QM-0042")),
        ('"food bank" -frozen at -18 °C', Asked("", None, "", ("food bank",), ("frozen",), "food bank at -18 °C")),
    ],
)
def test_codes_versions_sections_phrases(text: str, expected: Asked) -> None:
    assert read(text, KNOWN) == expected


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    asked = read(text, KNOWN)
    assert asked.code in {"", *KNOWN}
    assert asked.code or (asked.version is None and not asked.number)
