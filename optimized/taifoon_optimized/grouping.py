"""Rows of columns that are equal, found by sorting.

Where the reference keeps a dictionary or a set of values, columns give each row the number of its value.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from taifoon_optimized.contents import Digests, Numbers
from taifoon_optimized.hashing import words_of

Column: TypeAlias = npt.NDArray[Any]
"""One row of whole numbers of any width."""


def digest_columns(digests: Digests) -> tuple[Column, ...]:
    """Digests as columns that are equal in all four where the digests are equal."""
    return tuple(words_of(digests).T)


def labels(*columns: Column) -> tuple[Numbers, Numbers]:
    """A number for each row, the same for equal rows alone, and the first row of each number."""
    rows = np.lexsort(columns)
    new = np.zeros(rows.size, np.bool_)
    new[:1] = True
    for column in columns:
        ordered = column[rows]
        new[1:] |= ordered[1:] != ordered[:-1]
    numbered = np.empty(rows.size, np.int64)
    numbered[rows] = np.cumsum(new) - 1
    # The sort is stable, so that the first place of a number is that of its first row.
    return numbered, rows[new].astype(np.int64)


def shared(columns: tuple[Column, ...], others: tuple[Column, ...]) -> npt.NDArray[np.bool_]:
    """Whether each row of the columns is among the rows of the others."""
    size = columns[0].size
    numbered, firsts = labels(*(np.concatenate(pair) for pair in zip(columns, others, strict=True)))
    among = np.zeros(firsts.size, np.bool_)
    among[numbered[size:]] = True
    return among[numbered[:size]]
