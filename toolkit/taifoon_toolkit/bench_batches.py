"""What `taifoon bench` measures of the optimised path, beside the reference and the libraries that others use."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from blake3 import blake3

from taifoon.core.assignment import SeatKey, clusters_of_seats
from taifoon.core.leaf import MMRLeaf, ProofType, leaf_content
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import append_batch, empty_frontier
from taifoon.core.mmr.inclusion import prove_leaf, verify_leaf
from taifoon.core.mmr.mountains import range_of, span_value
from taifoon.core.mmr.spans import whole
from taifoon.primitives.hashing import DIGEST_BYTES, Role, hash_role, role_prefix
from taifoon.primitives.types import ChainId, ClusterId, Hash32, LeafIndex, Millis, PublicKey, Seat
from taifoon.profile import HARDENED, Suite
from taifoon_optimized import assignment, leaf_columns
from taifoon_optimized.bulk_range import BulkRange
from taifoon_optimized.contents import Contents, contents_of_rows, digests_of
from taifoon_optimized.hashing import hash_nodes
from taifoon_optimized.paths import paths
from taifoon_optimized.verification import verify_paths
from taifoon_toolkit.bench_rows import LIMIT, Row, Way, compared
from taifoon_toolkit.bench_start import starting

COMBINER = HashCombiner(HARDENED)
LEAF_BYTES = 63
KEY, _ = role_prefix(Suite.BLAKE3, Role.NODE)
SEED = Hash32(bytes(32))
PYMERKLE = "pymerkle"
USED = ", used room"
"""Systems hand out memory at very different prices, virtual machines above all; used room leaves the work itself."""
MACHINE = "blake3, one large buffer, {threads} threads"
SHA256 = HARDENED.with_parameters(replace(HARDENED.parameters, suite=Suite.SHA256))


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each is done in one round."""

    calls: int = 2_000
    nodes: int = 1 << 14
    nodes_in_parallel: int = 1 << 19
    bulk: tuple[int, ...] = (100_000, 1_000_000)
    depth: int = 20
    proofs: int = 4_096
    seats: int = 1_000_000
    seats_one_by_one: int = 200
    rounds: int = 7
    starts: bool = True


ORDINARY = Sizes()
DEEP = Sizes(bulk=(100_000, 1_000_000, 10_000_000))


