"""Odd things in a delivery's folder, and files without a bound: named, refused, never waited for."""

from __future__ import annotations

import gzip
import os
import socket
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from connectors.files import csv_text, opening
from connectors.files.errors import EmptyFile, UnreadableFile
from connectors.files.importer import read_delivery, recognise
from tests.connectors.files.small_network import FILES, write_network, write_table

NOBODY = 65_534
MEBIBYTE = 1 << 20


def _bind(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may be short only
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


ODD: dict[str, Callable[[Path], object]] = {
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
    "a socket": _bind,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a link that cannot be followed": lambda path: path.symlink_to(path.name),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("what", ODD)
def test_what_is_named_like_a_table_and_is_no_file_is_named(what: str, tmp_path: Path) -> None:
    folder = write_network(tmp_path, promotions=None)
    ODD[what](folder / "promotions.csv")
    with pytest.raises(UnreadableFile, match=rf"promotions\.csv is {what}") as caught:
        recognise(folder)
    assert caught.value.remedy


@pytest.mark.parametrize("what", ["a pipe", "a device", "a link to nothing"])
def test_a_path_that_is_neither_file_nor_folder(what: str, tmp_path: Path) -> None:
    ODD[what](tmp_path / "stock.csv")
    with pytest.raises(UnreadableFile, match=rf"stock\.csv is {what}"):
        recognise(tmp_path / "stock.csv")


def test_a_link_to_outside_of_the_folder_is_refused_and_one_inside_is_not(tmp_path: Path) -> None:
    folder = write_network(tmp_path / "delivery", stock=None)
    outside = write_table(tmp_path / "other", "stock", FILES["stock"])
    (folder / "stock.csv").symlink_to(outside)
    with pytest.raises(UnreadableFile, match=r"stock\.csv is a link to a file outside"):
        recognise(folder)
    (folder / "stock.csv").unlink()
    write_table(folder / ".data", "stock", FILES["stock"])
    (folder / "stock.csv").symlink_to(Path(".data", "stock.csv"))
    assert recognise(folder).currency == "EUR"


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """A folder that everybody may enter; root, who may read anything, becomes somebody who may not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = write_network(Path(name, "delivery"))
        (folder / "stock.csv").chmod(0)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(NOBODY)
        try:
            yield folder
        finally:
            if is_root:
                os.seteuid(0)


def test_a_file_that_may_not_be_read(as_nobody: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"stock\.csv may not be read"):
        recognise(as_nobody)


def test_a_folder_that_may_not_be_entered(as_nobody: Path) -> None:
    if os.geteuid() == NOBODY:
        os.seteuid(0)
    as_nobody.chmod(0)
    os.seteuid(NOBODY if os.getuid() == 0 else os.getuid())
    with pytest.raises(UnreadableFile, match="delivery cannot be read: Permission denied"):
        recognise(as_nobody)


@pytest.mark.parametrize("when", [0, 14])
def test_a_file_that_changes_while_it_is_read(when: int, tmp_path: Path) -> None:
    """Before it is read itself, and after, while others are."""
    folder = write_network(tmp_path)

    def change(stage: str, done: int, total: int) -> None:
        if done == when:
            with (folder / "stock.csv").open("a", encoding="utf-8") as file:
                file.write("SALT,BER,,available,1,,\n")

    with pytest.raises(UnreadableFile, match=r"stock\.csv was changed while it was read"):
        read_delivery(folder, change)


def test_a_file_is_not_read_beyond_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_network(tmp_path)
    with (folder / "stock.csv").open("r+b") as file:
        file.truncate(1 << 40)  # a hole, which no memory could hold
    monkeypatch.setattr(opening, "LARGEST_FILE", MEBIBYTE)
    with pytest.raises(UnreadableFile, match=r"stock\.csv is larger than 1,048,576 bytes"):
        recognise(folder)


def test_a_packed_file_is_not_unpacked_beyond_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_network(tmp_path, stock=None)
    (folder / "stock.csv.gz").write_bytes(gzip.compress(b"\n" * (64 * MEBIBYTE)))
    monkeypatch.setattr(opening, "LARGEST_FILE", MEBIBYTE)
    with pytest.raises(UnreadableFile, match=r"stock\.csv\.gz unpacks to more than 1,048,576 bytes"):
        recognise(folder)


def test_a_workbook_is_not_unpacked_beyond_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "Online Retail.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * (2 * MEBIBYTE))
    monkeypatch.setattr(opening, "LARGEST_FILE", MEBIBYTE)
    with pytest.raises(UnreadableFile, match="unpacks to more than"):
        opening.refuse_large_workbook(tmp_path / "Online Retail.xlsx")


def test_a_small_parquet_file_of_a_million_cells_is_counted_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_network(tmp_path, demand=None)
    pl.DataFrame({"sku": ["MILK"] * 1_000_000}).write_parquet(folder / "demand.parquet")
    assert (folder / "demand.parquet").stat().st_size < MEBIBYTE
    monkeypatch.setattr(csv_text, "LARGEST_CELLS", 999_999)
    with pytest.raises(UnreadableFile, match=r"demand\.parquet has 1,000,000 rows of 1 columns, more than 999,999"):
        recognise(folder)


def test_a_parquet_file_of_lists_names_the_column(tmp_path: Path) -> None:
    folder = write_network(tmp_path, demand=None)
    pl.DataFrame({"sku": [["MILK"]]}).write_parquet(folder / "demand.parquet")
    with pytest.raises(UnreadableFile, match=r"demand\.parquet holds lists or structures in the column sku"):
        recognise(folder)


def test_stock_without_a_row_takes_nothing_away(tmp_path: Path) -> None:
    with pytest.raises(EmptyFile, match=r"stock\.csv has a header and no rows") as caught:
        recognise(write_network(tmp_path, stock=FILES["stock"][:1]))
    assert "quantity 0" in caught.value.remedy
