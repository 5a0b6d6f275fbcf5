"""What needs attention first: severity from money and time, and the order in which people see cases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeVar

from cases.thresholds import DEFAULT, Grading
from db.cases import Severity
from db.network import Tier

# Too little, too much: the rest is for a person to look at.
SHORTAGES = frozenset({"stockout_risk", "late_supply"})
SURPLUSES = frozenset({"overstock", "expiry_risk"})

TIER_ORDER = {"gold": 0, "silver": 1, "bronze": 2, None: 3}
SEVERITY_ORDER = {"high": 0, "medium": 1, "low": 2}


class Urgent(Protocol):
    """What the order of a case is made of: a case file, or a line that a screen shows of it."""

    @property
    def case_id(self) -> str: ...
    @property
    def money_at_risk(self) -> Decimal: ...
    @property
    def currency(self) -> str: ...
    @property
    def tier(self) -> Tier | None: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def at_risk_on(self) -> date | None: ...


AnyUrgent = TypeVar("AnyUrgent", bound=Urgent)


def severity(money: Decimal, days_left: int | None, grading: Grading = DEFAULT.grading) -> Severity:
    """High for much money, or a fair amount soon; `days_left` None when no date is known."""
    days = 10_000 if days_left is None else days_left
    if money >= grading.high_money or (money >= grading.medium_money and days <= grading.urgent_days):
        return "high"
    if money >= grading.medium_money or (money > 0 and days <= grading.soon_days):
        return "medium"
    return "low"


def ranked(cases: Iterable[AnyUrgent], currency: str) -> list[AnyUrgent]:
    """Most money at risk first, then the higher tier, then the earlier date; other currencies than `currency` last.

    Amounts of different currencies cannot be compared without a rate, and we have none.
    """

    def key(case: AnyUrgent) -> tuple[bool, Decimal, int, int, date, str]:
        last_day = case.at_risk_on or date.max
        tier = TIER_ORDER[case.tier]
        return (
            case.currency != currency,
            -case.money_at_risk,
            tier,
            SEVERITY_ORDER[case.severity],
            last_day,
            case.case_id,
        )

    return sorted(cases, key=key)
