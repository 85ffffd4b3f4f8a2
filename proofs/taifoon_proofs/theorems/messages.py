"""Section 4.1: who said a message, what it may claim, and how much work it makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from taifoon.core.assignment import SeatKey, clusters_of_seats
from taifoon.core.validity import check_block, derived_leaders
from taifoon.network.claims import check_join, check_submission
from taifoon.network.envelope import Envelope, Packet, Statement, check_envelope, seal
from taifoon.network.gossip import Memory, receive
from taifoon.network.kinds import Kind, decode_message, encode_message, greatest_payload, kinds
from taifoon.network.messages import (
    ClusterJoin,
    MMRProofRequest,
    ProofSubmission,
)
from taifoon.primitives.encoding import shape_of
from taifoon.primitives.encoding_shapes import (
    PREFIX_BYTES,
    Array,
    Boolean,
    Integer,
    Octets,
    OctetVec,
    Option,
    Ordinal,
    Shape,
    Struct,
    Variants,
    Vec,
)
from taifoon.primitives.types import ClusterId, LeafCount, LeafIndex, Seat, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.blocks import NOW as MODEL_NOW
from taifoon_models.blocks import PROOFS, completed, opened, proposal, result_of
from taifoon_models.jobs import intake
from taifoon_models.keys import key, seed
from taifoon_models.messages import (
    CHANGES,
    JOBS,
    SEATS,
    STRANGER,
    assignment_over,
    peaks,
    reception,
    samples,
    sealed,
    stated,
    submission,
)
from taifoon_proofs.establish import exhaust
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

VICTIM = 0
FORGERS = (1, STRANGER)


@scenario("message/forged")
def message_counts_as_anothers(profile: Profile, trace: Trace, *, kind: str, change: str, forger: int | None) -> bool:
    """A receiver takes a message for its sender's, who signed nothing like it.

    The victim has signed a message of the kind. The forger changes one thing about it and keeps the signature, or signs
    with a key of its own; with nothing changed it signs the victim's own words.
    """
    signed = stated(samples(profile)[Kind[kind]], VICTIM)
    forged = CHANGES[change](signed)
    mine = sealed(profile, samples(profile)[Kind[kind]], VICTIM)
    envelope = Envelope(forged, mine.signature) if forger is None else by(profile, forger, forged)
    trace.state("forge", kind=kind, changed=change, signed_by=-1 if forger is None else forger)
    try:
        check_envelope(profile, reception(), envelope)
    except Rejected as rejected:
        trace.state("refused", code=rejected.code.name)
        return False
    trace.state("accepted", sender=forged.sender)
    return True


def by(profile: Profile, signer: int, statement: Statement) -> Envelope:
    """A statement under the signature of a key, its sender's or not."""
    return seal(profile, seed(signer), statement)


@scenario("message/in-anothers-name")
def key_speaks_for_another(profile: Profile, trace: Trace, *, kind: str, sender: int) -> bool:
    """A message that names its author is accepted from somebody else, under that one's own signature."""
    message = samples(profile)[Kind[kind]]
    trace.state("send", kind=kind, names=VICTIM, sender=sender)
    try:
        check_envelope(profile, reception(), sealed(profile, message, sender))
    except Rejected as rejected:
        trace.state("refused", code=rejected.code.name)
        return False
    trace.state("accepted")
    return True


@scenario("message/stolen-proof")
def copied_proof_is_its_copiers(profile: Profile, trace: Trace, *, job: int, prover: int, thief: int) -> bool:
    """A thief submits another's proof as its own, under its own signature, and it counts as the thief's."""
    seen = submission(job, prover)
    trace.state("prove", job=job, prover=prover)
    copied = replace(seen, prover=key(thief))
    try:
        message = check_envelope(profile, reception(), sealed(profile, copied, thief))
        if not isinstance(message, ProofSubmission):
            return False
        credited = check_submission(profile, PROOFS, (intake(job),), message).prover
    except Rejected as rejected:
        trace.state("copy", thief=thief, refused=rejected.code.name)
        return False
    trace.state("copy", thief=thief, credited_to=credited)
    return credited == key(thief)


@scenario("block/stolen-proof")
def copied_proof_in_ones_own_block(profile: Profile, trace: Trace, *, job: int, prover: int, view: int) -> bool:
    """A leader completes a job with another's proof, names itself as the prover, and its block is valid.

    The leaf commits to the result with the leader's key, as anybody can make it commit.
    """
    state = opened(profile, SEATS)
    leader = derived_leaders(profile, state.formation, View(view))[0]
    copied = replace(result_of(job, prover), prover=leader)
    leaf = completed(profile, state, copied, job)
    block = proposal(profile, state, view, MODEL_NOW, (leaf,), (copied,))
    trace.state("propose", job=job, proved_by=prover, names=leader)
    try:
        check_block(profile, PROOFS, state, block, MODEL_NOW)
    except Rejected as rejected:
        trace.state("refused", code=rejected.code.name)
        return False
    trace.state("valid", credited_to=leader)
    return leader != key(prover)


