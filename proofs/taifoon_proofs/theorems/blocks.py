"""Section 2.3: what a block's hash names, how time runs along a chain, and what a final block's signatures mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from itertools import combinations, product

import z3

from taifoon.core.block import ClusterBlock, Header, block_hash, link_of
from taifoon.core.consensus import Certified, Voting, notarise
from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.core.validity import ChainState, apply_block, check_block, is_later, is_within_tolerance
from taifoon.core.vote import Statement, VoteKind
from taifoon.primitives.types import Millis
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.blocks import (
    BREAKINGS,
    CHAIN,
    NOW,
    PROOFS,
    START,
    first_state,
    opened,
    proposal,
    small,
    votes_for_parent,
    with_header,
    working_block,
)
from taifoon_models.jobs import digest
from taifoon_models.keys import signature
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import Claim, exhaust, first_violation, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Counterexample, Json, Technique, Verdict, conclude

SEATS = 5
SEATS_UP_TO = bound(10, 13)
BLOCKS = bound(3, 4)
TIMES = range(5)
CLOCKS = range(3)
TOLERANCE = 1
GREATEST_WITNESS = 12


def signed_by(profile: Profile, block: ClusterBlock, signers: tuple[int, ...]) -> ClusterBlock:
    """The block with the signatures of these seats, under its hash as it is without any."""
    header = block.header
    unsigned = block_hash(profile, replace(block, validator_signatures=()))
    statement = Statement(CHAIN, header.epoch, header.cluster_id, header.view, VoteKind.NOTARISE, unsigned)
    return replace(block, validator_signatures=tuple(signature(profile, number, statement) for number in signers))


@scenario("block/hash-by-certificate")
def the_certificate_changes_the_hash(profile: Profile, trace: Trace, *, seats: int) -> bool:
    """One decision has several hashes, one for each set of signers that suffices."""
    block = working_block(profile, opened(profile, seats))
    needed = quorum(profile, seats)
    trace.state("decide", seats=seats, quorum=needed, hashes=0)
    hashes = set()
    for count in range(needed, seats + 1):
        for signers in combinations(range(seats), count):
            certified = block_hash(profile, signed_by(profile, block, signers))
            hashes.add(certified)
            trace.state("collect", signers=signers, block_hash=certified, hashes=len(hashes))
    return len(hashes) > 1


ALTERED = tuple(field.name for kind in (Header, ClusterBlock) for field in fields(kind))
UNHASHED = ("header", "validator_signatures")


def altered(value: object) -> object:
    """Another value for a field."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, tuple):
        return value[:-1]
    return digest("another value")


@scenario("block/field-not-hashed")
def a_field_does_not_change_the_hash(profile: Profile, trace: Trace, *, field: str) -> bool:
    """Two blocks that differ in a field other than the signatures have one hash."""
    state = opened(profile, SEATS)
    block = replace(working_block(profile, state), attestations=votes_for_parent(profile, state, range(SEATS)))
    in_header = field in {item.name for item in fields(Header)}
    changed = {field: altered(getattr(block.header if in_header else block, field))}
    other = with_header(block, **changed) if in_header else replace(block, **changed)  # type: ignore[arg-type]
    hashes = block_hash(profile, block), block_hash(profile, other)
    trace.state(f"alter {field}", hashes=hashes)
    return hashes[0] == hashes[1]


@theorem(
    "T-C9",
    requirements=("R-2.3-3", "R-2.3-10", "R-2.3-13"),
    needs={Resolution.BLOCK_HASH},
    technique=Technique.EXHAUSTIVE,
)
def the_hash_names_the_decision(profile: Profile) -> Verdict:
    """Every set of signers from the quorum on, in clusters up to a bound; and every other field altered in turn.

    That two different decisions never share what is hashed is T-M13.
    """
    return conclude(
        exhaust(
            profile,
            "block/hash-by-certificate",
            f"every sufficient set of signers among up to {SEATS_UP_TO} seats",
            ({"seats": seats} for seats in range(1, SEATS_UP_TO + 1)),
        ),
        exhaust(
            profile,
            "block/field-not-hashed",
            "each field but the signatures altered",
            ({"field": field} for field in ALTERED if field not in UNHASHED),
        ),
    )


