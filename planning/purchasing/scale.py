"""Money as whole ticks: the power of ten that makes every price, fee and discount of a problem a whole number."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal

from planning.errors import InvalidField
from planning.purchasing.problem import PurchaseProblem

# Shares, not money.
SHARES = frozenset({"rate", "reliability", "below_reliability"})
MOST_DECIMALS = 6
# The solver adds in int64; a factor of four stays free for its own differences and sums.
LARGEST_SUM = 2**61


class DoesNotFit(InvalidField):
    """An amount, multiplied by its largest quantity, is more than the solver's 64 bits can add up exactly."""


@dataclass(frozen=True)
class Scale:
    """One unit of money is 10^`digits` ticks; a discount of rate r takes `share(r)` / 10^`rate_digits`, exactly."""

    digits: int
    rate_digits: int

    @classmethod
    def of(cls, problem: PurchaseProblem, *amounts: Decimal) -> Scale:
        """The coarsest scale, cents at least, on which every amount, every price and every discount is whole."""
        digits = max((_decimals(name, one) for name, one in _amounts((problem, amounts))), default=0)
        rates = [rate.rate for supplier in problem.suppliers for rate in supplier.discounts]
        rate_digits = max((_decimals("discount.rate", one) for one in rates), default=0)
        return cls(max(digits, 2) + rate_digits, rate_digits)

    def ticks(self, amount: Decimal) -> int:
        """The amount in ticks, without rounding."""
        return int(Decimal(amount).scaleb(self.digits))

    def share(self, rate: Decimal) -> int:
        """The rate times 10^rate_digits, without rounding."""
        return int(Decimal(rate).scaleb(self.rate_digits))

    def money(self, ticks: int) -> Decimal:
        """Ticks as money."""
        return Decimal(ticks).scaleb(-self.digits)


def fits(field: str, largest: int) -> int:
    """`largest`, if a sum of that size can be added up exactly.

    Raises:
        DoesNotFit: it cannot.
    """
    if abs(largest) > LARGEST_SUM:
        raise DoesNotFit(
            field,
            "is too much money for exact arithmetic",
            remedy="Use larger units of quantity or prices with fewer decimals.",
        )
    return largest


def _decimals(field: str, amount: Decimal) -> int:
    exponent = Decimal(amount).normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    if -exponent > MOST_DECIMALS:
        raise InvalidField(field, f"has more than {MOST_DECIMALS} decimals: {amount}")
    return max(-exponent, 0)


def _amounts(thing: object, field: str = "") -> Iterator[tuple[str, Decimal]]:
    """Every Decimal inside, with the name of its field."""
    if isinstance(thing, Decimal):
        if field not in SHARES:
            yield field, thing
    elif isinstance(thing, tuple):
        for one in thing:
            yield from _amounts(one, field)
    elif is_dataclass(thing):
        for one in fields(thing):
            yield from _amounts(getattr(thing, one.name), one.name)
