"""Reads a question: which kind it is, and what it names. It looks nothing up and guesses no name.

What is left of a question without the words of its kind, its time and its case is a name; `embedded.naming` asks the
tools what it means.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

from agents.conversation.embedded.intents import GERMAN, PHRASES, VOCABULARY, Intent
from domain.canonical import Json


@dataclass(frozen=True)
class Name:
    """A text that names something: `role` says which preposition led to it ("of", "at", "from", "to" or "")."""

    text: str
    role: str


@dataclass(frozen=True)
class Reading:
    """What was understood; '' and 0 where nothing was said. Codes come from the tools, never from here.

    `ordinal` counts from 1 ("the last one" is -1); `follows` is set where the question leans on the one before;
    `refers` where it says "it", "there" or "this case", `guessed` where nothing but a name tells its kind.
    """

    intent: Intent | None
    names: tuple[Name, ...] = ()
    case_id: str = ""
    ordinal: int = 0
    days: int = 0
    by: str = "week"
    quantity: str = ""
    kind: str = ""
    follows: bool = False
    guessed: bool = False
    refers: bool = False
    topic: str = ""
    sku: str = ""
    site: str = ""
    source: str = ""
    supplier: str = ""
    order: str = ""

    def as_json(self) -> dict[str, Json]:
        """Plain JSON for the state."""
        return {**asdict(self), "intent": str(self.intent or ""), "names": [asdict(name) for name in self.names]}

    @classmethod
    def from_json(cls, kept: dict[str, Json]) -> Reading:
        """The reading that was kept."""
        fields: dict[str, Any] = dict(kept)
        names = tuple(Name(**name) for name in fields.pop("names"))
        intent = fields.pop("intent")
        return cls(intent=Intent(intent) if intent else None, names=names, **fields)


MISTYPED = 5  # letters that a word needs to be taken for a mistyped one
LONG_WORD = 8  # from here on two mistakes are forgiven; letters that changed places are one
NUMBER_WORDS = {"one": 1, "a": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
ORDINALS = {"first": 1, "top": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6}
UNIT_DAYS = {"day": 1, "week": 7, "fortnight": 14, "month": 28}

CASE = re.compile(r"\bc-(\d{5,})\b|\bcase (?:no\.? ?|number ?|#)?(?:c-)?(\d{1,6})\b")
LAST = re.compile(r"\bthe last(?: (?:one|case|option|exception))?$|\blast (?:one|case|option|exception)\b")
ORDINAL = re.compile(
    rf"\b(?:the )?({'|'.join(ORDINALS)})(?: (?:one|case|option|of (?:them|these|those)|exception|line|item))?\b"
    r"|(?:^|\b(?:number|no\.?|option|#) ?)(\d{1,2})(?=[.!?)]?$|\b(?! ?(?:days?|weeks?|months?|%)))(?!-)"
)
SPAN = re.compile(
    r"\b(?:(?:over|for|in|within|during|of)\s+)?(?:the\s+)?(?:next|coming|following)?\s*"
    rf"(\d{{1,3}}|{'|'.join(NUMBER_WORDS)})\s*-?(day|week|fortnight|month)s?\b"
)
NEXT = re.compile(r"\b(?:(?:over|for|in|by|until|till)\s+)?(?:the\s+)?(next|coming|this)\s+(week|month|fortnight)\b")
BY = re.compile(r"\b(?:by|per|each|every)\s+(day|week|month)\b|\b(dai|week|month)ly\b")
QUANTITY = re.compile(
    r"\b(\d[\d,]*(?:\.\d+)?)\s*(?:ea|units?|pcs|pieces|kg|kgm|boxes)\b|\b(?:with|only|of|quantity) (\d[\d,]*)$"
)
KIND = (
    ("transfer", re.compile(r"\btransfer\b|\bmove\b")),
    ("purchase", re.compile(r"\bpurchase\b|\bbuy\b|\bbuying\b|\bsuppliers?\b")),
    ("customer", re.compile(r"\bcustomers?\b")),
)
LATE = re.compile(r"\b(?:late|overdue|delayed|slipped)\b")
REFERS = re.compile(r"\b(?:it|its|that|this|there|these|those|same|the case|the item)\b")
FOLLOWS = re.compile(r"^(?:and|what about|how about|also|then|or|but|same)\b|^(?:in|at|for) \S+\s?\S*\??$")
CODE = re.compile(r"^(?=.*\d)[\w.]+(?:[-/][\w.]+)+$|^[a-z]{2,4}-[a-z0-9]{1,3}$|^(?:\d{8}|\d{12,14})$")
PREPOSITIONS = {
    "of": "of", "for": "of", "on": "of", "about": "of", "with": "of",
    "at": "at", "in": "at", "near": "at", "within": "at", "inside": "at",
    "from": "from", "to": "to", "into": "to", "onto": "to", "by": "from",
}  # fmt: skip
# Words that are no part of a name.
NOISE_TEXT = """
above below point points
a an the this that these those it its there here is are was were be been being do does did have has had having we
i you they me us my our your their he she what which when where who how why will would shall should can could may
must might need needs want wants please show tell give get list see look find check let let's lets know now
currently today tomorrow tonight yesterday week month day days weeks months next coming soon still again also and
or but so then than if as per each every all any some more most much many few very really just only about around
not no yes ok okay dear hi hello hey good morning thanks thank item items product products sku skus site sites
location locations warehouse's unit units piece pieces level levels amount quantity number stuff thing things say
says said going go run runs running out off up down last lasts long one ones first second third case cases status
update detail details open current new best propose proposed proposing proposal option options everything anything
something left over under until till by because due same too enough likely happen happens happened place order
ordered orders make makes made think it's what's that's there's who's network entire sell sells sold buy bought
decided approved executed stores warehouses boss mate team everybody between against situation position total
overall right suggest recommend recommendation answer question
"""
NOISE = frozenset(NOISE_TEXT.split())


def read(question: str) -> Reading:
    """The reading of one question, by itself."""
    text = _plain(question)
    corrected = _corrected(text)
    intent, spans = _intent(corrected)
    case_id, ordinal = _case(corrected), _ordinal(corrected)
    days, by, rest = _time(corrected)
    quantity = QUANTITY.search(rest) if intent is Intent.PROPOSE else None
    rest = QUANTITY.sub(" ", rest) if quantity else rest
    reading = Reading(
        intent=intent,
        case_id=case_id,
        ordinal=0 if case_id else ordinal,
        days=days,
        by=by,
        quantity=next((part for part in quantity.groups() if part), "").replace(",", "") if quantity else "",
        kind="late" if intent is Intent.ORDERS and LATE.search(corrected) else _kind(corrected),
        follows=bool(FOLLOWS.search(corrected)),
        refers=bool(REFERS.search(corrected)),
    )
    if intent is Intent.SOP:
        return replace(reading, topic=question.strip())
    if intent is Intent.MODEL:  # one model serves every item and site
        return reading
    return replace(reading, names=_names(rest, spans))


def _plain(question: str) -> str:
    return " ".join(question.casefold().replace("’", "'").split()).strip(" ?!.,;:")


def _corrected(text: str) -> str:
    """German words in English, and mistyped words of the vocabulary as they should be."""
    return " ".join(_word(word) for word in text.split())


def _word(word: str) -> str:
    bare = word.strip(",.;:?!()\"'")
    if bare in GERMAN:
        return GERMAN[bare]
    if len(bare) < MISTYPED or not bare.isalpha() or bare in NOISE or bare in VOCABULARY:
        return word
    edits = 1 if len(bare) < LONG_WORD else 2
    near = process.extractOne(bare, VOCABULARY, scorer=OSA.distance, score_cutoff=edits)
    return near[0] if near and near[0][0] == bare[0] and len(near[0]) >= MISTYPED else word


def _intent(text: str) -> tuple[Intent | None, list[str]]:
    """The strongest kind, and the words of every kind that was recognised: none of them is part of a name."""
    best: tuple[int, Intent] | None = None
    words: list[str] = []
    for phrase in PHRASES:
        found = phrase.pattern.search(text)
        if found is None:
            continue
        if best is None or phrase.weight > best[0]:
            best = (phrase.weight, phrase.intent)
        words += [one for one in found.group(0).split() if len(found.group(0)) <= 24]
    return (best[1] if best else None), words


def _case(text: str) -> str:
    found = CASE.search(text)
    return f"C-{int(found[1] or found[2]):05d}" if found else ""


def _ordinal(text: str) -> int:
    found = ORDINAL.search(text)
    if found is None:
        return -1 if LAST.search(text) else 0
    return ORDINALS[found[1]] if found[1] else int(found[2])


def _time(text: str) -> tuple[int, str, str]:
    """Days ahead (0: not said), the bucket, and the text without them."""
    by = BY.search(text)
    bucket = {"dai": "day"}.get(by[1] or by[2], by[1] or by[2]) if by else "week"
    rest = BY.sub(" ", text) if by else text
    found, days = SPAN.search(rest), 0
    if found:
        days = (int(found[1]) if found[1].isdigit() else NUMBER_WORDS[found[1]]) * UNIT_DAYS[found[2]]
    elif found := NEXT.search(rest):
        days = UNIT_DAYS[found[2]]
    return days, bucket, SPAN.sub(" ", NEXT.sub(" ", rest))


def _kind(text: str) -> str:
    return next((kind for kind, pattern in KIND if pattern.search(text)), "")


def _names(text: str, spans: list[str]) -> tuple[Name, ...]:
    """What no pattern explains, cut at prepositions and around codes; quoted text is one name."""
    names: list[Name] = []
    text = CASE.sub(" ", text)
    for quoted in re.findall(r"[\"“„](.+?)[\"”“]", text):
        names.append(Name(quoted, "of"))
        text = text.replace(quoted, " ")
    role, words = "", list[str]()

    def end() -> None:
        if any(any(char.isalpha() for char in word) for word in words):
            names.append(Name(" ".join(words), role))
        words.clear()

    for word in re.findall(r"[^\s,;:?!()\"“”]+", text):
        if word in PREPOSITIONS:
            end()
            role = PREPOSITIONS[word]
        elif CODE.match(word):
            end()
            names.append(Name(word, role))
            role = ""
        elif word in NOISE or word in spans or word in VOCABULARY:
            continue
        else:
            words.append(word.removesuffix("'s"))
    end()
    return tuple(names[:4])