def is_found_valid(profile: Profile, state: ChainState, block: ClusterBlock, now: Millis, trace: Trace) -> bool:
    """Whether the shipped check accepts."""
    try:
        check_block(profile, PROOFS, state, block, now)
    except Rejected as rejected:
        trace.state("refuse", code=rejected.code.name)
        return False
    return True


@scenario("block/time-runs-wrong")
def time_runs_wrong(profile: Profile, trace: Trace, *, times: list[int], clocks: list[int]) -> bool:
    """A block is found valid although it is no later than its parent, or ahead of the clock by more than the tolerance.

    Milliseconds after the chain's beginning, of which one is tolerated.
    """
    profile = profile.with_parameters(replace(profile.parameters, time_tolerance=TOLERANCE))
    state = first_state(profile, SEATS)
    before = None
    for view, (time, clock) in enumerate(zip(times, clocks, strict=True), start=1):
        block = proposal(profile, state, view, START + time)
        trace.state("propose", number=view, time=time, clock=clock)
        if not is_found_valid(profile, state, block, Millis(START + clock), trace):
            return False
        if (before is not None and time <= before) or time > clock + TOLERANCE:
            return True
        state = apply_block(profile, state, block)
        before = time
    return False


def times_and_clocks(blocks: int) -> Iterator[dict[str, Json]]:
    """Every time and every clock for each block."""
    for times in product(TIMES, repeat=blocks):
        for clocks in product(CLOCKS, repeat=blocks):
            yield {"times": list(times), "clocks": list(clocks)}


def formula(verdict: object) -> z3.BoolRef:
    """A rule's verdict as a formula: a term already, or a constant where the rule looks at nothing."""
    return z3.BoolVal(verdict) if isinstance(verdict, bool) else verdict


@theorem(
    "T-C12",
    requirements=("R-2.3-6",),
    needs={Resolution.TIME},
    technique=Technique.COMBINED,
)
def time_runs_forward(profile: Profile) -> Verdict:
    """An induction along the chain over the shipped rules, for any times; and the shipped check on every short chain.

    The step: what is not later than the parent is earlier than the block. So each block is later than all before it.
    """
    earlier, parent, timestamp, now = (integer(name) for name in ("earlier", "parent", "timestamp", "now"))
    later = formula(is_later(profile, parent, timestamp))
    credible = formula(is_within_tolerance(profile, timestamp, now))

    def witness(model: Mapping[str, int]) -> Counterexample | None:
        return first_violation(profile, "block/time-runs-wrong", times_and_clocks(BLOCKS))

    return conclude(
        prove(
            "every chain and every time",
            Claim("time-increases", (earlier <= parent, later), earlier < timestamp, witness),
            Claim("time-is-credible", (credible,), timestamp - now <= profile.parameters.time_tolerance, witness),
        ),
        exhaust(
            profile,
            "block/time-runs-wrong",
            f"every chain of {BLOCKS} blocks with {len(TIMES)} times and {len(CLOCKS)} clocks",
            times_and_clocks(BLOCKS),
        ),
    )


def is_voted_for(profile: Profile, state: ChainState, block: ClusterBlock, trace: Trace) -> bool:
    """Whether an honest member, in the block's view and with the parent notarised, validates and notarises it."""
    if not is_found_valid(profile, state, block, NOW, trace):
        return False
    certified = Certified(state.block_hash, notarised=frozenset({(state.view, state.block_hash)}))
    try:
        notarise(profile, Voting(view=block.header.view), certified, link_of(profile, block))
    except Rejected as rejected:
        trace.state("abstain", code=rejected.code.name)
        return False
    trace.state("vote")
    return True


@scenario("block/invalid-block-voted")
def an_invalid_block_is_voted_for(profile: Profile, trace: Trace, *, breaking: str) -> bool:
    """An honest member votes for a block that breaks a rule of validity."""
    few = small(profile)
    state = opened(few, SEATS)
    block = BREAKINGS[breaking][0](few, state, working_block(few, state))
    trace.state("propose", breaks=breaking, number=block.header.block_number, jobs=len(block.proof_jobs))
    return is_voted_for(few, state, block, trace)


