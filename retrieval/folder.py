"""A folder of Markdown files becomes documents, or one refusal that names every fault by file and line.

It looks at files only; whether a version fits what is stored already is the import's to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from retrieval.document import Document
from retrieval.errors import DocumentsRefused, Finding
from retrieval.markdown import Unusable, parse


def read_folder(folder: Path) -> tuple[Document, ...]:
    """Every `*.md` below `folder` (or the one file), by code and version; raises `DocumentsRefused`."""
    documents: list[Document] = []
    findings: list[Finding] = []
    for path in _files(folder):
        name = path.name if path == folder else path.relative_to(folder).as_posix()
        try:
            documents.append(parse(name, path.read_bytes()))
        except Unusable as unusable:
            findings += unusable.findings
        except OSError as error:
            findings.append(Finding(name, 0, f"cannot be read: {error.strerror}"))
    documents.sort(key=lambda document: (document.front.code, document.front.version, document.file))
    findings += _disagreements(documents)
    if findings:
        raise DocumentsRefused(findings)
    return tuple(documents)


def _files(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    found = sorted(path for path in folder.rglob("*.md") if path.is_file()) if folder.is_dir() else []
    if not found:
        what = "holds no file *.md" if folder.is_dir() else "does not exist"
        raise DocumentsRefused([Finding(str(folder), 0, what)])
    return found


def _disagreements(documents: Sequence[Document]) -> Iterator[Finding]:
    """Versions of one document that cannot stand side by side."""
    for one, other in pairwise(documents):
        if one.front.code != other.front.code:
            continue
        if one.front.version == other.front.version:
            yield Finding(other.file, other.lines["version"], f"{other.name} is in {one.file} as well")
        elif one.front.effective_from >= other.front.effective_from:
            says = f"version {other.front.version} does not begin after version {one.front.version} ({one.file})"
            yield Finding(other.file, other.lines["effective_from"], says)
        if one.front.kind != other.front.kind:
            yield Finding(other.file, other.lines["kind"], f"{one.front.code} is a {one.front.kind} in {one.file}")
