"""A short comparison of ownership, rewards, penalties, proofs and signatures in columns with the reference.

Each planted fault has to fail it. It runs on kernels in plain Python, under a suite of the libraries so that
hashes cost little; whoever runs it has set `NUMBA_DISABLE_JIT`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from judging import judge, part

from taifoon.core import owners as owners_one_by_one
from taifoon.core.assignment import SeatKey
from taifoon.core.epoch import Assignment, Registration
from taifoon.core.leaf import MMRLeaf, ProofType, completion_of
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import prove_consistency
from taifoon.core.mmr.inclusion import prove_run
from taifoon.core.mmr.mountains import range_of, root_of_range
from taifoon.core.mmr.spans import Span
from taifoon.core.owners import OwnedJobs
from taifoon.economics import rewards as rewards_one_by_one
from taifoon.economics import slashing
from taifoon.economics.ledger import silence
from taifoon.economics.offences import Matter, Offence, OffenceKind, Slot, inactive, offence_id
from taifoon.economics.rewards import Attestation, ClusterRecord, Delivery
from taifoon.economics.slashing import Conviction, Destination
from taifoon.primitives.signatures import is_valid_signature, public_key_of, sign
from taifoon.primitives.types import (
    Amount,
    BlockNumber,
    ChainId,
    ClusterId,
    Epoch,
    Hash32,
    LeafCount,
    LeafIndex,
    Millis,
    PublicKey,
    Seat,
)
from taifoon.profile import HARDENED, Parameters, Suite
from taifoon.rejection import Rejected

PROFILE = HARDENED.with_parameters(
    Parameters(suite=Suite.SHA256, signature_window=1, inactivity_blocks=2, reporter_share=1_003)
)
COMBINER = HashCombiner(PROFILE)
KINDS = list(ProofType)


def named(number: int) -> Hash32:
    return Hash32(bytes([number, 255 - number] * 16))


def job(number: int, cluster: int = 0) -> MMRLeaf:
    kind = KINDS[number % 3 % 2]
    return MMRLeaf(named(number), kind, ChainId(1), ChainId(2), Millis(number), 9, ClusterId(cluster), None)


def assignment(masks: tuple[int, ...], seats: int, clusters: int) -> Assignment:
    """Seats of holders and clusters in turn; the kinds of proof that each holder can make, as bits."""
    holders = len(masks)
    keys = tuple(SeatKey(PublicKey(named(90 + number % holders)), Seat(number // holders)) for number in range(seats))
    registry = tuple(
        Registration(
            PublicKey(named(90 + holder)), Amount(1), tuple(kind for bit, kind in enumerate(KINDS) if mask >> bit & 1)
        )
        for holder, mask in enumerate(masks)
    )
    members = tuple(keys[number::clusters] for number in range(clusters))
    return Assignment(Epoch(3), named(80), registry, keys, members)


AMONG = assignment((1, 3, 0, 2, 3, 1, 3), 20, 4)
ONE_HOLDER = assignment((3,), 6, 1)
ONE_IDLE = assignment((1, 0, 3, 2), 8, 4)


def draws_agree(among: Assignment, kept: int, factor: int) -> bool:
    """Owners and replicas of some jobs, where draws are compared by so many leading bits."""
    owners = part("owners")
    leaves = [job(number) for number in range(10)]
    columns, seated = part("leaf_columns").columns_of(leaves), owners.seated_clusters(among)
    original = owners.leading_words
    owners.leading_words = lambda digests, order: original(digests, order) >> np.uint64(64 - kept)
    owning = owners.owners(PROFILE, seated, columns, factor)
    proving = owners.replicas(PROFILE, seated, columns, factor)
    owners.leading_words = original
    for number, leaf in enumerate(leaves):
        found = tuple(int(cluster) for cluster in owning[number] if cluster >= 0)
        drawn = tuple(among.seats[row] for row in proving[number] if row >= 0)
        expected = owners_one_by_one.replicas(PROFILE, among, leaf, factor)
        if found != owners_one_by_one.owners(PROFILE, among, leaf, factor):
            return False
        if drawn != tuple(replica.seat for replica in expected):
            return False
    return True


def ownership_agrees() -> bool:
    """With few replicas and many; keys that run out, and a cluster that can prove nothing."""
    cases = [(AMONG, kept, factor) for kept in (64, 2) for factor in (1, 3, 5, 7, 9)]
    cases += [(ONE_HOLDER, kept, 4) for kept in (2, 3, 4)]
    return all(draws_agree(*case) for case in [*cases, (ONE_IDLE, 64, 2)])


def shares_agree() -> bool:
    """Shares of amounts about the halves of a word, and at its end."""
    edges = [0, 1, 7, (1 << 32) - 1, 1 << 32, (1 << 63) - 1, (1 << 63) + 5, (1 << 64) - 3, (1 << 64) - 1]
    rows = [(amount, each, whole) for amount in edges for whole in edges for each in edges if each <= whole]
    columns = [np.array(column, np.uint64) for column in zip(*rows, strict=True)]
    return part("exact").portions(*columns).tolist() == [rewards_one_by_one.portion(*row) for row in rows]


def code_of(check: Any, *arguments: Any) -> int:
    try:
        check(*arguments)
    except Rejected as rejected:
        return rejected.code.number
    return 0


def codes_agree() -> bool:
    """Leaves and provers, those of waiting, closed and completed jobs among them."""
    carried, closed = (job(1), job(2, 2)), named(3)
    jobs = OwnedJobs(PROFILE, AMONG, 2, carried, frozenset({closed}))
    leaves = [job(number, cluster) for number in range(5) for cluster in range(4)]
    leaves += [completion_of(leaf, named(7)) for leaf in leaves]
    every = [(cluster, leaf) for leaf in leaves for cluster in range(4)]
    where = np.array([cluster for cluster, _ in every], np.int64)
    columns_of, owned = part("leaf_columns").columns_of, part("owned_jobs")
    seated, columns = part("owners").seated_clusters(AMONG), columns_of([leaf for _, leaf in every])
    digests = part("contents").digests_of([closed])
    found = owned.check_leaves(PROFILE, seated, 2, columns_of(carried), digests, where, columns)
    if list(found) != [code_of(jobs.check_leaf, *each) for each in every]:
        return False
    provers = [named(90 + number % 7) for number in range(len(every))]
    found = owned.check_provers(PROFILE, seated, 2, where, columns, part("contents").digests_of(provers))
    expected = [code_of(jobs.check_prover, *each, prover) for each, prover in zip(every, provers, strict=True)]
    return list(found) == expected


def records() -> list[ClusterRecord]:
    """Two clusters with late, strange and repeated signatures and proofs."""
    heights = tuple(BlockNumber(number) for number in range(1, 7))
    keys = tuple(PublicKey(named(number)) for number in (9, 5, 9, 7, 5))
    attested = tuple(
        Attestation(height, Seat(seat), BlockNumber(height + (seat + height) % 3 - seat % 2))
        for height in range(1, 9)
        for seat in range(-1, 6)
        if (seat * height) % 4 != 1
    )
    proofs = tuple(Delivery(named(n % 3), KINDS[n % 4], PublicKey(named((9, 7, 4)[n % 3]))) for n in range(9))
    first = ClusterRecord(ClusterId(0), keys, heights, attested * 2, proofs[:7], proofs[2:] * 2, 7, 3)
    # Who is absent from two blocks in a row, and who from two that another one parts.
    absent = {1: (0, 1), 2: (0, 2), 3: (1, 4), 4: (2, 3, 4), 5: (3,), 6: (3,)}
    seven = tuple(PublicKey(named(number)) for number in range(7))
    quiet = tuple(
        Attestation(height, Seat(seat), height) for height in heights for seat in range(7) if seat not in absent[height]
    )
    return [
        first,
        replace(first, keys=keys[:4], blocks=heights[::2], drawn=proofs, reached=1),
        replace(first, keys=seven, attestations=quiet),
    ]


def rewards_agree() -> bool:
    every = records()
    columns = part("records").records_of(every)
    for base in (100_003, (1 << 62) + 12_345, 1 << 70):
        paid = part("rewards").payouts(PROFILE, base, columns)
        for cluster, record in enumerate(every):
            found = [int(amount) for amount in paid.amounts[paid.members.clusters == cluster]]
            expected = [each.amount for each in rewards_one_by_one.payouts(PROFILE, base, record)]
            budget = rewards_one_by_one.budget(PROFILE, base, record.reached, record.average)
            if found != expected or part("rewards").treasury_shares(paid)[cluster] != budget - sum(expected):
                return False
    return True


def silences_agree() -> bool:
    every = records()
    expected = [
        bool(inactive(PROFILE, len(record.keys), silence(PROFILE, record), Seat(seat)))
        for record in every
        for seat in range(len(record.keys))
    ]
    return list(part("inactivity").inactive_seats(PROFILE, part("records").records_of(every))) == expected


def convictions() -> list[Conviction]:
    """Every kind, repeated in slots, with double votes of several members of two committees."""
    found = []
    for number in range(40):
        where = None if number % 5 == 4 else ClusterId(number % 2)
        slot = Slot(named(number % 3 // 2), Epoch(number % 4), where, Matter.VIEW, number % 3, named(0))
        kind = OffenceKind.DOUBLE_VOTE if number % 2 else list(OffenceKind)[number % 7]
        seats = (number // 4 % 5, 20 if number % 6 else 0)
        found.append(
            Conviction(Offence(kind, PublicKey(named(number % 3)), slot, *seats), Amount((1 << 62) - 7 * number - 1))
        )
    return found


def penalties_agree() -> bool:
    every = convictions()
    columns, penalties = part("convictions").convictions_in_columns(every), part("penalties")
    ids = [row.tobytes() for row in part("convictions").offence_ids(PROFILE, columns)]
    if ids != [offence_id(PROFILE, item.offence) for item in every]:
        return False
    keys = part("contents").digests_of([named(member) for member in range(3)])
    for deposited in (1_000_003, (1 << 63) + 99, (1 << 64) - 1):
        for since in (0, 2):
            paid, first = np.full(3, deposited, np.uint64), np.full(3, since, np.uint64)
            found = [int(amount) for amount in penalties.dues(PROFILE, keys, paid, first, columns)]
            expected = [
                slashing.due(
                    PROFILE,
                    deposited,
                    tuple(
                        item
                        for item in slashing.convictions_of(tuple(every), PublicKey(named(member)))
                        if item.offence.epoch >= since
                    ),
                    tuple(every),
                )
                for member in range(3)
            ]
            if found != expected:
                return False
    taken = np.array([0, 9, 99_999, (1 << 64) - 1], np.uint64)
    shares = [list(map(int, side)) for side in zip(*penalties.proceeds(PROFILE, taken), strict=True)]
    return shares == [list(slashing.proceeds(PROFILE, int(each), Destination.TREASURY)) for each in taken]


CONTENTS = [bytes([index]) * 3 for index in range(11)]
RANGES = {count: range_of(COMBINER, CONTENTS[:count]) for count in range(12)}
ROOTS = {count: root_of_range(COMBINER, mountains) for count, mountains in RANGES.items()}


def runs_agree() -> bool:
    runs = part("runs")
    requests = []
    for count in (1, 6, 8, 11):
        for start in range(count):
            for stop in range(start + 1, count + 1):
                run = Span(start, stop)
                proof = prove_run(COMBINER, RANGES[count], run)
                made = runs.RunRequest(ROOTS[count], LeafCount(count), run, tuple(CONTENTS[start:stop]), proof)
                requests += [
                    made,
                    replace(made, count=LeafCount(stop - 1)),
                    replace(made, run=Span(start, start), contents=()),
                ]
                requests.append(replace(made, proof=replace(proof, items=(*proof.items, ROOTS[1]))))
                requests.append(replace(made, proof=replace(proof, items=proof.items[1:])))
                moved = replace(proof, indices=tuple(LeafIndex(index + 1) for index in proof.indices))
                requests.append(replace(made, proof=moved))
    found = [int(code) for code in runs.verify_run_requests(PROFILE, requests)]
    return found == [runs.reference_run_code(COMBINER, each) for each in requests]


def extensions_agree() -> bool:
    extensions = part("extensions")
    requests = []
    for count in range(12):
        for old in range(count + 1):
            proof = prove_consistency(COMBINER, RANGES[count], LeafCount(old))
            made = extensions.ExtensionRequest(LeafCount(old), ROOTS[old], LeafCount(count), ROOTS[count], proof)
            requests += [made, replace(made, root=ROOTS[0]), replace(made, old_root=ROOTS[11])]
            requests.append(replace(made, count=LeafCount(old - 1)))
            requests.append(replace(made, proof=replace(proof, items=(*proof.items, ROOTS[1]))))
            requests.append(replace(made, proof=replace(proof, items=proof.items[1:])))
    found = [int(code) for code in extensions.verify_extension_requests(PROFILE, requests)]
    return found == [extensions.reference_extension_code(COMBINER, each) for each in requests]


def signatures_agree() -> bool:
    seed = bytes(32)
    key, message = public_key_of(seed), b"message"
    signature = sign(seed, message)
    rows = [(key, message, signature), (key, b"", signature), (key[:31], message, signature)]
    rows += [(key, message, signature + b"x"), (key, message, signature[:63]), (key, message, signature)]
    contents_of = part("contents").contents_of
    columns = [contents_of([row[side] for row in rows]) for side in range(3)]
    found = part("signatures").Verifier().verify(*columns)
    packed = part("signatures").packed(columns[1], 2, 4)
    return [packed[0], packed[1]] == [message] * 2 and list(found != 0) == [
        not is_valid_signature(*row) for row in rows
    ]


CHECKS = (
    shares_agree,
    ownership_agrees,
    codes_agree,
    rewards_agree,
    silences_agree,
    penalties_agree,
    runs_agree,
    extensions_agree,
    signatures_agree,
)


if __name__ == "__main__":
    judge(CHECKS)
