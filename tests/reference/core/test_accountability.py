"""A finality proof is judged with work in proportion to what it carries, whatever it claims."""

from __future__ import annotations

import pytest

from taifoon.core.accountability import FinalityProof, check_finality, demanded
from taifoon.core.consensus import GENESIS_VIEW, Link
from taifoon.core.quorum import quorum
from taifoon.primitives.types import ClusterId, Epoch, View
from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest
from taifoon_models.keys import certificate_by, committee_of
from taifoon_models.voting import GENESIS, named

SEATS = 4
COMMITTEE = committee_of(digest("chain"), Epoch(1), ClusterId(0), SEATS)
SIGNERS = tuple(range(quorum(HARDENED, SEATS)))


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
