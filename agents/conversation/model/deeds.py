"""Claims of having done something: the agent does nothing but propose, so what else it says it did is false."""

from __future__ import annotations

import re

DEEDS = (
    "moved|transferred|shipped|ordered|bought|purchased|booked|approved|rejected|released|executed|written|wrote|sent|"
    "changed|updated|cancelled|canceled|created|placed|posted|confirmed|completed|arranged|scheduled|reserved|deleted"
)
WISHES = "move|transfer|order|buy|book|approve|execute|write|send|change|update|cancel|place|post|confirm|release|ship"
ADVERBS = "now|just|already|also|successfully"
I_DID = re.compile(rf"\b(?:I|we)(?:['’]ve| have| had)?(?: (?:{ADVERBS}))* (?:{DEEDS}|done it)\b", re.IGNORECASE)
IS_DONE = re.compile(r"^\W*(?:done|completed|all set|finished|(?:it|that) is done)\b", re.IGNORECASE)
I_WILL = re.compile(
    rf"\bI(?:['’]ll| will|['’]m going to| am going to)(?: (?:{ADVERBS}))* (?:{WISHES})\b", re.IGNORECASE
)
WAS_DONE = re.compile(
    rf"\b(?:has|have|had)(?: (?:{ADVERBS}))* been(?: (?:{ADVERBS}))* (?P<perfect>\w+)"
    rf"|\b(?:was|were)(?: (?:{ADVERBS}))* (?P<past>{DEEDS})\b"
    rf"|\b(?:is|are)(?: (?:{ADVERBS}))* (?P<present>{DEEDS})\b",
    re.IGNORECASE,
)
I_PROPOSED = re.compile(
    rf"\b(?:I|we)(?:['’]ve| have)?(?: (?:{ADVERBS}))* (?:proposed|submitted|filed|put forward)\b"
    r"|\bproposal (?:has been|was|is) (?:made|submitted|created|filed)\b",
    re.IGNORECASE,
)
WORDS = frozenset(DEEDS.split("|"))


def false_claim(sentence: str, happened: str, holds: str, *, proposed: bool) -> str:
    """Why the sentence may not be said, or ''; `proposed` says that a proposal was made.

    What others did may be told when `happened`, in lower case, has that very word; what "is approved" may be a rule as
    well, and stand in `holds`.
    """
    if I_DID.search(sentence) or IS_DONE.search(sentence) or I_WILL.search(sentence):
        return "it claimed a deed that the agent cannot do"
    if I_PROPOSED.search(sentence) and not proposed:
        return "it claimed a proposal that was not made"
    for match in WAS_DONE.finditer(sentence):
        deed = (match["perfect"] or match["past"] or match["present"]).casefold()
        if deed in WORDS and not re.search(rf"\b{deed}\b", holds if match["present"] else happened):
            return "it claimed a deed that no record shows"
    return ""
