"""Vectors of chains: blocks under an epoch's rules about jobs, what a client is shown, and runs block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core import attestation, owners
from taifoon.core.block import CarriedVote, ClusterBlock, ProofResult, block_hash, link_of, proof_commitment
from taifoon.core.cluster_log import empty_cluster_log
from taifoon.core.epoch import Assignment
from taifoon.core.leaf import MMRLeaf, ProofType, completion_of
from taifoon.core.validity import ChainState, Formation, apply_block, genesis_state
from taifoon.core.vote import Statement, VoteKind
from taifoon.primitives.types import ClusterId, Epoch, Hash32, Millis, PublicKey, Signature64, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon_models.blocks import (
    BREAKINGS,
    CHAIN,
    NOW,
    START,
    first_state,
    opening_block,
    proof_of,
    proposal,
    result_of,
    taken_in,
    votes_for_parent,
    with_header,
    working_block,
)
from taifoon_models.jobs import digest, intake
from taifoon_toolkit.vectors import blocks as questions
from taifoon_toolkit.vectors.accountability import ProofGiven
from taifoon_toolkit.vectors.block_cases import (
    SEATS,
    SMALL,
    claims_root,
    formation_given,
    honest_chain,
    seen_as,
)
from taifoon_toolkit.vectors.blocks import (
    ChainBegun,
    ClaimAsked,
    FormationGiven,
    Proposed,
    RulesGiven,
    ValidityAsked,
    parent_given,
)
from taifoon_toolkit.vectors.case import Case, Double, Sibling, Step, Trace
from taifoon_toolkit.vectors.certificates import CommitteeGiven, signed_by
from taifoon_toolkit.vectors.encoding import sample_leaf
from taifoon_toolkit.vectors.method import NORMATIVE
from taifoon_toolkit.vectors.owners import (
    ANY_IS_PROVABLE,
    NAMED_IS_PRIMARY,
    OPEN_FOR_EVER,
    RARE,
    TAKES_THE_LATEST,
    EpochGiven,
    assignment_from,
    drawn_epoch,
    jobs_from,
)
from taifoon_toolkit.vectors.stream import Stream
from taifoon_toolkit.vectors.votes import OneLink

CHECK_ATTESTATIONS = attestation.check_attestations
CARRIES_AGAIN = Double(
    "forgets which votes are carried already",
    "taifoon.core.validity:check_attestations",
    lambda profile, committee, attendance, block: CHECK_ATTESTATIONS(
        profile, committee, replace(attendance, carried=frozenset()), block
    ),
)


def chain_traces() -> Iterator[Trace]:
    """Runs of a chain: blocks that are refused change nothing, and the next honest one stands on the same parent."""
    start = first_state(NORMATIVE, SEATS)
    begun = ChainBegun(CHAIN, formation_given(start.formation))
    opening = opening_block(NORMATIVE, start)
    second = apply_block(NORMATIVE, start, opening)
    working = working_block(NORMATIVE, second)
    third = apply_block(NORMATIVE, second, working)
    last = proposal(NORMATIVE, third, 5, NOW + 1, (taken_in(third, 5),))
    first_step, second_step = Step(Proposed(START, opening)), Step(Proposed(NOW, working))
    fourth = apply_block(NORMATIVE, third, last)
    backward, onward = (Proposed(NOW + 2, proposal(NORMATIVE, fourth, view, NOW + 2)) for view in (4, 6))
    back = Step(backward, RejectionCode.BLOCK_VIEW, seen_as("check_place", onward.block, "an earlier view"))
    steps = (first_step, second_step, Step(Proposed(NOW, last)), back)
    yield Trace("cluster_chain", "three-blocks", begun, steps)
    late = Step(Proposed(NOW, opening), RejectionCode.BLOCK_PARENT, Sibling(Proposed(NOW, working), "an older block"))
    early = Step(Proposed(NOW, last), RejectionCode.BLOCK_PARENT, Sibling(Proposed(NOW, working), "a block to come"))
    yield Trace("cluster_chain", "out-of-turn", begun, (first_step, late, early, second_step, steps[2]))
    root = with_header(working, mmr_root=digest("another root"))
    false_root = Step(Proposed(NOW, root), RejectionCode.BLOCK_ROOT, claims_root(root))
    clock = working.header.timestamp - NORMATIVE.parameters.time_tolerance - 1
    ahead = Step(
        Proposed(clock, working),
        RejectionCode.BLOCK_TIME_AHEAD,
        Sibling(Proposed(clock + 1, working), "a millisecond earlier"),
    )
    yield Trace("cluster_chain", "refused-between", begun, (first_step, false_root, ahead, second_step))
    other = working_block_of_another(second)
    branch = Step(Proposed(NOW, other))
    abandoned = Step(
        Proposed(NOW, working), RejectionCode.BLOCK_PARENT, Sibling(Proposed(NOW, other_child(second, other)), "a fork")
    )
    yield Trace("cluster_chain", "the-other-branch", begun, (first_step, branch, abandoned))


def vote_traces() -> Iterator[Trace]:
    """A long run of blocks that carry votes late, and those that carry one too late or again."""
    state = first_state(NORMATIVE, 2)
    begun = ChainBegun(CHAIN, formation_given(state.formation))
    code, window = RejectionCode, NORMATIVE.parameters.signature_window
    states, steps = [state], []
    for number in range(1, window + 1):
        block = proposal(NORMATIVE, state, number, START + number)
        steps.append(Step(Proposed(START + number, block)))
        state = apply_block(NORMATIVE, state, block)
        states.append(state)

    def carries(on: ChainState, *votes: CarriedVote) -> Proposed:
        view = on.view + 1
        return Proposed(START + view, proposal(NORMATIVE, on, view, START + view, attestations=votes))

    def late(block: int, *seats: int) -> tuple[CarriedVote, ...]:
        return votes_for_parent(NORMATIVE, states[block], seats)

    just = carries(state, *late(1, 0), *late(2, 0, 1), *late(window, 1))
    then = apply_block(NORMATIVE, state, just.block)
    old = Step(carries(then, *late(1, 1)), code.CARRIED_WINDOW, Sibling(carries(then, *late(2, *())), "a vote too old"))
    again = Step(carries(then, *late(2, 0)), code.CARRIED_ORDER, CARRIES_AGAIN)
    last = Step(carries(then, *late(3, 0), *late(window, 0)))
    yield Trace("cluster_chain", "carries-votes", begun, (*steps, Step(just), old, again, last))


def working_block_of_another(state: ChainState) -> ClusterBlock:
    """A rival of the working block: it completes job 1 alone, in a later view."""
    result = result_of(1)
    leaf = completion_of(taken_in(state, 1), proof_commitment(NORMATIVE, result))
    return proposal(NORMATIVE, state, 3, NOW, (leaf,), (result,))


def other_child(state: ChainState, parent: ClusterBlock) -> ClusterBlock:
    """An empty child of the rival."""
    return proposal(NORMATIVE, apply_block(NORMATIVE, state, parent), 4, NOW + 1)


# --- Blocks under the rules of an epoch. ---


@dataclass(frozen=True, slots=True)
class Ruled:
    """An epoch with its rules, and a cluster that works in it."""

    epoch: EpochGiven
    factor: int
    cluster: ClusterId
    carried: tuple[MMRLeaf, ...] = ()
    closed: tuple[bytes, ...] = ()

    @property
    def assignment(self) -> Assignment:
        """The epoch as the reference has it."""
        return assignment_from(NORMATIVE, self.epoch)

    @property
    def state(self) -> ChainState:
        """The state before the cluster's first block."""
        jobs = jobs_from(NORMATIVE, self.assignment, self.factor, self.carried, self.closed)
        formation = owners.formation_of(self.assignment, self.cluster, jobs)
        return genesis_state(NORMATIVE, CHAIN, formation, empty_cluster_log(), None)

    def asks(self, block: ClusterBlock) -> ValidityAsked:
        """The question whether a block is valid there."""
        state = self.state
        rules = RulesGiven(self.epoch, self.factor, self.carried, self.closed)
        formation = replace(formation_given(state.formation), rules=rules)
        return ValidityAsked(CHAIN, formation, (), parent_given(state), START, 1_024, block)

    def working(self, leaf: MMRLeaf, prover: PublicKey) -> ValidityAsked:
        """The question about a block that takes a job in and completes it."""
        result = ProofResult(leaf.job_id, prover, proof_of(leaf.job_id, prover))
        completion = completion_of(leaf, proof_commitment(NORMATIVE, result))
        return self.asks(proposal(NORMATIVE, self.state, 1, START, (leaf, completion), (result,)))


