"""Section 6.1: what nodes hold after a partition has healed: certified prefixes, and results of individual mode."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product

import z3

from taifoon.primitives.types import ClusterId, Epoch, Hash32
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon.security.merge import (
    FinalBlock,
    GlobalView,
    Prefix,
    covers,
    empty_view,
    join,
    root_of_view,
    takes_other,
    view_of_prefix,
)
from taifoon_models.jobs import digest
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

EPOCH = Epoch(7)


def prefix_named(path: str) -> Prefix:
    """The prefix whose blocks are the letters of a path, each block's hash standing for all letters up to it."""
    ends = (path[: place + 1] for place in range(len(path)))
    return tuple(FinalBlock(digest(f"block {end}"), digest(f"state {end}")) for end in ends)


def view_named(paths: list[str]) -> GlobalView:
    """The view with these prefixes."""
    return GlobalView(tuple(prefix_named(path) for path in paths))


def joined(profile: Profile, *views: GlobalView | None) -> GlobalView | None:
    """The join of views from the left; None where two of them conflict."""
    whole = views[0]
    for view in views[1:]:
        if whole is None or view is None:
            return None
        try:
            whole = join(profile, whole, view)
        except Rejected:
            return None
    return whole


def heights(view: GlobalView | None) -> tuple[int, ...] | str:
    """What a trace shows of a view."""
    return "conflict" if view is None else tuple(len(prefix) for prefix in view.prefixes)


def root(profile: Profile, view: GlobalView | None) -> Hash32 | None:
    """The global root of a view."""
    return None if view is None else root_of_view(profile, EPOCH, view, len(view.prefixes))


@scenario("merge/diverged-logs")
def healing_leaves_two_logs(profile: Profile, trace: Trace, *, common: int, left: int, right: int) -> bool:
    """Two nodes of a cluster whose logs went apart hear of each other, and both go on with different logs.

    Both logs begin with `common` blocks; on each side so many follow. A conflict that both report is no violation: at
    most one of the two sides can have been certified.
    """
    ours, theirs = (view_named(["c" * common + name * more]) for name, more in (("x", left), ("y", right)))
    trace.state("two sides", here=heights(ours), there=heights(theirs))
    here, there = joined(profile, ours, theirs), joined(profile, theirs, ours)
    for name, view in (("here", here), ("there", there)):
        trace.state(f"reconcile {name}", **{name: heights(view), f"root_{name}": root(profile, view) or "none"})
    if here != there:
        return True
    return here is not None and not (covers(here, ours) and covers(here, theirs))


@scenario("merge/laws")
def reconciliation_is_no_join(profile: Profile, trace: Trace, *, views: list[list[str]]) -> bool:
    """Reconciliation of three views depends on order or repetition, moves a block, or adds one that nobody has."""
    x, y, z = (view_named(paths) for paths in views)
    trace.state("three views", views=tuple(map(tuple, views)))
    xy, yx = joined(profile, x, y), joined(profile, y, x)
    left, right = joined(profile, xy, z), joined(profile, x, joined(profile, y, z))
    trace.state(
        "join",
        xy=heights(xy),
        yx=heights(yx),
        xy_then_z=heights(left),
        x_then_yz=heights(right),
        xx=heights(joined(profile, x, x)),
    )
    if xy != yx or left != right or joined(profile, x, x) != x:
        return True
    if xy is not None and not (covers(xy, x) and covers(xy, y) and is_least(xy, x, y)):
        return True
    larger, smaller = joined(profile, y, z), joined(profile, x, z)
    return covers(y, x) and larger is not None and (smaller is None or not covers(larger, smaller))


def is_least(whole: GlobalView, *parts: GlobalView) -> bool:
    """Whether each prefix of a view is that of one of its parts."""
    return all(prefix in {part.prefixes[cluster] for part in parts} for cluster, prefix in enumerate(whole.prefixes))


