"""A short comparison of the optimised path with the reference, that each planted fault has to fail.

It runs on kernels in plain Python, which are slow: hence few and small cases. Whoever runs it has set
`NUMBA_DISABLE_JIT`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from judging import judge, part

from taifoon.core.assignment import SeatKey, clusters_of_seats
from taifoon.core.leaf import MMRLeaf, ProofType, leaf_content
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.inclusion import Claim, InclusionProof
from taifoon.core.mmr.mountains import range_of
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import ChainId, ClusterId, Hash32, LeafCount, LeafIndex, Millis, PublicKey, Seat
from taifoon.profile import HARDENED

COMBINER = HashCombiner(HARDENED)
MESSAGES = [b"", b"seven..", bytes(range(63)), bytes(range(64)), bytes(range(95)), bytes(range(130))]
CONTENTS = [bytes([index]) * 63 for index in range(129)]
SEED = Hash32(bytes(range(32)))
LEAF = MMRLeaf(SEED, ProofType.GROTH16, ChainId(1), ChainId(2**64 - 2), Millis(2**40), 9, ClusterId(2**31), SEED)


def messages_agree() -> bool:
    found = part("hashing").hash_batch(HARDENED, Role.LEAF, part("contents").contents_of(MESSAGES))
    return [row.tobytes() for row in found] == [hash_role(HARDENED, Role.LEAF, message) for message in MESSAGES]


def grown(slab: int, *edges: int) -> Any:
    """A range in slabs of that many leaves, which raise one level."""
    nodes = part("blake3_nodes")
    nodes.SLAB_LEAVES, nodes.SLAB_HEIGHT, part("bulk_range").SLAB_HEIGHT = slab, 1, 1
    mountains = part("bulk_range").BulkRange(HARDENED)
    for start, stop in pairwise(edges):
        mountains.append(CONTENTS[start:stop])
    return mountains


def ranges_agree() -> bool:
    return all(
        tuple(grown(128, *edges).mountains().nodes) == range_of(COMBINER, CONTENTS[: edges[-1]]).nodes
        for edges in ((0, 5, 8), (0, 129))
    )


def verdicts_agree() -> bool:
    mountains, verification, paths = grown(128, 0, 11), part("verification"), part("paths")
    (batch,) = paths.paths(mountains)
    requests = []
    for index in range(11):
        proof = mountains.prove((index,))
        if batch.proof(index) != proof:
            return False
        claim = Claim(LeafIndex(index), CONTENTS[index])
        requests.append(verification.Request(mountains.root(), LeafCount(11), (claim,), proof))
    first = requests[0]
    beyond = InclusionProof((LeafIndex(11),), first.proof.items)
    cut = InclusionProof(first.proof.indices, first.proof.items[:-1])
    other = (Claim(LeafIndex(0), b"forged"),)
    eleventh = (Claim(LeafIndex(11), CONTENTS[0]),)
    faults = ((first.claims, beyond), (eleventh, beyond), (first.claims, cut), (other, first.proof))
    for claims, proof in faults:
        requests.append(verification.Request(first.root, first.count, claims, proof))
    expected = [verification.reference_code(COMBINER, request) for request in requests]
    return list(verification.verify_requests(HARDENED, requests)) == expected and expected[11:] == [31, 10, 13, 16]


def leaves_agree() -> bool:
    columns = part("leaf_columns")
    contents = columns.encode_leaves(columns.columns_of([LEAF, LEAF]))
    return [contents[0], contents[1]] == [leaf_content(LEAF)] * 2


def assignments_agree() -> bool:
    keys = tuple(SeatKey(PublicKey(bytes([number]) * 32), Seat(number)) for number in range(20))
    rows = np.frombuffer(b"".join(key.public_key for key in keys), np.uint8).reshape(20, 32)
    columns = part("assignment").Registry(rows, np.array([key.seat for key in keys], np.uint32))
    found = part("assignment").clusters_of_seats(HARDENED, SEED, columns, 3)
    return tuple(found) == clusters_of_seats(HARDENED, SEED, keys, 3)


CHECKS = (leaves_agree, messages_agree, assignments_agree, verdicts_agree, ranges_agree)


if __name__ == "__main__":
    judge(CHECKS)
