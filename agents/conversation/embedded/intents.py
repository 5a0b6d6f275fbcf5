"""The kinds of question that are understood, and the phrases by which each is known. Data; nothing is decided here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Intent(StrEnum):
    """What a person wants to know or have proposed."""

    AT_RISK = "at_risk"
    WAITING = "waiting"
    CASE = "case"
    WHY = "why"
    STOCK = "stock"
    ORDERS = "orders"
    FORECAST = "forecast"
    FORECAST_WHY = "forecast_why"
    MODEL = "model"
    RISK = "risk"
    BUY = "buy"
    PURCHASES = "purchases"
    SEGMENTS = "segments"
    MOVE = "move"
    OPTIONS = "options"
    PROPOSE = "propose"
    SOP = "sop"
    HELP = "help"
    THANKS = "thanks"


@dataclass(frozen=True)
class Phrase:
    """A pattern over lower-case text; among those that match the highest `weight` wins, then the one listed first."""

    intent: Intent
    weight: int
    pattern: re.Pattern[str]


def _phrases(intent: Intent, weight: int, *patterns: str) -> tuple[Phrase, ...]:
    return tuple(Phrase(intent, weight, re.compile(pattern)) for pattern in patterns)


WE = r"(?:we|i|you|they)"
REASON = r"\b(?:why|explain|reasons?|how come|what drives|what is behind|on what basis)\b"
MOVED = r"(?:drift\w*|promoted|serv(?:e|es|ed|ing)|(?:re)?trained|rolled back|in (?:use|production))"
FORESEEN = r"(?:forecasts?|predict(?:ed|ions?)|projections?|expected (?:demand|sales)|demand)"
PHRASES: tuple[Phrase, ...] = (
    *_phrases(
        Intent.PROPOSE,
        10,
        r"\bpropose\b|\bproposing\b|\bsubmit\b",
        r"\bput (?:it|that|this) forward\b|\bsend (?:it|that|this) to the gate\b",
        r"\b(?:make|create|file|write) (?:a |the |that )?proposal\b",
    ),
    *_phrases(
        Intent.MODEL,
        10,
        r"\b(?:forecast(?:ing)?|demand) (?:models?|versions?)\b|\bversions? of the forecasts?\b",
        r"\bforecasts?\b.*\bdrift\w*|\bdrift\w*.*\bforecasts?\b|\bwhich forecast (?:serves|is served)\b",
        r"\b(?:which|what|how good is (?:the|our)) model\b.*\b(?:forecasts?|predict\w*|demand)\b",
        rf"\b(?:models?|demand/\d+)\b.*\b{MOVED}\b|\bwho {MOVED}\b.*\b(?:models?|forecasts?|demand/\d+)",
        r"\bmodel (?:status|drift|quality|versions?)\b|\bstatus of the (?:model|forecasts)\b",
        # With an item or a place it is that forecast's own back-test that is wanted.
        r"\bhow (?:good|accurate|reliable|well)\b.*\bforecasts?\b(?!.*\b(?:for|of|at|in)\b)",
    ),
    *_phrases(
        Intent.WAITING,
        9,
        r"\bwait(?:s|ing)?\b.*\bapprov\w*|\bapprov\w*\b.*\b(?:wait\w*|pending|open|outstanding)\b",
        r"\b(?:pending|open|outstanding) (?:approvals?|proposals?)\b|\bawait\w* (?:approval|decision)\b",
        r"\b(?:to|must (?:i|we)|needs? to be) approved?\b|\bapprovals\b|\bworklist\b|\bunapproved\b",
    ),
    *_phrases(
        Intent.SOP,
        9,
        r"\bsops?\b|\bprocedures?\b|\bguidelines?\b|\bhandbook\b",
        r"\bpolic(?:y|ies)\b|\bapproval limits?\b|\bis it allowed\b",
        r"\bwho (?:approves|(?:may|must|can|has to) approve)\b",
        r"\bwork instructions?\b|\bservice commitments?\b|\bsop-\d+",
        r"\bwhat (?:does|do) (?:the |our )?rules? (?:say|require)\b",
        r"\b(?:supplier )?rules? (?:for|on|about)\b",
        r"\bhow (?:do|should|must) (?:we|i) (?:handle|treat|store|receive|dispose|deal with)\b",
    ),
    *_phrases(
        Intent.FORECAST_WHY,
        9,
        rf"{REASON}.*\b{FORESEEN}\b|\b{FORESEEN}\b.*{REASON}",
        r"\bwhat (?:drives|is driving|moves|influences)\b.*\b(?:sales|demand)\b|\bdrivers?\b",
        r"\b(?:comparable|similar) (?:past )?periods?\b|\b(?:demand|sales) anomal(?:y|ies)\b",
        r"\bhow (?:was|is) the forecast (?:made|computed)\b|\btrust the forecast\b",
        r"\bhow (?:good|accurate|reliable) (?:is|are)\b.*\bforecasts?\b",
    ),
    *_phrases(
        Intent.WHY,
        8,
        r"\bwhy\b|\bexplain\b|\breasons?\b|\broot causes?\b|\bcaus(?:e|es|ed|ing)\b",
        r"\bhow come\b|\bwhat drives\b|\bon (?:what|which) data\b",
        r"\bwho (?:decided|approved|executed|proposed|did)\b",
    ),
    *_phrases(
        Intent.OPTIONS,
        7,
        r"\bcompar\w+\b|\boptions?\b|\balternatives?\b|\btrade-?offs?\b",
        rf"\bwhat (?:can|could|should|shall) {WE} do\b|\bwhat do {WE} do\b",
        rf"\bwhat to do\b|\bhow (?:can|do) {WE} fix\b",
        r"\bwhat do you (?:recommend|suggest|advise)\b|\byour recommendation\b|\bbest (?:move|thing|way)\b",
    ),
    *_phrases(
        Intent.PURCHASES,
        8,
        r"\b(?:purchas(?:es?|ing)|buying|order) plan\b",
        r"\bplan (?:all |the |our |my )*(?:purchas(?:es?|ing)|buying)\b",
        rf"\bwhat (?:should|must|do) {WE} (?:(?:need|have) to )?(?:buy|order) (?:today|now|this (?:morning|week))\b",
        r"\b(?:everything|all) that (?:must|has to|needs to|should) be (?:bought|ordered)\b",
    ),
    *_phrases(
        Intent.SEGMENTS,
        8,
        r"\bsegment(?:s|ed|ing|ation)?\b|\babc(?:[- ]?xyz)?(?: analysis| classes)?\b|\bbehaves? alike\b",
        r"\bclassif(?:y|ication)\b|\bwhich policy\b",
    ),
    *_phrases(
        Intent.BUY,
        7,
        r"\b(?:what|which|how (?:much|many)|when)\b.*\b(?:should|must|shall|to)\b.*\b(?:buy|order|purchase|reorder)\b",
        rf"\b(?:should|must|shall|do|need) {WE} (?:need )?(?:to )?(?:buy|order|reorder|purchase|replenish)\b",
        r"\breplenish\w*\b|\bre-?order(?:ing|s)?\b|\bsafety stock\b",
        r"\bwhat to (?:buy|order)\b|\bbuy\b",
    ),
    *_phrases(
        Intent.MOVE,
        6,
        r"\bmov(?:e|es|ing)\b|\btransfer(?:s|red|ring)?\b|\bredistribut\w+\b|\brebalanc\w+\b|\brelocat\w+\b",
    ),
    *_phrases(
        Intent.FORECAST,
        6,
        r"\bforecasts?\b|\bpredict\w*\b|\bprojections?\b|\b(?:expected|future|coming) (?:demand|sales)\b",
        rf"\bhow (?:much|many)\b.*\b(?:will|shall) {WE} (?:sell|need)\b|\bwill (?:{WE} )?sell\b",
        r"\bdemand\b|\bsales outlook\b",
    ),
    *_phrases(
        Intent.RISK,
        6,
        r"\b(?:run|runs|running|ran|sell|selling) out\b|\bstock-?\s?outs?\b|\bout of stock\b",
        r"\bshort(?:age|ages|fall)?\b|\b(?:last|lasts|enough|suffice|sufficient)\b|\bdays of cover\b",
        r"\bover-?stock(?:ed)?\b|\btoo much (?:stock)?\b|\bsitting on\b",
        r"\b(?:risk|risks|risky) (?:of|for|with|to)\b|\bhow risky\b",
    ),
    *_phrases(
        Intent.ORDERS,
        6,
        r"\bon order\b",
        r"\b(?:open|late|overdue|delayed|outstanding|incoming) (?:purchase |customer |transfer )?orders?\b",
    ),
    *_phrases(
        Intent.ORDERS,
        5,
        r"\borders?\b|\bpurchases\b|\b(?:late|overdue|delayed|inbound|incoming|in transit)\b",
        r"\bowes?\b|\bdeliver(?:y|ies|ed)\b|\bsuppliers? (?:owe|deliver)\w*\b|\bpromised\b",
        r"\b(?:what|which|when)\b.*\b(?:arriv\w+|coming|due)\b",
    ),
    *_phrases(
        Intent.AT_RISK,
        5,
        r"\bat risk\b|\bexceptions?\b|\burgent\b|\bproblems?\b|\bissues?\b|\balerts?\b",
        r"\bneeds? (?:me|us|my attention|our attention|attention|doing)\b|\bwhat should i look at\b",
        r"\bwhat(?:'s| is| are)? (?:new|wrong|up|critical|burning|happening|on fire)\b|\bgood morning\b",
        r"\bcases\b|\b(?:my )?(?:priorities|morning|to-?do|today)\b",
    ),
    *_phrases(
        Intent.CASE,
        4,
        r"\bcase\b|\b(?:c-\d{5,})\b|\bstatus of\b|\bwhere does (?:it|this|that) stand\b|\bwhat happened\b",
        r"\b(?:open|show|tell me (?:more )?about) (?:me )?(?:the )?(?:first|second|third|fourth|last|it|this|that)\b",
        r"\bdetails? (?:of|on|about) (?:the )?(?:first|second|third|fourth|last|it|this|that)\b",
    ),
    *_phrases(
        Intent.STOCK,
        4,
        rf"\bstock\b|\bon hand\b|\binventory\b|\bhow (?:much|many)\b|\bdo {WE} have\b|\bavailab\w+\b|\bleft\b",
        r"\blots?\b|\bexpir\w+\b|\bwhere is\b|\bquarantin\w+\b|\bdamaged\b|\bposition\b",
    ),
    *_phrases(
        Intent.HELP,
        9,
        r"\bwhat can (?:you|i) (?:do|ask)\b|\bwho are you\b|\bwhat are you\b",
        r"\bhow do(?:es)? (?:you|this|it) work\b",
    ),
    *_phrases(Intent.HELP, 3, r"\bhelp\b|\bcommands?\b|\bexamples?\b|^(?:hi|hello|hey|hallo|moin)\b"),
    *_phrases(Intent.THANKS, 2, r"^(?:thanks?|thank you|thx|danke|ok(?:ay)?|great|perfect|fine)\b"),
)

# Understood where it costs nothing: a German word stands for the English one; answers are in English.
GERMAN: dict[str, str] = {
    "bestand": "stock",
    "lagerbestand": "stock",
    "prognose": "forecast",
    "vorhersage": "forecast",
    "erkläre": "explain",
    "bedarf": "demand",
    "warum": "why",
    "wieso": "why",
    "weshalb": "why",
    "bestellen": "buy",
    "nachbestellen": "reorder",
    "bestellungen": "orders",
    "verspätet": "late",
    "überfällig": "overdue",
    "umlagern": "move",
    "umlagerung": "transfer",
    "vergleiche": "compare",
    "optionen": "options",
    "hilfe": "help",
    "ausnahmen": "exceptions",
    "gefährdet": "at risk",
    "kritisch": "urgent",
    "dringend": "urgent",
    "genehmigung": "waiting approval",
    "genehmigungen": "approvals",
    "vorschlagen": "propose",
    "fall": "case",
    "wieviel": "how much",
    "wie": "how",
    "viel": "much",
    "was": "what",
    "ist": "is",
    "haben": "have",
    "wir": "we",
    "und": "and",
    "für": "for",
    "von": "of",
    "im": "in",
    "nach": "to",
}

# A mistyped word is taken for one of these when it is close enough; see `embedded.reading`.
VOCABULARY: tuple[str, ...] = (
    "forecast", "forecasts", "predict", "demand", "inventory", "stock", "available", "compare", "options", "propose",
    "proposal", "approval", "approvals", "waiting", "pending", "approve", "approves", "approved",
    "explain", "reason", "replenish", "reorder", "purchase",
    "transfer", "transfers", "overstock", "shortage", "exceptions", "attention", "urgent", "procedure", "overdue",
    "delayed", "delivery", "orders", "order", "expire", "expires", "risk", "running", "alternatives", "quarantine",
)  # fmt: skip
