"""A batch of messages has the digests that the reference gives each of them, whatever their lengths and number."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import Hash32, Height, NodePosition
from taifoon.profile import HARDENED, Profile, Resolution, Suite

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized import hashing, workers
from taifoon_optimized.blake3_messages import BATCH
from taifoon_optimized.contents import Contents, contents_of, contents_of_rows, digests_of
from taifoon_optimized.hashing import hash_batch, hash_nodes
from taifoon_optimized.workers import ranges

from .ranges import EDGES, of_suite

LENGTHS = sorted(
    {0, 1, 7, 8, 9, 55, 56, 57, *(64 * blocks + offset for blocks in range(1, 17) for offset in (-1, 0, 1))}
)
ROLES = [role for role in Role if role is not Role.EMPTY]


def message(length: int, number: int = 0) -> bytes:
    return bytes((17 * place + 31 * number + length) % 256 for place in range(length))


def expected(profile: Profile, role: Role, messages: list[bytes]) -> list[bytes]:
    return [hash_role(profile, role, each) for each in messages]


def digests(profile: Profile, role: Role, messages: list[bytes], threads: int = 1) -> list[bytes]:
    return [row.tobytes() for row in hash_batch(profile, role, contents_of(messages), threads)]


@pytest.mark.parametrize("suite", Suite)
def test_every_length_up_to_a_chunk_and_one_more(suite: Suite) -> None:
    assert LENGTHS[-1] == 1025
    messages = [message(length) for length in LENGTHS]
    assert digests(of_suite(suite), Role.LEAF, messages) == expected(of_suite(suite), Role.LEAF, messages)
    within = messages[:-1]
    assert digests(of_suite(suite), Role.LEAF, within) == expected(of_suite(suite), Role.LEAF, within)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_its_own_digests(role: Role) -> None:
    messages = [message(length) for length in (0, 40, 63, 95)]
    assert digests(HARDENED, role, messages) == expected(HARDENED, role, messages)


def test_the_role_of_nothing_has_the_empty_message_only() -> None:
    assert digests(HARDENED, Role.EMPTY, [b"", b""]) == expected(HARDENED, Role.EMPTY, [b"", b""])
    with pytest.raises(ValueError, match="role `empty`"):
        digests(HARDENED, Role.EMPTY, [b"", b"x"])


@pytest.mark.parametrize("count", EDGES)
def test_every_number_of_messages(count: int) -> None:
    messages = [message(number % 130, number) for number in range(count)]
    assert digests(HARDENED, Role.JOB, messages) == expected(HARDENED, Role.JOB, messages)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(
    messages=st.lists(st.binary(max_size=1024) | st.binary(max_size=70), max_size=150),
    suite=st.sampled_from(Suite),
    role=st.sampled_from(ROLES),
)
def test_any_messages_in_any_role(messages: list[bytes], suite: Suite, role: Role) -> None:
    assert digests(of_suite(suite), role, messages) == expected(of_suite(suite), role, messages)


@pytest.mark.parametrize("suite", Suite)
def test_a_profile_without_roles_has_the_bare_hash(suite: Suite) -> None:
    profile = of_suite(suite).without(Resolution.HASH_ROLES)
    messages = [message(length) for length in (0, 63, 64, 1025)]
    assert digests(profile, Role.LEAF, messages) == expected(profile, Role.LEAF, messages)


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 129])
def test_nodes_are_those_of_the_combiner(suite: Suite, count: int) -> None:
    profile = of_suite(suite)
    combiner = HashCombiner(profile)
    values = [Hash32(message(32, number)) for number in range(2 * count)]
    rows = digests_of(values)
    found = hash_nodes(profile, rows[::2], rows[1::2])
    pairs = zip(values[::2], values[1::2], strict=True)
    assert [row.tobytes() for row in found] == [
        combiner.node(NodePosition(0), Height(1), left, right) for left, right in pairs
    ]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(
    first=st.integers(0, 9000), size=st.integers(0, 1 << 20), threads=st.integers(1, 9), multiple=st.integers(1, 4096)
)
def test_workers_share_all_rows_and_none_twice(first: int, size: int, threads: int, multiple: int) -> None:
    stretches = ranges(first, first + size, threads, multiple)
    assert stretches[0][0] == first
    assert stretches[-1][1] == first + size
    assert len(stretches) <= threads
    for (_, stop), (start, _) in pairwise(stretches):
        assert stop == start
        assert stop % multiple == 0


def test_the_thread_count_has_no_bearing_on_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "LEAST_ROWS", 1)
    messages = [message(number % 100, number) for number in range(3 * BATCH + 17)]
    alone = digests(HARDENED, Role.LEAF, messages)
    assert alone[::97] == expected(HARDENED, Role.LEAF, messages[::97])
    for threads in (2, 3, 5):
        assert digests(HARDENED, Role.LEAF, messages, threads) == alone
    rows = digests_of(alone)
    assert np.array_equal(hash_nodes(HARDENED, rows, rows[::-1]), hash_nodes(HARDENED, rows, rows[::-1], 3))


def test_a_fault_of_a_worker_comes_back() -> None:
    def work(start: int, stop: int) -> None:
        if start:
            raise RuntimeError("the second stretch")

    with pytest.raises(RuntimeError, match="second"):
        workers.run(work, [(0, 1), (1, 2)])


def test_parts_and_rows_are_the_same_messages() -> None:
    rows = np.arange(12, dtype=np.uint8).reshape(4, 3)
    contents = contents_of_rows(rows)
    assert [contents[number] for number in range(4)] == [row.tobytes() for row in rows]
    assert [contents.part(1, 3)[number] for number in range(2)] == [rows[1].tobytes(), rows[2].tobytes()]
    assert (len(contents.part(2, 2)), contents.longest, contents_of([]).longest) == (0, 3, 0)


BYTES, NUMBERS = np.zeros(4, np.uint8), np.array([0, 4], np.int64)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Contents(BYTES.astype(np.int8), NUMBERS), "octets"),
        (lambda: Contents(BYTES.reshape(2, 2), NUMBERS), "octets"),
        (lambda: Contents(BYTES, NUMBERS.astype(np.int32)), "offsets"),
        (lambda: Contents(BYTES, NUMBERS[:0]), "offsets"),
        (lambda: Contents(BYTES, NUMBERS[::-1]), "offsets"),
        (lambda: Contents(BYTES, NUMBERS + 1), "offsets"),
        (lambda: Contents(BYTES, NUMBERS - 1), "offsets"),
        (lambda: contents_of([b"a"]).part(0, 2), "part"),
        (lambda: contents_of_rows(BYTES), "rows"),
        (lambda: digests_of([b"short"]), "values"),
        (lambda: hash_nodes(HARDENED, BYTES.reshape(1, 4), BYTES.reshape(1, 4)), "digests"),
        (lambda: hash_nodes(HARDENED, np.zeros((1, 32), np.uint8), np.zeros((2, 32), np.uint8)), "rights"),
        (lambda: hashing.hash_batch(HARDENED, Role.LEAF, contents_of([b"a"]), 0), "threads"),
    ],
)
def test_wrong_columns_are_named(make: object, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        make()  # type: ignore[operator]


def test_a_message_that_there_is_not_is_an_index_error() -> None:
    with pytest.raises(IndexError):
        contents_of([b"a"])[1]
