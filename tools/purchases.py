"""One plan for all that must be bought: joint over items, sites, suppliers and customers' orders, with its proof.

It recommends; it places nothing. A purchase is still proposed for a case, on the evidence of a comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from cases.joint_limits import Asked, KeptLine, Rules, item_name, supplier_name
from cases.joint_purchase import ORDER_WITHIN, JointProblem, joint_problem
from cases.needs import Need, Needs, given, needs
from cases.snapshot import Snapshot, load
from cases.terms import lateness
from db import evidence, network, purchasing, tenants
from domain.errors import BadInput, NotFound
from planning.purchasing.optimise import optimise_purchases
from planning.purchasing.plan import PlannedLine, Proof, PurchasePlan
from planning.purchasing.settings import Effort, Questions, Repair
from tools.contract import Answer, Call, Tool, ToolOutput
from tools.errors import NoData
from tools.purchase_lines import (
    CENT,
    BindingRule,
    Colliding,
    PurchaseChange,
    PurchaseLine,
    PurchaseOrderTotal,
    Reader,
    ShortNeed,
    binding,
    colliding,
)
from tools.purchase_question import GivenNeed, PurchasesQuestion

SOLVER = "ortools-cp-sat"
SECONDS = 50.0
# Kept for reading before the search and for keeping the answer after it.
MARGIN = 4.0
BINDING_RULES = 3
# The plan, the rules without slack and the runner-up, each of these at most a tenth of the effort.
SHARES = 1.0 + (BINDING_RULES + 1) / 10.0
RECORD_DAYS = 365


class PurchasesPlanned(ToolOutput):
    """What to order from whom on which day; money in `currency`.

    `proof`: optimal (no plan is better), gap (none is better by more than `gap`, a share of `margin`), none (there is
    no plan). `spend` is what suppliers are paid; `margin` is what the needs that are met are worth less every cost.
    `short` and `collisions`: what is not met, and why not. `changes`: against the plan before.
    """

    lines: tuple[PurchaseLine, ...]
    orders: tuple[PurchaseOrderTotal, ...]
    needs: int
    met: int
    short: tuple[ShortNeed, ...]
    collisions: tuple[Colliding, ...]
    spend: Decimal
    margin: Decimal
    currency: str
    proof: Proof
    gap: float | None
    seconds: float
    binding: tuple[BindingRule, ...]
    runner_up_costs: Decimal | None
    runner_up: tuple[PurchaseChange, ...]
    changes: tuple[PurchaseChange, ...]
    notes: tuple[str, ...]
    left_out: tuple[str, ...]


def run(call: Call, asked: PurchasesQuestion) -> Answer[PurchasesPlanned]:
    """The plan; the search ends well before the call's deadline and says how good what it found is."""
    before = _before(call, asked)
    question = asked if before is None else _again(before, asked)
    snapshot = _scope(call, question)
    wanted = _needs(call, question, snapshot)
    if not wanted.found and not wanted.looked_at:
        searched = {**question.model_dump(mode="json"), "left_out": wanted.left_out[:20]}
        raise NoData("Nothing in this scope can be bought or told of.", searched=searched, remedy="Widen the scope.")
    rules = _rules(call, snapshot)
    _suppliers_known(rules, question)
    joint = joint_problem(snapshot, wanted.found, rules, _limits(question, call.today), late_days=question.late_days)
    previous = () if before is None else _previous(before, joint, call.today)
    plan = _solve(call, joint, previous, is_repair=before is not None)
    return Answer(_output(call, plan, joint, wanted), model=snapshot.model, solver=SOLVER)


def _solve(call: Call, joint: JointProblem, previous: Sequence[PlannedLine], *, is_repair: bool) -> PurchasePlan:
    seconds = max((call.deadline.remaining - MARGIN) / SHARES, 1.0)
    return optimise_purchases(
        joint.problem,
        effort=Effort(seconds=seconds),
        repair=Repair(tuple(previous)) if is_repair else None,
        questions=Questions(binding=BINDING_RULES, runner_up=True),
        progress=lambda _stage, _done, _total: call.deadline.check(),
    )


