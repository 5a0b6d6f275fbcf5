"""What people see in the terminal. Words and money come from the results; nothing is computed here."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from app.cli.output import note, print_table, say
from app.outcomes import CaseOutcome
from app.progress import Progress
from db.worklist import SHORTEST

if TYPE_CHECKING:
    from app.demo import DemoReport, Door

COLOURS = {
    "confirmed": "green", "waiting": "yellow", "denied": "red", "conflict": "red", "failed": "red",
    "unknown": "magenta", "none": "dim", "observed": "dim",
}  # fmt: skip
WORDS = {
    "automatic": "automatic", "approval": "needs approval", "denied": "denied", "none": "no proposal",
    "observed": "observed",
}  # fmt: skip


def progress() -> Progress:
    """A function that tells on standard error what is being done, one line a stage on a pipe, a live line elsewhere."""
    started = time.monotonic()
    shown = {"stage": "", "done": -1, "is_open": False}

    def tell(stage: str, done: int, total: int) -> None:
        if (stage, done) == (shown["stage"], shown["done"]):
            return
        is_new = stage != shown["stage"]
        elapsed = time.monotonic() - started
        count = f" {done:,}/{total:,}" if total > 1 else ""
        if sys.stderr.isatty():
            # A line stays open only while there is more to come of it: what is printed next begins on one of its own.
            before, is_open = ("\n" if is_new and shown["is_open"] else "\r"), done < total
            sys.stderr.write(f"{before}\x1b[2K[{elapsed:5.1f} s] {stage}{count}" + ("" if is_open else "\n"))
            sys.stderr.flush()
            shown["is_open"] = is_open
        elif is_new:
            sys.stderr.write(f"[{elapsed:5.1f} s] {stage}\n")
        shown.update(stage=stage, done=done)

    return tell


def outcomes(cases: Sequence[CaseOutcome]) -> None:
    """A few lines a case: what is at stake, what is recommended, what the gate said and what came of it."""
    for one in cases:
        case_lines(one)
    say("\n" + ", ".join(f"{count} {what}" for what, count in counted(cases).items() if count) + ".")


def case_lines(case: CaseOutcome) -> None:
    """One case."""
    colour = COLOURS.get(case.state, "white")
    word = "no proposal" if case.state == "none" else case.state
    say(f"{case.id}  [{colour}]{word:<11}[/]  {escape(case.summary)}")
    last = last_word(case)
    if case.payload is not None:
        last = f"{action(case)}: {WORDS.get(case.outcome, case.outcome)}" + (f". {last}" if last else "")
    if last:
        say(f"{'':22}{escape(last)}")


def counted(cases: Sequence[CaseOutcome]) -> dict[str, int]:
    """How many ended how, in words."""
    states = [one.state for one in cases]
    told = {
        "confirmed in the ERP": states.count("confirmed"),
        "waiting for a person": states.count("waiting"),
        "denied": states.count("denied"),
        "without a proposal": states.count("none"),
    }
    return {**told, "in another state": len(states) - sum(told.values())}


def action(case: CaseOutcome) -> str:
    """The proposal in a few words."""
    if case.payload is None or case.value is None:
        return "—"
    order = case.payload
    quantity = f"{float(str(order['quantity'])):g} {order['unit']}"
    if order["kind"] == "transfer":
        return f"move {quantity} {order['source']} → {order['destination']} ({case.value:,.0f} {case.currency})"
    return f"buy {quantity} from {order['supplier']} for {order['site']} ({case.value:,.0f} {case.currency})"


def last_word(case: CaseOutcome) -> str:
    """The document when there is one, else why not."""
    if case.document:
        ended_badly = case.state != "confirmed" and case.problem
        return f"{case.document}. {case.problem}" if ended_badly else case.document
    if case.problem and case.state != "waiting":
        return case.problem
    if case.outcome == "approval":
        return f"ask {' and '.join(case.approvers)}: " + " ".join(reason["reason"] for reason in case.reasons)
    if case.outcome == "denied":
        return " ".join(reason["reason"] for reason in case.reasons)
    return case.note if case.state == "none" else ""


def approvals(tenant: str, waiting: Sequence[Any], person: str = "") -> None:
    """The worklist, and how to answer."""
    if not waiting:
        say(f"Nothing waits in {tenant}.")
        return
    say(f"[bold]{len(waiting)} wait for a person[/], most urgent first\n")
    for one in waiting:
        because = " ".join(reason["reason"] for reason in one.reasons)
        say(f"[bold]{one.case}[/]  {escape(one.summary)}")
        say(f"         {escape(_order(one.payload))}: {one.value:,.0f} {one.currency}")
        say(f"         benefit {one.expected_benefit:,.0f}, at least {one.benefit_lower:,.0f} {one.currency}")
        say(f"         ask {', '.join(one.asked)}. {escape(because)} Fingerprint {short(one.fingerprint)}\n")
    one = waiting[0]
    whose = "" if tenant == "demo" else f" --tenant {tenant}"
    answer = f"{one.case} --as {person or 'PERSON'}{whose} --fingerprint {short(one.fingerprint)}"
    say(f"Answer, for the first: quartermaster approve {answer}")
    say(f'                or: quartermaster reject {answer} --reason "…"')


def short(fingerprint: str) -> str:
    """As much of a fingerprint as a person has to copy."""
    return fingerprint[:SHORTEST]


def proposal(one: Any) -> None:
    """One proposal as its approver is to see it."""
    say(f"[bold]{one.case}[/] {escape(one.summary)}")
    say(f"  would    {escape(_order(one.payload))}")
    say(f"  value    {one.value:,.2f} {one.currency}")
    say(
        f"  benefit  {one.expected_benefit:,.2f} expected against doing nothing, at least {one.benefit_lower:,.2f}; "
        f"in the worst tenth {one.tail_loss:,.2f}"
    )
    say(f"  asked    {escape(', '.join(one.asked))}: {escape(' '.join(reason['reason'] for reason in one.reasons))}")
    say(f"  until    {one.expires_at:%Y-%m-%d %H:%M} UTC, fingerprint {short(one.fingerprint)}")


def verdict(answer: Any) -> None:
    """What an approval or a rejection led to."""
    rest = f"; still to answer: {', '.join(answer.outstanding)}" if answer.outstanding else ""
    say(f"Proposal {answer.proposal} is {answer.state} (as {answer.role}){rest}.")


def doctor(report: Any) -> None:
    """Each part, well or not."""
    print_table(
        "Ready" if report.ready else "Not ready",
        ["part", "", "ms", "detail", "what to do"],
        [
            [probe.part, "well" if probe.well else "NOT WELL", f"{probe.milliseconds:.0f}", probe.detail, probe.remedy]
            for probe in report.probes
        ],
    )


def policies(report: Any) -> None:
    """The rules as people read them."""
    if not report.ok:
        note(f"[bold red]Unusable[/]: {report.problem}")
        return
    say(f"Policy set [bold]{report.hash[:12]}[/] in {report.folder}")
    print_table(
        f"{len(report.rules)} rules",
        ["rule", "asks", "says"],
        [[r.id, r.approver or "—", r.reason] for r in report.rules],
    )


def _order(order: dict[str, object]) -> str:
    quantity = f"{float(str(order['quantity'])):g} {order['unit']} of {order['sku']}"
    if order["kind"] == "transfer":
        return f"move {quantity} {order['source']} → {order['destination']}"
    return f"buy {quantity} from {order['supplier']} for {order['site']}"


class DemoScreen:
    """The demo in the terminal: each case as it settles, then what to try."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def cases(self, now: Sequence[CaseOutcome]) -> None:
        """The lines of each case that has settled since the last call."""
        for one in now:
            if one.settled and one.id not in self._told:
                self._told.add(one.id)
                case_lines(one)

    def finished(self, report: DemoReport) -> None:
        """The count, the audit store's word, and what to type next."""
        say("\n" + ", ".join(f"{count} {what}" for what, count in counted(report.cases).items() if count) + ".")
        intact = "[green]intact[/]" if report.audit_intact else "[red]NOT INTACT[/]"
        say(f"Audit store: {report.audit_events} sealed events, {intact}. The network is simulated; the ERP is not.\n")
        say("Try, in another terminal:")
        for command, what in self._next_steps(report):
            say(f"  .venv/bin/quartermaster {command:<56} {what}")

    def opened(self, address: str, doors: Sequence[Door]) -> None:
        """Where the console is and who may come in; each link signs in once."""
        say(f"\n[bold]The console is at {address}[/]. Open one of these; a second browser profile lets two people in:")
        for door in doors:
            say(f"  {door.person:<18} {door.role:<20} {door.link}")
        say("Begin as the planner: ask what is at risk, open a case. Then approve it as the role that is asked for.")
        say(f"A new link: .venv/bin/quartermaster person link paula --tenant demo --address {address}")
        say("Ctrl-C stops everything.")

    def _next_steps(self, report: DemoReport) -> list[tuple[str, str]]:
        confirmed = next((one.id for one in report.cases if one.state == "confirmed"), None)
        waiting = next((one for one in report.cases if one.state == "waiting" and len(one.approvers) == 1), None)
        steps = [(f"why {confirmed}", "recommended what, on which data, executed by whom")] if confirmed else []
        if waiting:
            person = report.people.get(waiting.approvers[0], "")
            steps += [
                ("approvals", "what waits for a person"),
                (
                    f"approve {waiting.id} --as {person} --fingerprint {short(waiting.fingerprint or '')}",
                    f"as {waiting.approvers[0]}; paula, the planner, may not",
                ),
                (f"case {waiting.id}", "see it confirmed"),
            ]
        return [*steps, ("audit verify", "is everything as it was recorded?"), ("doctor", "is every part well?")]


