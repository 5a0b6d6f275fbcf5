"""Checkpoints as C2SP signed notes (c2sp.org/tlog-checkpoint, c2sp.org/signed-note), Ed25519.

Part of the stand-alone verifier: standard library and `cryptography` only. It knows no database and no settings.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from urllib.parse import quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
DASH = "\N{EM DASH} "


class BadNote(ValueError):
    """The text is no checkpoint note, or no signature of the trusted key on it holds.

    Not one of the program's errors, because the verifier runs without the program; callers inside translate it.
    """


@dataclass(frozen=True)
class VerifierKey:
    """A public key under a name: what a reader must have got from a trusted place. Text form: `name+id+base64`."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """SHA-256(name || 0x0A || 0x01 || public key)[:4]."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """The text form that Go's sumdb tools read."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key of a text form; raises `BadNote` for any other text."""
        name, _, rest = text.strip().partition("+")
        identifier, _, encoded = rest.partition("+")
        data = _decode(encoded)
        key = cls(name, data[1:])
        if not name or data[:1] != ED25519 or len(data) != 33 or key.key_id.hex() != identifier:
            raise BadNote(f"{text.strip()[:80]!r} is not a verifier key (name+id+base64)")
        return key


@dataclass(frozen=True)
class Checkpoint:
    """A verified tree head: the log's origin, its number of leaves and its root."""

    origin: str
    size: int
    root: bytes


def origin_of(deployment: str, tenant: str) -> str:
    """The log name of one tenant's tree: no space and no plus can be in it, whatever the tenant is called."""
    return f"{deployment}/audit/{quote(tenant, safe='')}"


def sign_checkpoint(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> str:
    """The signed note of a checkpoint; key name and origin are the same."""
    root = base64.b64encode(checkpoint.root).decode()
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{root}\n"
    key = VerifierKey(checkpoint.origin, private.public_key().public_bytes_raw())
    signature = base64.b64encode(key.key_id + private.sign(text.encode())).decode()
    return f"{text}\n{DASH}{key.name} {signature}\n"


def open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint of a note that `key` signed; raises `BadNote` otherwise.

    Signatures of other keys (witnesses) are ignored, as the format asks; one of `key` that fails rejects the note.
    """
    text, separator, signatures = note.rpartition("\n\n")
    text += "\n"
    if not separator or not signatures.endswith("\n"):
        raise BadNote("there is no signature block")
    mine = [data[4:] for name, data in map(_signature, signatures.splitlines()) if _is_by(key, name, data)]
    if not mine:
        raise BadNote(f"not signed by {key.name} with key {key.key_id.hex()}")
    public = Ed25519PublicKey.from_public_bytes(key.public)
    for signature in mine:
        _check(public, signature, text)
    return _parse(text, key)


def _check(public: Ed25519PublicKey, signature: bytes, text: str) -> None:
    try:
        public.verify(signature, text.encode())
    except InvalidSignature:
        raise BadNote("the signature does not fit the text") from None


def _is_by(key: VerifierKey, name: str, data: bytes) -> bool:
    return name == key.name and data[:4] == key.key_id


def _signature(line: str) -> tuple[str, bytes]:
    """Key name and bytes (id, then signature) of one signature line."""
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    data = _decode(encoded)
    if not line.startswith(DASH) or not name or len(data) < 5:
        raise BadNote("a signature line is malformed")
    return name, data


def _parse(text: str, key: VerifierKey) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or lines[0] != key.name:
        raise BadNote("the text is not origin, size and root of this log")
    root = _decode(lines[2])
    if not lines[1].isascii() or not lines[1].isdigit() or str(int(lines[1])) != lines[1] or len(root) != 32:
        raise BadNote("size or root is malformed")
    return Checkpoint(lines[0], int(lines[1]), root)


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote("a base64 part is malformed") from None
