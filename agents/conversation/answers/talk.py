"""What is said around answers: help, a question back, what is not understood, what went wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agents.conversation.answers.words import moment, plain
from agents.conversation.state import CallRecord, Choice

TOOL_NAME = re.compile(
    r"\b(?:get|list|resolve|explain|search|forecast|assess|recommend|optimise|compare|propose|plan|segment)_[a-z_]+\b"
)

HELP = """I look at stock, orders, demand and cases, say what is at risk and why, compare what can be done in money, \
and propose it to the gate. I never write to the ERP and never approve. For example:

- What is at risk? What needs attention in Milan?
- Show me C-00003. Why?
- How much ficino pesto is in Hamburg? What is on order, what is late?
- Forecast ficino pesto in Hamburg for 4 weeks. Will it run out?
- Why this forecast for ficino pesto in Hamburg? Which model makes the forecasts, and is it drifting?
- What should we buy of it? What should we move to Milan?
- What should we buy from S-05? One purchase plan for Hamburg. Segment our items.
- Compare the options for C-00003. Propose the best one.
- What does the SOP say about a broken cold chain?
- What waits for approval?

Follow-ups work: “and in Milan?”, “why?”, “the second one”, “propose it”."""

THANKS = "You are welcome. Ask “what is at risk?” at any time."

NOT_UNDERSTOOD = """I did not understand that; I answer questions about stock, orders, demand, risk, cases, options, \
procedures and proposals. Say it with an item, a site or a case, for example “will ficino pesto run out in \
Hamburg?” or “what is at risk?”; “help” shows all I can do."""

NO_CASE = "Which case do you mean? Ask “what is at risk?” for a list, or name one, such as C-00003."
NO_ITEM = "Which item do you mean? Give its code or its name, and the site if you like."
NO_SITE = "At which site? Give its code or its name."


def which(text: str, offered: Sequence[Choice], because: str) -> str:
    """The question back, with the candidates to choose from."""
    lines = [
        f"{number}. {plain(one['name'])} ({one['kind']} {plain(one['code'])})" for number, one in enumerate(offered, 1)
    ]
    reason = f" ({plain(because)})" if because else ""
    return "\n".join(
        [f"Which one do you mean by “{plain(text)}”?{reason}", "", *lines, "", "Say its number, code or name."]
    )


def failed(call: CallRecord) -> str:
    """A tool's own words for why there is no answer, without what it tells to programs."""
    told = " ".join(part for part in re.split(r"(?<=[.!?]) ", call["error"]) if not TOOL_NAME.search(part))
    arguments = call["arguments"]
    where = " at ".join(plain(str(arguments[key])) for key in ("sku", "site") if arguments.get(key))
    return f"**{where}**: {plain(told)}" if where and told else plain(told or call["error"])


def footer(calls: Sequence[CallRecord]) -> str:
    """Which data, and under which ids the results are kept."""
    kept = [call for call in calls if call["name"] != "resolve_identity"]
    if not kept:
        return ""
    ids = ", ".join(f"`{call['evidence_id'][:8]}`" for call in kept)
    return f"\n\n*Data of {moment(kept[-1]['as_of'])} · evidence {ids}*"