@scenario("block/vote-carried-again")
def a_vote_is_carried_twice(profile: Profile, trace: Trace, *, seats: int, seat: int, later: int) -> bool:
    """An honest member votes for a block that carries a vote which an earlier block of the epoch carried."""
    state = opened(profile, seats)
    first = state
    vote = votes_for_parent(profile, first, (seat,))
    for number in range(later):
        block = proposal(profile, state, state.view + 1, NOW + number, attestations=vote if number == 0 else ())
        trace.state("extend", number=block.header.block_number, carries=len(block.attestations))
        state = apply_block(profile, state, block)
    again = proposal(profile, state, state.view + 1, NOW + later, attestations=vote)
    return is_voted_for(profile, state, again, trace)


@scenario("block/final-without-validation")
def final_without_validation(profile: Profile, trace: Trace, *, seats: int, byzantine: int) -> bool:
    """A block becomes final although no more honest members than the tolerated faults have validated it.

    The Byzantine seats sign without looking; honest members check and vote until a quorum is reached.
    """
    state = opened(profile, seats)
    block = working_block(profile, state)
    needed, tolerated = quorum(profile, seats), tolerated_faults(profile, seats)
    trace.state("propose", seats=seats, quorum=needed, tolerated=tolerated, signed=byzantine, validated=0)
    validated = 0
    for _ in range(seats - byzantine):
        if byzantine + validated >= needed:
            break
        validated += is_voted_for(profile, state, block, trace)
        trace.state("count", signed=byzantine + validated, validated=validated)
    return byzantine <= tolerated and byzantine + validated >= needed and validated < tolerated + 1


def coalitions(profile: Profile) -> Iterator[dict[str, Json]]:
    """Every tolerated coalition in every cluster up to a bound."""
    for seats in range(1, GREATEST_WITNESS + 1):
        for byzantine in range(tolerated_faults(profile, seats) + 1):
            yield {"seats": seats, "byzantine": byzantine}


@theorem(
    "T-C13",
    requirements=(
        *("R-2.3-2", "R-2.3-4", "R-2.3-5", "R-2.3-7", "R-2.3-8", "R-2.3-9", "R-2.3-11", "R-2.3-12"),
        *("R-0-4", "R-2.4-5"),
    ),
    needs={
        Resolution.BLOCK_VALIDITY,
        Resolution.TIME,
        Resolution.DERIVED_FIELDS,
        Resolution.LOG_ORDER,
        Resolution.QUORUM,
        Resolution.REWARD,
    },
    technique=Technique.COMBINED,
    assumptions=("AM2", "AM4"),
)
def final_means_validated(profile: Profile) -> Verdict:
    """Counting over the shipped quorum, for any number of seats; and no honest vote for a block that breaks a rule.

    Each rule of validity is broken in turn, alone, in an otherwise valid block. Jobs are judged by the log that blocks
    build: where arrival appends, nothing says which jobs are pending.
    """
    n, byzantine, signers, honest = (integer(name) for name in ("n", "byzantine", "signers", "honest"))
    q, f = quorum(profile, n), tolerated_faults(profile, n)
    final = (n >= 1, byzantine >= 0, byzantine <= f, signers >= q, signers <= n, honest >= signers - byzantine)

    def witness(model: Mapping[str, int]) -> Counterexample | None:
        return first_violation(profile, "block/final-without-validation", coalitions(profile))

    return conclude(
        prove(
            "every number of seats n >= 1",
            Claim("final-has-honest-validators", final, z3.And(honest >= q - f, q - f >= f + 1), witness),
        ),
        exhaust(
            profile,
            "block/invalid-block-voted",
            "each rule of validity broken alone",
            ({"breaking": breaking} for breaking in BREAKINGS),
        ),
        exhaust(
            profile,
            "block/vote-carried-again",
            "the vote of each of 4 and 5 seats, carried again by each later block of its window and the one after",
            (
                {"seats": seats, "seat": seat, "later": later}
                for seats in (4, 5)
                for seat in range(seats)
                for later in range(1, profile.parameters.signature_window + 2)
            ),
        ),
        exhaust(
            profile,
            "block/final-without-validation",
            f"every tolerated coalition among up to {GREATEST_WITNESS} seats",
            coalitions(profile),
        ),
    )
