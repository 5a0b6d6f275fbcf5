"""The offline verifier: an export folder or a proof file and a public key; no database, no other part of the program.

`python -m audit.verify PATH --key KEY [--anchors FILE]`. It needs this file with `checks`, `entry`, `merkle` and
`note`, Python's standard library and `cryptography`. It believes nothing that it does not recompute.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from audit.checks import (
    Findings,
    KeySource,
    Kind,
    Line,
    LogCheck,
    Problem,
    VerifyReport,
    check_event,
    check_name,
    check_order,
    check_outside,
    open_lines,
)
from audit.entry import event_from_json, leaf_of
from audit.merkle import is_consistent, root_from_inclusion
from audit.note import Checkpoint, VerifierKey, open_checkpoint

EXPORT_FORMAT = "quartermaster-audit-export-1"
PROOF_FORMAT = "quartermaster-audit-proof-1"
MANIFEST, EVENTS, CHECKPOINTS, ANCHORS, KEY = (
    "manifest.json",
    "events.jsonl",
    "checkpoints.jsonl",
    "anchors.jsonl",
    "key.txt",
)
# What a file that somebody edited can make the reader raise; each becomes a finding.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)


@dataclass(frozen=True)
class ProofReport:
    """Whether one event is leaf `index` of the signed tree of `size` leaves, and that tree extends the `since` one."""

    ok: bool
    event_id: str
    index: int
    size: int
    since: int | None
    key_source: KeySource
    problem: str = ""


def verify_export(folder: Path, *, key: str | None = None, anchors: Path | None = None) -> VerifyReport:
    """Checks an export. `key` is the verifier key from a safe place, `anchors` the file kept outside the database.

    Without them the export's own copies are used, and the report says so. Never raises for what is in the folder.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        tenant, complete, unsealed = str(manifest["tenant"]), bool(manifest["complete"]), int(manifest["unsealed"])
        if manifest["format"] != EXPORT_FORMAT:
            raise ValueError(f"the format is not {EXPORT_FORMAT}")
        trusted = VerifierKey.parse(key or (folder / KEY).read_text("utf-8"))
        outside = _outside(folder, anchors, trusted.name)
        check = _whole if complete else _extract
        return check(folder, tenant, trusted, outside, unsealed, "given" if key else "export")
    except UNREADABLE as error:
        problem = Problem(Kind.MALFORMED, None, f"the export cannot be read: {type(error).__name__}: {error}")
        return VerifyReport(False, "", False, 0, 0, 0, 0, None, "given" if key else "export", 1, problem)


def verify_proof(path: Path, *, key: str | None = None) -> ProofReport:
    """Checks a proof file made by `audit.prove`. Never raises for what is in the file."""
    source: KeySource = "given" if key else "export"
    try:
        proof = json.loads(path.read_text("utf-8"))
        if proof["format"] != PROOF_FORMAT:
            raise ValueError(f"the format is not {PROOF_FORMAT}")
        return _check_proof(proof, VerifierKey.parse(key or proof["key"]), source)
    except UNREADABLE as error:
        return ProofReport(False, "", -1, 0, None, source, f"the proof cannot be read: {type(error).__name__}: {error}")


def _check_proof(proof: dict[str, Any], key: VerifierKey, source: KeySource) -> ProofReport:
    event, index = event_from_json(proof["event"]), int(proof["index"])
    findings = Findings()
    check_name(findings, event.tenant, key)
    head = open_checkpoint(proof["checkpoint"], key)
    problem = findings.first.what if findings.first else ""
    if root_from_inclusion(leaf_of(event), index, head.size, hashes(proof["inclusion"])) != head.root:
        problem = f"the event is not leaf {index} of the signed tree of {head.size}"
    since = proof.get("since")
    if since is not None:
        older = open_checkpoint(since["checkpoint"], key)
        if not is_consistent(older.size, older.root, head.size, head.root, hashes(since["consistency"])):
            problem = problem or f"the tree of {head.size} does not extend the one of {older.size}"
        since = older.size
    return ProofReport(not problem, event.event_id, index, head.size, since, source, problem)


