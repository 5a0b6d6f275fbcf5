"""CSV as people and programs write it: read alike by the fast and the strict reader, or refused with the row."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.files import csv_text
from connectors.files.csv_text import read_csv
from connectors.files.errors import NotUtf8, UnreadableFile
from connectors.files.limits import LARGEST_COLUMNS, LONGEST_SHOWN

REFUSED: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "blank lines": (b"\r\n\n", "is empty"),
    "20,000 empty columns": (b"a,b" + b"," * 19_998 + b"\n1,2\n", "has 20,000 columns, more than 250"),
    "a column twice": (b"a,b, a\n1,2,3\n", "has the column a twice"),
    "a name as long as a sentence": (b"a," + b"x" * 61 + b"\n1,2\n", "name of 61 characters in column 2, more than 60"),
    "a header as long as a book": (
        b"a," + b"x" * 3_000_000 + b"\n1,2\n",
        "header of 3,000,002 bytes, more than",
    ),
    "an unclosed header": (b'a,"b\n1,2\n', "its header"),
    "a zero byte": (b"a,b\n1,2\n3,\x004\n", "zero byte in line 3"),
    "UTF-16": ("\ufeffa,b\n1,2\n".encode("utf-16-le"), "not UTF-8: byte 0, line 1"),
    "too many cells": (b"a,b\n1,2\n3,4\n5,6,7\n", "row 4 has 3 cells and the header 2"),
    "too many cells after a blank line": (b"\na,b\n\n5,6,7\n", "row 4 has 3 cells and the header 2"),
    "a quotation mark that is not closed": (b'a,b\n1,2\n3,"x\n5,6\n7,8\n', "row 3: unexpected end of data"),
    "one in the second last row": (b'a,b\n1,2\n3,"x\n', "row 3: unexpected end of data"),
    "quotation marks not doubled": (b'a,b\n"x "y" z","x "y" z"\n', "row 2: ',' expected after '\"'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_csv_is_refused_with_its_row(what: str) -> None:
    raw, says = REFUSED[what]
    with pytest.raises(UnreadableFile) as caught:
        read_csv("stock.csv", raw)
    assert says in str(caught.value)
    assert str(caught.value).startswith("stock.csv ")
    assert caught.value.remedy
    assert isinstance(caught.value, NotUtf8) == (what == "UTF-16")


@pytest.mark.parametrize(
    "raw",
    [
        b"a,b\n1,2\n3,4\n",
        b"\xef\xbb\xbfa,b\n1,2\n3,4",
        b"a,b\r\n1,2\r\n3,4\r\n",
        b"a,b\r1,2\r3,4\r",
        b' a ,"b"\n1,"2"\n"3",4\n',
    ],
    ids=["plain", "byte order mark", "CR LF", "CR", "quoted"],
)
def test_ways_to_write_the_same(raw: bytes) -> None:
    frame, first = read_csv("stock.csv", raw)
    assert (frame.columns, [tuple(map(str.strip, row)) for row in frame.rows()]) == (
        ["a", "b"],
        [("1", "2"), ("3", "4")],
    )
    assert first == 2


def test_columns_without_a_name_have_their_place() -> None:
    frame, _ = read_csv("stock.csv", b"a,,\n1,2,\n")
    assert frame.columns == ["a", "(column 2)", "(column 3)"]


def test_inches_inside_cells_swallow_no_row() -> None:
    """The fast reader makes one row of these two, without a word."""
    frame, _ = read_csv("items.csv", b'a,b,c\n"x, y",5" x,1\n"x, y", b ,5" x\nb,"x, y",a\n')
    assert frame.rows() == [("x, y", '5" x', "1"), ("x, y", " b ", '5" x'), ("b", "x, y", "a")]


def test_the_limits_are_those_that_are_told() -> None:
    names = [f"c{number}" for number in range(LARGEST_COLUMNS)]
    raw = ",".join(names).encode() + b"\n"
    assert read_csv("stock.csv", raw)[0].columns == names
    assert read_csv("stock.csv", b"x" * LONGEST_SHOWN + b"\n1\n")[0].width == 1


def test_more_cells_than_a_machine_holds_are_counted_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_text, "LARGEST_CELLS", 1_000)
    with pytest.raises(UnreadableFile, match="has 1,001 rows of 2 columns, more than 1,000 cells"):
        read_csv("stock.csv", b"a,b\n" + b"\n" * 1_000)


CELLS = st.sampled_from(
    ["a", "", "1", "é", '"x, y"', '"x\ny"', '"q""q"', '5" x', 'x"', '"', '""', '"a"b"', '"a" b', "\r\n", " b "]
)


@settings(max_examples=400, deadline=None)
@given(
    st.integers(1, 3).flatmap(lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=8)),
    st.sampled_from(["\n", "\r\n"]),
)
def test_it_reads_as_a_strict_reader_or_refuses(rows: list[list[str]], end: str) -> None:
    """No row and no cell is lost, whatever quotation marks and line breaks stand where."""
    header = ",".join("abc"[: len(rows[0]) if rows else 1])
    raw = (header + end + end.join(",".join(cells) for cells in rows) + end).encode()
    try:
        frame, _ = read_csv("stock.csv", raw)
    except UnreadableFile:
        return
    wanted = list(csv.reader(io.StringIO(raw.decode(), newline=""), strict=True))[1:]
    padded = [(cells + [""] * frame.width)[: frame.width] for cells in wanted]
    assert _plain(frame.rows()) == _plain(padded)


def _plain(rows: list[tuple[str | None, ...]] | list[list[str]]) -> list[list[str]]:
    """Without blank rows at the end, which no reader counts alike, and with one kind of line end."""
    plain = [[(cell or "").replace("\r\n", "\n") for cell in row] for row in rows]
    while plain and not any(plain[-1]):
        plain.pop()
    return plain
