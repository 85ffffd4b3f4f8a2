"""A finality proof is judged with work in proportion to what it carries, and shows guilt whatever stands in it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from taifoon.core.accountability import FinalityProof, check_finality, demanded, find_guilt
from taifoon.core.certificate import Certificate
from taifoon.core.consensus import GENESIS_VIEW, Link
from taifoon.core.quorum import quorum
from taifoon.primitives.types import ClusterId, Epoch, Seat, View
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest
from taifoon_models.keys import certificate_by, committee_of
from taifoon_models.voting import GENESIS, named

SEATS = 4
COMMITTEE = committee_of(digest("chain"), Epoch(1), ClusterId(0), SEATS)
SIGNERS = tuple(range(quorum(HARDENED, SEATS)))


def final_in_first_view(name: str) -> FinalityProof:
    """A block of the first view, and the certificates that make it final."""
    path = (Link(View(1), named(name), GENESIS_VIEW, GENESIS),)
    own = demanded(HARDENED, COMMITTEE, path)
    return FinalityProof(path, tuple(certificate_by(HARDENED, item, SIGNERS, list(SIGNERS)) for item in own))


def proof_of(view: int) -> FinalityProof:
    """A block of a view on genesis with its own certificates, and none for the views between."""
    path = (Link(View(view), named("far"), GENESIS_VIEW, GENESIS),)
    own = list(demanded(HARDENED.without(Resolution.NULLIFIED_GAP), COMMITTEE, path))
    return FinalityProof(path, tuple(certificate_by(HARDENED, item, SIGNERS, list(SIGNERS)) for item in own))


@pytest.mark.parametrize("view", [2, 1 << 60])
def test_a_path_that_skips_views_without_their_certificates_is_refused_at_the_first(view: int) -> None:
    with pytest.raises(Rejected) as refused:
        check_finality(HARDENED, COMMITTEE, GENESIS, proof_of(view))
    assert refused.value.code is RejectionCode.FINALITY_INCOMPLETE
    assert "nullify in view 1" in str(refused.value)
    check_finality(HARDENED.without(Resolution.NULLIFIED_GAP), COMMITTEE, GENESIS, proof_of(view))
    check_finality(HARDENED, COMMITTEE, GENESIS, proof_of(1))


@pytest.mark.parametrize("seats", [(0, 1, 2, 3), (0, 1)], ids=["forged", "malformed"])
def test_what_a_proof_carries_beyond_what_is_demanded_hides_no_guilt(seats: tuple[int, ...]) -> None:
    one, two = (final_in_first_view(name) for name in ("one", "two"))
    guilty = find_guilt(HARDENED, COMMITTEE, GENESIS, one, two)
    assert [evidence.first.seat for evidence in guilty] == list(SIGNERS)
    third = replace(one.certificates[0].statement, block_hash=named("third"))
    false = Certificate(third, tuple(map(Seat, seats)), (one.certificates[0].signatures[0],) * 4)
    decorated = replace(one, certificates=(false, *one.certificates))
    assert find_guilt(HARDENED, COMMITTEE, GENESIS, decorated, two) == guilty
