"""What to do about one item at one site: hold, transfer, buy or expedite, in money on the same scenarios, ranked.

It recommends; it neither proposes nor decides. Each option carries the order that `propose_*` would take from here.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from pydantic import model_validator

from actions.port import Order
from cases.appraisal import around
from cases.comparison import SOLVER, Compared, Ranked, compared, exposure_of
from cases.exposure import Exposure
from cases.snapshot import Snapshot
from db import cases
from domain.errors import BadInput, NotFound
from domain.money import CENT
from tools.contract import Answer, Call, Code, Probability, Tool, ToolInput, ToolOutput
from tools.errors import NoData
from tools.numbers import money, share, units
from tools.stock_risk import why_unknown

OptionName = Literal["hold", "transfer", "buy", "expedite"]


class OptionsQuestion(ToolInput):
    """A case with an item and a site, or both of them."""

    case_id: Code | None = None
    sku: Code | None = None
    site: Code | None = None

    @model_validator(mode="after")
    def _names_one(self) -> OptionsQuestion:
        if (self.case_id is None) == (self.sku is None or self.site is None):
            raise ValueError("name either a case, or a sku and a site")
        return self


class DriverLine(ToolOutput):
    """A part of the expected benefit, in money; the parts add up to it."""

    name: str
    amount: Decimal


class OptionLine(ToolOutput):
    """One option against doing nothing, in the comparison's currency.

    `quantity` in the item's base unit; `source` the sending site, the supplier or the order to hasten. `benefit_lower`
    is the one-sided 95 % bound of the expected benefit (sampling and model error), `tail_loss` the mean of the worst
    tenth. `order` is what a proposal would place; None where no order of ours does it.
    """

    option: OptionName
    quantity: Decimal
    source: str
    arrives_on: date | None
    cost: Decimal
    expected_benefit: Decimal
    benefit_lower: Decimal
    tail_loss: Decimal
    probability_better: Probability
    drivers: tuple[DriverLine, ...]
    order: Order | None


class OptionsCompared(ToolOutput):
    """Options from best to worst by expected benefit; index 0 is recommended, index 1 the runner-up.

    `flip` is the smallest change that would make the runner-up better, empty where there is nothing but hold. `notes`
    say why other things are not possible. All options meet the same `scenarios` over `horizon_days`.
    """

    sku: str
    name: str
    site: str
    unit: str
    currency: str
    options: tuple[OptionLine, ...]
    recommended: OptionName
    runner_up: OptionName | None
    flip: str
    notes: tuple[str, ...]
    forecast: str
    forecast_reason: str
    scenarios: int
    horizon_days: int


def run(call: Call, asked: OptionsQuestion) -> Answer[OptionsCompared]:
    """Ranks what is possible."""
    sku, site = _subject(call, asked)
    snapshot, exposure = exposed(call, sku, site)
    result = compared(snapshot, exposure, data_as_of=call.data.as_of, now=call.as_of, check=call.deadline.check)
    return answer(exposure, result)


def exposed(call: Call, sku: str, site: str) -> tuple[Snapshot, Exposure]:
    """The item everywhere it could come from; raises `NotFound` or `NoData`."""
    batch = call.data
    snapshot = around(call.connection, call.today, sku, site)
    situation = snapshot.get(sku, site)
    if situation is None:
        raise NotFound(f"{sku!r} is not listed at {site!r}.", remedy="Find both with resolve_identity.")
    exposure = exposure_of(snapshot, sku, site)
    if exposure is None:
        searched = {"sku": sku, "site": site, "data_batch": batch.batch_id}
        raise NoData(f"Options cannot be compared: {why_unknown(situation)}.", searched=searched)
    return snapshot, exposure


def answer(exposure: Exposure, result: Compared) -> Answer[OptionsCompared]:
    """The comparison as the tool gives it, with the versions of what computed it."""
    site, view = exposure.site, exposure.site.forecast
    lines = tuple(_line(exposure, one) for one in result.ranked)
    output = OptionsCompared(
        sku=site.item.sku,
        name=site.item.name,
        site=site.site.site,
        unit=site.item.unit,
        currency=site.item.currency,
        options=lines,
        recommended=lines[0].option,
        runner_up=lines[1].option if len(lines) > 1 else None,
        flip=result.flip,
        notes=result.notes,
        forecast=view.model if view else "",
        forecast_reason=view.reason if view else "",
        scenarios=result.scenarios,
        horizon_days=result.days,
    )
    return Answer(output, model=output.forecast, solver=SOLVER)


def _subject(call: Call, asked: OptionsQuestion) -> tuple[str, str]:
    if asked.case_id is None:
        return str(asked.sku), str(asked.site)
    case = cases.find(call.connection(), asked.case_id)
    if case is None:
        raise NotFound(f"There is no case {asked.case_id!r}.", remedy="List cases with list_exceptions.")
    if case.sku is None or case.site is None:
        raise BadInput(f"Case {case.case_id} is not about one item at one site.", remedy="Name a sku and a site.")
    return case.sku, case.site


def _line(exposure: Exposure, one: Ranked) -> OptionLine:
    outcome = one.outcome
    arrives = None if outcome.arrives_day is None else exposure.site.today + timedelta(days=outcome.arrives_day)
    return OptionLine(
        option=outcome.name,
        quantity=units(outcome.quantity) if one.order is None else one.order.quantity,
        source=outcome.source,
        arrives_on=arrives,
        cost=money(outcome.cost),
        expected_benefit=money(outcome.expected_benefit),
        benefit_lower=_down(outcome.benefit_lower),
        tail_loss=_down(outcome.tail_loss),
        probability_better=share(outcome.probability_better),
        drivers=tuple(DriverLine(name=part.name, amount=money(part.value)) for part in outcome.drivers),
        order=one.order,
    )


def _down(amount: float) -> Decimal:
    """What the gate compares is rounded against the action."""
    return Decimal(repr(round(amount, 9))).quantize(CENT, ROUND_FLOOR)


TOOL = Tool(
    name="compare_options",
    description="What to do about an item at a site (or about a case): hold, transfer from the best donors, buy, or "
    "expedite an open purchase; ranked in money on the same scenarios, with the runner-up, what would flip the choice, "
    "and the order each would place. Run it before proposing anything.",
    permission="analyse",
    takes=OptionsQuestion,
    gives=OptionsCompared,
    run=run,
    examples=({"case_id": "C-00042"}, {"sku": "OAT-1L", "site": "LEJ"}),
    seconds=30.0,
)
