"""A file becomes a document, or each of its faults is named by file and line."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import DocumentsRefused, Finding
from retrieval.folder import read_folder
from retrieval.markdown import Unusable, parse

GOOD = """---
code: SOP-12
title: Planning promotions
kind: sop
version: 3
effective_from: 2026-04-01
effective_to:
owner: Demand planning
sites: [AMS-S]
---
## 1 Calendar
Four weeks ahead.

## 2 Uplift
### 2.1 With a history
Use the median.

```
## 9 not a heading
```

### 2.2. Without a history
Plan 25 % more.
"""


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(Unusable) as raised:
        parse("a.md", text if isinstance(text, bytes) else text.encode())
    return [str(finding) for finding in raised.value.findings]


def test_front_matter_and_numbered_sections() -> None:
    document = parse("a.md", GOOD.encode())
    assert document.name == "SOP-12 v3"
    assert document.front.effective_from == date(2026, 4, 1)
    assert document.front.effective_to is None
    assert document.front.sites == ("AMS-S",)
    # A heading without text of its own is not a section, and a code block holds no heading.
    assert [(s.number, s.heading, s.line) for s in document.sections] == [
        ("1", "Calendar", 11),
        ("2.1", "With a history", 15),
        ("2.2", "Without a history", 22),
    ]
    assert "## 9 not a heading" in document.sections[1].body


def test_line_ends_and_a_byte_order_mark_make_no_other_document() -> None:
    other = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert parse("a.md", other).content_hash == parse("a.md", GOOD.encode()).content_hash


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("code: SOP-12", "code: sop 12"), "a.md:2: code is not a code such as SOP-12"),
        (("kind: sop", "kind: memo"), "a.md:4: kind is not one of"),
        (("version: 3", "version: three"), "a.md:5: version is not a whole number"),
        (("version: 3", "version: 0"), "a.md:5: version is not a whole number"),
        (("2026-04-01", "April"), "a.md:6: effective_from is not a day"),
        (("effective_to:", "effective_to: 2026-03-31"), "a.md:1: effective_to is before effective_from"),
        (("owner: Demand planning\n", ""), "a.md:1: owner is missing"),
        (("owner:", "color: red\nowner:"), "a.md:8: color is not a field"),
        (("owner:", "version: 4\nowner:"), "a.md:8: version stands twice"),
        (("[AMS-S]", "[AMS-S"), "no YAML"),
        (("[AMS-S]", "&a [AMS-S]\nkeywords: *a"), "aliases"),
        (("## 1 Calendar", "## Calendar"), "a.md:11: the heading 'Calendar' has no number"),
        (("## 1 Calendar", "Text\n## 1 Calendar"), "a.md:11: text stands before the first heading"),
        (("### 2.2.", "### 2.1"), "a.md:22: section 2.1 stands twice"),
        (("Four weeks", "Four\x07 weeks"), "a.md:12: holds the control character U+0007"),
        (("Four weeks", "Four\u202e weeks"), "a.md:12: holds the control character U+202E"),
        (("Four weeks", "x" * 8_001), "a.md:11: the section is longer than 8,000"),
        (("---\ncode", "code"), "a.md:1: does not begin with front matter"),
    ],
)
def test_a_fault_is_named_by_file_and_line(change: tuple[str, str], fault: str) -> None:
    assert fault in "\n".join(faults(GOOD.replace(*change, 1)))


def test_all_faults_of_a_file_are_named_at_once() -> None:
    text = GOOD.replace("kind: sop", "kind: memo").replace("## 1 Calendar", "## Calendar")
    assert len(faults(text)) == 2


def test_what_is_not_utf8_is_refused_with_its_line() -> None:
    assert faults(GOOD.encode().replace(b"median", b"m\xfcdian")) == ["a.md:16: is not UTF-8 text"]


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"---\n{text}\n---\n## 1 A\nb".encode()))
def test_whatever_a_file_holds_it_is_a_document_or_a_named_fault(content: bytes) -> None:
    findings: tuple[Finding, ...] = ()
    try:
        document = parse("a.md", content)
    except Unusable as unusable:
        document, findings = None, unusable.findings
    assert bool(findings) == (document is None)
    assert all(finding.line >= 0 and finding.fault for finding in findings)


def test_a_folder_is_read_whole_or_refused_whole(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.md").write_text(GOOD, encoding="utf-8")
    (tmp_path / "deep" / "b.md").write_text(GOOD, encoding="utf-8")
    (tmp_path / "c.md").write_text(GOOD.replace("version: 3", "version: 4"), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not read", encoding="utf-8")
    with pytest.raises(DocumentsRefused) as raised:
        read_folder(tmp_path)
    assert "deep/b.md:5: SOP-12 v3 is in a.md as well" in str(raised.value)
    assert re.search(r"c\.md:6: version 4 does not begin after version 3", str(raised.value))


@pytest.mark.parametrize("name", ["nothing", "empty"])
def test_nothing_to_read_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DocumentsRefused, match=r"does not exist|holds no file"):
        read_folder(tmp_path / name)
