"""Who signed is read off the blocks of a stretch, the same by everybody, whatever certificates a node holds."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from taifoon.core.block import ClusterBlock, link_of
from taifoon.core.succession import Stretch
from taifoon.core.validity import ChainState, apply_block, check_block
from taifoon.economics.attendance import attestations_of, attested_blocks, participation
from taifoon.economics.ledger import silence
from taifoon.economics.offences import inactive
from taifoon.economics.rewards import Attestation, ClusterRecord, is_window_over, payouts, present
from taifoon.primitives.types import BlockNumber, Seat
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_models.blocks import PROOFS, START, first_state, proposal, votes_for
from taifoon_models.economy import delivery, record_of
from taifoon_models.epochs import finality
from taifoon_models.keys import key

SEATS = 4
LITERAL = HARDENED.without(Resolution.REWARD)
WINDOW = HARDENED.parameters.signature_window

Carried = dict[int, tuple[tuple[int, int], ...]]
"""For a block the pairs of block and seat whose votes it carries."""


def stretch_of(profile: Profile, blocks: int, carried: Carried, signers: tuple[int, ...] = (0, 1, 2)) -> Stretch:
    """A stretch of empty blocks, valid each, which a node holds by certificates of these signers."""
    state: ChainState = first_state(profile, SEATS)
    made: tuple[ClusterBlock, ...] = ()
    for number in range(1, blocks + 1):
        votes = tuple(votes_for(profile, state, block, (seat,))[0] for block, seat in carried.get(number, ()))
        block = proposal(profile, state, number, START + number, attestations=votes)
        check_block(profile, PROOFS, state, block, block.header.timestamp)
        state = apply_block(profile, state, block)
        made = (*made, block)
    path = tuple(link_of(profile, block) for block in reversed(made))
    return Stretch(state.formation.cluster, made, finality(profile, state.committee, path, signers))


def record(profile: Profile, stretch: Stretch) -> ClusterRecord:
    """What a node reads off the stretch as it holds it; each member has proved one job."""
    keys = tuple(key(seat) for seat in range(SEATS))
    blocks, signed = attested_blocks(profile, stretch), participation(profile, stretch)
    proofs = tuple(delivery(job, job) for job in range(SEATS))
    return ClusterRecord(stretch.cluster, keys, blocks, signed, proofs, proofs, 1, 1)


CARRIED: Carried = {2: ((1, 0), (1, 2)), 3: ((1, 3), (2, 0), (2, 1))}


def test_an_attestation_names_the_block_the_seat_and_the_block_that_carries_it() -> None:
    found = attestations_of(stretch_of(HARDENED, 3, CARRIED).blocks)
    expected = [(1, 0, 2), (1, 2, 2), (1, 3, 3), (2, 0, 3), (2, 1, 3)]
    assert found == tuple(Attestation(BlockNumber(b), Seat(s), BlockNumber(c)) for b, s, c in expected)
    assert attestations_of(()) == ()


def test_two_nodes_with_different_certificates_read_the_same() -> None:
    """Literally each reads its own certificates, and pays otherwise."""
    quorums = list(combinations(range(SEATS), 3))
    for profile, outcomes in ((HARDENED, 1), (LITERAL, len(quorums)), (DOCUMENT, len(quorums))):
        carried = CARRIED if profile is HARDENED else {}
        records = [record(profile, stretch_of(profile, 3, carried, signers)) for signers in quorums]
        assert len({payouts(profile, 1000, each) for each in records}) == outcomes
        assert len({silence(profile, each) for each in records}) == outcomes


def test_nobodys_signature_for_the_last_block_counts() -> None:
    stretch = stretch_of(HARDENED, 3, CARRIED)
    assert attested_blocks(HARDENED, stretch) == (1, 2)
    assert attested_blocks(LITERAL, stretch) == (1, 2, 3)
    assert {block for block, _ in present(HARDENED, record(HARDENED, stretch))} == {1, 2}
    alone = stretch_of(HARDENED, 1, {})
    assert (attested_blocks(HARDENED, alone), participation(HARDENED, alone)) == ((), ())


def test_a_stretch_without_blocks_says_nothing() -> None:
    nothing = Stretch(stretch_of(HARDENED, 1, {}).cluster, (), None)
    for profile in (HARDENED, LITERAL):
        assert (attested_blocks(profile, nothing), participation(profile, nothing)) == ((), ())


def test_a_full_house_is_paid_in_full() -> None:
    everyone: Carried = {number: tuple((number - 1, seat) for seat in range(SEATS)) for number in (2, 3, 4)}
    paid = payouts(HARDENED, 4000, record(HARDENED, stretch_of(HARDENED, 4, everyone)))
    assert [each.amount for each in paid] == [1000 + 200] * SEATS


@pytest.mark.parametrize("blocks", range(12))
def test_only_a_block_whose_window_is_over_tells_who_is_absent(blocks: int) -> None:
    """The record has all blocks but the last, whose number is one more than theirs."""
    idle = record_of((0, 1, 2, 3), blocks, frozenset((block, 0) for block in range(1, blocks + 1)))
    for profile, told in ((HARDENED, max(0, blocks + 1 - WINDOW)), (LITERAL, blocks)):
        windows = silence(profile, idle)
        assert len(windows) == told
        assert all(window.absent >= {Seat(0)} for window in windows)


def test_a_window_that_the_stretch_cuts_short_convicts_nobody() -> None:
    """A seat that missed one block less than is too many, and whose next votes come late, is not charged."""
    needed = HARDENED.parameters.inactivity_blocks
    blocks = needed + WINDOW - 2
    absent = frozenset((block, 0) for block in range(1, blocks + 1))
    cut = record_of((0, 1, 2, 3), blocks, absent)
    assert inactive(HARDENED, SEATS, silence(HARDENED, cut), Seat(0)) == 0
    whole = record_of((0, 1, 2, 3), blocks + 1, absent | {(blocks + 1, 0)})
    assert inactive(HARDENED, SEATS, silence(HARDENED, whole), Seat(0)) == 1
    assert inactive(LITERAL, SEATS, silence(LITERAL, cut), Seat(0)) == 1


def test_a_window_ends_with_its_last_block() -> None:
    assert [block for block in range(1, 21) if is_window_over(HARDENED, block, 20)] == list(range(1, 21 - WINDOW))
    assert all(is_window_over(LITERAL, block, 20) for block in range(1, 21))


def test_what_the_next_epoch_would_carry_comes_too_late() -> None:
    """Blocks of the next epoch carry nothing for this one: the records of two epochs share no block."""
    stretch = stretch_of(HARDENED, 3, CARRIED)
    later = replace(record(HARDENED, stretch), attestations=(Attestation(BlockNumber(3), Seat(0), BlockNumber(4)),))
    assert present(HARDENED, later) == ()
