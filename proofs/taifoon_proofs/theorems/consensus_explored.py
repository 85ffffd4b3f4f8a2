"""Sections 2.4 and 6.2: every reachable state of small committees over several views, by the shipped handlers.

Independent of the abstract proof: nothing is assumed of members but their handlers, and nothing of quorums but counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from taifoon.core.consensus import final_kinds
from taifoon.core.quorum import tolerated_faults
from taifoon.core.vote import VoteKind
from taifoon.profile import Profile, Resolution
from taifoon_models.explorer import Exploration
from taifoon_models.packed import Packing, explore
from taifoon_models.tables import Tables, tabulate
from taifoon_models.voting import Committee
from taifoon_proofs.bounds import bound, checkpoint
from taifoon_proofs.registry import theorem
from taifoon_proofs.theorems.consensus import COMMITTEES, counterexample
from taifoon_proofs.verdict import Outcome, Technique, Verdict

LIMIT = bound(20_000_000, 400_000_000)
# Seats and views that are explored whole, beyond the smallest committees in which a weakened rule shows.
EXPLORED = bound(((5, 2), (6, 2), (7, 2), (4, 3)), ((5, 2), (6, 2), (7, 2), (4, 3), (8, 2), (9, 2), (5, 3)))
# Blocks of the third view that stand on genesis, on the first view, and on both views before.
SHOWN_FINAL = ("3.0", "3.1a", "3.21a")


def forks(tables: Tables) -> Iterator[int]:
    """The certificates that together make two blocks final of which neither is an ancestor of the other."""
    committee, kinds = tables.committee, final_kinds(tables.committee.profile)
    for first, second in combinations(committee.blocks, 2):
        links = committee.blocks[first], committee.blocks[second]
        if not committee.is_ancestor(*links) and not committee.is_ancestor(links[1], links[0]):
            yield tables.bits.final(first, kinds) | tables.bits.final(second, kinds)


def tables_of(profile: Profile, seats: int, views: int) -> Tables:
    """The tables of a committee with as many Byzantine seats as tolerated."""
    return tabulate(Committee(profile, seats, tolerated_faults(profile, seats), views))


def explored(tables: Tables, forbidden: Iterator[int], name: str) -> Exploration:
    """A committee's states, searched for forbidden certificates."""
    return explore(Packing(tables, tuple(forbidden)), LIMIT, checkpoint=checkpoint(name))


def reached(tables: Tables, exploration: Exploration) -> str:
    """How far a search went, in words."""
    committee = tables.committee
    fired = ", ".join(f"{action} {count:,}" for action, count in exploration.fired)
    return (
        f"{committee.seats} seats, {committee.byzantine} Byzantine, {committee.views} views: {exploration.states:,} "
        f"states, {exploration.transitions:,} steps ({fired}), {exploration.depth} deep"
    )


def never_final(tables: Tables) -> list[str]:
    """Blocks of the third view that are final in no run: for a protocol that forbids too much."""
    silent = []
    for name in SHOWN_FINAL:
        certificates = tables.bits.final(name, (VoteKind.NOTARISE, VoteKind.FINALISE))
        patterns = {certificates, tables.bits.image(certificates)}
        if explore(Packing(tables, tuple(sorted(patterns))), LIMIT).schedule is None:
            silent.append(name)
    return silent


@theorem(
    "T-C4x",
    requirements=("R-2.4-5", "R-6.2-1"),
    needs={
        Resolution.VOTE_ONCE,
        Resolution.QUORUM,
        Resolution.FINALISE_EXCLUDES_NULLIFY,
        Resolution.CERTIFIED_PARENT,
        Resolution.NULLIFIED_GAP,
    },
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM2", "AM4", "AM5"),
)
def no_reachable_fork(profile: Profile) -> Verdict:
    """Every reachable state of the shipped handlers, tabulated: no two conflicting blocks are final.

    Members that are alike count once, and so do a state and its mirror image; states are kept exactly. That blocks of
    the third view do become final, on each kind of parent, is shown by runs that the same search finds.
    """
    reaches = []
    for seats, views in (*COMMITTEES, *EXPLORED):
        tables = tables_of(profile, seats, views)
        exploration = explored(tables, forks(tables), f"forks-{profile.name}-{seats}-{views}")
        if exploration.schedule is not None:
            found = counterexample("consensus/fork", tables.committee, exploration.schedule)
            return Verdict(Outcome.REFUTED, f"a fork after {exploration.depth} steps", counterexample=found)
        reach = reached(tables, exploration)
        if not exploration.complete:
            return Verdict(Outcome.UNKNOWN, reach, reason=f"{reach}: the limit of {LIMIT:,} states was reached")
        reaches.append(reach)
        if views >= 3 and (silent := never_final(tables)):
            return Verdict(Outcome.UNKNOWN, reach, reason=f"{reach}: {', '.join(silent)} is never final")
    return Verdict(Outcome.EXHAUSTED, "; ".join(reaches))
