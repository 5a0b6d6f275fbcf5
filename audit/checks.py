"""What has to hold of a log: every leaf, every root, every signature, inside and outside the database.

Part of the stand-alone verifier: standard library and `cryptography` only. It reads nothing: leaves
and notes are fed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple
from urllib.parse import quote

from audit.entry import Event, leaf_of
from audit.merkle import Frontier
from audit.note import BadNote, Checkpoint, VerifierKey, open_checkpoint

KeySource = Literal["given", "export", "settings"]


class Kind(StrEnum):
    """What is wrong."""

    ALTERED = "altered"
    MISSING = "missing"
    INSERTED = "inserted"
    WRONG_ROOT = "wrong_root"
    BAD_SIGNATURE = "bad_signature"
    NOT_OUTSIDE = "not_outside"
    NOT_INSIDE = "not_inside"
    MALFORMED = "malformed"


@dataclass(frozen=True)
class Problem:
    """One finding. `index` is the leaf where it shows, or the first of the leaves among which it is; None: the log."""

    kind: Kind
    index: int | None
    what: str


@dataclass(frozen=True)
class VerifyReport:
    """What was checked and the first thing that is wrong.

    `events` are all that were read, of which `unsealed` cannot be vouched for yet. `complete` is false for an extract.
    `anchored` counts the checkpoints found outside the database; None means that nobody gave them, and a tail that was
    cut off together with its checkpoints would not show. `key_source` says where the public key came from: only one
    that was *given* from a safe place rules out that log and key were replaced together.
    """

    ok: bool
    tenant: str
    complete: bool
    events: int
    sealed: int
    unsealed: int
    checkpoints: int
    anchored: int | None
    key_source: KeySource
    problems: int
    first_problem: Problem | None


class Line(NamedTuple):
    """One stored checkpoint: its time, the signed note and, in an extract, the proof that the last one extends it."""

    at: str
    note: str
    consistency: tuple[bytes, ...] = ()


class Findings:
    """Collects problems; keeps the first by leaf and counts the rest."""

    def __init__(self) -> None:
        self.count = 0
        self.first: Problem | None = None

    def add(self, kind: Kind, index: int | None, what: str) -> None:
        """Notes one problem; one about the whole log ranks after those of a leaf."""
        self.count += 1
        if self.first is None or _rank(index) < _rank(self.first.index):
            self.first = Problem(kind, index, what)


class LogCheck:
    """A whole log, checked in one pass over its leaves in order. Memory: the checkpoints, not the events.

    Successive checkpoints are consistent because each root is recomputed from a prefix of the same leaves.
    """

    def __init__(
        self, tenant: str, key: VerifierKey, checkpoints: Iterable[Line], anchors: Iterable[Line] | None
    ) -> None:
        self.findings = Findings()
        self._tenant = tenant
        self._frontier = Frontier()
        self._recomputed: Frontier | None = None
        self._has_gap = False
        self._proved = 0
        check_name(self.findings, tenant, key)
        inside = open_lines(self.findings, key, checkpoints, "stored")
        self._checkpoints = len(inside)
        check_order(self.findings, inside)
        self._roots = {checkpoint.size: checkpoint.root for checkpoint in inside}
        self.size = max(self._roots, default=0)
        self._anchored: int | None = None
        if anchors is not None:
            outside = open_lines(self.findings, key, anchors, "outside")
            self._anchored = len(outside)
            check_outside(self.findings, self._roots, outside, whole=True)

    def add(self, index: int, stored_leaf: bytes, event: Event | None) -> None:
        """The next leaf and the event it should be the leaf of."""
        expected = self._frontier.size
        if index != expected:
            kind = Kind.MISSING if index > expected else Kind.INSERTED
            self.findings.add(kind, min(expected, index), f"leaf {index} follows where leaf {expected} should be")
            self._has_gap = True
        if event is None:
            self.findings.add(Kind.MISSING, index, f"the event of leaf {index} is gone")
        leaf = stored_leaf if event is None else check_event(self.findings, self._tenant, index, stored_leaf, event)
        self._append(stored_leaf, leaf)
        root = self._roots.get(self._frontier.size)
        if root is not None and not self._has_gap:
            self._check_root(root)

    def finish(self, unsealed: int, key_source: KeySource) -> VerifyReport:
        """The report, after checking that the leaves end where the last checkpoint says."""
        size = self._frontier.size
        if size < self.size:
            self.findings.add(Kind.MISSING, size, f"a checkpoint speaks of {self.size} leaves, there are {size}")
        if size > self.size:
            self.findings.add(Kind.INSERTED, self.size, f"leaf {self.size} and later are in no checkpoint")
        return VerifyReport(
            ok=self.findings.first is None,
            tenant=self._tenant,
            complete=True,
            events=size + unsealed,
            sealed=size,
            unsealed=unsealed,
            checkpoints=self._checkpoints,
            anchored=self._anchored,
            key_source=key_source,
            problems=self.findings.count,
            first_problem=self.findings.first,
        )

    def _append(self, stored: bytes, recomputed: bytes) -> None:
        """Grows both trees; they are one until an event and its stored leaf differ."""
        if self._recomputed is None and stored != recomputed:
            self._recomputed = Frontier(self._frontier.size, self._frontier.nodes)
        if self._recomputed is not None:
            self._recomputed.append(recomputed)
        self._frontier.append(stored)

    def _check_root(self, root: bytes) -> None:
        """The signed root vouches for the stored leaves (an event was altered) or for the events (a leaf was).

        Either way the leaf is known; when it vouches for neither, only the span since the last good root is.
        """
        size = self._frontier.size
        if self._recomputed is not None and root == self._recomputed.root():
            self._frontier = self._recomputed
        elif root != self._frontier.root():
            span = f"leaves {self._proved} to {size - 1}"
            self.findings.add(Kind.WRONG_ROOT, self._proved, f"{span} do not give the root signed for {size}")
            return
        self._proved, self._recomputed = size, None


def check_name(findings: Findings, tenant: str, key: VerifierKey) -> None:
    """The key speaks of this tenant's log and no other."""
    if not key.name.endswith("/audit/" + quote(tenant, safe="")):
        findings.add(Kind.MALFORMED, None, f"the key is for {key.name}, not for tenant {tenant}")


