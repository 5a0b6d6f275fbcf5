"""Which item, site, supplier, customer, lot or order a text means: one, or candidates and why it is not clear.

It asks back rather than guess: a wrong item in an order costs more than a question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from db import identity
from db.identity import Kind, Known
from tools.contract import Answer, Call, Tool, ToolInput, ToolOutput
from tools.errors import NoData

MatchedBy = Literal["code", "alias", "trade number", "name", "similar name"]
GTIN_LENGTHS = (8, 12, 13, 14)
CANDIDATES = 5


@dataclass(frozen=True)
class Limits:
    """Similarity from 0 to 100: shown as a candidate, taken as the answer, and how far ahead of the next it must be."""

    candidate: float = 60.0
    winner: float = 88.0
    lead: float = 8.0


LIMITS = Limits()


class IdentityQuestion(ToolInput):
    """Free text or a code; `kind` None looks through all kinds."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
    kind: Kind | None = None


class Match(ToolOutput):
    """One thing that may be meant; `score` from 0 to 100, 100 for codes."""

    kind: Kind
    code: str
    name: str
    matched_by: MatchedBy
    score: Annotated[float, Field(ge=0.0, le=100.0)]


class Identity(ToolOutput):
    """`match` when exactly one thing is meant; else candidates, best first, and why it is ambiguous."""

    match: Match | None
    candidates: tuple[Match, ...]
    ambiguous_because: str


def run(call: Call, asked: IdentityQuestion) -> Answer[Identity]:
    """Codes, then aliases, trade numbers, names, and similar names last; the first that finds anything answers."""
    text = " ".join(asked.text.split())
    exact = _exact_case(_of_kind(identity.by_code(call.connection(), text), asked.kind), text)
    if exact:
        return Answer(_decided([_match(one, "code") for one in exact]))
    aliases = _of_kind(identity.by_alias(call.connection(), text), asked.kind)
    if aliases:
        return Answer(_decided([_match(one, "alias") for one in aliases]))
    traded = _of_kind(_by_trade_number(call, text), asked.kind)
    if traded:
        return Answer(_decided([_match(one, "trade number") for one in traded]))
    return Answer(_by_name(call, text, asked.kind))


def has_check_digit(digits: str) -> bool:
    """True when the last digit is the GS1 check digit of the others (GS1 General Specifications, section 7.9)."""
    weights = [3 if place % 2 == 0 else 1 for place in range(len(digits) - 1)]
    total = sum(int(digit) * weight for digit, weight in zip(reversed(digits[:-1]), weights, strict=True))
    return (10 - total % 10) % 10 == int(digits[-1])


def similarity(text: str, name: str) -> float:
    """0 to 100; order of words and missing words cost little, another number (a size, a grade) costs much."""
    from rapidfuzz import fuzz

    left, right = _normal(text), _normal(name)
    score = max(fuzz.token_set_ratio(left, right), fuzz.ratio(left, right))
    numbers = set(re.findall(r"\d+", left))
    return score if numbers <= set(re.findall(r"\d+", right)) else score * 0.7


def _by_trade_number(call: Call, text: str) -> list[Known]:
    digits = re.sub(r"[\s-]", "", text)
    if not (digits.isascii() and digits.isdigit() and len(digits) in GTIN_LENGTHS):
        return []
    if not has_check_digit(digits):
        raise NoData(
            f"{digits} is no valid trade number: its check digit is wrong.",
            searched={"codes": text, "aliases": text, "check_digit": "wrong"},
            remedy="Read the number again.",
        )
    return identity.by_trade_number(call.connection(), digits.zfill(14))


def _by_name(call: Call, text: str, kind: Kind | None) -> Identity:
    names = _of_kind(identity.all_names(call.connection()), kind)
    same = [_match(one, "name") for one in names if _normal(one.name) == _normal(text)]
    if same:
        return _decided(_best_of_each(same))
    scored = [
        Match(**vars(one), matched_by="similar name", score=round(similarity(text, one.name), 1)) for one in names
    ]
    found = _best_of_each(one for one in scored if one.score >= LIMITS.candidate)
    if not found:
        raise NoData(
            f"Nothing here is called {text!r}.",
            searched={"codes": text, "aliases": text, "names": len(names), "kind": kind},
            remedy="Give a code, or more of the name.",
        )
    first, second = found[0].score, found[1].score if len(found) > 1 else 0.0
    if first >= LIMITS.winner and first - second >= LIMITS.lead:
        return Identity(match=found[0], candidates=(), ambiguous_because="")
    because = "no name is close enough to be sure" if first < LIMITS.winner else "several names are about as close"
    return Identity(match=None, candidates=tuple(found[:CANDIDATES]), ambiguous_because=because)


def _decided(found: list[Match]) -> Identity:
    if len(found) == 1:
        return Identity(match=found[0], candidates=(), ambiguous_because="")
    kinds = {one.kind for one in found}
    what = f"{len(found)} {found[0].kind}s" if len(kinds) == 1 else f"a {' and a '.join(sorted(kinds))}"
    return Identity(match=None, candidates=tuple(found[:CANDIDATES]), ambiguous_because=f"the text fits {what}")


def _exact_case(found: list[Known], text: str) -> list[Known]:
    """Those written exactly so, when there are any; else all."""
    return [one for one in found if one.code == text] or found


def _of_kind(found: list[Known], kind: Kind | None) -> list[Known]:
    return found if kind is None else [one for one in found if one.kind == kind]


def _match(one: Known, by: MatchedBy) -> Match:
    return Match(kind=one.kind, code=one.code, name=one.name, matched_by=by, score=100.0)


def _best_of_each(found: Iterable[Match]) -> list[Match]:
    """One a code (an item may have many aliases), best first."""
    best: dict[tuple[str, str], Match] = {}
    for one in found:
        if one.score > best.get((one.kind, one.code), one.model_copy(update={"score": -1.0})).score:
            best[one.kind, one.code] = one
    return sorted(best.values(), key=lambda one: (-one.score, one.kind, one.code))


def _normal(text: str) -> str:
    """Lower case, letters and digits only, a space between a number and a word."""
    apart = re.sub(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)", " ", text.casefold())
    return " ".join(re.findall(r"\w+", apart))


TOOL = Tool(
    name="resolve_identity",
    description="Finds which SKU, site, supplier, customer, lot or order a code or a free text means. Use it before "
    "any other tool when the user gives a name. If it returns candidates, ask the user which one is meant.",
    permission="read",
    takes=IdentityQuestion,
    gives=Identity,
    run=run,
    examples=({"text": "oat drink 1 l", "kind": "sku"}, {"text": "4006381333931"}, {"text": "Leipzig", "kind": "site"}),
)