def copied_blocks(profile: Profile) -> Iterator[dict[str, Json]]:
    """Each pending job, each prover, each view whose leader is another."""
    formation = opened(profile, SEATS).formation
    for job, prover, view in product(range(2), range(SEATS), range(2, 2 + SEATS)):
        if derived_leaders(profile, formation, View(view))[0] != key(prover):
            yield {"job": job, "prover": prover, "view": view}


NAMING = (Kind.NODE_ANNOUNCE, Kind.PROOF_SUBMISSION, Kind.REGISTRATION, Kind.LEAVE)


@theorem(
    "T-N4",
    requirements=("R-2.3-9", "R-4.1-1", "R-4.1-10", "R-4.1-11"),
    needs={Resolution.ENVELOPE, Resolution.BLOCK_VALIDITY},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2",),
)
def a_message_is_its_senders(profile: Profile) -> Verdict:
    """Every change of a signed message of every kind, foreign signatures, foreign names, and copied proofs.

    A proof is copied into a submission, and by a leader into its own block.
    """
    return conclude(
        exhaust(
            profile,
            "message/forged",
            f"every kind, each of {len(CHANGES)} changes, under the old signature or one of {len(FORGERS)} others",
            (
                {"kind": kind.name, "change": change, "forger": forger}
                for kind in kinds(profile)
                for change, forger in product(CHANGES, (None, *FORGERS))
                # Who signs in its own name forges nothing, and neither does who changes nothing.
                if (change, forger) not in (("nothing", None), ("sender", FORGERS[0]))
            ),
        ),
        exhaust(
            profile,
            "message/in-anothers-name",
            "each kind that names its author, from each other registered key and a stranger",
            (
                {"kind": kind.name, "sender": sender}
                for kind, sender in product(NAMING, range(SEATS + 1))
                if sender != VICTIM
            ),
        ),
        exhaust(
            profile,
            "message/stolen-proof",
            "proofs of 3 jobs by each of 5 provers, copied by each other",
            (
                {"job": job, "prover": prover, "thief": thief}
                for job, prover, thief in product(range(3), range(SEATS), range(SEATS))
                if prover != thief
            ),
        ),
        exhaust(
            profile,
            "block/stolen-proof",
            f"proofs of 2 pending jobs by each of {SEATS} provers, copied by each other leader of {SEATS} views",
            copied_blocks(profile),
        ),
    )