def why(view: Any) -> None:
    """The three answers: recommended what, on which data, executed by whom."""
    best = view.recommended
    say(f"[bold]{view.case_id}[/] {escape(view.summary)}\n")
    say("[bold]What was recommended[/]")
    if best.order is None:
        say("  To hold: nothing that we can carry out was better.")
    else:
        say(f"  {escape(_order(best.order.model_dump(mode='json')))}")
    if best.expected_benefit is not None:
        say(
            f"  expected benefit {best.expected_benefit:,.2f} {best.currency} against doing nothing, "
            f"at least {best.benefit_lower:,.2f}; in the worst tenth {best.tail_loss:,.2f}"
        )
    print_table(
        "",
        ["option", "from", "quantity", "extra cost", "benefit", "at least", "worst tenth"],
        [
            [
                one.option,
                one.source,
                f"{one.quantity:g}",
                one.cost,
                one.expected_benefit,
                one.benefit_lower,
                one.tail_loss,
            ]
            for one in best.options
        ],
    )
    if best.flip:
        say(f"  What would flip it: {escape(best.flip)}\n")
    say("[bold]What data informed it[/]")
    say(f"  {', '.join(f'{name} {value}' for name, value in view.data.versions.items() if value)}")
    for row in view.data.rows:
        where = f"{row.file} row {row.row}" if row.row else row.file
        say(f"  {escape(row.key)}: {escape(where)} (SHA-256 {row.sha256[:12]}…, {row.provenance})")
    say("")
    say(f"[bold]Who or what executed it[/]: {view.executed.state} {escape(view.executed.document)}")
    for step in view.executed.steps:
        say(f"  {escape(step)}")