def random_rows(number: int, octets: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Rows of octets, the same in every run."""
    return np.random.default_rng(octets).integers(0, 256, (number, octets), np.uint8)


def limit_of(compressions: int) -> Way:
    """The limit, on a buffer of that many blocks."""
    buffer = bytes(64 * compressions)
    return Way(LIMIT, compressions, lambda: blake3(buffer, key=KEY).digest())


def threaded(compressions: int) -> Iterator[Way]:
    """What a second thread of this machine adds to the library itself, on a large buffer."""
    buffer = bytes(64 * compressions)
    for threads in (1, 2):
        yield Way(
            MACHINE.format(threads=threads),
            compressions,
            lambda threads=threads: blake3(buffer, key=KEY, max_threads=threads).digest(),  # type: ignore[misc]
            threads,
        )


def second_thread(rows: Iterable[Row], pairs: Iterable[tuple[str, str]]) -> Iterator[Row]:
    """What a second thread adds, as a share of what one does, for each pair of ways."""
    rates = {row.name: row for row in rows}
    for one, two in pairs:
        gain = rates[two].rate / rates[one].rate - 1
        section, unit = rates[two].section, rates[two].unit
        yield Row(section, unit, f"a second thread, {two}", 0, 0.0, gain, None, f"adds {gain:.2f}")


def other_library() -> tuple[Any, list[tuple[str, str]]]:
    """The library that others use for such trees, or why it is not measured."""
    try:
        return importlib.import_module(PYMERKLE), []
    except ImportError:
        return None, [(PYMERKLE, "not installed")]


def hashing(sizes: Sizes) -> Iterator[Row]:
    """Nodes of 64 octets: call by call, and in batches."""
    messages = [row.tobytes() for row in random_rows(sizes.calls, 64)]
    lefts, rights = random_rows(sizes.nodes, 32), random_rows(sizes.nodes, 32)
    many = random_rows(sizes.nodes_in_parallel, 32)
    ways = [
        Way("binding, one call each", sizes.calls, lambda: [blake3(message, key=KEY).digest() for message in messages]),
        Way("reference", sizes.calls, lambda: [hash_role(HARDENED, Role.NODE, message) for message in messages]),
        Way("optimised", sizes.nodes, lambda: hash_nodes(HARDENED, lefts, rights)),
        Way("optimised, large", len(many), lambda: hash_nodes(HARDENED, many, many)),
        Way("optimised, large, 2 threads", len(many), lambda: hash_nodes(HARDENED, many, many, 2), 2),
        *threaded(sizes.nodes_in_parallel),
        limit_of(sizes.nodes),
    ]
    rows = list(compared("node hashing", "hashes", ways, sizes.rounds))
    pairs = [
        ("optimised, large", "optimised, large, 2 threads"),
        (MACHINE.format(threads=1), MACHINE.format(threads=2)),
    ]
    yield from [*rows, *second_thread(rows, pairs)]


def grown(contents: Contents, threads: int = 1) -> BulkRange:
    """A new range with these leaves."""
    mountains = BulkRange(HARDENED, threads)
    mountains.append(contents)
    return mountains


def refilled(mountains: BulkRange, contents: Contents) -> None:
    """A range with these leaves in the room that another one leaves behind: no page is new to the system."""
    mountains.store.count = 0
    mountains.append(contents)


def one_by_one(messages: list[bytes]) -> None:
    """Append leaves one at a time."""
    mountains = BulkRange(HARDENED)
    for message in messages:
        mountains.append((message,))


def peer_agrees(library: Any, messages: list[bytes]) -> tuple[str, str]:
    """That the other library's root is our bag under SHA-256, as a note. Raises ValueError where it is not."""
    tree, ours = library.InmemoryTree(), BulkRange(SHA256)
    tree.append_entries(messages)
    ours.append(messages)
    bag = span_value(ours.combiner, ours.mountains(), whole(ours.count))
    if tree.get_root() != bag:
        raise ValueError(f"{PYMERKLE}: its root of {len(messages)} leaves is not our bag under sha256")
    return f"root of {PYMERKLE}", f"equals our bag under sha256, {len(messages):,} leaves"


def flatness(rows: Iterable[Row], sizes: tuple[int, ...]) -> Iterator[Row]:
    """What a leaf costs at each size, as a multiple of what it costs at the smallest, in new room and in used room."""
    rates = {row.name: row for row in rows}
    for room in ("", USED):
        first = rates[f"optimised, {sizes[0]:,}{room}"]
        for size in sizes:
            row = rates[f"optimised, {size:,}{room}"]
            cost = first.rate / row.rate
            note = f"{1e9 / row.rate:.1f} ns, {cost:.2f} of that at {sizes[0]:,}"
            yield Row(row.section, row.unit, f"cost of a leaf at {size:,}{room}", 0, 0.0, cost, None, note)


def appending(sizes: Sizes) -> Iterator[Row]:
    """Leaves of 63 octets: one at a time, and in bulk at each size."""
    messages = [row.tobytes() for row in random_rows(sizes.calls, LEAF_BYTES)]
    library, absent = other_library()
    ways = [
        Way("reference, nodes", sizes.calls, lambda: range_of(COMBINER, messages)),
        Way("reference, peaks", sizes.calls, lambda: append_batch(COMBINER, empty_frontier(), tuple(messages))),
        Way("optimised, one by one", sizes.calls, lambda: one_by_one(messages)),
    ]
    if library is not None:
        absent.append(peer_agrees(library, messages))
        ways.append(Way(PYMERKLE, sizes.calls, lambda: library.InmemoryTree().append_entries(messages)))
    for size in sizes.bulk:
        contents = contents_of_rows(random_rows(size, LEAF_BYTES))
        ways += [
            Way(f"optimised, {size:,}", size, lambda contents=contents: grown(contents)),  # type: ignore[misc]
            Way(f"optimised, {size:,}, 2 threads", size, lambda contents=contents: grown(contents, 2), 2),  # type: ignore[misc]
        ]
        for threads, name in ((1, ""), (2, ", 2 threads")):
            used = grown(contents, threads)
            ways.append(
                Way(
                    f"optimised, {size:,}{USED}{name}",
                    size,
                    lambda used=used, contents=contents: refilled(used, contents),  # type: ignore[misc]
                    threads,
                )
            )
        held = len(used.store.rows) * DIGEST_BYTES / size
        absent.append((f"room for {size:,}", f"{held:.1f} octets a leaf"))
    rows = list(compared("appending", "leaves", [*ways, limit_of(sizes.nodes)], sizes.rounds, absent))
    names = [f"optimised, {size:,}{room}" for size in sizes.bulk for room in ("", USED)]
    pairs = [(name, f"{name}, 2 threads") for name in names]
    yield from [*rows, *flatness(rows, sizes.bulk), *second_thread(rows, pairs)]


def proving(sizes: Sizes) -> Iterator[Row]:
    """Inclusion proofs of a range as deep as asked, and their verification."""
    count = 1 << sizes.depth
    rows = random_rows(count, LEAF_BYTES)
    mountains = grown(contents_of_rows(rows))
    chosen = np.random.default_rng(0).integers(0, count, sizes.proofs)
    few = [LeafIndex(int(index)) for index in chosen[: min(100, sizes.proofs)]]
    then, root = mountains.mountains(), mountains.root()
    library, absent = other_library()
    ways = [
        Way("reference", len(few), lambda: [prove_leaf(COMBINER, then, index) for index in few]),
        Way("optimised", sizes.proofs, lambda: list(paths(mountains, chosen))),
    ]
    proofs = [prove_leaf(COMBINER, then, index) for index in few]
    (batch,), contents = list(paths(mountains, chosen)), contents_of_rows(rows[chosen])
    roots = digests_of([root])
    if verify_paths(HARDENED, roots, batch, contents).any():
        raise ValueError("a proof of the benchmark is not accepted")

    def verify_each() -> None:
        for number, index in enumerate(few):
            verify_leaf(COMBINER, root, then.count, index, contents[number], proofs[number])

    checks = [
        Way("reference", len(few), verify_each),
        Way("optimised", sizes.proofs, lambda: verify_paths(HARDENED, roots, batch, contents)),
        Way("optimised, 2 threads", sizes.proofs, lambda: verify_paths(HARDENED, roots, batch, contents, threads=2), 2),
    ]
    if library is not None:
        tree = library.InmemoryTree()
        tree.append_entries([row.tobytes() for row in rows[: sizes.calls]])
        kept = [(index % sizes.calls) for index in few]
        state = tree.get_root()
        held = [(tree.get_leaf(index + 1), tree.prove_inclusion(index + 1)) for index in kept]
        name = f"{PYMERKLE}, {sizes.calls:,} leaves"
        ways.append(Way(name, len(few), lambda: [tree.prove_inclusion(index + 1) for index in kept]))
        checks.append(
            Way(name, len(few), lambda: [library.verify_inclusion(leaf, state, proof) for leaf, proof in held])
        )
    yield from compared(f"proofs of depth {sizes.depth}", "proofs", ways, sizes.rounds, absent)
    yield from compared(f"verification at depth {sizes.depth}", "proofs", checks, sizes.rounds, absent)


def encoding(sizes: Sizes) -> Iterator[Row]:
    """Intake leaves, encoded."""
    leaf = MMRLeaf(SEED, ProofType.GROTH16, ChainId(1), ChainId(2), Millis(1_700_000_000_000), 9, ClusterId(3), None)
    columns = leaf_columns.columns_of([leaf] * sizes.calls)
    ways = [
        Way("reference", sizes.calls, lambda: [leaf_content(leaf) for _ in range(sizes.calls)]),
        Way("optimised", sizes.calls, lambda: leaf_columns.encode_leaves(columns)),
    ]
    yield from compared("leaf encoding", "leaves", ways, sizes.rounds)


def assigning(sizes: Sizes) -> Iterator[Row]:
    """Seats to a thousand clusters, and the leaders of all. The reference compares each seat with every other one."""
    keys = tuple(SeatKey(PublicKey(row.tobytes()), Seat(0)) for row in random_rows(sizes.seats_one_by_one, 32))
    registry = assignment.Registry(random_rows(sizes.seats, 32), np.zeros(sizes.seats, np.uint32))
    views = np.ones(1000, np.int64)
    assigned = assignment.clusters_of_seats(HARDENED, SEED, registry, views.size)
    ways = [
        Way("reference", sizes.seats_one_by_one, lambda: clusters_of_seats(HARDENED, SEED, keys, 10)),
        Way(
            "optimised, clusters",
            sizes.seats,
            lambda: assignment.clusters_of_seats(HARDENED, SEED, registry, views.size),
        ),
        Way(
            "optimised, leaders",
            sizes.seats,
            lambda: assignment.leaders(HARDENED, SEED, registry, assigned, views),
        ),
    ]
    yield from compared("assignment", "seats", ways, min(sizes.rounds, 3))


def batch_rows(sizes: Sizes) -> Iterator[Row]:
    """All sections, in order."""
    for section in (hashing, appending, proving, encoding, assigning):
        yield from section(sizes)
    if sizes.starts:
        yield from starting()
