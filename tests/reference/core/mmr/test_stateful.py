"""However a range or log grows, its past stays, and every proof about it stays good for the root of its time.

Two machines grow at random: a mountain range, by leaves and batches, which remembers heads and proofs; and a job log,
by intakes and completions. Their invariants are T-M2: no leaf or node that was there ever changes.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from taifoon.core.job_log import JobLog, complete, empty_job_log, record, take_in
from taifoon.core.leaf import leaf_content
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import Head, adopt_head, prove_consistency, prove_subtree, verify_subtree
from taifoon.core.mmr.frontier import Frontier, append, append_batch, empty_frontier, root_of_frontier
from taifoon.core.mmr.inclusion import Claim, InclusionProof, prove_leaf, prove_leaves, verify_leaf, verify_leaves
from taifoon.core.mmr.mountains import MountainRange, empty_range, extend, frontier_of_range, root_of_range, span_value
from taifoon.core.mmr.shape import node_count
from taifoon.core.mmr.spans import Span, is_subtree
from taifoon.primitives.types import Hash32, LeafCount, LeafIndex
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import completion, digest, intake

from . import rfc9162

STEADY = settings(deadline=None, derandomize=True, max_examples=40, stateful_step_count=30)
COMBINER = HashCombiner(HARDENED)
contents = st.binary(max_size=6)
choices = st.integers(0, 1 << 16)


class GrowingRange(RuleBasedStateMachine):
    """One range, kept as a list of leaves, as a frontier and as a store, with all heads and some proofs."""

    def __init__(self) -> None:
        super().__init__()
        self.contents: list[bytes] = []
        self.frontier: Frontier[Hash32] = empty_frontier()
        self.stored: MountainRange[Hash32] = empty_range()
        self.heads = [Head(LeafCount(0), root_of_frontier(COMBINER, self.frontier))]
        self.proofs: list[tuple[Head[Hash32], tuple[Claim, ...], InclusionProof[Hash32]]] = []
        self.past: tuple[Hash32, ...] = ()

    def remember(self) -> None:
        self.heads.append(Head(self.frontier.count, root_of_frontier(COMBINER, self.frontier)))

    def at(self, count: int) -> MountainRange[Hash32]:
        """The range as it was, read from the nodes that are stored now."""
        return MountainRange(LeafCount(count), self.stored.nodes[: node_count(count)])

    @rule(content=contents)
    def append_one(self, content: bytes) -> None:
        self.contents.append(content)
        self.frontier = append(COMBINER, self.frontier, content)
        self.stored = extend(COMBINER, self.stored, (content,))
        self.remember()

    @rule(batch=st.lists(contents, max_size=9))
    def append_many(self, batch: list[bytes]) -> None:
        self.contents += batch
        self.frontier = append_batch(COMBINER, self.frontier, tuple(batch))
        self.stored = extend(COMBINER, self.stored, batch)
        self.remember()

    @precondition(lambda self: self.contents)
    @rule(choice=choices)
    def keep_a_proof(self, choice: int) -> None:
        index = LeafIndex(choice % len(self.contents))
        claim = Claim(index, self.contents[index])
        self.proofs.append((self.heads[-1], (claim,), prove_leaf(COMBINER, self.stored, index)))

    @precondition(lambda self: self.contents)
    @rule(chosen=st.sets(choices, min_size=2, max_size=5))
    def keep_a_proof_of_several(self, chosen: set[int]) -> None:
        indices = tuple(LeafIndex(index) for index in sorted({choice % len(self.contents) for choice in chosen}))
        claims = tuple(Claim(index, self.contents[index]) for index in indices)
        self.proofs.append((self.heads[-1], claims, prove_leaves(COMBINER, self.stored, indices)))

    @precondition(lambda self: self.proofs)
    @rule(choice=choices)
    def verify_a_kept_proof(self, choice: int) -> None:
        head, claims, proof = self.proofs[choice % len(self.proofs)]
        verify_leaves(COMBINER, head.root, head.count, claims, proof)
        renewed = prove_leaves(COMBINER, self.stored, proof.indices)
        verify_leaves(COMBINER, self.heads[-1].root, self.frontier.count, claims, renewed)

    @precondition(lambda self: self.proofs)
    @rule(choice=choices, content=contents)
    def refuse_another_leaf_under_a_kept_proof(self, choice: int, content: bytes) -> None:
        head, claims, proof = self.proofs[choice % len(self.proofs)]
        if content == claims[0].content:
            return
        with pytest.raises(Rejected) as caught:
            verify_leaves(COMBINER, head.root, head.count, (Claim(claims[0].index, content), *claims[1:]), proof)
        assert caught.value.code is RejectionCode.MMR_ROOT_MISMATCH

    @rule(first=choices, second=choices)
    def adopt_any_later_head_and_no_earlier_one(self, first: int, second: int) -> None:
        old, new = sorted(
            (self.heads[first % len(self.heads)], self.heads[second % len(self.heads)]), key=lambda head: head.count
        )
        proof = prove_consistency(COMBINER, self.at(new.count), old.count)
        assert adopt_head(COMBINER, old, new, proof) == new
        if old.count < new.count:
            with pytest.raises(Rejected) as caught:
                adopt_head(COMBINER, new, old, proof)
            assert caught.value.code is RejectionCode.MMR_SHRINKS

    @precondition(lambda self: self.contents)
    @rule(head=choices, edges=st.tuples(choices, choices))
    def verify_a_subtree_of_a_head(self, head: int, edges: tuple[int, int]) -> None:
        known = self.heads[head % len(self.heads)]
        if known.count == 0:
            return
        start = edges[0] % known.count
        span = Span(start, start + 1 + edges[1] % (known.count - start))
        if is_subtree(span):
            mountains = self.at(known.count)
            value = span_value(COMBINER, mountains, span)
            verify_subtree(COMBINER, known.root, known.count, span, value, prove_subtree(COMBINER, mountains, span))

    @invariant()
    def frontier_and_store_are_one_range(self) -> None:
        assert frontier_of_range(self.stored) == self.frontier

    @invariant()
    def the_range_is_that_of_its_leaves(self) -> None:
        assert self.frontier == Frontier(LeafCount(len(self.contents)), rfc9162.peaks(self.contents))
        assert self.heads[-1].root == rfc9162.root(self.contents)

    @invariant()
    def stored_nodes_never_change(self) -> None:
        assert self.stored.nodes[: len(self.past)] == self.past
        self.past = self.stored.nodes


class GrowingLog(RuleBasedStateMachine):
    """A job log under a profile, with every earlier state of it."""

    profile: Profile = HARDENED

    def __init__(self) -> None:
        super().__init__()
        self.combiner = HashCombiner(self.profile)
        self.log: JobLog[Hash32] = empty_job_log()
        self.past: list[JobLog[Hash32]] = []
        self.taken: list[int] = []
        self.done: list[int] = []

    def grow(self, log: JobLog[Hash32]) -> None:
        self.past.append(self.log)
        self.log = log

    def refused(self, code: RejectionCode, action: Any, *arguments: Any) -> None:
        before = self.log
        with pytest.raises(Rejected) as caught:
            action(self.combiner, self.log, *arguments)
        assert caught.value.code is code
        assert self.log == before

    @rule()
    def take_the_next_job_in(self) -> None:
        number = len(self.taken)
        self.grow(take_in(self.combiner, self.log, intake(number)))
        self.taken.append(number)

    @precondition(lambda self: len(self.done) < len(self.taken))
    @rule(choice=choices, as_event=st.booleans())
    def complete_an_open_job(self, choice: int, as_event: bool) -> None:
        pending = [number for number in self.taken if number not in self.done]
        number = pending[choice % len(pending)]
        if as_event:
            self.grow(record(self.combiner, self.log, completion(number)))
        else:
            self.grow(complete(self.combiner, self.log, digest(f"job {number}"), digest(f"proof {number}")))
        self.done.append(number)

    @precondition(lambda self: self.taken)
    @rule(choice=choices)
    def refuse_a_second_intake(self, choice: int) -> None:
        number = self.taken[choice % len(self.taken)]
        self.refused(RejectionCode.JOB_ALREADY_TAKEN_IN, take_in, intake(number))

    @precondition(lambda self: self.done)
    @rule(choice=choices)
    def refuse_a_second_completion(self, choice: int) -> None:
        number = self.done[choice % len(self.done)]
        self.refused(RejectionCode.JOB_ALREADY_COMPLETED, record, completion(number))

    @rule()
    def refuse_to_complete_an_unknown_job(self) -> None:
        self.refused(RejectionCode.JOB_UNKNOWN, record, completion(len(self.taken)))

    @invariant()
    def every_earlier_log_is_a_beginning_of_this_one(self) -> None:
        for old in self.past:
            assert self.log.leaves[: len(old.leaves)] == old.leaves
            assert self.log.mountains.nodes[: len(old.mountains.nodes)] == old.mountains.nodes

    @invariant()
    def each_job_has_one_intake_and_at_most_one_completion(self) -> None:
        taken = [leaf.job_id for leaf in self.log.leaves if leaf.is_intake]
        done = [leaf.job_id for leaf in self.log.leaves if not leaf.is_intake]
        assert taken == [digest(f"job {number}") for number in self.taken]
        assert done == [digest(f"job {number}") for number in self.done]

    @invariant()
    def the_range_proves_each_leaf(self) -> None:
        mountains = self.log.mountains
        assert mountains.count == len(self.log.leaves)
        root = root_of_range(self.combiner, mountains)
        for index, leaf in enumerate(self.log.leaves):
            proof = prove_leaf(self.combiner, mountains, LeafIndex(index))
            verify_leaf(self.combiner, root, mountains.count, LeafIndex(index), leaf_content(leaf), proof)


class RewritingLog(GrowingLog):
    """The log as the source has it: a completion fills in the leaf that is there."""

    profile = HARDENED.without(Resolution.LEAF_IMMUTABLE)

    def each_job_has_one_intake_and_at_most_one_completion(self) -> None:
        """Not asked of this log, so that its past alone convicts it."""


def test_a_range_only_grows_and_keeps_what_it_proved() -> None:
    run_state_machine_as_test(GrowingRange, settings=STEADY)


def test_a_log_only_grows_and_completes_each_job_once() -> None:
    run_state_machine_as_test(GrowingLog, settings=STEADY)


def test_a_log_that_rewrites_its_leaves_is_found_out() -> None:
    without_shrinking = settings(STEADY, phases=[Phase.generate])
    with pytest.raises(AssertionError, match="MMRLeaf"):
        run_state_machine_as_test(RewritingLog, settings=without_shrinking)