def _whole(
    folder: Path, tenant: str, key: VerifierKey, outside: list[Line] | None, unsealed: int, source: KeySource
) -> VerifyReport:
    check = LogCheck(tenant, key, _lines(folder / CHECKPOINTS), outside)
    for number, fields in _records(folder / EVENTS):
        try:
            check.add(int(fields["index"]), bytes.fromhex(fields["leaf"]), event_from_json(fields))
        except UNREADABLE as error:
            check.findings.add(Kind.MALFORMED, number, f"line {number + 1} of {EVENTS}: {error}")
    return check.finish(unsealed, source)


def _extract(
    folder: Path, tenant: str, key: VerifierKey, outside: list[Line] | None, unsealed: int, source: KeySource
) -> VerifyReport:
    """Some of a log's events, each with its path to the last checkpoint. What was left out cannot be known."""
    findings = Findings()
    check_name(findings, tenant, key)
    lines = list(_lines(folder / CHECKPOINTS))
    heads = open_lines(findings, key, lines, "stored")
    check_order(findings, heads)
    if len(heads) == len(lines):
        _check_consistency(findings, heads, lines)
    anchors = None if outside is None else open_lines(findings, key, outside, "outside")
    if anchors is not None:
        check_outside(findings, {head.size: head.root for head in heads}, anchors, whole=False)
    count = 0
    for number, fields in _records(folder / EVENTS):
        count += 1
        try:
            _check_included(findings, tenant, fields, heads[-1])
        except (*UNREADABLE, IndexError) as error:
            findings.add(Kind.MALFORMED, number, f"line {number + 1} of {EVENTS}: {error}")
    return VerifyReport(
        ok=findings.first is None,
        tenant=tenant,
        complete=False,
        events=count + unsealed,
        sealed=count,
        unsealed=unsealed,
        checkpoints=len(heads),
        anchored=None if anchors is None else len(anchors),
        key_source=source,
        problems=findings.count,
        first_problem=findings.first,
    )


def _check_consistency(findings: Findings, heads: Sequence[Checkpoint], lines: Sequence[Line]) -> None:
    """The last head extends each of the others."""
    for head, line in zip(heads[:-1], lines[:-1], strict=True):
        if not is_consistent(head.size, head.root, heads[-1].size, heads[-1].root, line.consistency):
            what = f"checkpoint {heads[-1].size} does not extend checkpoint {head.size}"
            findings.add(Kind.WRONG_ROOT, head.size, what)


def _check_included(findings: Findings, tenant: str, fields: dict[str, Any], head: Checkpoint) -> None:
    index = int(fields["index"])
    leaf = check_event(findings, tenant, index, bytes.fromhex(fields["leaf"]), event_from_json(fields))
    if root_from_inclusion(leaf, index, head.size, hashes(fields["inclusion"])) != head.root:
        findings.add(Kind.WRONG_ROOT, index, f"leaf {index} is not in the signed tree of {head.size}")


def hashes(values: Sequence[str]) -> list[bytes]:
    """Hashes from their hex form."""
    return [bytes.fromhex(value) for value in values]


def _outside(folder: Path, anchors: Path | None, origin: str) -> list[Line] | None:
    """The lines of this log in the file outside; None when there is no such file."""
    path = anchors or folder / ANCHORS
    if anchors is None and not path.exists():
        return None
    return [line for line in _lines(path) if line.note.partition("\n")[0] == origin]


def _lines(path: Path) -> Iterator[Line]:
    for _, fields in _records(path):
        yield Line(str(fields["at"]), str(fields["note"]), tuple(hashes(fields.get("consistency", ()))))


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file):
            yield number, json.loads(line)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when everything holds, 1 when not."""
    parser = argparse.ArgumentParser(prog="python -m audit.verify", description="Verify an audit export or a proof.")
    parser.add_argument("path", type=Path, help="an export folder, or a proof file")
    parser.add_argument("--key", help="the verifier key (name+id+base64), or a file that holds it; from a safe place")
    parser.add_argument("--anchors", type=Path, help="the checkpoint file kept outside the database")
    given = parser.parse_args(arguments)
    key = Path(given.key).read_text("utf-8") if given.key and Path(given.key).is_file() else given.key
    if given.path.is_dir():
        report = verify_export(given.path, key=key, anchors=given.anchors)
    else:
        report = verify_proof(given.path, key=key)
    sys.stdout.write(json.dumps(asdict(report), indent=2) + "\n")
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
