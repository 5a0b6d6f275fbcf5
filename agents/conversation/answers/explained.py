"""Why a forecast is what it is, in words: what drives it, times like these, what is strange, what serves and why."""

from __future__ import annotations

from agents.conversation.answers.demand import careful
from agents.conversation.answers.words import between, day, percent, plain, sentence, units
from tools.forecast_explained import AnomalyLine, Comparable, ForecastExplained, MethodScore

SHOWN = 6
# A chance is told to four decimals; what is less is not nothing.
LEAST = 0.0001
SERVED = {"served": "as it served the newest block"}


def forecast(found: ForecastExplained) -> str:
    """The total, then a table of drivers, comparable periods, anomalies, and the methods' back-test."""
    where = f"**{plain(found.name)} ({plain(found.sku)}) at {plain(found.site)}**"
    head = f"{where}: {between(found.span_total, found.unit)} over the next {found.span_days} days."
    parts = [head + careful(found.caution, None), _drivers(found), _comparable(found), _anomalies(found)]
    return "\n\n".join(part for part in (*parts, _method(found), _scores(found)) if part)


def _drivers(found: ForecastExplained) -> str:
    if not found.drivers:
        return f"**Drivers:** {sentence(found.drivers_note)}"
    rows = [f"| usual, the last quarter | {units(found.usual_a_day)} |"]
    rows += [f"| {plain(one.driver)} | {one.units_a_day:+,.1f} |" for one in found.drivers]
    rows += [f"| **forecast, mean of {found.driver_days} days** | **{units(found.mean_a_day)}** |"]
    return "\n".join([f"| what drives it | {plain(found.unit)} a day |", "|---|--:|", *rows])


def _comparable(found: ForecastExplained) -> str:
    lines = [f"- {_period(one, found)}" for one in found.comparable]
    return "\n".join(["**Times like these:**", *lines]) if lines else ""


def _period(one: Comparable, found: ForecastExplained) -> str:
    alike = f" (same {', '.join(one.alike)})" if one.alike else ""
    empty = f"; {one.stocked_out_days} days without stock" if one.stocked_out_days else ""
    promoted = f"; {one.promoted_days} days promoted" if one.promoted_days else ""
    return (
        f"{found.span_days} days from {day(one.starts_on)} {one.starts_on.year}{alike}: {units(one.sold, found.unit)} "
        f"sold, {units(one.own_history_expected)} expected from the history before{promoted}{empty}"
    )


def _anomalies(found: ForecastExplained) -> str:
    if not found.anomalies:
        return "Nothing unusual in the last quarter."
    lines = [f"- {_anomaly(one)}" for one in found.anomalies[-SHOWN:]]
    return "\n".join(["**Unusual in the last quarter:**", *lines])


def _anomaly(one: AnomalyLine) -> str:
    told = f"{sentence(one.words)} Confidence {percent(one.confidence)}"
    return f"{told}; by chance in {percent(max(one.strength, LEAST))} of usual series."


def _method(found: ForecastExplained) -> str:
    why = sentence(found.method_reason)
    return f"*{plain(found.model)} ({plain(found.method)}) serves it.{f' {why}' if why else ''}*"


def _scores(found: ForecastExplained) -> str:
    rows = [_score(one, found.method) for one in found.scores]
    return "\n".join(["| back-test | loss a day | 80% held | bias |", "|---|--:|--:|--:|", *rows]) if rows else ""


def _score(one: MethodScore, serving: str) -> str:
    told = SERVED.get(one.method, plain(one.method))
    name = f"**{told}**" if one.method == serving else told
    held = "" if one.coverage80 is None else percent(one.coverage80)
    bias = "" if one.bias is None else f"{one.bias * 100:+.1f}%"
    return f"| {name}, {plain(one.segment)} series | {one.pinball:.4g} | {held} | {bias} |"
