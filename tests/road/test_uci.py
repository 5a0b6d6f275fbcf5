"""The road on public data: UCI Online Retail, imported, trained, triaged, and every write denied.

Its demand is real; its stock was made by a rule, so nothing that rests on it may be carried out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.connectors.uci.make_sample import SAMPLE
from tests.home import ROOT, Home, temporary_home
from tests.strict import skip_or_fail

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("uci")]

REAL = ROOT.parent / "shared" / "data" / "demand"
TENANT = "uci"
DERIVED = "made by a rule and never counted"


@pytest.fixture
def home() -> Iterator[Home]:
    with temporary_home("uci", {}, TENANT) as made:
        yield made


def walk(home: Home, path: Path, limit: int) -> list[dict[str, Any]]:
    """Import, train, triage; the cases."""
    report = home.json("import", str(path), "--tenant", TENANT)
    assert report["provenance"] == "measured"
    assert report["rules"]
    trained = home.json("forecast", "train", "--tenant", TENANT)
    assert trained["series"] == sum(trained["methods"].values()) > 0
    return home.json("triage", "--tenant", TENANT, "--limit", str(limit))["cases"]


def assert_all_denied(home: Home, cases: list[dict[str, Any]]) -> None:
    for case in cases:
        assert case["document"] is None
        if case["proposal"]:
            assert (case["outcome"], case["state"]) == ("denied", "denied")
            assert any(DERIVED in reason["reason"] for reason in case["reasons"]), case["reasons"]
    assert home.rows("SELECT count(*)::int FROM outbox") == [(0,)]


@pytest.mark.real_data
def test_the_real_cut(home: Home) -> None:
    if not REAL.exists():
        skip_or_fail("The real daily cut of UCI Online Retail is not beside the project.")
    cases = walk(home, REAL, 10)
    assert len(cases) == 10
    assert Counter(case["action"] for case in cases)["transfer"] >= 1
    assert_all_denied(home, cases)
    transfer = next(case for case in cases if case["action"] == "transfer")
    told = home.json("why", transfer["id"], "--tenant", TENANT)
    by_table = {row["table"]: row for row in told["data"]["rows"]}
    assert by_table["stock"]["provenance"] == "derived"
    assert (by_table["demand"]["provenance"], by_table["demand"]["file"][:4]) == ("measured", "uci_")


def test_the_sample_in_the_original_layout(home: Home) -> None:
    """Eight invented SKUs over three months: enough for import, named baseline, triage and refusal.

    It cannot show that a transfer is proposed (which needs one site short while another has too much of the same SKU),
    nor how good a forecast is; the real cut shows the first and the benchmark of forecasts the second.
    """
    cases = walk(home, SAMPLE, 10)
    assert cases
    assert_all_denied(home, cases)
