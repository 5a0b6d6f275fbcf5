"""Makes `online_retail_sample.csv`: our own invented sales in the layout of UCI Online Retail, no line of the original.

Run `python tests/connectors/uci/make_sample.py` to write it again; a test holds it current.
"""

from __future__ import annotations

import csv
import io
import random
from datetime import datetime, timedelta
from pathlib import Path

SAMPLE = Path(__file__).with_name("online_retail_sample.csv")
HEADER = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
PRODUCTS = (
    ("90001", "INVENTED TIN LANTERN", 2.95), ("90002", "INVENTED PAPER GARLAND", 1.25),
    ("90003A", "INVENTED MUG BLUE", 3.75), ("90003B", "INVENTED MUG RED", 3.75),
    ("90004", "INVENTED WICKER BASKET", 8.5), ("90005", "INVENTED TEA TOWEL", 1.65),
    ("90006", "INVENTED PENCIL CASE", 0.85), ("90007", "INVENTED WALL CLOCK", 12.5),
)  # fmt: skip
BUYERS = (
    *((str(20000 + number), "United Kingdom") for number in range(12)), ("", "United Kingdom"), ("30001", "EIRE"),
    ("30002", "Germany"), ("30003", "France"), ("30004", "Australia"),
)  # fmt: skip
FIRST = datetime(2011, 9, 1, 8)
DAYS = 100  # until 2011-12-09


def sample() -> str:
    """The file's text."""
    random_ = random.Random(352)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    invoice = 700000
    for day in range(DAYS):
        date = FIRST + timedelta(days=day)
        if date.weekday() == 5:  # shut on Saturdays, like the original
            continue
        for _ in range(random_.randint(4, 8)):
            invoice += 1
            customer, country = random_.choice(BUYERS)
            at = f"{date.month}/{date.day}/{date.year} {random_.randint(8, 17)}:{random_.randint(10, 59)}"
            for stock_code, name, price in random_.sample(PRODUCTS, random_.randint(1, 4)):
                units = random_.choice((1, 2, 6, 12, 24))
                writer.writerow((invoice, stock_code, name, units, at, price, customer, country))
                if random_.random() < 0.03:
                    writer.writerow((f"C{invoice}", stock_code, name, -units, at, price, customer, country))
    at = "12/9/2011 12:50"
    for line in (
        (799001, "POST", "POSTAGE", 1, at, 18.0, "30002", "Germany"),
        (799001, "90006", "INVENTED PENCIL CASE", 10, at, 0.85, "30002", "Germany"),
        ("C799002", "D", "Discount", -1, at, 27.5, "20001", "United Kingdom"),
        (799003, "90001", "", -5, at, 0.0, "", "United Kingdom"),
        (799004, "90002", "damaged", -3, at, 1.25, "", "United Kingdom"),
        (799005, "90005", "INVENTED TEA TOWEL", "six", at, 1.65, "20002", "United Kingdom"),
    ):
        writer.writerow(line)
    return out.getvalue()


if __name__ == "__main__":
    SAMPLE.write_text(sample(), encoding="utf-8")
