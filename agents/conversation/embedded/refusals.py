"""What is asked of the agent and is not the agent's to do, and who can. Data, read before any planner is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """A kind of wish, the patterns by which it is known, and the answer."""

    name: str
    patterns: tuple[re.Pattern[str], ...]
    answer: str


def _refusal(name: str, answer: str, *patterns: str) -> Refusal:
    return Refusal(name, tuple(re.compile(pattern) for pattern in patterns), answer)


IT = (
    r"(?:it|this|that|them|these|those|all|everything|(?:the |my |case |proposal )?[\w-]*\d[\w-]*"
    r"|(?:the |my |this )[\w\s-]{1,40})"
)
DO = (
    r"^(?:(?:please|just|now|go ahead and|can you|could you|will you|you (?:can|may|must|should)|i want you to|and|then"
    r"|yes,?) )*"
)

REFUSALS: tuple[Refusal, ...] = (
    _refusal(
        "rules",
        "I keep to my rules, whoever asks: tools are all I use, and a proposal is the farthest I can go. What the gate "
        "may let pass is set by people in the policy files, and somebody other than the author approves a change.",
        r"\b(?:ignore|forget|disregard|bypass|override|skip|circumvent|get around)\b.{0,40}"
        r"\b(?:rules?|instructions?|polic(?:y|ies)|gate|limits?|prompt|guardrails?|restrictions?|approvals?)\b",
        r"\b(?:system|hidden|initial) prompt\b|\bjailbreak\b|\bdeveloper mode\b|\bpretend (?:to be|you are|that you)\b"
        r"|\byou are now\b|\bact as (?:an? )?(?:admin|root|supervisor|executor)\b",
        r"\bwithout (?:the |any |an |asking for )?(?:gate|approval|asking|permission)\b",
    ),
    _refusal(
        "approve",
        "Nothing that speaks for the agent can approve or reject, and nobody approves what they asked for themselves. "
        "A person in the role that the gate names decides: in the console, or with `quartermaster approve CASE --as "
        "NAME`. Ask me “what waits for approval?” and I show what is open and whose answer is missing.",
        DO + rf"(?:approve|reject|sign off|confirm|decline|grant)(?: {IT}|[.!]?$)",
        r"\b(?:approve|reject|sign) (?:it|this|that|them|all) (?:for me|yourself|on my behalf|as \w+)\b",
    ),
    _refusal(
        "write",
        "I cannot write to the ERP or carry anything out; no part of me knows its password. I can propose: the gate "
        "answers, and the executor's own process writes what is automatic or approved. Say “compare the options” "
        "and then “propose it”.",
        DO + rf"(?:execute|book|post|carry out|perform|send|place|ship|dispatch|push through) {IT}[.!]?$",
        DO + r"do (?:it|that|this|them)(?: now)?[.!]?$",
        DO + r"(?:execute|book|post|place|push) .*\b(?:erp|tryton|sap|order|transfer|purchase|shipment)\b",
        r"\b(?:write|post|book|enter|save|put) (?:\w+ ){0,4}(?:in|to|into) (?:the )?(?:erp|tryton|sap|database)\b",
        r"\b(?:cancel|delete|undo|change|edit|close|release|unblock) (?:the |this |that |all |my |our )?"
        r"(?:\w+ )?(?:orders?|purchases?|transfers?|shipments?|cases?|lots?|holds?|records?|audit|history|stock)\b",
        r"\b(?:drop|truncate|insert into|update|delete from) (?:table )?\w+ (?:set|values|where|cascade)\b",
    ),
    _refusal(
        "limits",
        "Limits, policies, autonomy, costs and people's roles are not mine to change: whoever can change what the gate "
        "reads could get around it. They are proposals of their own, written by one person and approved by another.",
        r"\b(?:raise|increase|lower|change|set|edit|remove|lift|turn off|disable|switch off|stop|promote|relax)\b"
        r".{0,30}\b(?:limits?|polic(?:y|ies)|thresholds?|rules?|gate|autonomy|permissions?|roles?|stops?|budget)\b",
        r"\bmake (?:me|\w+) (?:a |an |the )?(?:supervisor|admin\w*|procurement manager|planner)\b",
    ),
    _refusal(
        "tenant",
        "I see the network of your own tenant and nothing else; the database itself keeps the others apart. Whoever "
        "works for another tenant signs in there.",
        r"\b(?:other|another|different|all|every) (?:tenants?|compan(?:y|ies)|clients?|organi[sz]ations?)\b",
        r"\b(?:switch|change) (?:to )?(?:the )?tenant\b|\b(?:of|for|from|in|into|as|to) tenant \w+",
    ),
    _refusal(
        "secrets",
        "I hold no passwords, keys or tokens, and no tool of mine can read one.",
        r"\b(?:passwords?|api[- ]?keys?|credentials?|secret keys?|access tokens?|private keys?)\b",
    ),
)


def refused(question: str) -> Refusal | None:
    """The first kind of wish that the question fits, or None."""
    text = " ".join(question.casefold().replace("’", "'").split())
    for refusal in REFUSALS:
        if any(pattern.search(text) for pattern in refusal.patterns):
            return refusal
    return None
