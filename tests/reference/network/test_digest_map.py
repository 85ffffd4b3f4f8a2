"""The map is a map, and the queue gives its keys in the order of their times."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.network.digest_map import (
    Branch,
    DigestMap,
    Queue,
    after_first,
    depth_of,
    digit,
    enqueued,
    value_of,
    values,
    with_value,
    without,
)

# Keys that share long prefixes, so that branches grow deep and fold again.
KEYS = st.builds(bytes, st.lists(st.sampled_from([0, 1, 16, 255]), min_size=3, max_size=3))
CHANGES = st.lists(st.tuples(st.booleans(), KEYS, st.integers(0, 9)), max_size=60)


def after(changes: list[tuple[bool, bytes, int]]) -> tuple[DigestMap[int], dict[bytes, int]]:
    held: DigestMap[int] = None
    expected: dict[bytes, int] = {}
    for adds, key, value in changes:
        held = with_value(held, key, value) if adds else without(held, key)
        if adds:
            expected[key] = value
        else:
            expected.pop(key, None)
    return held, expected


@settings(deadline=None, derandomize=True, max_examples=300)
@given(CHANGES)
def test_the_map_holds_what_a_dictionary_does(changes: list[tuple[bool, bytes, int]]) -> None:
    held, expected = after(changes)
    assert list(values(held)) == [expected[key] for key in sorted(expected)]
    for key in {key for _, key, _ in changes}:
        assert value_of(held, key) == expected.get(key)


@settings(deadline=None, derandomize=True, max_examples=200)
@given(CHANGES)
def test_equal_entries_make_equal_maps_whatever_was_there_before(changes: list[tuple[bool, bytes, int]]) -> None:
    held, expected = after(changes)
    again, _ = after([(True, key, value) for key, value in reversed(expected.items())])
    assert held == again


def test_an_earlier_map_stays_as_it_is() -> None:
    first: DigestMap[int] = with_value(None, b"\x12\x34", 1)
    second = with_value(first, b"\x12\x35", 2)
    assert (value_of(first, b"\x12\x35"), value_of(second, b"\x12\x35")) == (None, 2)
    assert without(second, b"\x12\x35") == first
    assert isinstance(second, Branch)


def test_a_key_is_read_four_bits_at_a_time_high_half_first() -> None:
    assert [digit(b"\x12\xab", depth) for depth in range(4)] == [1, 2, 10, 11]


@settings(deadline=None, derandomize=True, max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 20), KEYS), max_size=60, unique=True))
def test_the_queue_gives_its_keys_by_time_and_then_by_key(entries: list[tuple[int, bytes]]) -> None:
    queue: Queue = None
    for at, key in entries:
        queue = enqueued(queue, at, key)
    assert depth_of(queue) <= len(entries).bit_length()
    given_up = []
    while queue is not None:
        given_up.append((queue.at, queue.key))
        queue = after_first(queue)
    assert given_up == sorted(entries)