def ruled_cases() -> Iterator[Case]:
    """A block that the rules of its epoch allow, and each of the rules broken."""
    name, code = "block.validate", RejectionCode
    stream = Stream("vectors/blocks/rules")
    epoch = drawn_epoch(stream, 8, 3, (2,), most=1)
    draft = replace(sample_leaf(stream), job_type=ProofType.ACCOUNT_STATE, timestamp=Millis(START - 1))
    formed = assignment_from(NORMATIVE, epoch)
    first, second = owners.owners(NORMATIVE, formed, draft, 2)
    leaf = replace(draft, assigned_cluster=first)
    drawn = owners.replicas(NORMATIVE, formed, leaf, 2)
    provers = {each.cluster: each.seat.public_key for each in drawn}
    ruled = Ruled(epoch, 2, first)
    honest = ruled.working(leaf, provers[first])
    yield Case(name, "under-rules", honest)
    yield Case(name, "under-rules-of-the-second-owner", replace(ruled, cluster=second).working(leaf, provers[second]))
    waiting = replace(leaf, assigned_cluster=second)
    yield Case(name, "under-rules-carried", replace(ruled, carried=(waiting,)).working(waiting, provers[first]))
    closed = replace(ruled, closed=(leaf.job_id,)).working(leaf, provers[first])
    yield Case(name, "rules-closed-job", closed, code.JOB_CLOSED, OPEN_FOR_EVER, ("RES-JOB",))
    again = replace(ruled, carried=(waiting,)).working(leaf, provers[first])
    yield Case(name, "rules-another-first-leaf", again, code.JOB_ALREADY_TAKEN_IN, TAKES_THE_LATEST)
    renamed = ruled.working(waiting, provers[first])
    yield Case(name, "rules-another-primary", renamed, code.JOB_FOREIGN, NAMED_IS_PRIMARY, ("RES-EPOCH",))
    rare = replace(leaf, job_type=RARE)
    (able,) = owners.owners(NORMATIVE, formed, rare, 2)
    rare = replace(rare, assigned_cluster=able)
    (only,) = owners.replicas(NORMATIVE, formed, rare, 2)
    lone = replace(ruled, cluster=able).working(rare, only.seat.public_key)
    yield Case(name, "rules-unprovable", lone, code.JOB_UNPROVABLE, ANY_IS_PROVABLE, ("RES-CAP",))
    stranger = next(seat.public_key for seat in formed.seats if seat.public_key not in provers.values())
    undrawn = ruled.working(leaf, stranger)
    yield Case(name, "rules-prover-not-drawn", undrawn, code.PROVER_NOT_DRAWN, Resolution.REPLICAS, ("R-2.4-1",))
    (third,) = {0, 1, 2} - {first, second}
    prover = provers[first]
    outside = replace(ruled, cluster=ClusterId(third)).working(leaf, prover)
    # The prover is drawn for another owner, so that a client without the rule about owners asks for no prover either.
    free = Double("has no rules about jobs", "taifoon_toolkit.vectors.blocks:formation_from", without_rules)
    yield Case(name, "rules-not-an-owner", replace(outside), code.JOB_FOREIGN, free, ("RES-EPOCH",))


