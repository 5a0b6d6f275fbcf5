"""JSON from outside: bounded before it is parsed, and read so that two readers cannot see two things in it.

The one way from bytes to a JSON object, for files and for requests. It does not judge what the object says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import NoReturn

from domain.errors import BadInput

# An event says where to look and holds no data of its own: these are some hundred times what one needs.
LARGEST_BYTES = 65_536
DEEPEST = 16

LONGEST_WHOLE = 19  # digits; more do not fit 64 bits
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def read_object(
    raw: bytes, *, name: str, remedy: str, largest: int = LARGEST_BYTES, deepest: int = DEEPEST
) -> dict[str, object]:
    """The JSON object of `raw` (UTF-8); `name` starts every message, `remedy` ends it.

    Raises:
        BadInput: more than `largest` bytes, brackets deeper than `deepest`, no UTF-8, no JSON, a name twice in one
            object, a number that is none or too long, half a surrogate pair, or no object.
    """
    if len(raw) > largest:
        raise BadInput(f"{name} is larger than {largest:,} bytes.", remedy=remedy)
    if depth(raw) > deepest:
        raise BadInput(f"{name} is nested more than {deepest} deep.", remedy=remedy)
    try:
        read: object = json.loads(
            raw.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_whole
        )
        # Half a surrogate pair is no text and could not be kept, neither could what 1e999 is read as.
        json.dumps(read, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is not UTF-8: byte {error.start}.", remedy=remedy) from None
    except UnicodeEncodeError:
        raise BadInput(f"{name} holds half a surrogate pair, which is no character.", remedy=remedy) from None
    except ValueError as error:
        raise BadInput(f"{name} is not JSON: {error}.", remedy=remedy) from None
    if not isinstance(read, dict):
        raise BadInput(f"{name} holds no JSON object.", remedy=remedy)
    return read  # pyright: ignore[reportUnknownVariableType] - a JSON object has text keys


def depth(raw: bytes) -> int:
    """How deep brackets are nested outside of strings; of malformed text, at least as deep as a parser would go."""
    deepest = level = 0
    for token in _TOKEN.finditer(raw):
        first = raw[token.start()]
        level += (first in b"[{") - (first in b"]}")
        deepest = max(deepest, level)
    return deepest


def _once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the name {name[:40]!a} stands twice in one object")
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > LONGEST_WHOLE:
        raise ValueError(f"a whole number has more than {LONGEST_WHOLE} digits")
    return int(digits)
