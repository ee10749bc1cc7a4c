"""Array types, and the one way in which the hot path adds numbers up."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]


class ShapeError(ValueError):
    """An array whose shape or content does not fit; the message says what was expected."""


def ordered_sum(values: Array) -> Array:
    """Sum over the first axis, always added from the first row to the last.

    ``np.sum`` and matrix products choose the order of their additions by shape, so that a labeler's result
    would depend on who else stands in the group. A running sum has only one order.

    Parameters
    ----------
    values : (n_states, ...) float

    Returns
    -------
    (...) float
    """
    total: Array = np.add.accumulate(values, axis=0)[-1]
    return total


def frozen(values: object) -> Array:
    """Make a read-only float64 array of these values."""
    array = np.array(values, dtype=np.float64)
    array.setflags(write=False)
    return array
