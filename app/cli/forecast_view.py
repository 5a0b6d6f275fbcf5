"""Forecast models and overrides as people read and write them in the terminal. Nothing is computed here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from rich.markup import escape

from app.cli.output import print_table, say
from domain.errors import BadInput

if TYPE_CHECKING:
    from app.models.registry import Moved
    from app.overriding import Kept, Said
    from app.training import BackTestReport, TrainingReport
    from cases.override_value import OverrideValue
    from db.overrides import Override
    from tools.model_status import CheckLine, ModelStatus

COLOURS = {"serving": "green", "candidate": "yellow", "rejected": "red", "retired": "dim"}


def training(report: TrainingReport) -> None:
    """Which method serves how many series, what the gate found, and what the version is used for."""
    say(f"[bold]{report.model}[/]: {report.series:,} series in {report.seconds:g} s")
    print_table("Served by", ["method", "series"], sorted(report.methods.items()))
    for check in report.checks:
        say(f"  {'[green]well[/]' if check.passed else '[red]NOT WELL[/]'}  {escape(check.said)}")
    say(f"It is [{COLOURS[report.state]}]{report.state}[/]: {escape(report.reason)}.")


def back_test(report: BackTestReport) -> None:
    """Each segment's methods."""
    say(f"{report.series:,} series, {report.origins} origins held back, {report.seconds:g} s. Nothing was kept.")
    if report.reason:
        say(escape(report.reason))
        return
    rows = [
        [one.segment, one.method, f"{one.series:,}", _share(one.wql), _share(one.coverage80), _share(one.bias)]
        for one in report.methods
    ]
    print_table("Back-test", ["segment", "method", "series", "WQL", "in 80 %", "bias"], rows)


def moved(report: Moved) -> None:
    """What serves now."""
    instead = f" instead of {report.instead_of}" if report.instead_of else ""
    say(f"[bold]{report.model}[/] serves{instead}: {escape(report.reason)}")
    if report.problem:
        say(f"[yellow]{escape(report.problem)}[/]")


def status(found: ModelStatus) -> None:
    """The serving version, its scores and checks, the versions and their history."""
    one = found.serving
    since = f", forecasts from {found.forecasts_from}" if found.forecasts_from else ", no forecasts kept"
    say(f"[bold]{one.model}[/] serves; {escape(one.owner)} answers for it{since}")
    say(f"  trained {one.trained_at:%Y-%m-%d %H:%M} by {escape(one.trained_by)} on batch {one.data_batch[:8]}")
    say(f"  made by {escape(found.code)}, from {escape(', '.join(found.sources) or 'unknown sources')}")
    scores = [
        [row.segment, row.method, f"{row.series:,}", _share(row.wql), _share(row.coverage80), _share(row.bias)]
        for row in found.back_test
    ]
    say(f"  {escape(found.back_test_reason)}") if found.back_test_reason else None
    if scores:
        print_table("Back-test", ["segment", "method", "series", "WQL", "in 80 %", "bias"], scores)
    _drift(found)
    versions = [
        [row.model, row.state, f"{row.trained_at:%Y-%m-%d}", row.trained_by, row.owner, row.gate]
        for row in found.versions
    ]
    print_table("Versions", ["version", "state", "trained", "by", "owner", "gate"], versions)
    moves = [[f"{row.at:%Y-%m-%d %H:%M}", row.model, row.state, row.by, row.reason] for row in found.moves]
    print_table("Moves", ["when", "version", "became", "by", "because"], moves)
    if found.overrides:
        say(f"{len(found.overrides)} overrides: quartermaster forecast override list")


def _drift(found: ModelStatus) -> None:
    if found.drift is None:
        say("Not watched yet: the trainer's process looks at each import (`quartermaster worker`).")
        return
    word = "[red]It drifts[/]" if found.drift.drifted else "[green]No drift[/]"
    say(f"{word}, looked at {found.drift.at:%Y-%m-%d %H:%M} on batch {found.drift.data_batch[:8]}")
    for check in found.drift.checks:
        say(f"  {_mark(check)}  {escape(check.said)}")


def _mark(check: CheckLine) -> str:
    return "[green]well[/]" if check.well else "[red]NOT WELL[/]"


def wish(sku: str, site: str, since: str, until: str, change: str, units: float | None, reason: str) -> Said:
    """What was typed as an override; raises `BadInput`."""
    from app.overriding import Said

    if (not change) == (units is None):
        raise BadInput("Say either how much more or less, or how much.", remedy="Give --change +40% or --set 20.")
    return Said(
        sku=sku,
        site=site,
        starts_on=_day(since) if since else None,
        ends_on=_day(until),
        change=_change(change) if change else None,
        set_to=units,
        reason=reason,
    )


def kept(report: Kept) -> None:
    """The override, and what it makes of the forecast."""
    say(f"Kept: {escape(report.said)}")
    say(f"  {report.model} expected {report.expected_without:,.1f} units, now {report.expected_with:,.1f}")
    say(f"  End it early: quartermaster forecast override end {report.override}")


def ended(one: Override) -> None:
    """That it ended."""
    say(f"The override of {escape(one.sku)} at {escape(one.site)} by {escape(one.person)} ended on {one.ended_on}.")


def overrides(found: Sequence[OverrideValue]) -> None:
    """Each on a line with its whole id, which ends it, then what each was worth, and their sum."""
    for one in found:
        say(escape(_said(one)))
    rows = [
        [str(one.override.override_id)[:8], one.override.sku, one.override.site, one.days, *_errors(one)]
        for one in found
    ]
    print_table("Overrides", ["id", "SKU", "site", "days known", "error without", "with", "gained (units)"], rows)
    known = [one.gained for one in found if one.gained is not None]
    if known:
        helped = sum(gained > 0.0 for gained in known)
        say(f"{helped} of {len(known)} helped; together they took {sum(known):+,.1f} units off the error.")


def _said(one: OverrideValue) -> str:
    from cases.overriding import describe

    over = f"{one.override.override_id} {describe(one.override)}"
    if one.override.ended_on is None:
        return over
    return f"{over}; ended {one.override.ended_on} by {one.override.ended_by}: {one.override.end_reason}"


def _errors(one: OverrideValue) -> list[str]:
    if one.gained is None:
        return ["—", "—", "—"]
    return [f"{abs(value - one.actual):,.1f}" for value in (one.without, one.with_override)] + [f"{one.gained:+,.1f}"]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text[:40]!r} is no day.", remedy="Write it as 2026-12-03.") from None


def _change(text: str) -> float:
    """A signed share: +40% is .4."""
    if not re.fullmatch(r"[+-]\d{1,4}(\.\d{1,3})?%", text):
        raise BadInput(f"{text[:40]!r} is no change.", remedy="Write it with sign and per cent: +40% or -20%.")
    return float(text[:-1]) / 100.0


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}"
