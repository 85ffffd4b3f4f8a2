"""Section 5.2: a key answers for what it signed and for long absence alone, and its stake stays until then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, permutations, product

from taifoon.core.cluster_log import ClusterLog, LogBlock, arrive, empty_cluster_log, finalise
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.economics.ledger import admit, close_epoch, leave, silence, withdraw
from taifoon.economics.offences import (
    NOTHING,
    Accusation,
    Evidence,
    Matter,
    OffenceKind,
    Slot,
    Window,
    contradicts_root,
    honest_root_claim,
    inactive,
    judge,
)
from taifoon.economics.registry import last_epoch_of, last_evidence_epoch, withdrawal_epoch
from taifoon.economics.rewards import Attestation
from taifoon.economics.slashing import (
    LEAST_POINTS,
    penalty,
)
from taifoon.primitives.types import BlockNumber, Epoch, Hash32, Seat
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.economy import (
    BAD_PROOF,
    CHAIN,
    CLUSTER,
    bad_block,
    double_vote,
    forged,
    jurisdiction,
    leading_seat,
    record_of,
    root_claim,
    submission,
    two_roots,
    vote_for,
)
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.theorems.rewards import witness_of
from taifoon_proofs.theorems.slashing import HOLDERS, ledger_of, taken
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

FORGED = ("accusation", "block", "proof", "root", "vote")


@scenario("slashing/partition")
def silence_costs_an_honest_member(profile: Profile, trace: Trace, *, windows: str, members: int) -> bool:
    """A member that is cut off loses stake while its cluster does not finalise, or more than 2 % in an epoch.

    Each letter is a window: `p` present, `a` absent from a final block alone, `m` absent with more than f others, `h`
    absent while the cluster halts. Three blocks make inactivity here.
    """
    small = replace(profile.parameters, inactivity_blocks=3, signature_window=1)
    narrow = profile.with_parameters(small)
    far = frozenset(Seat(seat) for seat in range(members // 3 + 1))
    absent = {"p": frozenset[Seat](), "a": frozenset({Seat(0)}), "m": far, "h": far}
    seen = tuple(Window(letter != "h", absent[letter]) for letter in windows)
    charges = inactive(narrow, members, seen, Seat(0))
    stake = 1_000_000
    cost = taken(narrow, stake, ("INACTIVITY",) * charges, (0,) * charges)
    trace.state("charge", windows=windows, charges=charges, stake=stake, left=stake - cost)
    idle = "aaa" in windows.replace("h", "")
    return cost > (penalty(LEAST_POINTS[OffenceKind.INACTIVITY], stake) if idle else 0)


def partitions() -> Iterator[dict[str, Json]]:
    """A day cut off in hourly windows first, then every course of up to six windows."""
    yield {"windows": "h" * 24, "members": 5}
    for members, length in product((4, 5, 7), range(1, 7)):
        for course in product("pamh", repeat=length):
            yield {"windows": "".join(course), "members": members}


@scenario("slashing/after-synchrony")
def a_live_member_is_charged(profile: Profile, trace: Trace, *, members: int, lateness: int) -> bool:
    """A live member whose votes arrive within the window is charged, because every leader leaves them out."""
    blocks = profile.parameters.inactivity_blocks + profile.parameters.signature_window + 1
    record = record_of(tuple(range(members)), blocks, frozenset((block, 0) for block in range(1, blocks + 1)))
    late = tuple(Attestation(number, Seat(0), BlockNumber(number + lateness)) for number in record.blocks)
    record = replace(record, attestations=(*record.attestations, *late))
    charges = inactive(profile, members, silence(profile, record), Seat(0))
    trace.state("charge", members=members, blocks=blocks, lateness=lateness, charges=charges)
    return charges > 0


@scenario("slashing/cut-short")
def the_end_of_a_stretch_convicts(profile: Profile, trace: Trace, *, blocks: int, missed: int, lateness: int) -> bool:
    """A seat is charged though it missed too few blocks of a stretch: its votes for the last ones came too late.

    Three missed blocks are too many here. After `missed` blocks the seat votes again, for each block of the stretch;
    each vote is carried `lateness` blocks later, within a window of two, if the stretch still has that block.
    """
    small = replace(profile.parameters, inactivity_blocks=IDLE, signature_window=LATEST)
    narrow = profile.with_parameters(small)
    absent = frozenset((block, 0) for block in range(1, blocks + 1))
    record = record_of(tuple(range(5)), blocks, absent)
    carried = tuple(
        Attestation(number, Seat(0), BlockNumber(number + lateness))
        for number in record.blocks
        # The record lists all blocks of the stretch but its last.
        if number > missed and number + lateness <= blocks + 1
    )
    windows = silence(narrow, replace(record, attestations=(*record.attestations, *carried)))
    charges = inactive(narrow, 5, windows, Seat(0))
    trace.state("charge", blocks=blocks, missed=missed, lateness=lateness, told=len(windows), charges=charges)
    return charges > 0


IDLE, LATEST = 3, 2


@theorem(
    "T-E11",
    requirements=("R-5.2-2",),
    needs={Resolution.INACTIVITY, Resolution.REWARD},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM3", "AM4"),
)
def honest_members_are_not_penalised_for_a_partition(profile: Profile) -> Verdict:
    """Every course of a few windows: presence, absence alone, absence with many, a cluster that halts.

    After synchrony the votes of a live member arrive within the window, whatever leaders leave out; then it is present.
    Where the stretch ends before the window of a block does, the block tells nothing.
    """
    window = profile.parameters.signature_window
    return conclude(
        exhaust(profile, "slashing/partition", "every course of up to 6 windows, 4, 5 and 7 seats", partitions()),
        exhaust(
            profile,
            "slashing/after-synchrony",
            f"4 to 7 seats, votes late by up to {window} blocks",
            ({"members": members, "lateness": late} for members in range(4, 8) for late in range(window + 1)),
        ),
        exhaust(
            profile,
            "slashing/cut-short",
            f"stretches of up to 9 blocks, up to {IDLE - 1} of them missed, votes late by 1 to {LATEST} blocks",
            (
                {"blocks": blocks, "missed": missed, "lateness": late}
                for blocks, missed, late in product(range(1, 10), range(IDLE), range(1, LATEST + 1))
            ),
        ),
    )


@scenario("slashing/honest-roots")
def an_honest_member_is_desynchronised(profile: Profile, trace: Trace, *, events: str) -> bool:
    """An honest member's own claims about its root convict it.

    Each letter is an event: a digit is the arrival of that job, `f` the next final block, which takes in the next job.
    The member signs its root after every event.
    """
    combiner: HashCombiner = HashCombiner(profile)
    log: ClusterLog[Hash32] = empty_cluster_log()
    claims = [honest_root_claim(profile, CHAIN, Epoch(0), CLUSTER, log)]
    for event in events:
        if event == "f":
            number = BlockNumber(log.height + 1)
            block = LogBlock(number, digest(f"block {number}"), (intake(log.height),))
            log = finalise(combiner, log, block)
        else:
            log = arrive(combiner, log, intake(int(event)))
        claims.append(honest_root_claim(profile, CHAIN, Epoch(0), CLUSTER, log))
        trace.state(f"event {event}", height=claims[-1].height, count=claims[-1].count, root=claims[-1].root)
    return any(contradicts_root(profile, one, other) for one, other in combinations(claims, 2))


def courses() -> Iterator[dict[str, Json]]:
    """Every order of up to three arrivals and two final blocks."""
    for length in range(1, 6):
        for course in sorted(set(permutations("012ff", length))):
            yield {"events": "".join(course)}


@theorem(
    "T-E12",
    requirements=("R-5.2-3",),
    needs={Resolution.DESYNCHRONISATION, Resolution.LOG_ORDER},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2",),
)
def an_honest_member_never_contradicts_itself(profile: Profile) -> Verdict:
    """Every order of a few arrivals and final blocks; the member signs the root of its log after each of them."""
    return exhaust(profile, "slashing/honest-roots", "every order of up to 3 arrivals and 2 blocks", courses())


@scenario("slashing/withdrawn-first")
def the_stake_is_gone(profile: Profile, trace: Trace, *, left: int, offence: int, evidence: int) -> bool:
    """Evidence within its window takes less than the offence costs, since the stake was withdrawn.

    The member asks to leave in epoch `left`, withdraws as soon as it may, and serves until its last snapshot is over.
    """
    stake = profile.parameters.seat_stake
    ledger = ledger_of(profile, stake)
    for now in range(evidence + 1):
        if now == left:
            ledger = leave(profile, ledger, key(0))
            trace.state(f"epoch {now}: ask to leave")
        if now >= left and ledger.entry(key(0)) is not None:
            try:
                ledger = withdraw(profile, ledger, key(0))
                trace.state(f"epoch {now}: withdraw", balance=ledger.balance(key(0)))
            except Rejected as rejected:
                trace.state(f"epoch {now}: withdraw", code=rejected.code.name)
        if now < evidence:
            ledger = close_epoch(profile, ledger, ())
    shown = submission(profile, 0, offence, 1, BAD_PROOF)
    ledger = admit(profile, ledger, jurisdiction(1, HOLDERS), shown, key(9))
    entry = ledger.entry(key(0))
    lost = 0 if entry is None else entry.taken
    trace.state(f"epoch {evidence}: evidence of epoch {offence}", lost=lost)
    return lost < penalty(LEAST_POINTS[OffenceKind.INVALID_PROOF], stake)


def departures(profile: Profile) -> Iterator[dict[str, Json]]:
    """Every early departure, every epoch of service, every epoch of evidence within the window."""
    for left in range(3):
        for offence_epoch in range(last_epoch_of(profile, left) + 1):
            for evidence in range(max(left, offence_epoch), last_evidence_epoch(profile, offence_epoch) + 1):
                yield {"left": left, "offence": offence_epoch, "evidence": evidence}


@scenario("slashing/framed")
def evidence_that_shows_nothing_convicts(profile: Profile, trace: Trace, *, kind: str) -> bool:
    """A report convicts a member that has signed nothing of the kind: an accusation, or a forged signature."""
    slot = Slot(CHAIN, Epoch(0), CLUSTER, Matter.VIEW, 1, NOTHING)
    lead = leading_seat(profile, HOLDERS, 0, 1)
    reports: dict[str, Evidence] = {
        "accusation": Accusation(OffenceKind.BYZANTINE_PROPOSAL, key(0), slot),
        "block": forged(vote_for(profile, HOLDERS, lead, bad_block(profile, HOLDERS, 0, 1))),
        "proof": forged(submission(profile, 0, 0, 1, BAD_PROOF)),
        "root": forged(two_roots(profile, 0, root_claim(0, 1, 1, "one"), root_claim(0, 1, 1, "other"))),
        "vote": forged(double_vote(profile, HOLDERS, 0, 0, 1)),
    }
    try:
        convicted = judge(profile, jurisdiction(1, HOLDERS), reports[kind])
    except Rejected as rejected:
        trace.state("report", kind=kind, code=rejected.code.name)
        return False
    trace.state("report", kind=kind, convicted=convicted.key)
    return True


@theorem(
    "T-E13",
    requirements=("R-5.2-1", "R-5.2-4"),
    needs={Resolution.EVIDENCE},
    technique=Technique.COMBINED,
    assumptions=("AM3",),
)
def the_stake_is_still_there(profile: Profile) -> Verdict:
    """The shipped epochs on symbolic times: the last evidence of the last offence comes before the first withdrawal.

    Every departure from an early epoch runs through the shipped ledger. Reports that show nothing are judged.
    """
    left, offended, shown = integer("left"), integer("offended"), integer("shown")
    served = (left >= 0, offended >= 0, offended <= last_epoch_of(profile, left))
    in_time = (shown >= offended, shown <= last_evidence_epoch(profile, offended))
    witness = witness_of(profile, "slashing/withdrawn-first", departures(profile))
    held = Claim(
        "evidence-comes-before-withdrawal", (*served, *in_time), shown < withdrawal_epoch(profile, left), witness
    )
    return conclude(
        prove("every epoch", held),
        exhaust(profile, "slashing/withdrawn-first", "departures in epochs 0 to 2, all evidence", departures(profile)),
        exhaust(
            profile,
            "slashing/framed",
            "an accusation, and each kind of evidence forged",
            ({"kind": kind} for kind in FORGED),
        ),
    )
