"""The zoo, continued: clients with one fault in acts, in the records of final blocks, or in the books of an epoch."""

from __future__ import annotations

from taifoon.economics.attendance import numbers_of
from taifoon.profile import Resolution
from taifoon_toolkit.vectors.acts_cases import ACTS_FOR_OTHERS, ACTS_IN_ANY_ORDER, BELIEVES_ACTS, IDLE_ACTS
from taifoon_toolkit.vectors.books_traces import BELIEVES_BOOKS

from .faults import mutated, target, without
from .network_faults import FAULTS

__all__ = ["FAULTS"]

# Acts.
ACTS = ("acts.",)
mutated("believes-acts", "R-5.2-1", ACTS, BELIEVES_ACTS)
mutated("acts-in-any-order", "R-5.2-1", ACTS, ACTS_IN_ANY_ORDER)
mutated("acts-for-others", "R-6.1-1", ACTS, ACTS_FOR_OTHERS)
mutated("acts-that-change-nothing", "R-5.2-1", ACTS, IDLE_ACTS)
without("stakes-from-nowhere", Resolution.SEATS, *ACTS)
without("evidence-for-ever", Resolution.EVIDENCE, *ACTS)

# Records of final blocks.
mutated(
    "overdue-an-epoch-later",
    "R-3.2-1",
    ("records.of_blocks",),
    target("redundancy.block_records:DEADLINE", 2),  # type: ignore[arg-type]
)
mutated(
    "the-last-block-pays-too",
    "R-5.1-4",
    ("records.of_cluster",),
    target("economics.cluster_records:attested_blocks", lambda profile, stretch: numbers_of(stretch.blocks)),
)

# Books.
BOOKS = ("books",)
mutated("believes-the-registry", "R-6.1-1", BOOKS, BELIEVES_BOOKS)
mutated("keeps-stakes-for-ever", "R-5.2-1", BOOKS, target("synchronizer.economy:returned", lambda profile, kept: kept))
mutated("withholding-is-free", "R-9-5", BOOKS, target("synchronizer.economy:withheld", lambda *_: ()))
mutated("silence-is-free", "R-5.2-2", BOOKS, target("economics.ledger:inactivity", lambda *_: ()))
mutated(
    "freezes-no-snapshot",
    "R-5.1-6",
    BOOKS,
    target("economics.ledger:kept", lambda profile, snapshots, now: tuple(snapshots)[:-1]),
)
