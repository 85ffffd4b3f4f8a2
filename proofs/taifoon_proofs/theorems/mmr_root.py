"""Sections 2.1 and 6.1: what a root binds, and that a digest has one meaning."""

from __future__ import annotations

from itertools import combinations

import z3

from taifoon.core.assignment import SeatKey, clusters_of_seats, residue
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import append_batch, bag_peaks, empty_frontier, frontier_of, root_of_frontier
from taifoon.core.mmr.inclusion import prove_leaf, verify_leaf
from taifoon.core.mmr.shape import leaf_position
from taifoon.primitives.encoding import octets_of
from taifoon.primitives.hashing import Role, hash_role, role_prefix, separates_roles
from taifoon.primitives.types import Hash32, Height, LeafCount, LeafIndex, NodePosition, PublicKey, Seat
from taifoon.profile import Profile, Resolution, Suite
from taifoon.rejection import Rejected
from taifoon_models.ranges import IDEAL, appended, content, ideal, numbered, numbered_root
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import word
from taifoon_proofs.theorems.mmr_terms import agreement_claims
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
            *agreement_claims(profile)[-2:-1],
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


@scenario("hash/role-confusion")
def one_digest_in_two_roles(profile: Profile, trace: Trace, *, suite: str, first: str, second: str) -> bool:
    """A message in one role and a message in another have the same digest, because the hash does the same to both."""
    chosen = profile.with_parameters(type(profile.parameters)(suite=Suite(suite)))
    roles = Role(first), Role(second)
    if separates_roles(chosen):
        (key, prefix), (other_key, other_prefix) = (role_prefix(chosen.parameters.suite, role) for role in roles)
        # Preimages of one keyed hash can meet only where one prefix continues the other.
        meets = key == other_key and (prefix.startswith(other_prefix) or other_prefix.startswith(prefix))
        trace.state("compare", suite=suite, roles=(first, second), prefixes=(prefix, other_prefix), meets=meets)
        # The empty range has one message, the empty one, and no other preimage is empty.
        return meets and Role.EMPTY not in roles
    digests = tuple(hash_role(chosen, role, b"") for role in roles)
    trace.state("compare", suite=suite, roles=(first, second), digests=digests)
    return digests[0] == digests[1]


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
    """Every pair of roles in every suite: different keys, or different tag octets, so preimages never coincide."""
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
            "hash/role-confusion",
            "every pair of roles in every suite",
            (
                {"suite": suite.value, "first": first.value, "second": second.value}
                for suite in Suite
                for first, second in combinations(Role, 2)
            ),
        ),
    )
