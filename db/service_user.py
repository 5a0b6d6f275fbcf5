"""PostgreSQL refuses to run as root: as root we run it as a system user of its own, which may enter just what it needs.

No directory is opened to everybody: where the service user cannot pass a parent directory, an access-control entry
for this one user is added. As an ordinary user nothing here does anything.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from db.errors import EmbeddedFailed

NAME = "quartermaster"
ACL = "system.posix_acl_access"
NOT_AS_ROOT = (
    "Run Quartermaster as an ordinary user, or set QUARTERMASTER_DATABASE_URL to a PostgreSQL that runs already."
)
_USER_OBJ, _USER, _GROUP_OBJ, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
ANYONE = 0xFFFFFFFF  # the id of an entry that names no user or group


@dataclass(frozen=True)
class ServiceUser:
    """The operating system's user that owns the cluster's files and processes."""

    uid: int
    gid: int
    switch: bool  # True: we are root and must become this user first

    def own(self, path: Path) -> None:
        """Hand a file or directory over to the service user."""
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def let_enter(self, path: Path) -> None:
        """Make sure that the service user can pass through `path` and all its parents."""
        if self.switch:
            for directory in (path, *path.parents):
                _let_pass(directory, self)


def service_user() -> ServiceUser:
    """The user to run PostgreSQL as; made first when we are root and there is none."""
    if os.geteuid() != 0:
        return ServiceUser(os.geteuid(), os.getegid(), switch=False)
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        entry = _make_user()
    return ServiceUser(entry.pw_uid, entry.pw_gid, switch=True)


def _make_user() -> pwd.struct_passwd:
    tool = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    if tool is None:
        raise EmbeddedFailed("PostgreSQL does not run as root and no user can be made for it.", remedy=NOT_AS_ROOT)
    command = [tool, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", NAME]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        raise EmbeddedFailed(
            f"The user {NAME!r} could not be made: {done.stderr.strip()}", remedy=NOT_AS_ROOT
        ) from None


def _let_pass(directory: Path, user: ServiceUser) -> None:
    state = directory.stat()
    owned = state.st_uid == user.uid and state.st_mode & stat.S_IXUSR
    if owned or state.st_mode & stat.S_IXOTH:
        return
    try:
        entries = _entries(directory, state.st_mode)
        # A later chmod narrows the mask, and with it an entry made earlier.
        if not entries.get((_USER, user.uid), 0) & entries.get((_MASK, ANYONE), 0) & 1:
            _grant_search(directory, entries, user.uid)
    except OSError as error:
        raise EmbeddedFailed(
            f"PostgreSQL runs as the user {NAME!r}, which may not enter {directory} ({error.strerror}).",
            remedy=f"Allow it (chmod o+x {directory}), or set QUARTERMASTER_HOME to a directory that it may enter.",
        ) from error


def _entries(directory: Path, mode: int) -> dict[tuple[int, int], int]:
    """The access-control entries as (tag, id) → permission bits; without a list they follow from the mode."""
    try:
        raw = os.getxattr(directory, ACL)
    except OSError:
        return {(_USER_OBJ, ANYONE): mode >> 6 & 7, (_GROUP_OBJ, ANYONE): mode >> 3 & 7, (_OTHER, ANYONE): mode & 7}
    return {(tag, who): bits for tag, bits, who in struct.iter_unpack("<HHI", raw[4:])}


def _grant_search(directory: Path, entries: dict[tuple[int, int], int], uid: int) -> None:
    """Write the list with `uid:--x` added; the mask caps all entries but the owner's and the others'."""
    mask = entries.get((_MASK, ANYONE), entries[_GROUP_OBJ, ANYONE]) | 1
    widened = entries | {(_USER, uid): 1, (_MASK, ANYONE): mask}
    packed = b"".join(struct.pack("<HHI", tag, bits, who) for (tag, who), bits in sorted(widened.items()))
    os.setxattr(directory, ACL, struct.pack("<I", 2) + packed)