@scenario("merge/delivery-order")
def order_of_delivery_decides(profile: Profile, trace: Trace, *, chains: list[str], order: list[int]) -> bool:
    """A node that received all certified prefixes ends with another view or root than they determine, or took one back.

    The deliveries are every prefix of every cluster's chain, in the given order, some of them twice.
    """
    count = len(chains)
    deliveries = [
        view_of_prefix(count, ClusterId(cluster), prefix_named(chain[:height]))
        for cluster, chain in enumerate(chains)
        for height in range(1, len(chain) + 1)
    ]
    view: GlobalView | None = empty_view(count)
    for place in order:
        later = joined(profile, view, deliveries[place])
        trace.state(f"deliver {heights(deliveries[place])}", view=heights(later))
        if view is None or later is None or not covers(later, view):
            return True
        view = later
    expected = view_named(chains)
    return view != expected or root(profile, view) != root(profile, expected)


def paths(length: int) -> list[str]:
    """Every path of up to so many letters out of two."""
    return ["".join(letters) for size in range(length + 1) for letters in product("ab", repeat=size)]


def small_views() -> Iterator[dict[str, Json]]:
    """Three views of one cluster with up to three blocks, and of two clusters with up to one, in all combinations."""
    for views in product(([path] for path in paths(3)), repeat=3):
        yield {"views": [list(view) for view in views]}
    for views in product((list(pair) for pair in product(paths(1), repeat=2)), repeat=3):
        yield {"views": [list(view) for view in views]}


def deliveries() -> Iterator[dict[str, Json]]:
    """Every order of delivery of small chains, and every one with one delivery twice."""
    for chains in (["a"], ["ab"], ["a", "b"], ["ab", "ab"], ["a", "ab", "b"]):
        places = range(sum(len(chain) for chain in chains))
        for twice in [[], *([place] for place in places)]:
            for order in sorted(set(permutations([*places, *twice]))):
                yield {"chains": list(chains), "order": list(order)}


def join_claims() -> tuple[Claim, ...]:
    """The laws of the join for all heights, and for all chains of which both prefixes are part."""
    a, b, c, place = (integer(name) for name in ("a", "b", "c", "place"))

    def higher(mine: z3.ArithRef, other: z3.ArithRef) -> z3.ArithRef:
        return z3.If(takes_other(mine, other), other, mine)

    chain, mine, other = (z3.Function(name, z3.IntSort(), z3.IntSort()) for name in ("chain", "mine", "other"))
    certified = (
        a >= 0,
        b >= 0,
        place >= 0,
        z3.Implies(place < a, mine(place) == chain(place)),
        z3.Implies(place < b, other(place) == chain(place)),
    )
    taken = z3.If(takes_other(a, b), other(place), mine(place))
    return (
        Claim("join-is-commutative", (), higher(a, b) == higher(b, a)),
        Claim("join-is-associative", (), higher(higher(a, b), c) == higher(a, higher(b, c))),
        Claim("join-is-idempotent", (), higher(a, a) == a),
        Claim("join-is-monotone", (a <= b,), higher(a, c) <= higher(b, c)),
        Claim("join-covers-both", (), z3.And(higher(a, b) >= a, higher(a, b) >= b)),
        Claim("join-is-the-least", (c >= a, c >= b), c >= higher(a, b)),
        Claim("join-keeps-mine", (*certified, place < a), taken == mine(place)),
        Claim("join-keeps-the-other", (*certified, place < b), taken == other(place)),
        Claim("join-stays-on-the-chain", (*certified, place < higher(a, b)), taken == chain(place)),
    )


@theorem(
    "T-M8",
    requirements=("R-6.1-7",),
    needs={Resolution.MERGE},
    technique=Technique.COMBINED,
    assumptions=("AM2", "AM4"),
)
def views_form_a_join_semilattice(profile: Profile) -> Verdict:
    """The shipped comparison of heights runs on terms; a cluster's chain and its two prefixes are uninterpreted.

    That two certified prefixes lie on one chain is agreement (T-C4). The shipped join runs over all small views, those
    that conflict among them, and over every order of delivery of small chains.
    """
    return conclude(
        exhaust(
            profile,
            "merge/diverged-logs",
            "up to four blocks in common and two on each side",
            (
                {"common": common, "left": left, "right": right}
                for common in range(5)
                for left in range(3)
                for right in range(3)
            ),
        ),
        exhaust(
            profile, "merge/laws", "three views of one cluster up to height 3, of two up to height 1", small_views()
        ),
        exhaust(
            profile, "merge/delivery-order", "every order of up to four deliveries and a repeated one", deliveries()
        ),
        prove("every height and every chain", *join_claims()),
    )