@scenario("message/join")
def join_is_not_judged_by_the_assignment(
    profile: Profile, trace: Trace, *, seats: int, clusters: int, seat: int, claimed: int, forger: int | None = None
) -> bool:
    """A join is accepted though it is forged or not the derived one, or refused though it is both signed and derived.

    Keys hold two seats each; the sender is the owner of the seat, and a forger signs in its place.
    """
    keys = tuple(SeatKey(key(number // 2), Seat(number % 2)) for number in range(seats))
    assignment = assignment_over(profile, keys, clusters)
    derived = clusters_of_seats(profile, assignment.seed, keys, clusters)[seat]
    owner = seat // 2
    join = ClusterJoin(ClusterId(claimed), peaks(profile, 5), LeafCount(5), Seat(seat % 2))
    statement = stated(join, owner)
    envelope = by(profile, owner if forger is None else forger, statement)
    right = forger is None and derived == claimed
    trace.state("join", seat=seat, derived=int(derived), claimed=claimed, signed_by=owner if forger is None else forger)
    try:
        message = check_envelope(profile, reception(), envelope)
        if isinstance(message, ClusterJoin):
            check_join(profile, assignment, statement.sender, message)
    except Rejected as rejected:
        trace.state("refused", code=rejected.code.name)
        return right
    trace.state("accepted")
    return not right


@theorem(
    "T-A12",
    requirements=("R-4.1-2",),
    needs={Resolution.ENVELOPE, Resolution.DERIVED_FIELDS},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2",),
)
def a_join_is_signed_and_derived(profile: Profile) -> Verdict:
    """Every claim by every seat of up to eight, two to a key, over up to three clusters, signed by its owner or not."""
    return exhaust(
        profile,
        "message/join",
        "every seat of 1 to 8, every claim of up to 3 clusters and one that there is not, signed by its owner or not",
        (
            {"seats": seats, "clusters": clusters, "seat": seat, "claimed": claimed, "forger": forger}
            for seats in range(1, 9)
            for clusters in range(1, 4)
            for seat in range(seats)
            for claimed in range(clusters + 1)
            for forger in (None, STRANGER)
        ),
    )


@scenario("message/no-kind")
def step_has_no_message(profile: Profile, trace: Trace, *, kind: str) -> bool:
    """A step that the protocol prescribes has no message: a receiver refuses it, or reads something else."""
    message = samples(profile)[Kind[kind]]
    octets = encode_message(message)
    trace.state("send", kind=kind, tag=octets[0], kinds=len(kinds(profile)))
    try:
        found = decode_message(profile, octets)
    except Rejected as rejected:
        trace.state("refused", code=rejected.code.name)
        return True
    trace.state("read", message=type(found).__name__)
    return found != message


def shortest(shape: Shape) -> bytes:
    """The shortest encoding of a shape."""
    match shape:
        case Integer(bits):
            return bytes(bits // 8)
        case Boolean() | Option() | Ordinal():
            return bytes(1)
        case Octets(count):
            return bytes(count)
        case OctetVec() | Vec():
            return bytes(PREFIX_BYTES)
        case Array(item, count):
            return shortest(item) * count
        case Struct(_, fields):
            return b"".join(shortest(item) for _, item in fields)
        case Variants(variants):
            return bytes(1) + shortest(variants[0])


def over_long(shape: Shape) -> Iterator[tuple[str, bytes]]:
    """Encodings in which one list has an item more than its maximum and all else is shortest, by the list's place."""
    match shape:
        case OctetVec(maximum):
            yield "", (maximum + 1).to_bytes(PREFIX_BYTES, "little") + bytes(maximum + 1)
        case Vec(item, maximum):
            yield "", (maximum + 1).to_bytes(PREFIX_BYTES, "little") + shortest(item) * (maximum + 1)
            for place, octets in over_long(item):
                yield f"[]{place}", (1).to_bytes(PREFIX_BYTES, "little") + octets
        case Struct(_, fields):
            for number, (name, item) in enumerate(fields):
                before = b"".join(shortest(other) for _, other in fields[:number])
                after = b"".join(shortest(other) for _, other in fields[number + 1 :])
                for place, octets in over_long(item):
                    yield f".{name}{place}", before + octets + after
        case _:
            return


@scenario("message/over-long")
def list_over_its_maximum_is_read(profile: Profile, trace: Trace, *, kind: str, field: str) -> bool:
    """A message is decoded of which one list is longer than its kind declares."""
    payload = dict(over_long(shape_of(Kind[kind].value)))[field]
    trace.state("send", kind=kind, field=field, octets=len(payload), maximum=greatest_payload(Kind[kind]))
    try:
        decode_message(profile, bytes([Kind[kind].ordinal]) + payload)
    except Rejected as rejected:
        trace.state("refused", code=rejected.code.name)
        return False
    trace.state("read")
    return True


@scenario("message/answered-beyond-quota")
def one_key_has_more_answered_than_its_quota(
    profile: Profile, trace: Trace, *, quota: int, requests: int, names: int
) -> bool:
    """One key has more requests taken up at a time than its quota, in its own name or in those of others."""
    small = profile.with_parameters(replace(profile.parameters, sender_quota=quota))
    memory, taken = Memory(), 0
    for sequence, name in product(range(requests), range(names)):
        question = MMRProofRequest(LeafIndex(sequence), JOBS, LeafCount(8))
        envelope = by(small, 0, stated(question, name, sequence))
        try:
            receipt = receive(small, reception(), memory, Packet(0, envelope))
        except Rejected as rejected:
            trace.state("refused", name=name, sequence=sequence, code=rejected.code.name)
            continue
        memory, taken = receipt.memory, taken + 1
        trace.state("taken up", name=name, sequence=sequence, taken=taken)
    return taken > quota


@theorem(
    "T-N7",
    requirements=("R-4.1-1", "R-4.1-5"),
    needs={Resolution.BOUNDED_LENGTHS, Resolution.ENVELOPE, Resolution.MESSAGE_PRIORITY},
    technique=Technique.EXHAUSTIVE,
)
def small_messages_make_small_work(profile: Profile) -> Verdict:
    """Each list of each kind with one item too many, and floods of requests by one key under several names.

    A kind's greatest length is the sum of its fields' maxima, and the decoder is linear in the bytes that are there. An
    answer is a message and has the maximum of its own kind.
    """
    return conclude(
        exhaust(
            profile,
            "message/over-long",
            "each list of each kind, one item over its maximum",
            ({"kind": kind.name, "field": field} for kind in Kind for field, _ in over_long(shape_of(kind.value))),
        ),
        exhaust(
            profile,
            "message/answered-beyond-quota",
            "quotas of 1 to 3, under up to 3 names, each with up to 5 requests",
            (
                {"quota": quota, "requests": requests, "names": names}
                for quota, requests, names in product((1, 2, 3), (1, 3, 5), (1, 2, 3))
            ),
        ),
    )
