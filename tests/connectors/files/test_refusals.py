"""What makes a whole delivery refused: the right error, a way out in its text, nothing written, an audit event."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from connectors.files import errors
from connectors.files.importer import import_path, recognise
from db.session import Database
from domain.context import Actor, Context
from tests.connectors.files.small_network import AS_OF, FILES, counts, rows, run_import, write_network, write_table

Break = Callable[[Path], object]


def _bytes(name: str, content: bytes) -> Break:
    return lambda folder: (folder / name).write_bytes(content)


def _stock(*lines: str) -> Break:
    return lambda folder: write_table(folder, "stock", list(lines))


def _instead(name: str, content: bytes) -> Break:
    def spoil(folder: Path) -> None:
        (folder / "stock.csv").unlink()
        (folder / name).write_bytes(content)

    return spoil


def _foreign(folder: Path) -> None:
    for table in ("items", "suppliers", "lanes"):
        write_table(folder, table, [line.replace("EUR", "CHF") for line in FILES[table]])


def _wrong_file(folder: Path) -> None:
    write_table(folder, "demand", [FILES["demand"][0], *(f"SOAP,BER,2026-03-{day:02d},1,1" for day in range(1, 20))])


def _without(name: str) -> Break:
    return lambda folder: (folder / name).unlink()


UNREADABLE: dict[str, tuple[Break, type[errors.ImportRefused]]] = {
    "not UTF-8": (_bytes("stock.csv", "sku,lot\nA,Käse\n".encode("latin-1")), errors.NotUtf8),
    "broken Parquet": (_instead("stock.parquet", b"junk"), errors.UnreadableFile),
    "broken gzip": (_instead("stock.csv.gz", b"junk"), errors.UnreadableFile),
    "binary": (_bytes("stock.csv", b"sku,site\x00\x01"), errors.UnreadableFile),
    "empty file": (_bytes("stock.csv", b""), errors.UnreadableFile),
    "ragged": (_stock("sku,site,state,quantity", "MILK,BER,available,1,2,3"), errors.UnreadableFile),
    "column twice": (_stock("sku,site,state,quantity,quantity", "MILK,BER,available,1,2"), errors.UnreadableFile),
    "table twice": (_bytes("stock.csv.gz", b""), errors.UnreadableFile),
    "semicolons": (_stock("sku;site;state;quantity", "MILK;BER;available;1"), errors.MissingColumn),
    "missing column": (_stock("sku,site,quantity", "MILK,BER,1"), errors.MissingColumn),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_file_that_cannot_be_read(what: str, tmp_path: Path) -> None:
    spoil, error = UNREADABLE[what]
    spoil(write_network(tmp_path))
    with pytest.raises(error, match="stock") as caught:
        recognise(tmp_path)
    assert type(caught.value) is error
    assert caught.value.remedy


NOT_TOGETHER: dict[str, tuple[Break, type[errors.ImportRefused]]] = {
    "unreadable": UNREADABLE["not UTF-8"],
    "missing file": (_without("stock.csv"), errors.MissingFile),
    "other currency than the tenant's": (_foreign, errors.MixedCurrencies),
    "wrong file": (_wrong_file, errors.TooManyQuarantined),
}


@pytest.mark.parametrize("what", NOT_TOGETHER)
def test_it_is_refused_whole_and_said_so(what: str, tmp_path: Path, operator_database: Database, tenant: str) -> None:
    del tenant
    spoil, error = NOT_TOGETHER[what]
    folder = write_network(tmp_path / "delivery")
    spoil(folder)
    with pytest.raises(error) as caught:
        run_import(folder, operator_database)
    assert caught.value.remedy
    assert set(counts(operator_database).values()) == {0}
    events = rows(operator_database, "SELECT action, subject FROM audit.event")
    assert events == [("import.refused", "delivery:delivery")]


def test_an_empty_folder(tmp_path: Path, operator_database: Database, tenant: str) -> None:
    del tenant
    with pytest.raises(errors.EmptyDelivery, match=r"stock\.csv"):
        run_import(tmp_path, operator_database)


def test_files_without_a_row(tmp_path: Path, operator_database: Database, tenant: str) -> None:
    del tenant
    folder = write_network(tmp_path / "delivery", **{table: lines[:1] for table, lines in FILES.items()})
    with pytest.raises(errors.EmptyDelivery):
        run_import(folder, operator_database)


def test_a_folder_that_is_not_there(tmp_path: Path, operator_database: Database, tenant: str) -> None:
    del tenant
    with pytest.raises(errors.UnreadableFile, match="does not exist"):
        run_import(tmp_path / "nowhere", operator_database)


def test_a_tenant_that_is_not_there(tmp_path: Path, operator_database: Database) -> None:
    folder = write_network(tmp_path / "delivery")
    nobody = Context("nobody", Actor("person", "p"))
    with pytest.raises(errors.TenantMissing):
        import_path(folder, database=operator_database, context=nobody, as_of=AS_OF)


def test_two_currencies_inside_the_files_are_seen_before_there_is_a_tenant(tmp_path: Path) -> None:
    lanes = [FILES["lanes"][0], "HAM,BER,1,150,5,60,CHF"]
    with pytest.raises(errors.MixedCurrencies, match="CHF, EUR"):
        recognise(write_network(tmp_path / "delivery", lanes=lanes))


def test_a_few_wrong_rows_are_no_wrong_file(tmp_path: Path, operator_database: Database, tenant: str) -> None:
    """One of four is 25 %, but a handful proves nothing."""
    del tenant
    stock = [*FILES["stock"][:-1], "SOAP,HAM,,available,100,,"]
    report = run_import(write_network(tmp_path / "delivery", stock=stock), operator_database)
    assert report.quarantined == 1


def test_a_parquet_file_says_the_same_as_its_csv(tmp_path: Path, operator_database: Database, tenant: str) -> None:
    del tenant
    folder = write_network(tmp_path / "delivery")
    frame = pl.read_csv(folder / "demand.csv", try_parse_dates=True)
    (folder / "demand.csv").unlink()
    frame.with_columns(pl.col("day").cast(pl.Datetime("ns")), pl.col("quantity").cast(pl.Float64)).write_parquet(
        folder / "demand.parquet"
    )
    assert run_import(folder, operator_database).quarantined == 0
    assert rows(operator_database, "SELECT sum(quantity)::int, min(unit_price)::text FROM demand") == [(466, "0.99")]
