"""From a path to the bytes of one regular file: nothing here waits, follows a link out, or unpacks without an end."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from connectors.files.contracts import TABLES
from connectors.files.errors import UnreadableFile
from connectors.files.limits import LARGEST_FILE

SUFFIXES = (".csv", ".csv.gz", ".parquet")
WORKBOOK = ".xlsx"
KINDS = {
    stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}  # fmt: skip
SPLIT = "Split it: a later delivery adds to the demand of an earlier one."

Stamp = tuple[int, int, int, int]


def stem(path: Path) -> str | None:
    """The name without its suffix; None for what is no data file."""
    return next((path.name[: -len(end)] for end in SUFFIXES if path.name.endswith(end)), None)


def list_files(path: Path) -> list[Path]:
    """The regular files of a folder, or the one file; hidden ones are not seen.

    Raises:
        UnreadableFile: `path` is neither file nor folder; a data file of the folder is a link to outside of it; or what
            is named like a table is no file.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        what = f"is {_kind(path)}, neither file nor folder" if os.path.lexists(path) else "does not exist"
        raise UnreadableFile(f"{path} {what}.", remedy="Give the folder that holds the files.")
    seen = sorted(file for file in path.iterdir() if not file.name.startswith("."))
    for file in seen:
        _refuse_odd(file, path)
    return [file for file in seen if file.is_file()]


def read_bytes(path: Path) -> bytes:
    """The whole file, at most `LARGEST_FILE` bytes; raises `UnreadableFile` for a larger one."""
    with path.open("rb") as file:
        raw = file.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise UnreadableFile(f"{path.name} is larger than {LARGEST_FILE:,} bytes.", remedy=SPLIT)
    return raw


def unpacked(path: Path, raw: bytes) -> bytes:
    """What a `.gz` holds, at most `LARGEST_FILE` bytes; the bytes as they are for another name."""
    if not path.name.endswith(".gz"):
        return raw
    with gzip.GzipFile(fileobj=io.BytesIO(raw)) as file:
        text = file.read(LARGEST_FILE + 1)
    if len(text) > LARGEST_FILE:
        raise UnreadableFile(f"{path.name} unpacks to more than {LARGEST_FILE:,} bytes.", remedy=SPLIT)
    return text


def refuse_large_workbook(path: Path) -> None:
    """Raises `UnreadableFile` for a workbook (a zip file) that unpacks to more than `LARGEST_FILE` bytes."""
    with zipfile.ZipFile(path) as packed:
        size = sum(part.file_size for part in packed.infolist())
    if size > LARGEST_FILE:
        raise UnreadableFile(f"{path.name} unpacks to more than {LARGEST_FILE:,} bytes.", remedy="Save it as CSV.")


@contextmanager
def unchanged(files: Iterable[Path]) -> Generator[Mapping[Path, datetime]]:
    """Gives when each file was last written; raises `UnreadableFile` for one that was written during the block."""
    before = {file: file.stat() for file in files}
    yield {file: datetime.fromtimestamp(found.st_mtime, UTC) for file, found in before.items()}
    for file, found in before.items():
        if _stamp(file.stat()) != _stamp(found):
            remedy = "Import again when the export has ended; nothing was written."
            raise UnreadableFile(f"{file.name} was changed while it was read.", remedy=remedy)


def _stamp(found: os.stat_result) -> Stamp:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _refuse_odd(file: Path, folder: Path) -> None:
    is_table = stem(file) in TABLES
    if is_table and not file.is_file():
        remedy = "Put the file itself there, or take the name away."
        raise UnreadableFile(f"{file.name} is {_kind(file)} and no file.", remedy=remedy)
    is_data = stem(file) is not None or file.suffix == WORKBOOK
    if is_data and file.is_symlink() and not file.resolve().is_relative_to(folder.resolve()):
        raise UnreadableFile(
            f"{file.name} is a link to a file outside of {folder}.", remedy="Copy the file itself into the folder."
        )


def _kind(path: Path) -> str:
    try:
        return KINDS.get(stat.S_IFMT(path.stat().st_mode), "of an unknown kind")
    except FileNotFoundError:
        return "a link to nothing"
    except OSError as error:
        return f"a link that cannot be followed ({error.strerror})"
