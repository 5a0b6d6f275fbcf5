"""One picture of a case: what sold and will sell with its band, and the stock falling, with and without the order.

Colours are mid-tones that carry on light and dark; text takes its colour from the page.
"""

from __future__ import annotations

from datetime import date, timedelta

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cases.projection import Band, Projection
from tools.forecast import SeriesForecast

INK, BLUE, GREEN, AMBER, RED = "#8a968f", "#3d7dca", "#1f9d73", "#c9891a", "#cf4b3e"
BLUE_BAND, INK_BAND = "rgba(61,125,202,.22)", "rgba(138,150,143,.25)"
GRID = "rgba(138,150,143,.22)"
WEEK = 7 * 86_400_000  # milliseconds, as Plotly counts days
HEIGHT = 440
# The page's own: Plotly measures its words with it.
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"


def figure(shown: Projection) -> go.Figure:
    """Demand above, stock below, on the same days."""
    chart: go.Figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.11, row_heights=[0.42, 0.58],
        subplot_titles=(f"Demand a day, {shown.unit}", f"Stock at the end of the day, {shown.unit} (bands: 80 %)"),
    )  # fmt: skip
    days = _days(shown.today, len(shown.demand.middle))
    _demand(chart, shown, days)
    _stock(chart, shown, days)
    _levels(chart, shown)
    _dress(chart, shown)
    return chart


def forecast(series: SeriesForecast) -> go.Figure:
    """A forecast by its periods, with the 80 % interval of each."""
    chart = go.Figure()
    starts = [f"{one.starts_on.day} {one.starts_on:%b}" for one in series.periods]
    mean = [float(one.demand.mean) for one in series.periods]
    up = [float(one.demand.high - one.demand.mean) for one in series.periods]
    down = [float(one.demand.mean - one.demand.low) for one in series.periods]
    chart.add_bar(
        x=starts, y=mean, name=f"{series.unit} from that day on, mean and 80 %", marker_color=BLUE,
        error_y={"type": "data", "array": up, "arrayminus": down, "color": INK, "thickness": 1.5},
    )  # fmt: skip
    lay_out(chart, height=280)
    chart.update_xaxes(type="category", tickformat="")
    return chart


def _demand(chart: go.Figure, shown: Projection, days: list[date]) -> None:
    past = _days(shown.history_from, len(shown.history))
    chart.add_bar(x=past, y=_round(shown.history), name="sold", marker_color=INK, opacity=0.75, row=1, col=1)
    _band(chart, days, shown.demand, BLUE_BAND, row=1)
    chart.add_scatter(
        x=days, y=_round(shown.demand.middle), name="forecast", mode="lines", line={"color": BLUE, "width": 2},
        row=1, col=1,
    )  # fmt: skip


def _stock(chart: go.Figure, shown: Projection, days: list[date]) -> None:
    _band(chart, days, shown.stock, INK_BAND, row=2)
    chart.add_scatter(
        x=days, y=_round(shown.stock.middle), name="stock as things are", mode="lines",
        line={"color": RED, "width": 2}, row=2, col=1,
    )  # fmt: skip
    if shown.with_order is not None:
        chart.add_scatter(
            x=days, y=_round(shown.with_order), name="with the proposal", mode="lines",
            line={"color": GREEN, "width": 2.5, "dash": "dash"}, row=2, col=1,
        )  # fmt: skip


def _levels(chart: go.Figure, shown: Projection) -> None:
    """Reorder point and safety stock, each with its word at the line."""
    levels = (("reorder point", shown.reorder_point, AMBER), ("safety stock", shown.safety_stock, INK))
    for name, level, colour in levels:
        if level is None:
            continue
        chart.add_hline(y=level, line={"color": colour, "width": 1.2, "dash": "dot"}, row=2, col=1)  # pyright: ignore[reportArgumentType]
        chart.add_annotation(
            x=shown.history_from, y=level, text=f"{name} {level:,.0f}", showarrow=False, xanchor="left",
            yanchor="bottom", font={"size": 11}, row=2, col=1,
        )  # fmt: skip


def _dress(chart: go.Figure, shown: Projection) -> None:
    lay_out(chart, height=HEIGHT)
    chart.update_annotations(font={"size": 12})
    chart.for_each_annotation(lambda one: one.update(x=0, xanchor="left") if one.xref == "paper" else None)
    chart.update_xaxes(
        tick0=shown.today.isoformat(), dtick=WEEK if len(shown.history) + len(shown.demand.middle) < 50 else 2 * WEEK
    )
    chart.add_vline(x=shown.today.isoformat(), line={"color": INK, "width": 1, "dash": "dot"})


def lay_out(chart: go.Figure, height: int) -> None:
    """Size, colours and axes that all charts share."""
    chart.update_layout(
        height=height, margin={"l": 44, "r": 10, "t": 26, "b": 4}, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", hovermode="x unified", bargap=0.25, font={"size": 12, "family": FONT},
        dragmode=False, showlegend=True,
        legend={"orientation": "h", "y": -0.1, "yanchor": "top", "x": 0, "xanchor": "left"},
    )  # fmt: skip
    chart.update_xaxes(showgrid=False, tickformat="%-d %b", nticks=7, fixedrange=True, tickangle=0)
    chart.update_yaxes(gridcolor=GRID, zerolinecolor=INK, rangemode="tozero", nticks=5, fixedrange=True, tickformat=",")


def _band(chart: go.Figure, days: list[date], band: Band, colour: str, *, row: int) -> None:
    chart.add_scatter(
        x=[*days, *reversed(days)], y=[*_round(band.high), *reversed(_round(band.low))], fill="toself", mode="none",
        fillcolor=colour, showlegend=False, hoverinfo="skip", row=row, col=1,
    )  # fmt: skip


def _days(first: date, count: int) -> list[date]:
    return [first + timedelta(days=number) for number in range(count)]


def _round(values: object) -> list[float]:
    return [round(float(value), 1) for value in values]  # pyright: ignore[reportGeneralTypeIssues]
