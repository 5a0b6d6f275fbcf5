"""What a question asks for: a document by its code, exact phrases, words to leave out, and the words to look for.

It is parsed only; nothing is looked up, and nothing that is not understood is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from retrieval.document import CODE

# 'SOP-12', 'sop 12', 'SOP12'; the same letters and digits in the middle of a longer word are not one.
NAMED = re.compile(r"(?<![\w-])([A-Za-z]{2,6})[- ]?([0-9]{1,4})(?![\w-])")
VERSION = re.compile(r"(?<!\w)(?:v|version )\s?([0-9]{1,4})(?!\w)", re.IGNORECASE)
SAID = re.compile(r"(?:§|\bsection\b|\bsect\.)\s*([0-9]{1,3}(?:\.[0-9]{1,3})*)", re.IGNORECASE)
# Without such a word only where the code stood, and a whole number only when nothing follows: 'SOP-12 2 days before'.
BARE = re.compile(r"\A[\s,:]*([0-9]{1,3}(?:(?:\.[0-9]{1,3})+(?![\w%])|(?=[\s.?!]*\Z)))")
PHRASE = re.compile(r'"([^"]+)"')
# Only before a letter: -18 is a temperature.
EXCLUDED = re.compile(r"(?<!\S)-([A-Za-zÀ-ɏ]\w*)")
Known: TypeAlias = "frozenset[str] | set[str]"


@dataclass(frozen=True)
class Asked:
    """`code`, `version` and `number` when a known document is named ('' and None: not); `words` is what remains."""

    code: str
    version: int | None
    number: str
    phrases: tuple[str, ...]
    excluded: tuple[str, ...]
    words: str


def read(text: str, known: Known) -> Asked:
    """Takes `text` apart; a code counts only when it is one of `known`, as S-07 and QM-0042 are codes as well."""
    phrases = tuple(phrase.strip() for phrase in PHRASE.findall(text) if phrase.strip())
    excluded = tuple(EXCLUDED.findall(text))
    rest = EXCLUDED.sub(" ", text).replace('"', " ")
    code, before, after = _code(rest, known)
    if not code:
        return Asked("", None, "", phrases, excluded, _tidy(rest))
    version, after = _taken(VERSION, after)
    number, after = _taken(BARE, after)
    rest = f"{before} {after}"
    if not number:
        number, rest = _taken(SAID, rest)
    return Asked(code, int(version) if version else None, number, phrases, excluded, _tidy(rest).strip(" ,.;:?!§"))


def unknown_code(text: str, known: Known) -> str:
    """A code like those of `known` ('SOP-99' where there is an SOP-12) that is not one of them; '' for none."""
    prefixes = {code.partition("-")[0] for code in known}
    for found in NAMED.finditer(text):
        code = f"{found[1].upper()}-{found[2]}"
        if found[0] == code and found[1] in prefixes and code not in known:
            return code
    return ""


def _code(text: str, known: Known) -> tuple[str, str, str]:
    """The first known code and the text on both sides of it."""
    for found in NAMED.finditer(text):
        code = f"{found[1].upper()}-{found[2]}"
        if re.fullmatch(CODE, code) and code in known:
            return code, text[: found.start()], text[found.end() :]
    return "", text, ""


def _taken(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    found = pattern.search(text)
    return (found[1], text[: found.start()] + " " + text[found.end() :]) if found else ("", text)


def _tidy(text: str) -> str:
    return " ".join(text.split())
