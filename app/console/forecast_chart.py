"""One picture of why a forecast is what it is: what sold, what will sell, what is strange, and times like these.

Promotions are shaded, anomalies marked by kind, the most similar past period lies faintly over the days ahead.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import plotly.graph_objects as go

from app.console.chart import AMBER, BLUE, BLUE_BAND, GREEN, INK, RED, WEEK, lay_out
from planning.anomalies.anomaly import Kind
from tools.forecast_explained import AnomalyLine, ForecastExplained

HEIGHT = 360
PROMOTION = "rgba(201,137,26,.14)"
COLOURS = {Kind.SHIFT: GREEN, Kind.ONE_OFF: AMBER, Kind.DATA_ERROR: RED, Kind.UNCLEAR: BLUE}
NAMES = {
    Kind.SHIFT: "lasting shift",
    Kind.ONE_OFF: "one-off",
    Kind.DATA_ERROR: "error in the data",
    Kind.UNCLEAR: "not clear yet",
}


def figure(shown: ForecastExplained) -> go.Figure:
    """History and forecast on one axis of days, units a day."""
    chart = go.Figure()
    _promotions(chart, shown)
    _past(chart, shown)
    _fan(chart, shown)
    _comparable(chart, shown)
    _anomalies(chart, shown)
    _dress(chart, shown)
    return chart


def _past(chart: go.Figure, shown: ForecastExplained) -> None:
    days, units = [one.day for one in shown.past], [float(one.sold) for one in shown.past]
    chart.add_bar(x=days, y=units, name="sold", marker_color=INK, opacity=0.75)


def _fan(chart: go.Figure, shown: ForecastExplained) -> None:
    days = [one.day for one in shown.ahead]
    low, high = ([float(getattr(one.demand, end)) for one in shown.ahead] for end in ("low", "high"))
    chart.add_scatter(
        x=[*days, *reversed(days)], y=[*high, *reversed(low)], fill="toself", mode="none", fillcolor=BLUE_BAND,
        name="80 %", hoverinfo="skip",
    )  # fmt: skip
    mean = [float(one.demand.mean) for one in shown.ahead]
    chart.add_scatter(x=days, y=mean, name="forecast", mode="lines", line={"color": BLUE, "width": 2.5})


def _comparable(chart: go.Figure, shown: ForecastExplained) -> None:
    """Laid over the days ahead, weekday on weekday."""
    if not shown.comparable:
        return
    one, first = shown.comparable[0], shown.ahead[0].day
    # It began so many whole weeks before the first unknown day, which may lie before today.
    unknown = shown.past[-1].day + timedelta(days=1)
    past = {one.starts_on + timedelta(days=day): float(units) for day, units in enumerate(one.by_day)}
    moved = {day + (unknown - one.starts_on): units for day, units in past.items()}
    kept = {day: units for day, units in moved.items() if day >= first}
    name = f"the {len(one.by_day)} days from {_said(one.starts_on)} {one.starts_on.year}"
    chart.add_scatter(
        x=list(kept), y=list(kept.values()), name=name, mode="lines", line={"color": INK, "width": 1.2, "dash": "dot"},
        opacity=0.8,
    )  # fmt: skip


def _promotions(chart: go.Figure, shown: ForecastExplained) -> None:
    """Each run of promoted days as one band behind everything."""
    days = sorted(one.day for one in (*shown.past, *shown.ahead) if one.promoted)
    begin = [day for day in days if day - timedelta(days=1) not in days]
    end = [day for day in days if day + timedelta(days=1) not in days]
    half = timedelta(hours=12)
    for number, (first, last) in enumerate(zip(begin, end, strict=True)):
        chart.add_vrect(
            x0=_moment(first) - half, x1=_moment(last) + half, fillcolor=PROMOTION, line_width=0, layer="below",
            name="promotion", showlegend=number == 0,
        )  # fmt: skip


def _anomalies(chart: go.Figure, shown: ForecastExplained) -> None:
    """A mark over each strange day; a lasting shift is a line at its new level."""
    sold = {one.day: float(one.sold) for one in shown.past}
    for kind in Kind:
        mine = [one for one in shown.anomalies if one.kind is kind]
        if kind is Kind.SHIFT:
            _levels(chart, mine)
            continue
        days = [day for one in mine for day in _days(one) if day in sold]
        if not days:
            continue
        words = {day: one.words for one in mine for day in _days(one)}
        chart.add_scatter(
            x=days, y=[max(sold[day], 0.0) for day in days], name=NAMES[kind], mode="markers",
            marker={"color": COLOURS[kind], "size": 9, "symbol": "diamond-open", "line": {"width": 2}},
            hovertext=[words[day] for day in days], hoverinfo="text",
        )  # fmt: skip


def _levels(chart: go.Figure, shifts: list[AnomalyLine]) -> None:
    for one in shifts:
        days = (one.last - one.first).days + 1
        level = float(one.observed) / days
        chart.add_scatter(
            x=[one.first, one.last], y=[level, level], name=NAMES[one.kind], mode="lines",
            line={"color": COLOURS[one.kind], "width": 2.5}, hovertext=one.words, hoverinfo="text",
        )  # fmt: skip


def _dress(chart: go.Figure, shown: ForecastExplained) -> None:
    lay_out(chart, height=HEIGHT)
    today = shown.ahead[0].day
    chart.update_layout(
        title={"text": f"{shown.unit} a day", "font": {"size": 12}, "x": 0, "xanchor": "left", "xref": "paper"}
    )
    chart.update_xaxes(tick0=today.isoformat(), dtick=3 * WEEK)
    chart.add_vline(x=today.isoformat(), line={"color": INK, "width": 1, "dash": "dot"})


def _days(one: AnomalyLine) -> list[date]:
    return [one.first + timedelta(days=number) for number in range((one.last - one.first).days + 1)]


def _moment(day: date) -> datetime:
    return datetime.combine(day, time())


def _said(day: date) -> str:
    return f"{day.day} {day:%b}"
