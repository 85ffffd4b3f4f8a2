"""Networks over many epochs: whatever is registered, asked, completed and withheld, no job is lost or settled twice.

A state machine registers and removes holders, submits jobs in several copies, lets owners take in and complete what it
likes, and turns epochs with changing cluster counts. The same machine finds a fault that is planted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import ClassVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from taifoon.core.epoch import Heard, Registration, assignment_of, seats_of, serving, unheard
from taifoon.core.leaf import MMRLeaf
from taifoon.core.network_state import EpochRecord, NetworkState, catch_up, turn
from taifoon.core.owners import owners
from taifoon.primitives.types import ClusterId
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon_models.blocks import PROOFS
from taifoon_models.epochs import (
    Setting,
    Work,
    job_leaf,
    network,
    registration,
    setting,
    small_clusters,
    usual_choice,
)
from taifoon_models.jobs import digest
from taifoon_models.keys import key

STEADY = settings(deadline=None, derandomize=True, max_examples=50, stateful_step_count=20)
HUNT = settings(STEADY, max_examples=100, phases=[Phase.generate], print_blob=False, report_multiple_bugs=False)
SHORT_LIVED = replace(HARDENED.parameters, job_life=1)
HOLDERS = 12
LAST_EPOCH = 6
ANY = st.integers(0, 999)


class Epochs(RuleBasedStateMachine):
    """A network, the plan for its present epoch, and what is demanded after every step."""

    profile: ClassVar[Profile] = small_clusters(HARDENED.with_parameters(SHORT_LIVED), 3)
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.begin(6)

    @initialize(holders=st.integers(5, 9))
    def begin(self, holders: int) -> None:
        self.states: list[NetworkState] = [network(self.profile, holders, 2)]
        self.records: list[EpochRecord] = []
        self.registry: tuple[Registration, ...] = self.states[0].history.genesis.registry
        self.submitted: dict[int, list[MMRLeaf]] = {}
        self.taken: set[bytes] = set()
        self.open_epoch()

    def open_epoch(self) -> None:
        self.now: Setting = setting(self.profile, self.states[-1])
        self.intakes: dict[int, list[MMRLeaf]] = {c: [] for c in range(len(self.now.assignment.clusters))}
        self.completions: dict[int, list[MMRLeaf]] = {c: [] for c in self.intakes}

    # What happens within an epoch.

    @rule(number=st.integers(0, HOLDERS - 1), seats=st.integers(1, 3))
    def a_stake_is_registered(self, number: int, seats: int) -> None:
        others = tuple(entry for entry in self.registry if entry.public_key != key(number))
        self.registry = (*others, registration(self.profile, number, seats))
        self.seen["registered"] += 1

    @precondition(lambda self: len(self.registry) > 5)
    @rule(chosen=ANY)
    def a_holder_leaves(self, chosen: int) -> None:
        place = chosen % len(self.registry)
        self.registry = (*self.registry[:place], *self.registry[place + 1 :])
        self.seen["left"] += 1

    @rule(jobs=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), min_size=1, max_size=4))
    def jobs_are_submitted(self, jobs: list[tuple[int, int]]) -> None:
        for number, copy in jobs:
            leaf = job_leaf(self.profile, self.now.assignment, number, copy)
            self.submitted.setdefault(number, []).append(leaf)
            self.seen["submitted"] += 1

    def waiting(self) -> list[MMRLeaf]:
        """What an honest leader may take in: jobs that wait since earlier epochs, else those submitted in this one."""
        state = self.states[-1]
        carried = {job.leaf.job_id: job.leaf for job in state.pending}
        closed = {each.job_id for each in state.settled} | set(state.expired)
        here = self.now.assignment
        fresh = [
            replace(leaf, assigned_cluster=owners(self.profile, here, leaf, 1)[0])
            if Resolution.EPOCH_SEED in self.profile
            else leaf
            for leaves in self.submitted.values()
            for leaf in leaves
        ]
        return [*carried.values(), *(leaf for leaf in fresh if leaf.job_id not in carried.keys() | closed)]

    def log_ids(self, cluster: int) -> set[bytes]:
        chains = self.states[-1].chains
        leaves = chains[cluster].log.jobs.leaves if cluster < len(chains) else ()
        return {leaf.job_id for leaf in leaves} | {leaf.job_id for leaf in self.intakes[cluster]}

    def completed_ids(self, cluster: int) -> set[bytes]:
        chains = self.states[-1].chains
        leaves = chains[cluster].log.jobs.leaves if cluster < len(chains) else ()
        done = {leaf.job_id for leaf in leaves if not leaf.is_intake}
        return done | {leaf.job_id for leaf in self.completions[cluster]}

    def work(self, diligence: list[int]) -> None:
        """Each owner of each waiting job does nothing, takes it in, or takes it in and completes it."""
        turns = iter(diligence)
        for leaf in self.waiting():
            for cluster in map(int, owners(self.profile, self.now.assignment, leaf, self.now.factor)):
                does = next(turns, 0)
                if does and leaf.job_id not in self.log_ids(cluster):
                    self.intakes[cluster].append(leaf)
                if does > 1 and leaf.job_id not in self.completed_ids(cluster):
                    self.completions[cluster].append(self.intake_in(cluster, leaf.job_id))
                    self.seen["completed"] += 1

    def intake_in(self, cluster: int, job_id: bytes) -> MMRLeaf:
        chains = self.states[-1].chains
        earlier = chains[cluster].log.jobs.leaves if cluster < len(chains) else ()
        return next(leaf for leaf in (*earlier, *self.intakes[cluster]) if leaf.job_id == job_id)

    # The turn of an epoch.

    @precondition(lambda self: len(self.records) < LAST_EPOCH)
    @rule(
        diligence=st.lists(st.integers(0, 2), min_size=6, max_size=16),
        step=st.sampled_from([-1, 0, 1]),
        silent=st.sets(st.integers(0, HOLDERS - 1), max_size=2),
    )
    def the_epoch_turns(self, diligence: list[int], step: int, silent: set[int]) -> None:
        self.work(diligence)
        work: dict[int, tuple[Work, ...]] = {}
        for cluster, leaves in self.intakes.items():
            proved = tuple((leaf, self.now.drawn(leaf, ClusterId(cluster))) for leaf in self.completions[cluster])
            if leaves or proved:
                work[cluster] = ((tuple(leaves), ()), ((), proved))
        withholding = frozenset(key(number) for number in silent)
        usual = usual_choice(self.states[-1], self.profile, step=step, withholding=withholding)
        stretches = self.now.stretches(work)
        record = self.now.record(stretches, self.now.closing(stretches, replace(usual, registry=self.registry)))
        self.taken |= {leaf.job_id for leaves in self.intakes.values() for leaf in leaves}
        self.states.append(self.turned(record))
        self.records.append(record)
        self.seen["turned"] += 1
        self.seen["settled"] += len(self.states[-1].settled) - len(self.states[-2].settled)
        self.seen["expired"] += len(self.states[-1].expired) - len(self.states[-2].expired)
        self.seen["carried"] += len(self.states[-1].pending)
        self.seen["count changed"] += len(self.now.assignment.clusters) != self.states[-1].history.closed[-1].clusters
        several = Counter(leaf.job_id for leaves in self.completions.values() for leaf in leaves)
        self.seen["completed by several"] += sum(count > 1 for count in several.values())
        self.open_epoch()

    def turned(self, record: EpochRecord) -> NetworkState:
        return turn(self.profile, PROOFS, self.states[-1], self.now.factor, record)

    @precondition(lambda self: self.records)
    @rule(chosen=ANY)
    def a_member_that_was_away_catches_up(self, chosen: int) -> None:
        missed = chosen % len(self.records)
        known = self.states[missed]
        after = catch_up(self.profile, PROOFS, known, self.now.factor, tuple(self.records[missed:]))
        assert after == self.states[-1], "catching up leads elsewhere"

    # What holds after every step.

    @invariant()
    def every_job_that_was_taken_in_is_in_one_place(self) -> None:
        state = self.states[-1]
        pending = [job.leaf.job_id for job in state.pending]
        settled = [each.job_id for each in state.settled]
        places = Counter((*pending, *settled, *state.expired))
        assert set(places) == self.taken, "a job is lost or made up"
        assert not places or max(places.values()) == 1, "a job is in two places"

    @invariant()
    def a_client_is_served_once(self) -> None:
        settled = Counter(each.job_id for each in self.states[-1].settled)
        for leaves in self.submitted.values():
            assert sum(settled[job_id] for job_id in {leaf.job_id for leaf in leaves}) <= 1, "settled twice"

    @invariant()
    def nobody_disagrees_about_members_and_owners(self) -> None:
        state = self.states[-1]
        hearsay = unheard(state.history)
        other = Heard(digest("another root"), hearsay.registry[:1], (key(0),), hearsay.clusters + 1)
        assert assignment_of(self.profile, state.history, state.epoch, other) == self.now.assignment
        for leaf in self.waiting():
            owning = owners(self.profile, self.now.assignment, leaf, self.now.factor)
            assert owning, "a job without an owner"
            assert all(cluster < len(self.now.assignment.clusters) for cluster in owning)

    @invariant()
    def members_are_those_of_the_frozen_registry(self) -> None:
        state = self.states[-1]
        frozen = state.history.after(state.epoch - self.profile.parameters.seed_lag).registry
        assert set(self.now.assignment.seats) == set(seats_of(self.profile, frozen))
        assert serving(self.profile, state.history, state.epoch, unheard(state.history)) == self.now.assignment.registry
        sizes = [len(members) for members in self.now.assignment.clusters]
        assert max(sizes) - min(sizes) <= 1

    @invariant()
    def chains_have_no_gap(self) -> None:
        for cluster in range(len(self.states[-1].chains)):
            numbers = [
                block.header.block_number
                for record in self.records
                for stretch in record.stretches
                if stretch.cluster == cluster
                for block in stretch.blocks
            ]
            assert numbers == list(range(1, len(numbers) + 1))


def test_no_job_is_lost_or_settled_twice() -> None:
    Epochs.seen.clear()
    run_state_machine_as_test(Epochs, settings=STEADY)
    wanted = {
        "registered", "left", "submitted", "completed", "completed by several", "turned", "settled", "carried",
        "expired", "count changed",
    }  # fmt: skip
    assert wanted <= {name for name, count in Epochs.seen.items() if count}, dict(Epochs.seen)


class Literal(Epochs):
    """The same machine over a profile in which each completion counts and the sender names the job."""

    profile = Epochs.profile.without(Resolution.JOB_LIFE)


class Forgetful(Epochs):
    """The same machine over a turn that forgets a job that waits."""

    def turned(self, record: EpochRecord) -> NetworkState:
        after = super().turned(record)
        return replace(after, pending=after.pending[1:])


class Generous(Epochs):
    """The same machine over a turn that settles a job again."""

    def turned(self, record: EpochRecord) -> NetworkState:
        after = super().turned(record)
        return replace(after, settled=(*after.settled, *after.settled[:1]))


@pytest.mark.parametrize(
    ("machine", "complaint"),
    [(Literal, "settled twice"), (Forgetful, "lost or made up"), (Generous, "in two places|settled twice")],
)
def test_a_planted_fault_is_found(machine: type[Epochs], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        run_state_machine_as_test(machine, settings=HUNT)
