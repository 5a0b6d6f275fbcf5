"""The examples of docs/replenishment.md run as they stand there."""

from __future__ import annotations

import json
import re
from pathlib import Path

from cases.terms import FEWEST_RECEIPTS
from planning.inventory.purchase_terms import Binding
from tests.fix_tools import Asker
from tools.contract import ToolOutput

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "replenishment.md").read_text(encoding="utf-8")


def test_the_examples_run(asker: Asker) -> None:
    examples = re.findall(r"```json (\w+)\n(.*?)\n```", PAGE, re.DOTALL)
    assert [name for name, _ in examples] == ["recommend_replenishment", "plan_purchases", "segment_items"]
    for name, arguments in examples:
        assert isinstance(asker.answer(name, **json.loads(arguments)), ToolOutput)


def test_the_page_names_what_can_bind() -> None:
    told = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert {one.value for one in Binding} - told <= {"above_reorder_point", "maximum_order"}
    assert FEWEST_RECEIPTS == 5, "the page says five"
