"""How large a delivery may be. Far above any real export, and low enough that no file stops the machine."""

from __future__ import annotations

LARGEST_FILE = 1 << 30  # bytes, as it lies there and unpacked
LARGEST_CELLS = 120_000_000  # rows × columns of one file, some 4 GB in memory
LARGEST_COLUMNS = 250
# Of a cell in a message and in quarantine: the longest text that a contract takes has 200 characters.
LONGEST_SHOWN = 60
LONGEST_KEPT = 1_000
# A machine's clock and the database's may be this far apart.
CLOCK_TOLERANCE_SECONDS = 300
