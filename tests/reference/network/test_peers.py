"""Peers are drawn in proportion to stake, each once."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.network.peers import Candidate, draw_peers, place_drawn, total_weight
from taifoon.primitives.types import Amount
from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon_models.keys import key


def candidates(*stakes: int) -> tuple[Candidate, ...]:
    return tuple(Candidate(key(number), Amount(stake)) for number, stake in enumerate(stakes))


@pytest.mark.parametrize("stakes", [(1,), (3, 1), (0, 2, 0, 5), (4, 4, 1)])
def test_as_many_draws_as_stake_give_a_candidate_by_the_rule_of_stake_alone(stakes: tuple[int, ...]) -> None:
    known = candidates(*stakes)
    total = total_weight(HARDENED, known)
    drawn = Counter(place_drawn(HARDENED, known, draw) for draw in range(total))
    assert [drawn[place] for place in range(len(stakes))] == list(stakes)
    for profile in (HARDENED.without(Resolution.GOSSIP), DOCUMENT):
        drawn = Counter(place_drawn(profile, known, draw) for draw in range(total_weight(profile, known)))
        assert [drawn[place] for place in range(len(stakes))] == [1] * len(stakes)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
    st.lists(st.integers(0, (1 << 200) - 1), max_size=10),
)
def test_peers_are_distinct_and_have_stake(stakes: list[int], draws: list[int]) -> None:
    known = candidates(*stakes)
    peers = draw_peers(HARDENED, known, tuple(draws))
    assert len(set(peers)) == len(peers) == min(len(draws), sum(stake > 0 for stake in stakes))
    assert all(candidate.stake > 0 for candidate in known if candidate.public_key in peers)


def test_a_key_without_stake_is_drawn_by_the_literal_rule_alone() -> None:
    crowd = candidates(1, *[0] * 9)
    draws = tuple(range(8))
    assert draw_peers(HARDENED, crowd, draws) == (key(0),)
    assert len(draw_peers(HARDENED.without(Resolution.GOSSIP), crowd, draws)) == 8


def test_each_draw_chooses_among_those_that_are_left() -> None:
    known = candidates(2, 1, 3)
    assert draw_peers(HARDENED, known, (5, 2, 0)) == (key(2), key(1), key(0))
    # A draw counts modulo the stake that is left: 6 at first, then 3.
    assert draw_peers(HARDENED, known, (11, 4)) == (key(2), key(0))
    assert draw_peers(HARDENED, known, (2, 4)) == (key(1), key(2))
