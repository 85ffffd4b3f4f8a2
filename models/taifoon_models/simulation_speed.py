"""Shared work: pure functions of the reference, each computed once for the whole simulated network.

Forty synchronizers check the same signature and read the same bytes. All of this is a function of its arguments alone,
so one answer serves all; a run with shared work and one without have the same trace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import ModuleType
from typing import Any

from taifoon.core import accountability, validity, vote
from taifoon.network import envelope, gossip
from taifoon.synchronizer import cluster_member, epoch_member, hear, live_chain, post, turnover

ENTRIES = 1 << 16

SHARED: tuple[tuple[str, tuple[ModuleType, ...]], ...] = (
    ("is_valid_signature", (envelope, vote)),
    ("signed_message", (vote, post)),
    ("signed_digest", (envelope, post)),
    ("identity", (gossip, hear, post)),
    ("decode_message", (envelope, hear)),
    ("link_of", (live_chain,)),
    ("block_hash", (validity, live_chain, epoch_member)),
    ("apply_block", (live_chain,)),
    ("closing_hash", (epoch_member,)),
    ("may_prove", (cluster_member,)),
    ("closing_of", (epoch_member,)),
    ("follow", (epoch_member,)),
    ("turn", (turnover,)),
    ("jobs_of", (cluster_member, epoch_member)),
    ("present_assignment", (turnover,)),
    ("check_finality", (accountability,)),
)
"""The functions, and the modules in which they are called by that name."""


def remembering(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that computes each answer once; what it raises is not kept."""
    return lru_cache(maxsize=ENTRIES)(function)


@contextmanager
def shared_work() -> Iterator[None]:
    """Within this, the named functions compute each answer once."""
    kept: list[tuple[ModuleType, str, Any]] = []
    try:
        for name, modules in SHARED:
            present = [module for module in modules if hasattr(module, name)]
            if not present:
                continue
            shared = remembering(getattr(present[0], name))
            for module in present:
                kept.append((module, name, getattr(module, name)))
                setattr(module, name, shared)
        yield
    finally:
        for module, name, function in reversed(kept):
            setattr(module, name, function)
