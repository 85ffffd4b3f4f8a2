"""Shares of amounts in words are the whole numbers that Python finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.economics.rewards import portion

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized.exact import octets_of_words, portions, words_of_numbers
from taifoon_optimized.grouping import labels, shared

GREATEST = (1 << 64) - 1
EDGES = sorted(
    {0, 3, 10, *((1 << power) + offset for power in (0, 31, 32, 33, 62, 63) for offset in (-1, 0, 1)), GREATEST}
)
words = st.sampled_from(EDGES) | st.integers(0, GREATEST)
shares = st.tuples(words, words, words).map(lambda drawn: (drawn[0], *sorted(drawn[1:])))


def found(rows: list[tuple[int, int, int]]) -> list[int]:
    columns = [words_of_numbers("rows", column) for column in zip(*rows, strict=True)]
    return [int(share) for share in portions(*columns)] if rows else []


def test_every_share_of_the_edges_is_exact() -> None:
    rows = [(amount, part, whole) for amount in EDGES for whole in EDGES for part in EDGES if part <= whole]
    rows += [(amount, part, 0) for amount in EDGES for part in EDGES]
    assert found(rows) == [portion(*row) for row in rows]


@settings(deadline=None, derandomize=True, max_examples=300)
@given(rows=st.lists(shares, max_size=20))
def test_every_share_is_rounded_down_exactly(rows: list[tuple[int, int, int]]) -> None:
    assert found(rows) == [portion(*row) for row in rows]


def test_a_part_above_its_whole_and_a_number_above_a_word_are_named() -> None:
    with pytest.raises(ValueError, match="parts"):
        found([(1, 3, 2)])
    for number in (-1, 1 << 64):
        with pytest.raises(ValueError, match="snapshots"):
            words_of_numbers("snapshots", [0, number])


@settings(deadline=None, derandomize=True)
@given(number=words)
def test_words_become_octets_from_the_least_on(number: int) -> None:
    assert octets_of_words(np.array([number], np.uint64)).tobytes() == number.to_bytes(8, "little")


@settings(deadline=None, derandomize=True, max_examples=100)
@given(rows=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=12), size=st.integers(0, 12))
def test_equal_rows_have_one_label_and_its_first_row(rows: list[tuple[int, int]], size: int) -> None:
    columns = tuple(np.array([row[side] for row in rows], np.int64) for side in (0, 1))
    numbered, firsts = labels(*columns)
    assert [rows[firsts[number]] for number in numbered] == rows
    assert sorted(int(row) for row in firsts) == [at for at, row in enumerate(rows) if row not in rows[:at]]
    left, right = (tuple(column[part] for column in columns) for part in (slice(size), slice(size, None)))
    assert list(shared(left, right)) == [row in rows[size:] for row in rows[:size]]
