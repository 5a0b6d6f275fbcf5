# pyright: reportMissingImports=false
"""Loads one network into a fresh Tryton database. Run by Tryton's own interpreter; our code never imports it.

Usage: `python seed_script.py CONFIG DATABASE < network.json`; the JSON carries the network and the users' passwords.
Prints one word of progress a line. The database is thrown away when this fails, so nothing here has to be undone.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from decimal import Decimal

# Tryton checks a product's exclusions with one nested condition a record, and SQLite's parser gives up near 100.
PRODUCTS_AT_ONCE = 20
# SQLite takes 32,766 values in a statement.
MOVES_AT_ONCE = 1000


def main() -> None:
    """Load the network named on standard input in one transaction."""
    config_path, database = sys.argv[1:3]
    data = json.load(sys.stdin)
    from trytond import config

    config.update_etc(config_path)
    from trytond.pool import Pool
    from trytond.transaction import Transaction

    Pool.start()
    pool = Pool(database)
    pool.init()
    with Transaction().start(database, 0, context={"active_test": False}) as transaction:
        loader = Loader(Pool(), transaction)
        loader.load(data["network"])
        loader.users(data["users"], data["admin"])
        transaction.commit()


class Loader:
    """Creates the records in the order they need each other; every step is one bulk create."""

    def __init__(self, pool, transaction) -> None:
        self.get = pool.get
        self.transaction = transaction
        self.ids: dict[tuple[str, str], int] = {}

    def load(self, network: dict) -> None:
        """Company first: prices, parties and moves belong to it."""
        company = self.company(network["company"], network["currency"])
        with self.transaction.set_context(company=company):
            say("units and items")
            self.units(network["items"])
            self.items(network["items"], company)
            say("sites and suppliers")
            self.sites(network["sites"])
            self.parties(network["suppliers"])
            say("lots and stock")
            self.lots(network["stock"])
            self.stock(network, company)

    def company(self, name: str, currency_code: str) -> int:
        """The one company, whose currency all costs are in."""
        (currency,) = self.get("currency.currency").create(
            [{"name": currency_code, "code": currency_code, "symbol": currency_code, "digits": 2,
              "rounding": Decimal("0.01")}]
        )  # fmt: skip
        (party,) = self.get("party.party").create([{"name": name, "code": "COMPANY"}])
        (company,) = self.get("company.company").create([{"party": party.id, "currency": currency.id}])
        for module, name, prefix in (("stock", "shipment_internal", "INT-"), ("purchase", "purchase", "PO-")):
            sequence = self.get("ir.sequence")(self.get("ir.model.data").get_id(module, f"sequence_{name}"))
            self.get("ir.sequence").write([sequence], {"prefix": prefix, "padding": 5})
        self.ids["company", ""] = company.id
        return company.id

    def units(self, items: list[dict]) -> None:
        """One unit per word of ours, each alone in its category: nothing converts unless we say so."""
        names = sorted({item["unit"] for item in items})
        categories = self.get("product.uom.category").create([{"name": name} for name in names])
        units = self.get("product.uom").create(
            [{"name": name, "symbol": name, "category": category.id, "rate": 1.0, "factor": 1.0, "rounding": 0.001,
              "digits": 3} for name, category in zip(names, categories, strict=True)]
        )  # fmt: skip
        self.keep("unit", names, units)

    def items(self, items: list[dict], company: int) -> None:
        """Product masters; cost and price are kept per company by Tryton."""
        templates = self.create(
            "product.template",
            [{"name": item["name"], "code": item["sku"], "type": "goods", "default_uom": self.ids["unit", item["unit"]],
              "purchasable": True, "purchase_uom": self.ids["unit", item["unit"]], "list_price": Decimal(item["price"]),
              "cost_price_method": "fixed", "products": [("create", [{"cost_price": Decimal(item["cost"])}])]}
             for item in items],
        )  # fmt: skip
        self.keep("product", [item["sku"] for item in items], [template.products[0] for template in templates])

    def sites(self, sites: list[dict]) -> None:
        """A warehouse per site that carries our code; its storage location holds the stock."""
        location = self.get("stock.location")
        rooms = location.create(
            [{"name": f"{site['name']} {word}", "code": f"{site['code']}-{word.upper()}", "type": "storage"}
             for site in sites for word in ("input", "output", "storage")]
        )  # fmt: skip
        groups = [rooms[start : start + 3] for start in range(0, len(rooms), 3)]
        location.create(
            [{"name": site["name"], "code": site["code"], "type": "warehouse", "input_location": group[0].id,
              "output_location": group[1].id, "storage_location": group[2].id}
             for site, group in zip(sites, groups, strict=True)]
        )  # fmt: skip
        self.keep("storage", [site["code"] for site in sites], [group[2] for group in groups])

    def parties(self, suppliers: list[dict]) -> None:
        """Suppliers by our code."""
        self.get("party.party").create(
            [{"name": supplier["name"], "code": supplier["code"], "addresses": [("create", [{}])]}
             for supplier in suppliers]
        )  # fmt: skip

    def lots(self, stock: list[dict]) -> None:
        """One lot per item and number; the same lot may lie at several sites."""
        lots = {(row["sku"], row["lot"]): row["expires_on"] for row in stock if row["lot"]}
        made = self.get("stock.lot").create(
            [{"number": number, "product": self.ids["product", sku], "expires_on": day(expires)}
             for (sku, number), expires in lots.items()]
        )  # fmt: skip
        self.keep("lot", [f"{sku}\0{number}" for sku, number in lots], made)

    def stock(self, network: dict, company: int) -> None:
        """Stock on hand as finished moves out of the lost-and-found location: the opening balance.

        Tryton's own `Move.do` needs 10 ms a move (30 s for 3,000), all of it checks that a fresh database cannot fail;
        the rows go in as it would leave them, and Tryton's own stock computation then has to agree with us.
        """
        (source,) = self.get("stock.location").search([("type", "=", "lost_found")], limit=1)
        table = self.get("stock.move").__table__()
        items = {item["sku"]: item for item in network["items"]}
        today = dt.date.today()
        shared = {"company": company, "state": "done", "from_location": source.id, "create_uid": 0,
                  "create_date": dt.datetime.now(), "effective_date": today, "planned_date": today,
                  "unit_price_updated": True}  # fmt: skip
        rows = [shared | self.move(row, items[row["sku"]]) for row in network["stock"]]
        cursor = self.transaction.connection.cursor()
        for part in slices(rows, MOVES_AT_ONCE):
            columns = [getattr(table, name) for name in part[0]]
            cursor.execute(*table.insert(columns, [list(row.values()) for row in part]))
        self.check(network["stock"])

    def move(self, row: dict, item: dict) -> dict:
        """The columns in which one opening balance differs from the next."""
        return {
            "product": self.ids["product", row["sku"]],
            "unit": self.ids["unit", item["unit"]],
            "quantity": float(row["quantity"]),
            "internal_quantity": float(row["quantity"]),
            "cost_price": Decimal(item["cost"]),
            "lot": self.ids["lot", f"{row['sku']}\0{row['lot']}"] if row["lot"] else None,
            "to_location": self.ids["storage", row["site"]],
        }

    def check(self, stock: list[dict]) -> None:
        """Tryton's stock by place, item and lot must be what was asked for; raises `SystemExit` otherwise."""
        wanted: dict[tuple, Decimal] = {}
        for row in stock:
            lot = self.ids["lot", f"{row['sku']}\0{row['lot']}"] if row["lot"] else None
            key = (self.ids["storage", row["site"]], self.ids["product", row["sku"]], lot)
            wanted[key] = wanted.get(key, Decimal(0)) + Decimal(row["quantity"])
        places = [number for (kind, _), number in self.ids.items() if kind == "storage"]
        with self.transaction.set_context(stock_date_end=dt.date.today()):
            found = self.get("product.product").products_by_location(places, grouping=("product", "lot"))
        held = {key: round(Decimal(str(quantity)), 3) for key, quantity in found.items() if quantity}
        if held != wanted:
            raise SystemExit(f"Tryton counts {len(held)} stock rows that differ from the {len(wanted)} given.")

    def users(self, users: list[dict], admin: dict) -> None:
        """The users that only work with stock and purchases, and the administrator's password."""
        data, company = self.get("ir.model.data"), self.ids["company", ""]
        groups = [data.get_id("stock", "group_stock"), data.get_id("purchase", "group_purchase")]
        belongs = {"company": company, "companies": [("add", [company])]}
        self.get("res.user").create(
            [{"name": user["user"], "login": user["user"], "password": user["password"], "groups": [("add", groups)]}
             | belongs for user in users]
        )  # fmt: skip
        administrators = self.get("res.user").search([("login", "=", admin["user"])])
        self.get("res.user").write(administrators, {"password": admin["password"]} | belongs)

    def create(self, model: str, rows: list[dict]) -> list:
        """Bulk create in slices."""
        return [record for part in slices(rows, PRODUCTS_AT_ONCE) for record in self.get(model).create(part)]

    def keep(self, kind: str, words: list[str], records: list) -> None:
        """Remember the new records' ids under our words."""
        self.ids.update({(kind, word): record.id for word, record in zip(words, records, strict=True)})


def slices(rows: list, size: int) -> list[list]:
    """`rows` in parts of at most `size`."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def day(text: str | None) -> dt.date | None:
    """A date of ours."""
    return dt.date.fromisoformat(text) if text else None


def say(words: str) -> None:
    """One line of progress for whoever started this."""
    sys.stdout.write(f"{words}\n")


if __name__ == "__main__":
    main()