def without_rules(profile: Profile, given: FormationGiven) -> Formation:
    """A cluster of an epoch whose rules about jobs are not known."""
    formation = FORMATION_FROM(profile, given)
    return replace(formation, jobs=NoRules())


FORMATION_FROM = questions.formation_from


@dataclass(frozen=True, slots=True)
class NoRules:
    """Rules under which every cluster owns every job, and anybody proves it."""

    def owns(self, cluster: ClusterId, leaf: MMRLeaf) -> bool:
        """Whether a cluster owns a job: it does."""
        return True

    def check_leaf(self, cluster: ClusterId, leaf: MMRLeaf) -> None:
        """Every leaf may be recorded."""

    def check_prover(self, cluster: ClusterId, leaf: MMRLeaf, prover: PublicKey) -> None:
        """Everybody may prove."""


# --- What a client is shown. ---


def claim_cases() -> Iterator[Case]:
    """Claims about jobs of a final block, and each way in which one is worth nothing."""
    name, code = "client.check", RejectionCode
    chain = honest_chain(SEATS)
    links = links_of(chain.block, opening_block(SMALL, first_state(SMALL, SEATS)))
    formation = chain.state.formation
    committee = CommitteeGiven(CHAIN, formation.epoch, formation.cluster, formation.keys)
    honest = ClaimAsked(
        committee, links[1].parent_hash, result_of(0).job_id, chain.block, finality_of(committee, links)
    )
    yield Case(name, "first-result", honest)
    yield Case(name, "second-result", replace(honest, job_id=result_of(1).job_id))
    yield Case(
        name,
        "signed-block",
        replace(honest, block=replace(chain.block, validator_signatures=(Signature64(bytes(64)),))),
    )
    earlier = replace(honest, job_id=result_of(2).job_id)
    edit = Sibling(honest, "a job that an earlier block completes")
    yield Case(name, "completed-elsewhere", earlier, code.JOB_UNKNOWN, edit)
    taken = replace(honest, job_id=intake(3).job_id)
    yield Case(name, "taken-in-only", taken, code.JOB_UNKNOWN, Sibling(honest, "a job that the block takes in"))
    other = replace(honest, block=opening_block(SMALL, first_state(SMALL, SEATS)), job_id=result_of(2).job_id)
    yield Case(
        name, "block-below-the-final-one", other, code.FINALITY_PATH, Sibling(honest, "another block of the path")
    )
    bare = replace(honest.finality, certificates=honest.finality.certificates[1:])
    edit = Sibling(honest, "the certificate to notarise left out")
    yield Case(name, "not-notarised", replace(honest, finality=bare), code.FINALITY_INCOMPLETE, edit)
    # Blocks that a captured cluster has made final, with a result and no completion, and the other way round.
    for label, breaking, number in (("result-alone", "spare result", 3), ("completion-alone", "missing result", 1)):
        block = BREAKINGS[breaking][0](SMALL, chain.state, chain.block)
        shown = (replace(links[0], block_hash=block_hash(NORMATIVE, block)), links[1])
        given = ClaimAsked(committee, honest.genesis, result_of(number).job_id, block, finality_of(committee, shown))
        edit = Sibling(replace(given, job_id=result_of(0).job_id), "a job without one of completion and result")
        yield Case(name, label, given, code.JOB_UNKNOWN, edit)
    # A captured cluster has made these blocks final. Without validation a client takes its word for the results.
    for breaking, refusal in (("false proof", code.PROOF_INVALID), ("other prover", code.COMMITMENT_MISMATCH)):
        block = BREAKINGS[breaking][0](SMALL, chain.state, chain.block)
        shown = (replace(links[0], block_hash=block_hash(NORMATIVE, block)), links[1])
        given = replace(honest, block=block, finality=finality_of(committee, shown))
        label = f"captured-{breaking.replace(' ', '-')}"
        yield Case(name, label, given, refusal, Resolution.BLOCK_VALIDITY, ("R-6.2-1",))


def links_of(*blocks: ClusterBlock) -> tuple[OneLink, ...]:
    """The links of blocks, as they are asked."""
    found = (link_of(NORMATIVE, block) for block in blocks)
    return tuple(OneLink(each.view, each.block_hash, each.parent_view, each.parent_hash) for each in found)


def finality_of(committee: CommitteeGiven, links: tuple[OneLink, ...]) -> ProofGiven:
    """The proof that the first block of a path without gaps is final, signed by all but the last seat."""
    signers = tuple(range(len(committee.keys) - 1))
    said = [
        (VoteKind.NOTARISE, links[0]),
        (VoteKind.FINALISE, links[0]),
        *((VoteKind.NOTARISE, each) for each in links[1:]),
    ]
    statements = (
        Statement(
            Hash32(committee.chain_id),
            Epoch(committee.epoch),
            ClusterId(committee.cluster),
            View(each.view),
            kind,
            Hash32(each.block_hash),
        )
        for kind, each in said
    )
    return ProofGiven(links, tuple(signed_by(each, signers) for each in statements))


def cases() -> Iterator[Case | Trace]:
    """All cases of this subject."""
    yield from ruled_cases()
    yield from claim_cases()
    yield from chain_traces()
    yield from vote_traces()
