"""Small networks that gossip by the shipped rules, and large ones of which only the coverage is counted."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import combinations

from taifoon.network.envelope import Envelope, Packet
from taifoon.network.gossip import Memory, answer_pull, asked_in_round, fanout, first_packet, hops, pulls, receive
from taifoon.network.kinds import Kind
from taifoon.network.topics import is_delivered
from taifoon.primitives.types import ClusterId, Millis
from taifoon.profile import Profile
from taifoon_models.keys import key
from taifoon_models.messages import NOW, reception

Targets = Sequence[Sequence[int]]
Edges = Sequence[Sequence[int]]


def push(profile: Profile, targets: Targets, envelope: Envelope) -> list[int]:
    """The nodes that a push from node 0 reaches, hop by hop; `targets` has the peers of each node."""
    nodes = len(targets)
    registered = frozenset(key(number) for number in range(nodes))
    memories = [Memory() for _ in range(nodes)]
    first = first_packet(profile, nodes, envelope)
    memories[0] = receive(profile, reception(registered=registered), memories[0], first).memory
    under_way = [(peer, first) for peer in targets[0]]
    while under_way:
        arriving, under_way = under_way, []
        for node, packet in arriving:
            receipt = receive(profile, reception(registered=registered), memories[node], packet)
            memories[node] = receipt.memory
            if receipt.onward is not None:
                under_way += [(peer, receipt.onward) for peer in targets[node]]
    return [node for node in range(nodes) if memories[node].remembered]


def neighbours(nodes: int, edges: Edges) -> list[list[int]]:
    """The peers of each node of a graph."""
    return [[other for edge in edges if node in edge for other in edge if other != node] for node in range(nodes)]


def pull(profile: Profile, nodes: int, edges: Edges, offsets: Sequence[int], envelope: Envelope) -> Iterator[list[int]]:
    """The nodes that hold a message after each round of pull, when every push of its origin, node 0, was lost.

    In a round each node asks one neighbour, one after another from an offset of its own. All answers of a round come
    from what nodes held before it, the slowest case.
    """
    registered = frozenset(key(number) for number in range(nodes))
    memories = [Memory() for _ in range(nodes)]
    memories[0] = receive(profile, reception(registered=registered), memories[0], Packet(0, envelope)).memory
    number_of = {key(number): number for number in range(nodes)}
    peers = [tuple(key(other) for other in others) for others in neighbours(nodes, edges)]
    turn = 0
    while True:
        before = list(memories)
        for node in range(nodes):
            if not peers[node] or not pulls(profile):
                continue
            asked = number_of[asked_in_round(peers[node], turn + offsets[node])]
            for packet in answer_pull(profile, before[asked], before[node].identities, Millis(NOW)):
                memories[node] = receive(profile, reception(registered=registered), memories[node], packet).memory
        turn += 1
        yield [node for node in range(nodes) if memories[node].remembered]


def is_connected(nodes: int, edges: Edges) -> bool:
    """Whether every node can be reached from node 0."""
    peers, reached, fringe = neighbours(nodes, edges), {0}, [0]
    while fringe:
        fringe = [other for node in fringe for other in peers[node] if other not in reached]
        reached.update(fringe)
    return len(reached) == nodes


def connected_graphs(nodes: int) -> Iterator[list[list[int]]]:
    """Every connected graph on numbered nodes, by its edges."""
    pairs = [list(pair) for pair in combinations(range(nodes), 2)]
    for chosen in range(1 << len(pairs)):
        edges = [pair for place, pair in enumerate(pairs) if chosen >> place & 1]
        if is_connected(nodes, edges):
            yield edges


def coverage(profile: Profile, nodes: int, silent: int, chance: random.Random) -> tuple[int, int]:
    """How many nodes one push reaches that is not silent, and how many of those there are.

    Fanout and hops are the shipped ones, and peers are drawn uniformly and anew for each push; silent nodes receive and
    push nothing on. The origin is not silent.
    """
    peers, last = fanout(profile, nodes), hops(profile, nodes)
    quiet = set(chance.sample(range(1, nodes), silent))
    reached, fringe = bytearray(nodes), [0]
    reached[0] = 1
    for _ in range(last):
        fresh = []
        for node in fringe:
            for draw in chance.sample(range(nodes - 1), peers):
                other = draw + (draw >= node)
                if not reached[other]:
                    reached[other] = 1
                    if other not in quiet:
                        fresh.append(other)
        fringe = fresh
    return sum(reached) - sum(reached[node] for node in quiet), nodes - silent


def traffic(jobs: int, replicas: int, seats: int) -> Iterator[tuple[Kind, int]]:
    """The messages of one block of a cluster: how many of each kind.

    One assignment and one proof for each replica of a job, a proposal, two votes of each seat, a certificate, a push.
    """
    yield Kind.JOB_ASSIGNMENT, jobs * replicas
    yield Kind.PROOF_SUBMISSION, jobs * replicas
    yield Kind.BLOCK_PROPOSAL, 1
    yield Kind.BLOCK_VOTE, 2 * seats
    yield Kind.BLOCK_FINALIZED, 1
    yield Kind.PEAKS_PUSH, 1


def received(profile: Profile, cluster: int, loads: Sequence[int], replicas: int, seats: int) -> int:
    """How many messages a node of a cluster receives while every cluster makes one block; `loads` are their jobs."""
    memberships = frozenset({ClusterId(cluster)})
    return sum(
        count
        for other, jobs in enumerate(loads)
        for kind, count in traffic(jobs, replicas, seats)
        if is_delivered(profile, kind, ClusterId(other), memberships, is_asked=False)
    )
