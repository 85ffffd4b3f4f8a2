"""What the members of many clusters earn in an epoch (R-5.1-1 to R-5.1-6).

Equals `payouts`, `contributions`, `budget` and `efficiency_ratio` of `taifoon.economics.rewards`. What is one number
for a cluster is the reference's own; what is one for a member is in words of 64 bits, with products of 128.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from taifoon.core.leaf import ProofType
from taifoon.economics.rewards import PROOF_WEIGHTS, bonus, efficiency_epoch, portion
from taifoon.primitives.types import Epoch
from taifoon.profile import Profile, Resolution
from taifoon.redundancy.coverage import Ratio
from taifoon.rejection import Rejected, RejectionCode
from taifoon_optimized.assignment import demand
from taifoon_optimized.contents import Numbers
from taifoon_optimized.exact import WORD, Words64, portions, words_of_numbers
from taifoon_optimized.grouping import Column, digest_columns, labels
from taifoon_optimized.records import Records, present


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """What each member did, cluster by cluster, in the order of first seats.

    `seats` has the row of a member's first seat, which names its key; `proofs` are its credited proofs by weight, and
    `signed` the signatures of its seats that count.
    """

    clusters: Numbers
    seats: Numbers
    proofs: Numbers
    signed: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Payouts:
    """The reward of each member, and the budget of each cluster, in base units.

    Words of 64 bits, or Python's whole numbers in arrays of objects where a budget needs more.
    """

    members: Contributions
    amounts: Column
    budgets: tuple[int, ...]


def contributions(profile: Profile, records: Records) -> Contributions:
    """What each member of each cluster did."""
    demand(profile, Resolution.REWARD)
    clusters = np.concatenate((records.seat_clusters, records.drawn.clusters, records.deliveries.clusters))
    keys = np.concatenate((records.keys, records.drawn.provers, records.deliveries.provers))
    # A key is one member of each cluster that it has a seat in; a prover without a seat there is none.
    holders, firsts = labels(clusters, *digest_columns(keys))
    seats = np.sort(firsts[firsts < len(records.keys)])
    members = np.full(firsts.size, -1, np.int64)
    members[holders[seats]] = np.arange(seats.size)
    _, signing = present(profile, records)
    signed = np.bincount(members[holders[signing]], minlength=seats.size).astype(np.int64)
    proofs = credited(records, members[holders[len(records.keys) :]], seats.size)
    return Contributions(records.seat_clusters[seats], seats, proofs, signed)


def credited(records: Records, provers: Numbers, members: int) -> Numbers:
    """The weight of each member's proofs: replicas that were drawn and delivered, each once.

    `provers` has the member for each proof drawn, then for each delivered; -1 for none.
    """
    job_ids = np.concatenate((records.drawn.job_ids, records.deliveries.job_ids))
    job_types = np.concatenate((records.drawn.job_types, records.deliveries.job_types))
    proofs, firsts = labels(provers, job_types, *digest_columns(job_ids))
    drawn, delivered = np.zeros(firsts.size, np.bool_), np.zeros(firsts.size, np.bool_)
    drawn[proofs[: len(records.drawn.job_ids)]] = True
    delivered[proofs[len(records.drawn.job_ids) :]] = True
    rows = firsts[drawn & delivered & (provers[firsts] >= 0)]
    weights = np.zeros(members, np.int64)
    for number, kind in enumerate(ProofType):
        of_kind = rows[job_types[rows] == number]
        weights += PROOF_WEIGHTS[kind] * np.bincount(provers[of_kind], minlength=members)
    return weights


def payouts(profile: Profile, base: int, records: Records) -> Payouts:
    """The reward of each member of each cluster, from a base of as many units for each cluster."""
    if base < 0:
        raise ValueError(f"base is {base}; rewards take nothing: choose 0 or more")
    members = contributions(profile, records)
    cap = profile.parameters.bonus_cap
    extras = [bonus(cap, base, *ratio) for ratio in zip(records.reached, records.average, strict=True)]
    proofs = np.zeros(len(records), np.int64)
    np.add.at(proofs, members.clusters, members.proofs)
    # Each part is at most its whole, and their sum at most the budget.
    wholes = proofs[members.clusters], (records.sizes * records.heights)[members.clusters]
    budgets = tuple(base + extra for extra in extras)
    if max(budgets, default=0) < WORD:
        bases = np.full(members.clusters.size, base, np.uint64)
        bonuses = words_of_numbers("bonus", extras)[members.clusters]
        by_proofs = portions(bases, as_words(members.proofs), as_words(wholes[0]))
        return Payouts(members, by_proofs + portions(bonuses, as_words(members.signed), as_words(wholes[1])), budgets)
    columns = (members.clusters, members.proofs, wholes[0], members.signed, wholes[1])
    amounts = np.empty(members.clusters.size, np.object_)
    for number, row in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        cluster, made, all_proofs, signed, all_signed = row
        amounts[number] = portion(base, made, all_proofs) + portion(extras[cluster], signed, all_signed)
    return Payouts(members, amounts, budgets)


def as_words(numbers: Numbers) -> Words64:
    """Counts, which are 0 or more, as words."""
    return numbers.astype(np.uint64)


def treasury_shares(paid: Payouts) -> tuple[int, ...]:
    """What of each cluster's budget its members do not get."""
    left = list(paid.budgets)
    for cluster, amount in zip(paid.members.clusters.tolist(), paid.amounts.tolist(), strict=True):
        left[cluster] -= amount
    return tuple(left)


def efficiency_ratios(
    profile: Profile, closed: tuple[tuple[Ratio, ...], ...], epoch: Epoch, clusters: int
) -> tuple[tuple[int, int], ...]:
    """The efficiency of each cluster and the average, over one denominator; the mean is taken once for all of them.

    Rejects with EFFICIENCY_UNKNOWN when the epoch that it reads is not over.
    """
    source = efficiency_epoch(profile, epoch)
    if source >= len(closed):
        raise Rejected(
            RejectionCode.EFFICIENCY_UNKNOWN, f"epoch {epoch} reads the efficiencies of {source}, which is not over"
        )
    if source < 0 or not closed[source]:
        return ((0, 0),) * clusters
    ratios = [Fraction(ratio.numerator, ratio.denominator) for ratio in closed[source]]
    mean = total(ratios) / len(ratios)
    owned = (*ratios[:clusters], *[mean] * (clusters - len(ratios)))
    return tuple((own.numerator * mean.denominator, mean.numerator * own.denominator) for own in owned)


def total(ratios: Sequence[Fraction]) -> Fraction:
    """The sum of fractions, by halves: denominators grow, and few additions then meet the greatest."""
    if len(ratios) == 1:
        return ratios[0]
    middle = len(ratios) // 2
    return total(ratios[:middle]) + total(ratios[middle:])
