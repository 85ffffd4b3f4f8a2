"""Section 4.2: a message reaches all, is processed once, and costs a node no more than its own cluster's work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, islice, product

from taifoon.network.envelope import Packet
from taifoon.network.gossip import Memory, fanout, hops, memory_bound, reach_bound, receive, remembered_until
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.gossip_net import connected_graphs, pull, push, received
from taifoon_models.keys import key
from taifoon_models.messages import NOW, announce, reception, sealed
from taifoon_proofs.establish import Claim, exhaust, first_violation, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

NODES = 2_000
SOURCE_REACH = reach_bound(8, 5)
GREATEST_NETWORK = 40
PULLING = 5
ALL_OFFSETS = 4


@scenario("gossip/ball-too-small")
def some_node_is_out_of_reach(profile: Profile, trace: Trace, *, nodes: int) -> bool:
    """A push reaches fewer nodes than there are, whichever peers are drawn."""
    peers, travelled = fanout(profile, nodes), hops(profile, nodes)
    reach = reach_bound(peers, travelled)
    trace.state("push", nodes=nodes, fanout=peers, hops=travelled, greatest_reach=reach)
    return reach < nodes


@scenario("gossip/beyond-the-ball")
def push_reaches_more_than_the_bound(
    profile: Profile, trace: Trace, *, peers: int, hop_limit: int, targets: list[list[int]]
) -> bool:
    """A push reaches more nodes than one generation for each hop allows."""
    small = with_numbers(profile, gossip_fanout=max(2, peers), gossip_hops=hop_limit)
    reached = push(small, targets, sealed(small, announce()))
    bound = reach_bound(peers, hops(small, len(targets)))
    trace.state("push", targets=str(targets), reached=tuple(reached), bound=bound)
    return len(reached) > bound


def with_numbers(profile: Profile, **numbers: int) -> Profile:
    """The profile with other parameters."""
    return profile.with_parameters(replace(profile.parameters, **numbers))  # type: ignore[arg-type]


def choices(nodes: int, peers: int) -> Iterator[list[list[int]]]:
    """Every choice of so many distinct peers by every node."""
    options = [[list(some) for some in combinations([o for o in range(nodes) if o != n], peers)] for n in range(nodes)]
    for chosen in product(*options):
        yield list(chosen)


@scenario("gossip/never-arrives")
def a_message_misses_a_node(
    profile: Profile, trace: Trace, *, nodes: int, edges: list[list[int]], offsets: list[int]
) -> bool:
    """A node of a connected graph lacks a message, though each edge has been asked over once for each step of a path.

    All pushes of the origin were lost.
    """
    rounds = (nodes - 1) * (nodes - 1)
    holding: Sequence[int] = ()
    for number, holding in enumerate(islice(pull(profile, nodes, edges, offsets, sealed(profile, announce())), rounds)):
        trace.state(f"round {number + 1}", holding=tuple(holding))
        if len(holding) == nodes:
            return False
    return len(holding) < nodes


def pulling_graphs() -> Iterator[dict[str, Json]]:
    """Every connected graph of 2 to 5 nodes; up to 4 nodes with every turn at which each node may begin to ask."""
    for nodes in range(2, PULLING + 1):
        for edges in connected_graphs(nodes):
            turns = range(nodes - 1) if nodes <= ALL_OFFSETS else (0,)
            for offsets in product(turns, repeat=nodes - 1):
                yield {"nodes": nodes, "edges": edges, "offsets": [0, *offsets]}


def a_hop_adds_a_generation() -> Claim:
    """One more hop adds at most the fanout times the generation before, so the bound of one hop gives the next.

    `generation` is fanout^h, so the right-hand side of the goal is what the sum of powers is for one hop more.
    """
    names = ("fanout", "generation", "bound", "fresh", "reached", "next_fresh")
    peers, generation, bound, fresh, reached, next_fresh = (integer(name) for name in names)
    return Claim(
        "one-more-hop-keeps-the-bound",
        (
            peers >= 1,
            generation >= 1,
            fresh >= 0,
            fresh <= generation,
            reached <= bound,
            next_fresh <= peers * fresh,
        ),
        reached + next_fresh <= bound + peers * generation,
    )


@theorem(
    "T-N1",
    requirements=("R-2.2-1", "R-4.2-1", "R-4.2-2", "R-4.2-3", "R-9-11"),
    needs={Resolution.GOSSIP},
    technique=Technique.COMBINED,
    assumptions=("AM3",),
)
def a_message_reaches_every_node(profile: Profile) -> Verdict:
    """The bound for every number of hops, by induction; numbers that reach all; pull on every small graph.

    That the shipped push keeps the bound's premises, and so the bound, is run for every choice of peers in small
    networks.
    Pull is given the worst case: the origin alone holds the message, no push arrives, and answers come from what a peer
    held before the round. The graphs are those of the honest nodes; one that answers nothing counts as absent.
    """
    return conclude(
        prove("the bound from hop to hop", a_hop_adds_a_generation()),
        exhaust(
            profile,
            "gossip/beyond-the-ball",
            "every choice of one peer by each of 2 to 5 nodes, and of two by each of 4, with 1 to 3 hops",
            (
                {"peers": peers, "hop_limit": limit, "targets": targets}
                for nodes, peers in ((2, 1), (3, 1), (4, 1), (5, 1), (4, 2))
                for limit in (1, 2, 3)
                for targets in choices(nodes, peers)
            ),
        ),
        exhaust(
            profile,
            "gossip/ball-too-small",
            f"up to {NODES:,} nodes, about {SOURCE_REACH:,}, and about each power of 2 up to 2^{GREATEST_NETWORK}",
            (
                *({"nodes": nodes} for nodes in range(1, NODES + 1)),
                *({"nodes": nodes} for nodes in range(SOURCE_REACH - 50, SOURCE_REACH + 50)),
                *({"nodes": (1 << power) + off} for power in range(16, GREATEST_NETWORK + 1) for off in (-1, 0, 1)),
            ),
        ),
        exhaust(
            profile,
            "gossip/never-arrives",
            f"every connected graph of 2 to {PULLING} nodes, every turn to begin at for up to {ALL_OFFSETS}",
            pulling_graphs(),
        ),
    )


SECOND = 1_000
LIVES = (30, 60, 120)
READINGS = (0, 30, 59, 60, 61, 65, 66, 90, 119, 120, 121, 124, 125, 126, 200)


@scenario("gossip/processed-again")
def a_message_is_processed_twice_or_late(profile: Profile, trace: Trace, *, life: int, readings: list[int]) -> bool:
    """A node processes a message a second time, or after its expiry.

    The same envelope arrives again and again; `readings` of the node's clock are in seconds after it was sent, and
    `life` is the expiry. The clock may step back by the tolerance.
    """
    envelope = sealed(profile, announce(), expiry=NOW + life * SECOND)
    memory, processed = Memory(), 0
    for reading in readings:
        try:
            receipt = receive(profile, reception(NOW + reading * SECOND), memory, Packet(4, envelope))
        except Rejected as rejected:
            trace.state("refused", reading=reading, code=rejected.code.name, processed=processed)
            continue
        memory = receipt.memory
        processed += receipt.message is not None
        trace.state("received", reading=reading, processed=processed)
        if receipt.message is not None and reading > life:
            return True
    return processed > 1


def arrivals(profile: Profile) -> Iterator[dict[str, Json]]:
    """Every three readings of a clock that steps back by no more than the tolerance, for each life."""
    back = profile.parameters.time_tolerance // SECOND
    for life, readings in product(LIVES, product(READINGS, repeat=3)):
        if all(readings[place] >= max(readings[: place + 1]) - back for place in range(3)):
            yield {"life": life, "readings": list(readings)}


@scenario("gossip/heartbeat-lost")
def a_new_announcement_passes_for_a_copy(profile: Profile, trace: Trace, *, seconds: int) -> bool:
    """A node announces itself anew, and the announcement is dropped as a copy of the earlier one."""
    memory = Memory()
    for sequence in (0, 1):
        at = NOW + sequence * seconds * SECOND
        envelope = sealed(profile, announce(), sequence=sequence, expiry=at + 60 * SECOND)
        receipt = receive(profile, reception(at), memory, Packet(4, envelope))
        trace.state("announce", at=sequence * seconds, processed=receipt.message is not None)
        if receipt.message is None:
            return True
        memory = receipt.memory
    return False


@scenario("gossip/memory-grows")
def memory_outgrows_its_bound(profile: Profile, trace: Trace, *, quota: int, senders: int, messages: int) -> bool:
    """A node remembers more messages than a quota for each sender, though each sender may send as it likes."""
    small = with_numbers(profile, sender_quota=quota)
    registered = frozenset(key(number) for number in range(senders))
    memory = Memory()
    for sequence, sender in product(range(messages), range(senders)):
        moved = replace(announce(sender), address=f"198.51.100.7:{sequence}".encode())
        envelope = sealed(small, moved, sender, sequence)
        try:
            memory = receive(small, reception(NOW + sequence, registered), memory, Packet(4, envelope)).memory
        except Rejected as rejected:
            trace.state("refused", sender=sender, sequence=sequence, code=rejected.code.name)
    bound = memory_bound(small, senders)
    trace.state("remembered", held=len(memory.remembered), bound=bound)
    return len(memory.remembered) > bound


def what_is_forgotten_has_expired(profile: Profile) -> Claim:
    """When a message may be forgotten, no reading that the clock can step back to lies within its life."""
    expiry, arrival, forgotten, reading = (integer(name) for name in ("expiry", "arrival", "forgotten", "reading"))
    envelope = sealed(profile, announce())
    lasting = replace(envelope, statement=replace(envelope.statement, expiry=expiry))
    return Claim(
        "what-is-forgotten-has-expired",
        (
            arrival >= 0,
            expiry >= arrival,
            forgotten > remembered_until(profile, lasting, arrival),
            reading >= forgotten - profile.parameters.time_tolerance,
        ),
        reading > expiry,
        lambda model: first_violation(profile, "gossip/processed-again", arrivals(profile)),
    )


@theorem(
    "T-N2",
    requirements=("R-4.2-4",),
    needs={Resolution.ENVELOPE, Resolution.GOSSIP, Resolution.MESSAGE_PRIORITY},
    technique=Technique.COMBINED,
    assumptions=("AM1",),
)
def a_message_is_processed_once(profile: Profile) -> Verdict:
    """The shipped rule of memory on symbolic times; and arrivals, new announcements and floods of senders.

    Arrivals are every three of a grid of clock readings about all limits. A message that is remembered is recognised,
    and one that has expired is refused; so the rule that nothing is forgotten before it has expired carries both.
    """
    return conclude(
        prove("every expiry and every reading of a clock", what_is_forgotten_has_expired(profile)),
        exhaust(
            profile,
            "gossip/processed-again",
            f"{len(LIVES)} lives, every three of {len(READINGS)} readings of a clock that steps back by the tolerance",
            arrivals(profile),
        ),
        exhaust(
            profile, "gossip/heartbeat-lost", "announcements 0 to 59 s apart", ({"seconds": gap} for gap in range(60))
        ),
        exhaust(
            profile,
            "gossip/memory-grows",
            "1 to 3 senders, quotas of 1 to 3, up to three quotas each and three more",
            (
                {"quota": quota, "senders": senders, "messages": 3 * quota + 3}
                for quota, senders in product((1, 2, 3), (1, 2, 3))
            ),
        ),
    )


REPLICAS = 6
CLUSTER_SEATS = 5


@scenario("gossip/foreign-load")
def other_clusters_load_a_node(
    profile: Profile, trace: Trace, *, loads: list[int], other_loads: list[int], replicas: int
) -> bool:
    """A node of cluster 0 receives more or fewer messages because another cluster has other jobs."""
    counts = [received(profile, 0, each, replicas, CLUSTER_SEATS) for each in (loads, other_loads)]
    trace.state("jobs", loads=tuple(loads), received=counts[0])
    trace.state("other jobs elsewhere", loads=tuple(other_loads), received=counts[1])
    return counts[0] != counts[1]


@theorem(
    "T-N6",
    requirements=("R-0-5", "R-4.2-1"),
    needs={Resolution.GOSSIP},
    technique=Technique.EXHAUSTIVE,
)
def a_nodes_load_is_its_clusters(profile: Profile) -> Verdict:
    """Every two distributions of up to three jobs a cluster over two to four clusters, equal in the node's own."""
    return exhaust(
        profile,
        "gossip/foreign-load",
        "every two loads of up to 3 jobs in each of 2 to 4 clusters that agree on the first",
        (
            {"loads": [own, *loads], "other_loads": [own, *others], "replicas": REPLICAS}
            for clusters in (2, 3, 4)
            for own in range(3)
            for loads, others in product(product(range(4), repeat=clusters - 1), repeat=2)
            if loads < others
        ),
    )
