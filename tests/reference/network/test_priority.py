"""Every kind has its place, every class its turns, every sender its line."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.network.kinds import SOURCE_KINDS, Kind
from taifoon.network.priority import (
    CLASS_PLACES,
    CLASSES,
    LITERAL_RANKS,
    ORDER,
    Class,
    Queue,
    class_of_turn,
    enqueue,
    outranks,
    serve,
    size,
    turns_between,
)
from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.keys import key
from taifoon_proofs.theorems.priority import letter

STRICT = HARDENED.without(Resolution.MESSAGE_PRIORITY)
SMALL = 4


def queue_of(profile: object, *letters: tuple[Kind, int]) -> Queue:
    queue = Queue()
    for sequence, (kind, sender) in enumerate(letters):
        queue = enqueue(profile, queue, key(sender), letter(kind, sender, sequence))  # type: ignore[arg-type]
    return queue


def served(profile: object, queue: Queue) -> list[tuple[Kind, int]]:
    order = []
    while size(queue) > 0:
        envelope, queue = serve(profile, queue)  # type: ignore[arg-type]
        order.append((envelope.statement.kind, envelope.statement.sequence))
    return order


def test_every_kind_has_one_place_and_one_class_and_classes_do_not_mix() -> None:
    assert sorted((kind for kind, _ in ORDER), key=lambda kind: kind.ordinal) == list(Kind)
    places = [CLASS_PLACES[item] for _, item in ORDER]
    assert all(before <= after for before, after in pairwise(places))
    assert set(places) == set(range(len(Class)))


@pytest.mark.parametrize("profile", [HARDENED, DOCUMENT], ids=lambda profile: profile.name)
def test_the_sources_three_keep_their_order(profile: object) -> None:
    synchronisation = [kind for kind in SOURCE_KINDS if LITERAL_RANKS.get(kind) == 1]
    assert len(synchronisation) == 4
    for kind in synchronisation:
        assert outranks(profile, Kind.BLOCK_PROPOSAL, kind)  # type: ignore[arg-type]
        assert outranks(profile, kind, Kind.JOB_ASSIGNMENT)  # type: ignore[arg-type]


def test_the_source_ranks_six_of_eleven_kinds_and_votes_are_not_among_them() -> None:
    assert len(LITERAL_RANKS) == 6
    assert Kind.BLOCK_VOTE not in LITERAL_RANKS
    unranked = [kind for kind in SOURCE_KINDS if kind not in LITERAL_RANKS]
    assert len(unranked) == 5
    for one, other in combinations(unranked, 2):
        assert not outranks(STRICT, one, other)
        assert not outranks(STRICT, other, one)
        assert outranks(HARDENED, one, other) != outranks(HARDENED, other, one)


def test_each_class_has_every_second_turn_that_the_ones_before_leave() -> None:
    assert [class_of_turn(turn) for turn in range(1, 17)] == [0, 1, 0, 2, 0, 1, 0, 3, 0, 1, 0, 2, 0, 1, 0, 4]
    turns = Counter(class_of_turn(turn) for turn in range(1, 161))
    assert [turns[place] for place in range(len(Class))] == [80, 40, 20, 10, 10]
    for place in range(len(Class)):
        own = [turn for turn in range(1, 161) if class_of_turn(turn) == place]
        assert {after - before for before, after in pairwise(own)} == {turns_between(place)}


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_a_flood_of_proposals_delays_others_and_starves_them_by_the_literal_rule_alone(kind: Kind) -> None:
    if CLASSES[kind] is Class.PROPOSALS:
        return
    for profile, waits in ((HARDENED, False), (STRICT, True)):
        queue = queue_of(profile, (kind, 0))
        reached = False
        for sequence in range(40):
            queue = enqueue(profile, queue, key(1), letter(Kind.BLOCK_PROPOSAL, 1, sequence))
            envelope, queue = serve(profile, queue)
            reached = reached or envelope.statement.kind is kind
        assert reached is not waits


def test_senders_of_a_class_take_turns() -> None:
    queue = queue_of(HARDENED, *[(Kind.BLOCK_VOTE, sender) for sender in (0, 0, 0, 1, 2, 1)])
    assert [sequence for _, sequence in served(HARDENED, queue)] == [0, 3, 4, 1, 5, 2]


def test_what_waits_alone_is_served_at_once() -> None:
    queue = queue_of(HARDENED, *[(Kind.NODE_ANNOUNCE, 0)] * 3)
    assert [sequence for _, sequence in served(HARDENED, queue)] == [0, 1, 2]


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(list(Kind)), st.integers(0, 3)), max_size=30), st.sampled_from([0, 1]))
def test_every_message_is_served_once_and_each_sender_in_its_order(letters: list[tuple[Kind, int]], fair: int) -> None:
    profile = (STRICT, HARDENED)[fair]
    order = served(profile, queue_of(profile, *letters))
    assert sorted(sequence for _, sequence in order) == list(range(len(letters)))
    for kind, sender in set(letters):
        own = [sequence for found, sequence in order if found is kind and letters[sequence][1] == sender]
        assert own == sorted(own)


def test_a_senders_quota_stops_it_alone_by_the_rule_of_priority_alone() -> None:
    quota = HARDENED.parameters.sender_quota
    queue = queue_of(HARDENED, *[(Kind.BLOCK_PROPOSAL, 1)] * quota)
    with pytest.raises(Rejected) as caught:
        enqueue(HARDENED, queue, key(1), letter(Kind.NODE_ANNOUNCE, 1, 0))
    assert caught.value.code is RejectionCode.SENDER_QUOTA
    assert size(enqueue(HARDENED, queue, key(0), letter(Kind.NODE_ANNOUNCE, 0, 0))) == quota + 1
    strict = queue_of(STRICT, *[(Kind.BLOCK_PROPOSAL, 1)] * (quota + 1))
    assert size(strict) == quota + 1


def test_where_every_class_waits_the_first_turn_is_the_first_classs_and_each_turn_its_own() -> None:
    kinds = (Kind.BLOCK_VOTE, Kind.BLOCK_PROPOSAL, Kind.MMR_PROOF_REQUEST, Kind.JOB_ASSIGNMENT, Kind.NODE_ANNOUNCE)
    queue = queue_of(HARDENED, *[(kind, 0) for kind in kinds * 10])
    order = [CLASS_PLACES[CLASSES[kind]] for kind, _ in served(HARDENED, queue)]
    assert order[:16] == [class_of_turn(turn) for turn in range(1, 17)]
    # When the votes are served, their turns go to the next class that has something.
    assert order[-1] == len(Class) - 1
