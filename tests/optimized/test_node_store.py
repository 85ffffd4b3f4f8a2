"""A range in a file is the range that was appended, after reopening, and after a write that was torn anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.mmr.shape import node_count
from taifoon.profile import HARDENED, Resolution, Suite

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized.bulk_range import open_range
from taifoon_optimized.node_store import PAGE, STATES_AT, MemoryStore, moved

from .ranges import bulk_range, leaves, of_suite

CONTENTS = leaves(90)
WHOLE = bulk_range(HARDENED, CONTENTS)


def written(path: Path, *counts: int) -> Path:
    """A file that holds the first leaves, appended up to each count in turn."""
    with open_range(path, HARDENED) as stored:
        for count in counts:
            stored.append(CONTENTS[stored.count : count])
    return path


def opened_count(path: Path) -> int:
    """The count of a file that opens, whose nodes must be those of that count."""
    with open_range(path, HARDENED) as stored:
        assert tuple(stored.mountains().nodes) == tuple(WHOLE.mountains(stored.count).nodes)
        assert stored.root() == WHOLE.root(stored.count)
        return stored.count


@pytest.mark.parametrize("suite", Suite)
def test_a_file_keeps_a_range_and_takes_more(suite: Suite, tmp_path: Path) -> None:
    path, profile = tmp_path / "range", of_suite(suite)
    expected = bulk_range(profile, CONTENTS)
    for start, stop in ((0, 0), (0, 5), (5, 64), (64, 90)):
        with open_range(path, profile) as stored:
            assert stored.count == start
            stored.append(CONTENTS[start:stop])
            assert stored.root() == expected.root(stop)
    assert path.stat().st_size == PAGE + 32 * node_count(90)


@pytest.mark.parametrize("first", [0, 1, 40])
def test_a_file_cut_anywhere_opens_at_a_state_that_was_committed(first: int, tmp_path: Path) -> None:
    whole = written(tmp_path / "whole", first, 60).read_bytes()
    torn = tmp_path / "torn"
    for size in range(PAGE, len(whole), 211):
        torn.write_bytes(whole[:size])
        assert opened_count(torn) == first if size >= PAGE + 32 * node_count(first) else True
    torn.write_bytes(whole)
    assert opened_count(torn) == 60


@settings(deadline=None, derandomize=True, max_examples=40)
@given(tail=st.binary(min_size=1, max_size=200))
def test_what_follows_the_committed_nodes_is_cut_off(tail: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = written(tmp_path_factory.mktemp("tail") / "range", 33)
    with path.open("ab") as file:
        file.write(tail)
    assert opened_count(path) == 33
    assert path.stat().st_size == PAGE + 32 * node_count(33)


@pytest.mark.parametrize("at", STATES_AT)
@pytest.mark.parametrize("place", [0, 8, 40, 63])
def test_a_torn_state_leaves_the_other_one(at: int, place: int, tmp_path: Path) -> None:
    path = written(tmp_path / "range", 20, 50)
    octets = bytearray(path.read_bytes())
    octets[at + place] ^= 1
    path.write_bytes(octets)
    assert opened_count(path) in (20, 50)


def test_a_peak_that_was_not_written_leaves_the_state_before(tmp_path: Path) -> None:
    path = written(tmp_path / "range", 32, 48)
    octets = bytearray(path.read_bytes())
    octets[-1] ^= 1
    path.write_bytes(octets)
    assert opened_count(path) == 32
    written(path, 48)
    assert opened_count(path) == 48


def test_a_file_without_any_whole_state_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "range", 20, 50)
    path.write_bytes(path.read_bytes()[: PAGE + 32])
    with pytest.raises(ValueError, match="bring the file back"):
        open_range(path, HARDENED)
    assert path.stat().st_size == PAGE + 32


def test_a_file_of_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    other = tmp_path / "letter"
    other.write_bytes(b"Dear reader,")
    with pytest.raises(ValueError, match="letter: it is no range"):
        open_range(other, HARDENED)
    assert other.read_bytes() == b"Dear reader,"


@pytest.mark.parametrize("profile", [of_suite(Suite.SHA256), HARDENED.without(Resolution.HASH_ROLES)])
def test_a_file_of_another_hash_is_refused(profile: object, tmp_path: Path) -> None:
    path = written(tmp_path / "range", 20)
    with pytest.raises(ValueError, match="its own profile"):
        open_range(path, profile)  # type: ignore[arg-type]
    assert opened_count(path) == 20


def test_closing_twice_is_closing(tmp_path: Path) -> None:
    stored = open_range(tmp_path / "range", HARDENED)
    stored.append(CONTENTS[:3])
    stored.close()
    stored.close()
    assert opened_count(tmp_path / "range") == 3


def test_memory_grows_by_an_eighth_and_keeps_what_it_held() -> None:
    store = MemoryStore()
    store.reserve(3000)
    store.rows[:, 0] = range(len(store.rows))
    room = len(store.rows)
    store.reserve(3001)
    assert len(store.rows) == room + room // 8
    assert list(store.rows[:room, 0]) == list(range(room))
    store.close()
    assert (store.count, len(store.rows)) == (0, 0)


def test_pages_that_cannot_be_resized_are_copied() -> None:
    class Fixed(bytearray):
        def resize(self, octets: int) -> None:
            raise SystemError("this system cannot")

    assert moved(Fixed(b"nodes"), 4096)[:6] == b"nodes\0"  # type: ignore[arg-type]
