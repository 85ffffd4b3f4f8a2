"""Sections 2.1 and 4.1: what a synchronizer answers about the ranges that it holds (R-4.1-5, R-4.1-6).

Whoever has followed the closings holds the range of every cluster as the last closing left it, and answers for it at
every earlier leaf count.
"""

from __future__ import annotations

from taifoon.core.cluster_log import BatchRecord
from taifoon.core.leaf import leaf_content
from taifoon.core.network_state import NetworkState, chain_of
from taifoon.network.answers import Range, answer_extension, answer_leaf
from taifoon.network.messages import (
    ConsistencyRequest,
    ConsistencyResponse,
    MMRProofRequest,
    MMRProofResponse,
)
from taifoon.network.parts import RangeKind, RangeName
from taifoon.primitives.encoding import encode
from taifoon.primitives.types import Hash32
from taifoon.profile import Profile


def held_range(network: NetworkState, name: RangeName) -> tuple[Range, tuple[bytes, ...]]:
    """A range of a cluster and the contents of its leaves; a cluster that never was has an empty one."""
    log = chain_of(network, name.cluster).log
    if name.kind is RangeKind.JOBS:
        return log.jobs.mountains, tuple(leaf_content(leaf) for leaf in log.jobs.leaves)
    return log.batches, tuple(encode(BatchRecord, record) for record in log.records)


def answered(
    profile: Profile, network: NetworkState, request: Hash32, question: MMRProofRequest | ConsistencyRequest
) -> MMRProofResponse | ConsistencyResponse:
    """The answer to a question about a range. Rejects as `answer_leaf` and `answer_extension` do."""
    held, leaves = held_range(network, question.range)
    if isinstance(question, MMRProofRequest):
        return answer_leaf(profile, held, leaves, request, question)
    return answer_extension(profile, held, request, question)
