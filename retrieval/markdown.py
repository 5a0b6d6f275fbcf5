"""One Markdown file with front matter becomes a `Document`, or every fault of it with its line.

Headings are found by a CommonMark parser, so a `#` in a code block is none; text between them is kept to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias, cast

import yaml
from markdown_it import MarkdownIt
from pydantic import ValidationError

from domain.canonical import sha256_hex
from retrieval.document import CONTROL, LONGEST_FILE, LONGEST_SECTION, Document, FrontMatter, Section
from retrieval.errors import Finding

FENCE = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*$\n?", re.DOTALL | re.MULTILINE)
NUMBERED = re.compile(r"(\d+(?:\.\d+)*)\.?\s+(\S.*)")
EXAMPLE = "## 4 Approval"
# Of what form a field is, where the model's own words would be a pattern.
FORMS = {
    "code": "is not a code such as SOP-12",
    "kind": "is not one of sop, policy, supplier_rule, service_commitment",
    "version": "is not a whole number from 1",
    "effective_from": "is not a day such as 2026-03-31",
    "effective_to": "is not a day such as 2026-03-31",
    "language": "is not a language code such as en (ISO 639-1)",
    "sites": "is not a list such as [AMS-S, CGN-S]",
    "product_classes": "is not a list such as [chilled, frozen]",
    "keywords": "is not a list such as [promo, campaign]",
}
Fields: TypeAlias = dict[str, tuple[object, int]]


class Unusable(Exception):
    """The faults of one file; never leaves this package."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*findings)
        self.findings = findings


@dataclass(frozen=True)
class _Heading:
    """`begins` and `ends` are the lines of the heading itself, counted from 0 in the text below the front matter."""

    text: str
    begins: int
    ends: int


def parse(file: str, content: bytes) -> Document:
    """The document in `content`; raises `Unusable` with all its faults."""
    text = _decode(file, content)
    found = FENCE.match(text)
    if found is None:
        raise Unusable(Finding(file, 1, "does not begin with front matter between two lines of ---"))
    fields = _fields(file, found[1])
    lines = {name: line for name, (_, line) in fields.items()}
    faults: list[Finding] = []
    front = _front_matter(file, fields, faults)
    sections = _sections(file, text[found.end() :], found[0].count("\n"), faults)
    if faults or front is None:
        raise Unusable(*faults)
    return Document(file, sha256_hex(text.encode()), front, sections, lines)


def _decode(file: str, content: bytes) -> str:
    if len(content) > LONGEST_FILE:
        raise Unusable(Finding(file, 0, f"is longer than {LONGEST_FILE:,} bytes"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Unusable(Finding(file, line, "is not UTF-8 text")) from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    control = re.search(CONTROL, text)
    if control:
        line = text[: control.start()].count("\n") + 1
        raise Unusable(Finding(file, line, f"holds the control character U+{ord(control[0]):04X}"))
    return text


def _fields(file: str, block: str) -> Fields:
    """Each field with the line it stands on. YAML's own traps are closed: no aliases, no field twice."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(block, Loader=yaml.SafeLoader)):
            raise Unusable(Finding(file, 1, "the front matter uses YAML aliases"))
        tree = yaml.compose(block, Loader=yaml.SafeLoader)
        values = yaml.safe_load(block)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Unusable(Finding(file, _yaml_line(error), f"the front matter is no YAML: {_short(error)}")) from None
    if not isinstance(values, dict) or not isinstance(tree, yaml.MappingNode):
        raise Unusable(Finding(file, 2, "the front matter is not a list of `field: value`"))
    at = [(str(key.value), key.start_mark.line + 2) for key, _ in tree.value]
    names = [name for name, _ in at]
    twice = [
        Finding(file, line, f"{name} stands twice") for place, (name, line) in enumerate(at) if name in names[:place]
    ]
    if twice:
        raise Unusable(*twice)
    stated = {str(name): value for name, value in cast("dict[object, object]", values).items()}
    return {name: (stated.get(name), line) for name, line in at}


def _front_matter(file: str, fields: Fields, faults: list[Finding]) -> FrontMatter | None:
    # An empty field is one that is not stated: `effective_to:`.
    given = {name: value for name, (value, _) in fields.items() if value is not None}
    try:
        return FrontMatter.model_validate(given)
    except ValidationError as error:
        for item in error.errors(include_url=False, include_input=False, include_context=False):
            name = str(item["loc"][0]) if item["loc"] else ""
            line = fields[name][1] if name in fields else 1
            faults.append(Finding(file, line, _said(name, item["type"], item["msg"])))
        return None


def _said(name: str, kind: str, message: str) -> str:
    if kind == "missing":
        return f"{name} is missing"
    if kind == "extra_forbidden":
        return f"{name} is not a field; the fields are {', '.join(FrontMatter.model_fields)}"
    if not name:
        return message.removeprefix("Value error, ")
    return f"{name} {FORMS.get(name, 'is not text of 1 to 200 characters')}"


def _sections(file: str, text: str, above: int, faults: list[Finding]) -> tuple[Section, ...]:
    lines = text.split("\n")
    headings = list(_headings(text))
    sections: list[Section] = []
    first = headings[0].begins if headings else len(lines)
    if any(line.strip() for line in lines[:first]):
        faults.append(Finding(file, above + 1, f"text stands before the first heading, such as: {EXAMPLE}"))
    for heading, ends in zip(headings, [*(h.begins for h in headings[1:]), len(lines)], strict=True):
        section = _section(file, heading, "\n".join(lines[heading.ends : ends]).strip(), above, faults)
        if section is not None:
            if section.number in {other.number for other in sections}:
                faults.append(Finding(file, section.line, f"section {section.number} stands twice"))
            sections.append(section)
    filled = tuple(section for section in sections if section.body)
    if not filled and not faults:
        faults.append(Finding(file, above + 1, f"has no section; begin one with a heading such as: {EXAMPLE}"))
    return filled


def _section(file: str, heading: _Heading, body: str, above: int, faults: list[Finding]) -> Section | None:
    line = above + heading.begins + 1
    numbered = NUMBERED.fullmatch(heading.text)
    if numbered is None:
        faults.append(Finding(file, line, f"the heading {heading.text[:60]!r} has no number; write it like: {EXAMPLE}"))
        return None
    if len(body) > LONGEST_SECTION:
        faults.append(Finding(file, line, f"the section is longer than {LONGEST_SECTION:,} characters; split it"))
    return Section(numbered[1], numbered[2].strip(), body, line)


def _headings(text: str) -> Iterator[_Heading]:
    tokens = MarkdownIt("commonmark").parse(text)
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map is not None:
            yield _Heading(inline.content, token.map[0], token.map[1])


def _yaml_line(error: Exception) -> int:
    mark = getattr(error, "problem_mark", None)
    return mark.line + 2 if isinstance(mark, yaml.Mark) else 1


def _short(error: Exception) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0][:120]
