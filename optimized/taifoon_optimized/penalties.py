"""What offences cost many keys (R-5.2-1 to R-5.2-4).

Equals `due`, `points_in_epoch`, `checked_penalty` and `proceeds` of `taifoon.economics.slashing`. Words of 64 bits are
enough: a share of a stake is that of its whole ten-thousands and that of the rest.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from taifoon.economics.offences import OffenceKind
from taifoon.economics.slashing import CORRELATION, LEAST_POINTS, WHOLE
from taifoon.profile import Profile, Resolution
from taifoon_optimized.assignment import demand
from taifoon_optimized.contents import Digests, Numbers
from taifoon_optimized.convictions import Convictions
from taifoon_optimized.exact import Words64
from taifoon_optimized.grouping import digest_columns, labels

DOUBLE_VOTE = list(OffenceKind).index(OffenceKind.DOUBLE_VOTE)

NOBODY = -1

HALF, LOW = np.uint64(32), np.uint64(0xFFFFFFFF)


def penalties(points: Numbers, snapshots: Words64) -> Words64:
    """What sums of basis points, each 0 or more, take of stakes."""
    shares = np.minimum(points, WHOLE).astype(np.uint64)
    whole = np.uint64(WHOLE)
    return shares * (snapshots // whole) + shares * (snapshots % whole) // whole


def proceeds(profile: Profile, taken: Words64) -> tuple[Words64, Words64]:
    """What of each penalty the treasury and the reporter get."""
    demand(profile, Resolution.SLASHING)
    reported = penalties(np.full(taken.size, profile.parameters.reporter_share, np.int64), taken)
    return taken - reported, reported


def guilty_seats(convictions: Convictions) -> Numbers:
    """For each double vote, the seats of its committee whose keys voted twice in its epoch; 0 for other offences."""
    guilty = np.zeros(len(convictions), np.int64)
    # The record's last word on a key's seats stands; backwards it is the first one.
    rows = np.flatnonzero(convictions.kinds == DOUBLE_VOTE)[::-1]
    chains = digest_columns(convictions.chain_ids[rows])
    places, _ = labels(*chains, convictions.epochs[rows], convictions.clusters[rows])
    keyed, firsts = labels(places, *digest_columns(convictions.keys[rows]))
    weights = convictions.seats[rows[firsts]]
    of_places = np.zeros(places.max(initial=-1) + 1, np.int64)
    np.add.at(of_places, places[firsts], weights)
    guilty[rows] = of_places[places] - weights[keyed] + convictions.seats[rows]
    return guilty


def points(convictions: Convictions, counted: npt.NDArray[np.bool_]) -> Numbers:
    """Basis points of each offence, given all that are on record; of those counted, no committee has more guilty seats.

    One that has raises ValueError.
    """
    least = np.array([LEAST_POINTS[kind] for kind in OffenceKind], np.int64)[convictions.kinds]
    guilty, seats = guilty_seats(convictions), convictions.committee_seats
    shared = (convictions.kinds == DOUBLE_VOTE) & (seats > 0)
    if bool((counted & shared & (guilty > seats)).any()):
        raise ValueError("seats: more guilty seats than the committee has")
    shares = np.minimum(CORRELATION * WHOLE * guilty // np.maximum(seats, 1), WHOLE)
    return np.where(shared, np.maximum(least, shares), least)


def dues(profile: Profile, keys: Digests, deposited: Words64, since: Words64, convictions: Convictions) -> Words64:
    """What all offences of each key together take of what it paid in, those alone that are of epoch `since` or later.

    `convictions` are those of all keys. A key that stands twice raises ValueError.
    """
    demand(profile, Resolution.SLASHING)
    if not keys.shape[0] == deposited.size == since.size:
        raise ValueError("deposited, since: one of each for a key is needed")
    holders, firsts = labels(*digest_columns(np.concatenate((keys, convictions.keys))))
    if np.unique(holders[: len(keys)]).size != len(keys):
        raise ValueError("keys: one stands twice; list it once")
    entries = np.where(firsts < len(keys), firsts, NOBODY)[holders[len(keys) :]]
    counted = entries != NOBODY
    counted[counted] = convictions.epochs[counted] >= since[entries[counted]]
    rows = np.flatnonzero(counted)
    of_offences, entries, epochs = points(convictions, counted)[rows], entries[rows], convictions.epochs[rows]

    slots, in_slot = labels(
        entries,
        epochs,
        convictions.clusters[rows],
        convictions.matters[rows],
        convictions.numbers[rows],
        *digest_columns(convictions.chain_ids[rows]),
        *digest_columns(convictions.job_ids[rows]),
    )
    gravest = np.zeros(in_slot.size, np.int64)
    np.maximum.at(gravest, slots, of_offences)

    terms, in_term = labels(entries, epochs)
    of_terms = np.zeros(in_term.size, np.int64)
    np.add.at(of_terms, terms[in_slot], gravest)
    snapshots = np.full(in_term.size, np.iinfo(np.uint64).max, np.uint64)
    np.minimum.at(snapshots, terms, convictions.snapshots[rows])
    return bounded_sums(penalties(of_terms, snapshots), entries[in_term], deposited)


def bounded_sums(amounts: Words64, entries: Numbers, bounds: Words64) -> Words64:
    """The sum of the amounts of each entry, or its bound where that is less; fewer than 2^32 amounts never overflow."""
    high, low = np.zeros(bounds.size, np.uint64), np.zeros(bounds.size, np.uint64)
    np.add.at(high, entries, amounts >> HALF)
    np.add.at(low, entries, amounts & LOW)
    high += low >> HALF
    sums = (high << HALF) | (low & LOW)
    return np.where(high > LOW, bounds, np.minimum(sums, bounds))
