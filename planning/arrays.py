"""Array types and the checks at the door: every public function of `planning` passes its input through these.

They copy nothing that is already float64 and never repair: what is wrong is refused with the name of the field.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from planning.errors import InvalidField

FloatArray: TypeAlias = NDArray[np.float64]
SingleArray: TypeAlias = NDArray[np.float32]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]


def number(field: str, value: float, *, at_least: float | None = None, at_most: float | None = None) -> float:
    """A finite float inside the closed range."""
    try:
        result = float(value)
    except (TypeError, ValueError):
        raise InvalidField(field, f"must be a number, not {value!r}") from None
    if not math.isfinite(result):
        raise InvalidField(field, f"must be finite, not {result}")
    if at_least is not None and result < at_least:
        raise InvalidField(field, f"must be at least {at_least:g}, not {result:g}")
    if at_most is not None and result > at_most:
        raise InvalidField(field, f"must be at most {at_most:g}, not {result:g}")
    return result


def fraction(field: str, value: float) -> float:
    """A number strictly between 0 and 1."""
    result = number(field, value)
    if not 0.0 < result < 1.0:
        raise InvalidField(field, f"must lie strictly between 0 and 1, not {result:g}")
    return result


def count(field: str, value: int, *, at_least: int = 1) -> int:
    """A whole number, not below `at_least`."""
    try:
        is_whole = not isinstance(value, bool) and int(value) == value
    except (TypeError, ValueError, OverflowError):
        is_whole = False
    if not is_whole:
        raise InvalidField(field, f"must be a whole number, not {value!r}")
    if value < at_least:
        raise InvalidField(field, f"must be at least {at_least}, not {value}")
    return int(value)


def vector(field: str, value: ArrayLike, *, length: int | None = None, at_least: float | None = None) -> FloatArray:
    """A finite, non-empty float vector of the given length."""
    return _checked(field, value, dimensions=1, shape=None if length is None else (length,), at_least=at_least)


def matrix(
    field: str, value: ArrayLike, *, shape: tuple[int, int] | None = None, at_least: float | None = None
) -> FloatArray:
    """A finite, non-empty float matrix of the given shape."""
    return _checked(field, value, dimensions=2, shape=shape, at_least=at_least)


def rows_or_vector(
    field: str, value: ArrayLike, *, shape: tuple[int, int], at_least: float | None = None
) -> FloatArray:
    """A (days,) vector or a (scenarios, days) matrix, returned as something that broadcasts to `shape`."""
    array = np.asarray(value, dtype=np.float64)
    if array.ndim == 1:
        return vector(field, array, length=shape[1], at_least=at_least)[None, :]
    return matrix(field, array, shape=shape, at_least=at_least)


def _checked(
    field: str, value: ArrayLike, *, dimensions: int, shape: tuple[int, ...] | None, at_least: float | None
) -> FloatArray:
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InvalidField(field, "must be an array of numbers") from None
    if array.ndim != dimensions:
        raise InvalidField(field, f"must have {dimensions} dimension(s), not {array.ndim}")
    if array.size == 0:
        raise InvalidField(field, "is empty")
    if shape is not None and array.shape != shape:
        raise InvalidField(field, f"must have shape {shape}, not {array.shape}")
    if not np.isfinite(array).all():
        raise InvalidField(field, "holds values that are not finite")
    if at_least is not None and array.min() < at_least:
        raise InvalidField(field, f"holds {array.min():g}, below {at_least:g}")
    return array
