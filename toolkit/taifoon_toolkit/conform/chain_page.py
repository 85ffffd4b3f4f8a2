"""Names of the records of blocks, epochs, books and section 6, for the page that lists the methods."""

from __future__ import annotations

from taifoon.core.block import CarriedVote
from taifoon.security.cross_validation import Validation, ValidationCertificate
from taifoon_toolkit.vectors.blocks import (
    AncestorGiven,
    FinalGiven,
    FormationGiven,
    ParentGiven,
    PlaceGiven,
    RulesGiven,
)
from taifoon_toolkit.vectors.books import CourtGiven, FinalBlocks, Terms
from taifoon_toolkit.vectors.economics import OneRatio, Signing
from taifoon_toolkit.vectors.epochs import AssignmentGiven, FoundationGiven
from taifoon_toolkit.vectors.ledgers import EconomyGiven, EntryGiven, Holding, LedgerGiven, SnapshotGiven
from taifoon_toolkit.vectors.network_runs import ChainEnd, OnePending, StretchGiven
from taifoon_toolkit.vectors.owners import EpochGiven
from taifoon_toolkit.vectors.reconciliation import FinalRoot, ViewGiven
from taifoon_toolkit.vectors.validations import OneScore

CHAIN_RECORDS: dict[type, str] = {
    CarriedVote: "carried vote",
    AncestorGiven: "ancestor",
    PlaceGiven: "place of a vote",
    ParentGiven: "parent",
    FinalGiven: "log block",
    EpochGiven: "epoch",
    RulesGiven: "rules",
    FormationGiven: "formation",
    FoundationGiven: "foundation",
    AssignmentGiven: "assignment",
    StretchGiven: "stretch",
    ChainEnd: "chain end",
    OnePending: "pending job",
    Validation: "validation",
    ValidationCertificate: "validation certificate",
    OneScore: "score",
    FinalRoot: "final root",
    ViewGiven: "view",
    Signing: "signing",
    OneRatio: "efficiency",
    Holding: "holding",
    EntryGiven: "entry",
    SnapshotGiven: "snapshot",
    LedgerGiven: "ledger",
    EconomyGiven: "economy",
    CourtGiven: "court",
    FinalBlocks: "final blocks",
    Terms: "terms",
}
"""Records of sections 2.3, 2.4, 5 and 6, with the names under which the page writes them out."""
