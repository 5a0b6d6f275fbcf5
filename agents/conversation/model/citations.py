"""Citations in text, and whether search_sops gave them: document, version and section must stand together in one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from dataclasses import dataclass

from domain.canonical import Json

CITATION = re.compile(
    r"\b(?P<code>[A-Z]{2,}[- ]\d+)(?:,? ?\(?v(?:ersion)?\.? ?(?P<version>\d+))?\)?"
    r"(?:,? ?(?:§|section|sec\.) ?(?P<section>\d+(?:\.\d+)*))?",
    re.IGNORECASE,
)
BARE_SECTION = re.compile(r"(?:§|\bsection|\bsec\.) ?(?P<section>\d+(?:\.\d+)*)", re.IGNORECASE)


@dataclass(frozen=True)
class Cited:
    """A section of a version of a document; '' where a text does not say."""

    code: str
    version: str
    section: str

    def stands_in(self, given: Set[Cited]) -> bool:
        """Whether a section that was found has all that is said here; a chapter may be cited for its section."""
        return any(
            self.code in ("", one.code)
            and self.version in ("", one.version)
            and (not self.section or f"{one.section}.".startswith(f"{self.section}."))
            for one in given
        )


def found_in(outputs: Iterable[Json]) -> set[Cited]:
    """The sections that search_sops returned."""
    sections = [one for output in outputs if isinstance(output, dict) for one in _list(output.get("sections"))]
    return {
        Cited(str(one["code"]).casefold(), str(one["version"]), str(one["section"]))
        for one in sections
        if isinstance(one, dict)
    }


def cited_in(text: str) -> tuple[list[tuple[str, Cited]], str]:
    """Each citation with its words, and the text without them; a code alone is none unless it is an SOP's."""
    cited: list[tuple[str, Cited]] = []

    def take(match: re.Match[str]) -> str:
        code, version, section = match["code"].replace(" ", "-").casefold(), match["version"], match["section"]
        if not (version or section or code.startswith("sop-")):
            return match[0]
        cited.append((match[0].strip(), Cited(code, version or "", section or "")))
        return " "

    rest = CITATION.sub(take, text)
    cited += [(match[0], Cited("", "", match["section"])) for match in BARE_SECTION.finditer(rest)]
    return cited, BARE_SECTION.sub(" ", rest)


def _list(value: object) -> list[Json]:
    return list(value) if isinstance(value, list) else []
