"""The beacon is mixed from committed secrets; a withheld one buys one bit and is named."""

from __future__ import annotations

from itertools import combinations

import pytest

from taifoon.core.beacon import (
    CommittedSecret,
    Mixture,
    Reveal,
    check_reveals,
    choices,
    commitment,
    mixed,
    withheld,
)
from taifoon.primitives.encoding import encode
from taifoon.primitives.types import Epoch, PublicKey
from taifoon.profile import HARDENED
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest

EPOCH = Epoch(4)
KEYS = tuple(sorted(PublicKey(bytes(digest(f"key {number}"))) for number in range(5)))
SECRETS = {key: digest(f"secret of {key.hex()}") for key in KEYS}
COMMITMENTS = tuple(commitment(HARDENED, EPOCH, key, SECRETS[key]) for key in KEYS)
REVEALS = tuple(Reveal(key, SECRETS[key]) for key in KEYS)


def code_of(epoch: Epoch, reveals: tuple[Reveal, ...]) -> RejectionCode:
    with pytest.raises(Rejected) as caught:
        check_reveals(HARDENED, epoch, COMMITMENTS, reveals)
    return caught.value.code


def test_any_part_of_the_reveals_is_accepted_in_the_order_of_holders() -> None:
    for count in range(len(REVEALS) + 1):
        for part in combinations(REVEALS, count):
            check_reveals(HARDENED, EPOCH, COMMITMENTS, part)


@pytest.mark.parametrize(
    "reveals",
    [
        (Reveal(KEYS[0], digest("another secret")),),
        (REVEALS[1], REVEALS[0]),
        (REVEALS[0], REVEALS[0]),
        (Reveal(PublicKey(bytes(digest("a stranger"))), SECRETS[KEYS[0]]),),
        (Reveal(KEYS[1], SECRETS[KEYS[0]]),),
    ],
    ids=["another secret", "another order", "twice", "no commitment", "the secret of another holder"],
)
def test_a_reveal_opens_the_commitment_of_its_holder(reveals: tuple[Reveal, ...]) -> None:
    assert code_of(EPOCH, reveals) is RejectionCode.BEACON_REVEAL


def test_a_secret_serves_in_one_epoch() -> None:
    assert code_of(Epoch(5), REVEALS[:1]) is RejectionCode.BEACON_REVEAL


def test_the_beacon_does_not_depend_on_the_order_of_reveals_and_depends_on_each() -> None:
    assert mixed(HARDENED, EPOCH, REVEALS) == mixed(HARDENED, EPOCH, REVEALS[::-1])
    parts = [part for count in range(len(REVEALS) + 1) for part in combinations(REVEALS, count)]
    assert len({mixed(HARDENED, EPOCH, part) for part in parts}) == choices(len(KEYS)) == 32
    assert mixed(HARDENED, EPOCH, REVEALS) != mixed(HARDENED, Epoch(5), REVEALS)


def test_whoever_withholds_is_named() -> None:
    assert withheld(COMMITMENTS, REVEALS) == ()
    assert withheld(COMMITMENTS, REVEALS[1:4]) == (KEYS[0], KEYS[4])


def test_a_commitment_and_a_mixture_never_have_the_same_preimage() -> None:
    assert len(encode(CommittedSecret, CommittedSecret(EPOCH, KEYS[0], SECRETS[KEYS[0]]))) == 72
    lengths = {len(encode(Mixture, Mixture(EPOCH, REVEALS[:count]))) for count in range(len(REVEALS) + 1)}
    assert lengths == {12 + 64 * count for count in range(6)}
    assert 72 not in lengths
