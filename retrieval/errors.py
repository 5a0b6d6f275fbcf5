"""What can go wrong with documents: a folder that is refused, and an embedding model that cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from domain.errors import BadInput, Unavailable


@dataclass(frozen=True)
class Finding:
    """One fault of one file; `line` counts from 1, 0 when it is the file as a whole."""

    file: str
    line: int
    fault: str

    def __str__(self) -> str:
        """As compilers print it: file, line, fault."""
        return f"{self.file}:{self.line}: {self.fault}" if self.line else f"{self.file}: {self.fault}"


class DocumentsRefused(BadInput):
    """The folder was refused and nothing of it was written; every fault is named by file and line."""

    shown = 20

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        more = f"\n… and {len(self.findings) - self.shown} more." if len(self.findings) > self.shown else ""
        listed = "\n".join(str(finding) for finding in self.findings[: self.shown])
        super().__init__(f"Nothing was imported:\n{listed}{more}", remedy="Correct the files and import them again.")


class EmbeddingUnavailable(Unavailable):
    """The embedding model cannot be used; search then runs on full text alone and says so."""
