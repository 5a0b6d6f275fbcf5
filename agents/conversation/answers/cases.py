"""Cases in words: what needs attention, what waits for approval, where one stands, and why."""

from __future__ import annotations

from agents.conversation.answers.demand import causes, overridden, surplus
from agents.conversation.answers.orders import order_line
from agents.conversation.answers.words import day, money, most, plain, sentence, spoken
from tools.case import CaseView, MomentLine
from tools.exceptions import ExceptionLine, Exceptions, ProposalStanding
from tools.explain import Explanation
from tools.stock_risk import StockRisks

SHOWN = 7
ROLES_SAID = {"procurement_manager": "a procurement manager", "supervisor": "a supervisor", "planner": "a planner"}
STATES = {
    "pending": "proposed, the gate has not answered yet",
    "observed": "observed only: nothing is carried out at this step of autonomy",
    "denied": "proposed and denied by the gate",
    "approved": "approved, to be written",
    "rejected": "rejected by a person",
    "expired": "nobody answered in time",
    "sent": "sent to the ERP, not confirmed yet",
    "unknown": "sent, and the ERP's answer is unknown; it is being looked up",
    "confirmed": "carried out and confirmed in the ERP",
    "conflict": "not written: the ERP's state had changed",
    "failed": "not written: the ERP refused it",
}


def exceptions(found: Exceptions) -> str:
    """Ranked, with money and dates."""
    shown, more = most(found.cases, SHOWN)
    count = "One case needs" if found.total == 1 else f"{found.total} cases need"
    risk = money(found.money_at_risk, found.currency)
    head = f"**{count} attention; {risk} at risk in all.** The most urgent first:"
    lines = [f"{number}. {_exception(case)}" for number, case in enumerate(shown, 1)]
    rest = f"\n\n… and {found.total - len(shown):,} more." if found.total > len(shown) else more
    return "\n".join([head, "", *lines]) + rest


def waiting(found: Exceptions) -> str:
    """What waits for whom, most money at risk first."""
    count = "One proposal waits" if found.total == 1 else f"{found.total} proposals wait"
    lines = [
        f"{number}. **{case.case_id}** {order_line(case.proposal.order)} "
        f"({money(case.proposal.value, case.proposal.currency)}): asks {asked(case.proposal.asked)}. "
        f"{plain(case.summary)}"
        for number, case in enumerate(found.cases, 1)
        if case.proposal is not None
    ]
    rest = f"\n\n… and {found.total - len(found.cases):,} more." if found.total > len(found.cases) else ""
    return "\n".join([f"**{count} for approval.**", "", *lines]) + rest + "\n\nApproving is a person's: I cannot."


def asked(roles: tuple[str, ...]) -> str:
    """Whose answer is missing."""
    return " and ".join(ROLES_SAID.get(role, f"somebody who is {spoken(role)}") for role in roles) or "nobody any more"


def standing(proposal: ProposalStanding | None) -> str:
    """Where a proposal stands, in a clause."""
    if proposal is None:
        return "nothing is proposed"
    if proposal.state == "waiting":
        return f"waits for {asked(proposal.asked)}"
    return STATES.get(proposal.state, spoken(proposal.state))


def case(view: CaseView) -> str:
    """The file, and its steps in words; evidence lines are counted, not listed."""
    at_risk = f"{money(view.money_at_risk, view.currency)} at risk"
    until = f", too late on {day(view.at_risk_on)}" if view.at_risk_on else ""
    head = f"**{view.case_id}** · {spoken(view.kind)} · {view.severity} · {view.status}. {at_risk}{until}."
    steps = [f"- {_moment(one)}" for one in view.moments if one.what not in ("evidence", "audit")]
    looked = sum(one.what == "evidence" for one in view.moments)
    done = "\n".join(["", "What was done:", *steps]) if steps else "\nNothing has been proposed for it."
    return f"{head}\n\n{plain(view.summary)}\n{done}\n\n{looked} tool results are kept as its evidence."


def why(explained: Explanation, risks: StockRisks | None, *, too_little: bool) -> str:
    """Recommended what, because of what, on which data, executed by whom."""
    parts = [f"**{explained.case_id}**: {plain(explained.summary)}"]
    if risks is not None and risks.risks:
        parts.append(causes(risks.risks[0]) if too_little else surplus(risks.risks[0]))
        parts.append(overridden(risks.risks[0].forecast))
    parts += [_recommended(explained), _data(explained), _executed(explained)]
    return "\n\n".join(part for part in parts if part)


def _exception(case: ExceptionLine) -> str:
    left = "" if case.days_left is None else f", {_left(case.days_left)}"
    tier = f", {case.tier} customer" if case.tier else ""
    return f"**{case.case_id}** {plain(case.summary)} *{case.severity}{left}{tier}; {standing(case.proposal)}.*"


def _left(days: int) -> str:
    if days < 0:
        return "already late"
    return "today" if days == 0 else f"{days} day{'s' if days != 1 else ''} left"


def _moment(one: MomentLine) -> str:
    return f"{one.at.day} {one.at:%b %H:%M} {plain(one.actor)}: {plain(one.text)}"


def _recommended(explained: Explanation) -> str:
    made = explained.recommended
    if made.expected_benefit is None:
        return "**Recommended:** nothing, and nothing was proposed."
    what = order_line(made.order) if made.order else "hold, do nothing"
    worth = f"expected benefit {money(made.expected_benefit, made.currency)}"
    bounds = [] if made.benefit_lower is None else [f"95% sure of more than {money(made.benefit_lower, made.currency)}"]
    bounds += [] if made.tail_loss is None else [f"mean of the worst tenth {money(made.tail_loss, made.currency)}"]
    text = f"**Recommended:** {what}; {worth} ({', '.join(bounds)})."
    second = made.runner_up
    if second is not None:
        source = f" from {plain(second.source)}" if second.source else ""
        text += f" Runner-up: {second.option}{source}, {money(second.expected_benefit, made.currency)}."
    return f"{text} {sentence(made.flip)}".rstrip()


def _data(explained: Explanation) -> str:
    used = explained.data
    if used.evidence_id is None:
        return ""
    files = sorted({plain(row.file) for row in used.rows})
    model = used.versions.get("model", "")
    parts = [
        f"evidence `{str(used.evidence_id)[:8]}`",
        f"model {plain(model)}" if model else "",
        f"{len(used.rows)} rows",
    ]
    return f"**Data:** {', '.join(part for part in parts if part)} from {', '.join(files[:4]) or 'the network'}."


def _executed(explained: Explanation) -> str:
    done = explained.executed
    if explained.recommended.proposal_id is None:
        return ""
    state = STATES.get(done.state, spoken(done.state))
    document = f" Document {plain(done.document)}." if done.document else ""
    steps = "".join(f"\n- {plain(step)}" for step in done.steps)
    return f"**Carried out:** {state}.{document}{steps}"