def _before(call: Call, asked: PurchasesQuestion) -> evidence.KeptEvidence | None:
    if asked.before is None:
        return None
    kept = evidence.find(call.connection(), asked.before)
    if kept is None:
        raise NotFound(f"There is no evidence {asked.before}.", remedy="Name the evidence of a plan_purchases.")
    if kept.tool != TOOL.name or kept.status != "success":
        raise BadInput(f"Evidence {asked.before} is a {kept.status} of {kept.tool}.", remedy="Name that of a plan.")
    return kept


def _again(before: evidence.KeptEvidence, asked: PurchasesQuestion) -> PurchasesQuestion:
    """The earlier question with what is said now on top."""
    said = asked.model_dump(include=asked.model_fields_set)
    return PurchasesQuestion.model_validate({**before.arguments, **said})


def _scope(call: Call, asked: PurchasesQuestion) -> Snapshot:
    skus = _skus(call, asked)
    sites = None if asked.sites is None else sorted({*asked.sites, *(one.site for one in asked.demands)})
    snapshot = load(call.connection, call.today, skus=skus, sites=sites)
    named = {*(asked.skus or ()), *(one.sku for one in asked.demands), *(one.sku for one in asked.keep)}
    if unknown := sorted(named - set(snapshot.items)):
        raise NotFound(f"Not listed in this scope: {', '.join(unknown)}.", remedy="Find items with resolve_identity.")
    for one in (*asked.demands, *asked.keep):
        if snapshot.get(one.sku, one.site) is None:
            raise NotFound(f"{one.sku} is not listed at {one.site}.", remedy="Find both with resolve_identity.")
    return snapshot


def _suppliers_known(rules: Rules, asked: PurchasesQuestion) -> None:
    """A misspelt supplier that is to be left out would be bought from: raises `NotFound`."""
    named = {*asked.without_suppliers, *(one.supplier for one in asked.keep)}
    if unknown := sorted(named - set(rules.suppliers)):
        raise NotFound(f"There is no supplier {', '.join(unknown)}.", remedy="Find suppliers with resolve_identity.")


def _skus(call: Call, asked: PurchasesQuestion) -> list[str] | None:
    """The items of the scope with all that the question names; None is all there are."""
    named = {one.sku for one in (*asked.demands, *asked.keep)}
    if asked.needs == "given":
        return sorted(named)
    chosen = None if asked.skus is None else set(asked.skus)
    if asked.supplier is not None:
        sold = {row.sku for row in network.item_suppliers(call.connection()) if row.supplier == asked.supplier}
        if not sold:
            raise NotFound(f"{asked.supplier!r} may deliver nothing.", remedy="Find suppliers with resolve_identity.")
        chosen = sold if chosen is None else chosen & sold
    if asked.category is not None:
        grouped = {sku for sku, group in purchasing.categories(call.connection()).items() if group == asked.category}
        if not grouped:
            raise NotFound(f"No item is of the product group {asked.category!r}.", remedy="See items.csv, category.")
        chosen = grouped if chosen is None else chosen & grouped
    return None if chosen is None else sorted(chosen | named)


def _needs(call: Call, asked: PurchasesQuestion, snapshot: Snapshot) -> Needs:
    found = Needs((), (), 0)
    if asked.needs != "given":
        found = needs(
            snapshot.situations.values(), call.deadline.check, reorders=asked.needs in ("all", "stock"),
            orders=asked.needs in ("all", "customer_orders"), late_days=asked.late_days,
        )  # fmt: skip
    extra = tuple(_given(number, one, snapshot, asked.late_days) for number, one in enumerate(asked.demands, 1))
    return Needs((*found.found, *extra), found.left_out, found.looked_at)


