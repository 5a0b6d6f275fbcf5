"""A document as its file states it: front matter and numbered sections. Nothing is stored or searched here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from db.documents import DocumentKind
from domain.text import CONTROLS

CODE = r"[A-Z]{2,6}-[0-9]{1,4}"
CONTROL = f"[{CONTROLS}]"
LONGEST_SECTION = 8_000  # characters; what is longer answers no question by itself
LONGEST_FILE = 1_000_000  # bytes

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\n\t]*$")]
Day = Annotated[date, Field(strict=True)]


class FrontMatter(BaseModel):
    """What stands above the text. `effective_to` is the last day; empty `sites`, `product_classes`: all.

    `keywords` are other words, in any language, by which people look for the document.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: Annotated[str, StringConstraints(pattern=f"^{CODE}$")]
    title: Line
    kind: DocumentKind
    version: Annotated[int, Field(strict=True, ge=1, le=9_999)]
    effective_from: Day
    effective_to: Day | None = None
    owner: Line
    language: Annotated[str, StringConstraints(pattern="^[a-z]{2}$")] = "en"
    sites: tuple[Line, ...] = ()
    product_classes: tuple[Line, ...] = ()
    keywords: tuple[Line, ...] = ()

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> FrontMatter:
        if self.effective_to is not None and self.effective_to < self.effective_from:
            raise ValueError("effective_to is before effective_from")
        return self


@dataclass(frozen=True)
class Section:
    """One numbered section without its subsections; `line` is where its heading stands."""

    number: str
    heading: str
    body: str
    line: int


@dataclass(frozen=True)
class Document:
    """One version of one document, as read from `file`; `lines` says where each field of the front matter stands."""

    file: str
    content_hash: str
    front: FrontMatter
    sections: tuple[Section, ...]
    lines: dict[str, int]

    @property
    def name(self) -> str:
        """'SOP-12 v3'."""
        return f"{self.front.code} v{self.front.version}"


def passage_text(title: str, heading: str, body: str) -> str:
    """What the encoder reads of a section: a section alone often does not say what it is about."""
    return f"{title}. {heading}. {body}"
