"""The sealer's Ed25519 key pair on disk. Only the sealer's process reads the private half; it is never replaced."""

from __future__ import annotations

import base64
import binascii
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from audit.errors import KeyUnusable
from audit.settings import AuditSettings


def signing_key(settings: AuditSettings, *, create: bool) -> Ed25519PrivateKey:
    """The private key; with `create`, made when there is none.

    `create` is for the very first sealing: a new key on an old log is a swapped key. Raises `KeyUnusable`.
    """
    path = settings.private_key
    if not path.exists():
        if not create:
            raise KeyUnusable(f"The sealing key {path} is missing.", remedy="Restore it from your backup of the key.")
        _create(settings)
    if path.stat().st_mode & 0o077:
        raise KeyUnusable(f"Others can read the sealing key {path}.", remedy=f"Run: chmod 600 {path}")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise KeyUnusable(f"The sealing key {path} cannot be read: {error}.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"The sealing key {path} is no Ed25519 key.")
    return key


def public_key(settings: AuditSettings) -> bytes:
    """The 32 public bytes beside the private key; raises `KeyUnusable`."""
    try:
        data = base64.b64decode(settings.public_key.read_text("ascii").strip(), validate=True)
    except (OSError, ValueError, binascii.Error) as error:
        raise KeyUnusable(
            f"The public key {settings.public_key} cannot be read: {error}.",
            remedy="It is made with the first sealing; if that has been, restore it from your backup.",
        ) from error
    if len(data) != 32:
        raise KeyUnusable(f"The public key {settings.public_key} has {len(data)} bytes, not 32.")
    return data


def _create(settings: AuditSettings) -> None:
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    public = base64.b64encode(key.public_key().public_bytes_raw())
    write_durably(settings.public_key, public + b"\n", 0o644)
    write_durably(settings.private_key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)


def write_durably(path: Path, data: bytes, mode: int) -> None:
    """Writes a whole file or none: a temporary one, fsync, rename, fsync of the folder."""
    scratch = path.with_name(path.name + ".new")
    scratch.unlink(missing_ok=True)
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
    scratch.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes a new name in `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
