"""Cases of acts: what each does to the ledger, each way of being refused, and what a leader takes up (R-5.2-1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from taifoon.core.accountability import Evidence as Contradiction
from taifoon.core.accountability import SignedStatement
from taifoon.core.assignment import SeatKey
from taifoon.core.epoch import EPOCH_COMMITTEE, Assignment, Foundation
from taifoon.core.leaf import ProofType
from taifoon.core.vote import NO_BLOCK, Statement, VoteKind
from taifoon.economics.ledger import Ledger, close_epoch, genesis_ledger, leave
from taifoon.economics.offences import FalseSubmission, RootClaim, Submission, TwoRoots, sign_claim
from taifoon.network.envelope import Envelope, seal, state
from taifoon.network.evidence import ShownEvidence, shown_of
from taifoon.network.kinds import P2PMessage
from taifoon.network.messages import EvidenceReport, JobSubmission, Leave, Registration
from taifoon.primitives.encoding import encode
from taifoon.primitives.types import (
    Amount,
    BlockNumber,
    ClusterId,
    Epoch,
    Hash32,
    LeafCount,
    Millis,
    PublicKey,
    Seat,
    Signature64,
    View,
)
from taifoon.profile import Resolution
from taifoon.rejection import RejectionCode
from taifoon.synchronizer import acts
from taifoon.synchronizer.acts import Court
from taifoon_models.blocks import CHAIN, PROOFS, proof_of
from taifoon_models.epochs import KEYS, foundation, registration
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key, seed, signature
from taifoon_toolkit.vectors.books import ActsAsked, CourtGiven, HeardAsked, network_from
from taifoon_toolkit.vectors.case import Case, Double, Fault, Sibling, accept, agree
from taifoon_toolkit.vectors.epochs import FoundationGiven
from taifoon_toolkit.vectors.ledgers import ledger_given
from taifoon_toolkit.vectors.method import NORMATIVE
