"""Appends, proofs, verifications and reopenings in any order keep the optimised range equal to the reference's."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import verify_consistency
from taifoon.core.mmr.frontier import append_batch, empty_frontier, root_of_frontier
from taifoon.core.mmr.inclusion import Claim
from taifoon.core.mmr.mountains import extend, range_of
from taifoon.core.mmr.shape import node_count
from taifoon.primitives.types import Hash32, LeafCount, LeafIndex
from taifoon.profile import HARDENED
from taifoon.rejection import RejectionCode

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from taifoon_optimized.bulk_range import open_range
from taifoon_optimized.contents import contents_of, digests_of
from taifoon_optimized.node_store import PAGE
from taifoon_optimized.paths import paths
from taifoon_optimized.verification import Request, first_rejection, verify_paths, verify_requests

COMBINER = HashCombiner(HARDENED)
choices = st.integers(0, 1 << 16)


class StoredRange(RuleBasedStateMachine):
    """One range in a file, and the same leaves appended to the reference's frontier and nodes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.stored = open_range(self.folder / "range", HARDENED)
        self.contents: list[bytes] = []
        self.frontier = empty_frontier()
        self.expected = range_of(COMBINER, ())
        self.heads: list[tuple[LeafCount, Hash32]] = [(LeafCount(0), self.stored.root())]
        self.requests: list[Request] = []

    def teardown(self) -> None:
        self.stored.close()
        shutil.rmtree(self.folder)

    @rule(lengths=st.lists(st.integers(0, 130), max_size=80))
    def append(self, lengths: list[int]) -> None:
        batch = [b"%d" % (len(self.contents) + number) + bytes(length) for number, length in enumerate(lengths)]
        self.stored.append(batch)
        self.contents += batch
        self.frontier = append_batch(COMBINER, self.frontier, tuple(batch))
        self.expected = extend(COMBINER, self.expected, batch)
        self.heads.append((self.frontier.count, root_of_frontier(COMBINER, self.frontier)))

    @rule(tail=st.binary(max_size=100))
    def reopen_after_a_torn_write(self, tail: bytes) -> None:
        self.stored.close()
        with (self.folder / "range").open("ab") as file:
            file.write(tail)
        self.stored = open_range(self.folder / "range", HARDENED)
        assert (self.folder / "range").stat().st_size == PAGE + 32 * node_count(len(self.contents))

    @precondition(lambda self: self.contents)
    @rule(head=choices, choice=choices)
    def keep_a_proof(self, head: int, choice: int) -> None:
        count, root = self.heads[head % len(self.heads)]
        if count:
            index = LeafIndex(choice % count)
            proof = self.stored.prove((index,), count)
            self.requests.append(Request(root, count, (Claim(index, self.contents[index]),), proof))

    @precondition(lambda self: self.requests)
    @rule(choice=choices)
    def verify_what_was_kept_and_one_forgery(self, choice: int) -> None:
        assert not verify_requests(HARDENED, self.requests).any()
        place = choice % len(self.requests)
        honest = self.requests[place]
        forged = Request(honest.root, honest.count, (Claim(honest.claims[0].index, b"forged"),), honest.proof)
        codes = verify_requests(HARDENED, [*self.requests[:place], forged, *self.requests[place:]])
        assert first_rejection(codes) == (place, RejectionCode.MMR_ROOT_MISMATCH)

    @rule(head=choices)
    def verify_every_leaf_of_a_head(self, head: int) -> None:
        count, root = self.heads[head % len(self.heads)]
        for batch in paths(self.stored, count=count):
            claimed = contents_of([self.contents[index] for index in batch.indices])
            assert not verify_paths(HARDENED, digests_of([root]), batch, claimed).any()

    @rule(first=choices, second=choices)
    def any_later_head_extends_an_earlier_one(self, first: int, second: int) -> None:
        old, new = sorted(self.heads[choice % len(self.heads)] for choice in (first, second))
        verify_consistency(COMBINER, *old, *new, self.stored.prove_consistency(old[0], new[0]))

    @invariant()
    def it_is_the_range_of_the_reference(self) -> None:
        assert self.stored.frontier() == self.frontier
        assert self.stored.root() == self.heads[-1][1]

    @invariant()
    def every_node_is_that_of_the_reference(self) -> None:
        assert tuple(self.stored.mountains().nodes) == self.expected.nodes


def test_a_stored_range_is_the_reference_s_after_any_history() -> None:
    run_state_machine_as_test(
        StoredRange, settings=settings(deadline=None, derandomize=True, max_examples=25, stateful_step_count=15)
    )
