"""An amount in a currency. Amounts of different currencies never meet."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from domain.errors import BadInput

CENT = Decimal("0.01")


@dataclass(frozen=True)
class Money:
    """`amount` in units of `currency` (ISO 4217); finite, never a float."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not self.amount.is_finite():
            raise BadInput(f"{self.amount!r} is not an amount of money.")
        if len(self.currency) != 3 or not self.currency.isupper():
            raise BadInput(f"{self.currency!r} is not an ISO 4217 currency code.")

    def __add__(self, other: Money) -> Money:
        """The sum; raises `BadInput` across currencies."""
        if other.currency != self.currency:
            raise BadInput(f"Cannot add {other.currency} to {self.currency}.")
        return Money(self.amount + other.amount, self.currency)

    def __str__(self) -> str:
        """For people: two decimals, thousands apart."""
        return f"{self.rounded().amount:,.2f} {self.currency}"

    def rounded(self) -> Money:
        """To the cent, half to even."""
        return Money(self.amount.quantize(CENT, ROUND_HALF_EVEN), self.currency)
