"""A planner's override of the small network's forecast, and how the forecast under it is named."""

from __future__ import annotations

from db.overrides import NewOverride
from tests.fix_network import TODAY, day

DAYS = 7
FAIR = NewOverride(
    "OAT-1L", "LEJ", TODAY, day(DAYS - 1), 1.4, None, "Trade fair", "paula", "demand/1", [10.0] * DAYS
)  # fmt: skip
NAMED = "demand/1 + override by paula until 8 Mar 2026 (+40 %)"
