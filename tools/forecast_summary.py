"""An explained forecast in plain sentences. Every number is one of the explanation's own."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tools.forecast_explained import Comparable, ForecastExplained

# Drivers below this share of the forecast are not worth a word.
WORTH_SAYING = Decimal("0.03")
MOST_DRIVERS = 4


def summary(found: ForecastExplained) -> str:
    """What is expected, why, what happened in times like these, what is strange, and what serves."""
    return " ".join(_sentences(found))


def _sentences(found: ForecastExplained) -> Iterator[str]:
    total, unit = found.span_total, found.unit
    yield (
        f"{_number(total.mean)} {unit} are expected over the next {found.span_days} days, "
        f"with 80 % certainty {_number(total.low)} to {_number(total.high)}."
    )
    yield _drivers(found)
    if found.comparable:
        yield _happened(found.comparable[0], found)
    yield from (f"{_sentence(one.words)}." for one in found.anomalies[-2:])
    yield f"{_sentence(found.method_reason)}." if found.method_reason else f"{found.model} serves it."


def _drivers(found: ForecastExplained) -> str:
    usual, mean = _number(found.usual_a_day), _number(found.mean_a_day)
    level = f"It usually sells {usual} {found.unit} a day; {mean} are forecast for the next {found.driver_days}"
    least = max(abs(found.mean_a_day), abs(found.usual_a_day)) * WORTH_SAYING
    told = [one for one in found.drivers if abs(one.units_a_day) > least][:MOST_DRIVERS]
    if not told:
        return f"{level}: nothing moves it by more than a few percent." if found.drivers else f"{level}."
    return f"{level}: " + ", ".join(f"{one.driver} {_signed(one.units_a_day)}" for one in told) + "."


def _happened(one: Comparable, found: ForecastExplained) -> str:
    alike = f" (same {' and '.join(one.alike)})" if one.alike else ""
    return (
        f"The most similar {found.span_days} days, from {one.starts_on.day} {one.starts_on:%b %Y}{alike}, sold "
        f"{_number(one.sold)}; the history before them led to expect {_number(one.own_history_expected)}."
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".")


def _number(amount: Decimal) -> str:
    return f"{amount:,.0f}" if abs(amount) >= 10 else f"{amount:,.1f}".removesuffix(".0")


def _signed(amount: Decimal) -> str:
    return f"{'+' if amount >= 0 else '−'}{_number(abs(amount))}"
