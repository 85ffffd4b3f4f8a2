"""Sections 2.1 and 6.1: what a root binds, and that a digest has one meaning."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import z3

from taifoon.core.assignment import SeatKey, clusters_of_seats, residue
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import append_batch, bag_peaks, empty_frontier, frontier_of, root_of_frontier
from taifoon.core.mmr.inclusion import prove_leaf, verify_leaf
from taifoon.core.mmr.shape import leaf_position
from taifoon.primitives.encoding import octets_of
from taifoon.primitives.hashing import Role, hash_role
from taifoon.primitives.types import Hash32, Height, LeafCount, LeafIndex, NodePosition, PublicKey, Seat
from taifoon.profile import Profile, Resolution, Suite
from taifoon.rejection import Rejected
from taifoon_models.ranges import IDEAL, appended, content, ideal, numbered, numbered_root
from taifoon_models.role_hash import role_digest
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import word
from taifoon_proofs.theorems.mmr_terms import root_claim
from taifoon_proofs.verdict import Technique, Verdict, conclude

SIZES_UP_TO = bound(32, 96)


@scenario("mmr/other-size")
def proof_serves_another_size(profile: Profile, trace: Trace, *, leaves: int, index: int, sizes: int) -> bool:
    """An honest proof verifies against the same root for another leaf count."""
    combiner = ideal(profile)
    root = numbered_root(combiner, leaves)
    proof = prove_leaf(combiner, numbered(combiner, leaves), LeafIndex(index))
    accepted = []
    for size in range(1, sizes + 1):
        try:
            verify_leaf(combiner, root, LeafCount(size), LeafIndex(index), content(index), proof)
        except Rejected:
            continue
        accepted.append(size)
    trace.state("verify", leaves=leaves, index=index, accepted_for=tuple(accepted))
    return accepted != [leaves]


@scenario("mmr/one-root")
def two_ranges_have_one_root(profile: Profile, trace: Trace, *, first: int, second: int) -> bool:
    """Two ranges of different sizes have one root."""
    combiner = ideal(profile)
    roots = [root_of_frontier(combiner, appended(combiner, leaves)) for leaves in (first, second)]
    trace.state("compare", sizes=(first, second), roots=tuple(IDEAL.show(root) for root in roots))
    return roots[0] == roots[1]


@theorem(
    "T-MMR-e",
    requirements=("R-6.1-3", "R-2.1-12", "R-7-5"),
    needs={Resolution.SIZED_ROOT},
    technique=Technique.COMBINED,
    assumptions=("AM1",),
)
def the_root_binds_the_size(profile: Profile) -> Verdict:
    """The root's preimage is a fixed-width count and the bag, so it is injective; no honest proof serves two sizes.

    The shipped `octets_of` runs on symbolic counts: different counts differ in some octet. Exhaustively, each honest
    proof of small ranges is tried against every size.
    """
    first, second = word("first"), word("second")
    octets = zip(octets_of(first, 8), octets_of(second, 8), strict=True)
    return conclude(
        prove(
            "every pair of counts",
            Claim("counts-are-encoded-injectively", (first != second,), z3.Or(*(one != two for one, two in octets))),
            root_claim(profile),
        ),
        exhaust(
            profile,
            "mmr/other-size",
            f"every honest proof of ranges of 1 to {SIZES_UP_TO} leaves against each of these sizes",
            (
                {"leaves": leaves, "index": index, "sizes": SIZES_UP_TO + 1}
                for leaves in range(1, SIZES_UP_TO + 1)
                for index in range(leaves)
            ),
        ),
        exhaust(
            profile,
            "mmr/one-root",
            f"every pair of ranges of 0 to {SIZES_UP_TO} leaves",
            ({"first": first, "second": second} for first, second in combinations(range(SIZES_UP_TO + 1), 2)),
        ),
    )


MESSAGES = (b"", b"a message", bytes(32), bytes(64))


@scenario("hash/role-confusion")
def one_digest_in_two_roles(profile: Profile, trace: Trace, *, suite: str, first: str, second: str) -> bool:
    """One message has the same digest in two roles."""
    chosen = profile.with_parameters(replace(profile.parameters, suite=Suite(suite)))
    for message in MESSAGES:
        if message and Role.EMPTY in (Role(first), Role(second)):
            continue
        digests = tuple(hash_role(chosen, Role(role), message) for role in (first, second))
        trace.state("compare", suite=suite, roles=(first, second), message=message, digests=digests)
        if digests[0] == digests[1]:
            return True
    return False


@scenario("hash/role-digest")
def digest_is_not_that_of_the_role(profile: Profile, trace: Trace, *, suite: str, role: str) -> bool:
    """The digest of a message in a role is not the suite's hash under the role's own key, or behind its own tag."""
    chosen = profile.with_parameters(replace(profile.parameters, suite=Suite(suite)))
    for message in MESSAGES if Role(role) is not Role.EMPTY else MESSAGES[:1]:
        digest, expected = hash_role(chosen, Role(role), message), role_digest(suite, role, message)
        trace.state("hash", suite=suite, role=role, message=message, digest=digest, expected=expected)
        if digest != expected:
            return True
    return False


@scenario("mmr/second-preimage")
def node_passes_for_a_leaf(profile: Profile, trace: Trace) -> bool:
    """One leaf whose content is the concatenation of two leaf hashes has the same bag as the range of those leaves."""
    combiner = HashCombiner(profile)
    hashes = [combiner.leaf(NodePosition(0), LeafIndex(0), text) for text in (b"a", b"b")]
    two, one = frontier_of(combiner, (b"a", b"b")), frontier_of(combiner, (hashes[0] + hashes[1],))
    bags = bag_peaks(combiner, two), bag_peaks(combiner, one)
    trace.state("append", leaves=(b"a", b"b"), bag=bags[0])
    trace.state("append", leaves=(hashes[0] + hashes[1],), bag=bags[1])
    return bags[0] == bags[1]


@scenario("mmr/bag-as-node")
def bag_passes_for_a_range(profile: Profile, trace: Trace) -> bool:
    """The root of three leaves is the root of a range of two, whose leaves are a node and a leaf hash of the first."""
    combiner = HashCombiner(profile)
    three = frontier_of(combiner, (b"a", b"b", b"c"))
    merged = combiner.node(NodePosition(2), Height(1), *three.peaks)
    roots = (
        root_of_frontier(combiner, three),
        combiner.root(LeafCount(2), NodePosition(3), merged),
    )
    trace.state("three leaves", peaks=three.peaks, root=roots[0])
    trace.state("two leaves", peaks=(merged,), root=roots[1])
    return roots[0] == roots[1]


@scenario("mmr/assignment-as-root")
def root_is_an_assignment_hash(profile: Profile, trace: Trace, *, height: int) -> bool:
    """The next root of the log is the digest by which a synchronizer with a chosen key is assigned."""
    combiner = HashCombiner(profile)
    full = append_batch(combiner, empty_frontier(), tuple(content(index) for index in range(1 << height)))
    root = root_of_frontier(combiner, full)
    grown = append_batch(combiner, full, (b"chosen",))
    key = PublicKey(bytes(combiner.leaf(NodePosition(leaf_position(full.count)), LeafIndex(full.count), b"chosen")))
    digest = hash_role(profile, Role.ASSIGN, root + key)
    next_root = root_of_frontier(combiner, grown)
    clusters = clusters_of_seats(profile, root, (SeatKey(key, Seat(0)),), 5)
    trace.state("assign", leaves=1 << height, key=key, digest=digest, cluster=clusters[0])
    trace.state("append", leaves=(1 << height) + 1, root=next_root, residue=residue(profile, Hash32(next_root), 5))
    return digest == next_root


@theorem(
    "T-M5",
    requirements=("R-6.1-3", "R-2.1-2", "R-2.1-13"),
    needs={Resolution.HASH_ROLES},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM1",),
)
def a_digest_has_one_meaning(profile: Profile) -> Verdict:
    """Every role of every suite hashes under a key of its own, or behind a tag octet of its own, written out by hand.

    Keys are distinct, and tagged preimages differ in their first octet, so that equal digests are collisions. What the
    source's untagged hash lets through is run besides.
    """
    return conclude(
        exhaust(
            profile,
            "mmr/second-preimage",
            "a leaf that spells a node",
            ({},),
        ),
        exhaust(
            profile,
            "mmr/assignment-as-root",
            "an assignment digest that spells a root, at powers of two",
            ({"height": height} for height in range(5)),
        ),
        exhaust(
            profile,
            "hash/role-digest",
            "every role in every suite, against its key or tag written out by hand",
            ({"suite": suite.value, "role": role.value} for suite in Suite for role in Role),
        ),
        exhaust(
            profile,
            "hash/role-confusion",
            "every pair of roles in every suite, four messages",
            (
                {"suite": suite.value, "first": first.value, "second": second.value}
                for suite in Suite
                for first, second in combinations(Role, 2)
            ),
        ),
    )
