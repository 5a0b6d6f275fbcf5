"""Every reason for which a row is kept aside, judged without a database."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.files.delivery import no_progress
from connectors.files.errors import TooManyQuarantined
from connectors.files.loading import Ready, check_sheets
from connectors.files.reading import read_contract
from connectors.files.references import Known
from tests.connectors.files.small_network import AS_OF, FILES, write_network

WRONG_ROWS = {
    "unknown SKU": ("stock", "SOAP,HAM,,available,1,,", "there is no SKU 'SOAP'"),
    "unknown site": ("stock", "MILK,MUC,,available,1,,", "there is no site 'MUC'"),
    "not listed": ("stock", "RICE,HAM,,available,1,,", "SKU 'RICE' is not listed at 'HAM' (item_sites)"),
    "unknown supplier": ("item_suppliers", "MILK,S-9,0.70,3,0.5", "there is no supplier 'S-9'"),
    "unknown customer": ("customer_orders", "SO-2,1,C-9,MILK,BER,5,2026-03-30,2026-04-02",
                         "there is no customer 'C-9'"),
    "unknown feeder": ("item_sites", "SALT,BER,2024-01-01,MUC", "there is no site 'MUC'"),
    "promotion nowhere": ("promotions", "P-2,MILK,MUC,2026-04-06,2026-04-12,0.25,2026-03-09", "there is no site 'MUC'"),
    "negative quantity": ("stock", "MILK,HAM,L9,available,-3,,", "quantity '-3' is negative"),
    "malformed number": ("stock", "MILK,HAM,L9,available,many,,", "quantity 'many' is not a number such as 12 or 12.5"),
    "malformed date": ("stock", "MILK,HAM,L9,available,1,,20.04.2026",
                       "expires_on '20.04.2026' is not a day such as 2026-03-31"),
    "not a number": ("demand", "MILK,HAM,2026-03-01,NaN,1", "quantity 'NaN' is not a number such as 12 or 12.5"),
    "infinity": ("demand", "MILK,HAM,2026-03-01,inf,1", "quantity 'inf' is not a number such as 12 or 12.5"),
    "key twice": ("stock", "RICE,BER,,available,8,EA,", "the key (sku, site, lot, state) is in row 4 already"),
    "mixed-up unit": ("stock", "MILK,HAM,L9,available,1,KGM,", "unit 'KGM' is not one of MILK, which is counted in EA"),
    "base unit as pack": ("item_packs", "SALT,EA,1", "unit 'EA' is the base unit of SALT and cannot be a pack of it"),
    "end before start": ("promotions", "P-2,MILK,*,2026-04-12,2026-04-06,0.25,2026-03-09",
                         "ends_on 2026-04-06 is before starts_on 2026-04-12"),
    "due before order": ("customer_orders", "SO-2,1,C-1,MILK,BER,5,2026-03-30,2026-03-02",
                         "due_on 2026-03-02 is before ordered_on 2026-03-30"),
    "in the future": ("demand", "MILK,HAM,2026-04-01,1,1",
                      "day '2026-04-01' is after 2026-03-31, the day that the data describe"),
    "to itself": ("lanes", "HAM,HAM,1,1,1,1,EUR", "source and destination are the same"),
    "no zone": ("sites", "MUC,Munich,store,DE,Bavaria",
                "timezone 'Bavaria' is not a time zone such as Europe/Berlin (IANA)"),
    "no weekday": ("supplier_calendars", "S-1,BER,monday,14:00,,0",
                   "order_days 'monday' is not a list of days such as mon wed fri"),
    "no time of day": ("supplier_calendars", "S-1,BER,mon,2 pm,,0",
                       "cut_off '2 pm' is not a time of day such as 14:00"),
    "break not sold": ("price_breaks", "RICE,S-1,240,0.66", "SKU 'RICE' is not sold by 'S-1' (item_suppliers)"),
    "break that costs more": ("price_breaks", "MILK,S-1,480,0.67",
                              "unit_cost '0.67' is not below that of a smaller from_quantity"),
    "break from nothing": ("price_breaks", "MILK,S-1,0,0.66", "from_quantity '0' should be greater than 0"),
    "unknown standing": ("qualifications", "S-1,*,*,trusted,,",
                         "standing 'trusted' is not one of 'qualified' or 'excluded'"),
    "budget for nobody": ("budgets", "Dry,2026-03-01,2026-03-31,S-9,*,900,EUR", "there is no supplier 'S-9'"),
    "budget ends first": ("budgets", "Dry,2026-03-31,2026-03-01,*,*,900,EUR",
                          "ends_on 2026-03-01 is before starts_on 2026-03-31"),
    "capacity of nothing": ("supplier_capacities", "S-1,SOAP,2026-03-01,2026-04-30,units,1", "there is no SKU 'SOAP'"),
    "its own successor": ("supersessions", "SALT,SALT,2026-05-01", "sku and successor are the same"),
    "unknown successor": ("supersessions", "SALT,SOAP,2026-05-01", "there is no SKU 'SOAP'"),
    "unknown state": ("stock", "MILK,HAM,L9,broken,1,,",
                      "state 'broken' is not one of 'available', 'reserved', 'quarantined' or 'damaged'"),
}  # fmt: skip


def judge(folder: Path, **changed: list[str]) -> list[Ready]:
    delivery = read_contract(write_network(folder, **changed), no_progress)
    return check_sheets(delivery, Known(), AS_OF, no_progress)


def test_nothing_is_wrong_with_the_network_itself(tmp_path: Path) -> None:
    assert [fault for sheet in judge(tmp_path) for fault in sheet.faults] == []


@pytest.mark.parametrize("what", WRONG_ROWS)
def test_a_wrong_row_has_a_plain_reason_and_spoils_no_other(what: str, tmp_path: Path) -> None:
    table, line, reason = WRONG_ROWS[what]
    lines = [*FILES[table], line]
    ready = judge(tmp_path, **{table: lines})
    assert sum(len(sheet.good) for sheet in ready) == sum(len(each) - 1 for each in FILES.values())
    ((at, fault),) = [(sheet.sheet.table, fault) for sheet in ready for fault in sheet.faults]
    assert (at, fault.row_number, fault.reason) == (table, len(lines), reason)
    cells = dict(zip(lines[0].split(","), line.split(","), strict=True))
    assert {name: cell or "" for name, cell in fault.record.items()} == cells


def test_more_than_a_fifth_wrong_is_the_wrong_file(tmp_path: Path) -> None:
    """24 days are right: 6 wrong rows are a fifth of 30, a seventh is too much."""
    right = [FILES["demand"][0], *FILES["demand"][1:25]]
    wrong = [f"SOAP,BER,2026-03-{day:02d},1,1" for day in range(1, 8)]
    assert len(judge(tmp_path / "one", demand=right + wrong[:6])[0].good)
    with pytest.raises(TooManyQuarantined, match=r"7 of 31 rows of demand\.csv are wrong, more than 20%"):
        judge(tmp_path / "two", demand=right + wrong)