def check_order(findings: Findings, inside: Sequence[Checkpoint]) -> None:
    """Each stored checkpoint is larger than the one before."""
    sizes = [checkpoint.size for checkpoint in inside]
    if sizes != sorted(set(sizes)):
        findings.add(Kind.MALFORMED, None, "the stored checkpoints are not in the order of their sizes")


def check_event(findings: Findings, tenant: str, index: int, stored_leaf: bytes, event: Event) -> bytes:
    """The leaf that the event really has."""
    try:
        leaf = leaf_of(event)
    except ValueError as error:
        findings.add(Kind.ALTERED, index, f"the event of leaf {index} cannot be hashed: {error}")
        return b"\0" * 32
    if leaf != stored_leaf:
        findings.add(Kind.ALTERED, index, f"event {event.event_id} ({event.action}, {event.at}) is not what was sealed")
    elif event.tenant != tenant:
        findings.add(Kind.INSERTED, index, f"event {event.event_id} belongs to another tenant")
    return leaf


def open_lines(findings: Findings, key: VerifierKey, lines: Iterable[Line], place: str) -> list[Checkpoint]:
    """The checkpoints that `key` signed; others are findings."""
    opened: list[Checkpoint] = []
    for line in lines:
        try:
            opened.append(open_checkpoint(line.note, key))
        except BadNote as error:
            findings.add(Kind.BAD_SIGNATURE, _claimed_size(line.note), f"a checkpoint ({place}) is not signed: {error}")
    return opened


def check_outside(findings: Findings, inside: dict[int, bytes], outside: Sequence[Checkpoint], *, whole: bool) -> None:
    """The same heads inside and outside; of an extract (`whole` false) only those that it holds."""
    anchored: dict[int, bytes] = {}
    for checkpoint in outside:
        size = checkpoint.size
        if anchored.setdefault(size, checkpoint.root) != checkpoint.root:
            findings.add(Kind.WRONG_ROOT, size - 1, f"two roots were signed for {size} leaves: two histories")
        if size in inside and inside[size] != checkpoint.root:
            findings.add(Kind.WRONG_ROOT, size - 1, f"the root of {size} leaves outside is not the one stored")
        if whole and size not in inside:
            findings.add(Kind.NOT_INSIDE, size - 1, f"checkpoint {size} is outside only: the log's end was cut off")
    for size in inside.keys() - anchored.keys():
        findings.add(Kind.NOT_OUTSIDE, size - 1, f"checkpoint {size} is in the log only: the file was cut off")


def _claimed_size(note: str) -> int | None:
    size = note.split("\n", 2)[1] if note.count("\n") > 1 else ""
    return int(size) - 1 if size.isascii() and size.isdigit() and size != "0" else None


def _rank(index: int | None) -> float:
    return float("inf") if index is None else index