def _given(number: int, one: GivenNeed, snapshot: Snapshot, late_days: int) -> Need:
    site = snapshot.situations[one.sku, one.site]
    name = f"demand {number}: {one.sku} at {one.site}"
    due = max((one.due_on - snapshot.today).days, 0)
    return given(site, name, one.quantity, due, customer=one.customer, late_days=late_days, must=one.must)


def _limits(asked: PurchasesQuestion, today: date) -> Asked:
    kept = tuple(
        KeptLine(one.supplier, one.site, one.sku, max((one.order_on - today).days, 0), one.quantity)
        for one in asked.keep
    )
    only = None if asked.supplier is None else frozenset({asked.supplier})
    return Asked(asked.budget, frozenset(asked.without_suppliers), only, kept)


def _rules(call: Call, snapshot: Snapshot) -> Rules:
    today, until = call.today, call.today + timedelta(days=ORDER_WITHIN)
    skus = sorted(snapshot.items)
    records = purchasing.records(call.connection(), since=today - timedelta(days=RECORD_DAYS))
    return Rules(
        suppliers={one.supplier: one for one in purchasing.supplier_terms(call.connection())},
        capacities=purchasing.capacities(call.connection(), since=today, until=until),
        qualifications=purchasing.qualifications(call.connection(), today, skus),
        budgets=purchasing.budgets(call.connection(), since=today, until=until),
        categories=purchasing.categories(call.connection(), skus),
        lateness=lateness(records),
    )


def _previous(before: evidence.KeptEvidence, joint: JointProblem, today: date) -> list[PlannedLine]:
    """The lines of the plan before that this problem still knows, by today's days."""
    planned = PurchasesPlanned.model_validate(before.result["output"])
    found: list[PlannedLine] = []
    for line in planned.lines:
        supplier, item = supplier_name(line.supplier, line.site), item_name(line.sku, line.site)
        ordered = (line.order_on - today).days
        if (supplier, item) in joint.sides and ordered >= 0:
            quantity, arrival = int(line.quantity * joint.scale), (line.arrives_on - today).days
            found.append(PlannedLine(supplier, item, ordered, arrival, quantity, (), line.cost))
    return found


def _output(call: Call, plan: PurchasePlan, joint: JointProblem, wanted: Needs) -> PurchasesPlanned:
    reader = Reader(joint, call.today)
    short = tuple(reader.short(one) for one in plan.outcomes if one.short > 0 or one.late_units > 0)
    other = plan.runner_up
    return PurchasesPlanned(
        lines=tuple(reader.line(one) for one in plan.lines),
        orders=tuple(reader.order(one, plan.lines) for one in plan.orders),
        needs=len(wanted.found),
        # Where there is no plan nothing is known of any need, and none is met.
        met=len(plan.outcomes) - len(short),
        short=short,
        collisions=tuple(colliding(one) for one in plan.collisions),
        spend=plan.money.spend.quantize(CENT),
        margin=(-plan.objective).quantize(CENT),
        currency=tenants.currency(call.connection()),
        proof=plan.proof,
        gap=plan.gap,
        seconds=round(plan.seconds, 1),
        binding=tuple(binding(one) for one in plan.binding if one.worth or not one.proven),
        runner_up_costs=None if other is None else other.extra.quantize(CENT),
        runner_up=() if other is None else tuple(reader.change(one) for one in other.changes),
        changes=tuple(reader.change(one) for one in plan.changes),
        notes=joint.notes,
        left_out=wanted.left_out,
    )


TOOL = Tool(
    name="plan_purchases",
    description="One plan for all that must be bought: what stock needs and customers ordered, over several suppliers "
    "with their order days, minimums, price breaks, capacity, qualification and our budgets. Says whether it is proven "
    "best, what limits it, what cannot be met and why; plans again with the least change after a supplier cancels.",
    permission="analyse",
    takes=PurchasesQuestion,
    gives=PurchasesPlanned,
    run=run,
    examples=({}, {"supplier": "S-07"}, {"skus": ["OAT-1L"], "sites": ["LEJ"], "budget": "500"}),
    seconds=SECONDS,
)
