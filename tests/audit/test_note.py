"""Signed notes against published ones, and what must not be accepted."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.merkle import EMPTY_ROOT, leaf_hash
from audit.note import (
    BadNote,
    Checkpoint,
    VerifierKey,
    open_checkpoint,
    origin_of,
    sign_checkpoint,
)

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = VerifierKey("ops.example/audit/acme", PRIVATE.public_key().public_bytes_raw())
CHECKPOINT = Checkpoint(KEY.name, 7, leaf_hash(b"root"))
NOTE = sign_checkpoint(CHECKPOINT, PRIVATE)

# Published: the Go checksum database's key, and the example of the note package.
SUMDB = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
EXAMPLE = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


@pytest.mark.parametrize("text", [SUMDB, EXAMPLE])
def test_published_keys_have_the_id_that_they_name(text: str) -> None:
    key = VerifierKey.parse(text)
    assert str(key) == text
    assert key.key_id.hex() == text.split("+")[1]


def test_a_checkpoint_comes_back() -> None:
    assert open_checkpoint(NOTE, KEY) == CHECKPOINT
    assert NOTE.split("\n")[:3] == [KEY.name, "7", base64.b64encode(CHECKPOINT.root).decode()]
    assert VerifierKey.parse(str(KEY)) == KEY


def test_other_signatures_are_ignored_and_a_failing_one_of_ours_is_not() -> None:
    witness = Ed25519PrivateKey.generate()
    theirs = sign_checkpoint(Checkpoint("witness.example/w", 7, CHECKPOINT.root), witness).splitlines()[-1] + "\n"
    assert open_checkpoint(NOTE + theirs, KEY) == CHECKPOINT
    broken = sign_checkpoint(Checkpoint(KEY.name, 8, CHECKPOINT.root), PRIVATE).splitlines()[-1] + "\n"
    with pytest.raises(BadNote, match="does not fit"):
        open_checkpoint(NOTE + broken, KEY)


@pytest.mark.parametrize(
    "note",
    [
        NOTE.replace("\n7\n", "\n8\n"),
        NOTE.replace(KEY.name, "ops.example/audit/other"),
        NOTE.replace("\n\n", "\n"),
        NOTE[:-1],
        NOTE.rpartition("\n\n")[0] + "\n\n",
        NOTE.replace("— ", "- "),
        NOTE.replace("=\n", "\n"),
        sign_checkpoint(CHECKPOINT, Ed25519PrivateKey.generate()),
        sign_checkpoint(Checkpoint(KEY.name, 7, CHECKPOINT.root[:31]), PRIVATE),
        sign_checkpoint(Checkpoint(KEY.name, -7, CHECKPOINT.root), PRIVATE),
        "",
    ],
    # One of them is signed by a key made now: the workers would not agree on a name taken from it.
    ids=range(11),
)
def test_nothing_else_is_accepted(note: str) -> None:
    with pytest.raises(BadNote):
        open_checkpoint(note, KEY)


@pytest.mark.parametrize("text", ["", "name", SUMDB[:-4], SUMDB.replace("033d", "033e"), SUMDB.replace("+Ac4", "+Bc4")])
def test_what_is_no_key(text: str) -> None:
    with pytest.raises(BadNote):
        VerifierKey.parse(text)


def test_a_name_has_neither_space_nor_plus() -> None:
    assert origin_of("ops.example", "a b+c/é") == "ops.example/audit/a%20b%2Bc%2F%C3%A9"
    assert EMPTY_ROOT.hex().startswith("e3b0c442")
