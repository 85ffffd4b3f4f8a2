"""Section 5.1: what a cluster's members earn in an epoch (R-5.1-1 to R-5.1-6).

Rewards are a function of finalised blocks. One budget is divided by integers: a base by proofs and a bonus by
signatures, so that neither more keys nor another's missing signature gains anybody a unit; what is left over belongs to
the treasury. The formulas run on symbolic terms as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from icontract import ensure, require

from taifoon.core.leaf import ProofType
from taifoon.economics.literal_rewards import Rounding, literal_reward
from taifoon.primitives.arithmetic import ceiling_division
from taifoon.primitives.types import Amount, BlockNumber, ClusterId, Epoch, Hash32, PublicKey, Seat
from taifoon.profile import Profile, Resolution
from taifoon.redundancy.coverage import Ratio
from taifoon.rejection import Rejected, RejectionCode

PROOF_WEIGHTS: dict[ProofType, int] = {
    ProofType.HEADER_INCLUSION: 1,
    ProofType.ACCOUNT_STATE: 2,
    ProofType.STORAGE_STATE: 4,
    ProofType.GROTH16: 64,
}
"""Work of a proof in units of the cheapest. A path of hashes is the unit, a path of trie nodes costs about two, a
storage proof two such paths; a Groth16 proof is no count of hashes and has the weight of a batch of cheap ones."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """A seat's signature under a final block, and the number of the block that carries it."""

    block: BlockNumber
    seat: Seat
    carried: BlockNumber


@dataclass(frozen=True, slots=True)
class Delivery:
    """A proof of a job by a prover: drawn as a replica, or delivered in a final block."""

    job_id: Hash32
    job_type: ProofType
    prover: PublicKey


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """What the final blocks of a cluster and epoch say of its members.

    `keys` has the key of each seat. `blocks` are those whose signatures can count, in their order: all of the stretch
    but the last, which no block follows (`attendance.attested_blocks`). `reached` and `average` are the cluster's
    efficiency and the mean over clusters, as integers over one denominator (`efficiency_ratio`).
    """

    cluster: ClusterId
    keys: tuple[PublicKey, ...]
    blocks: tuple[BlockNumber, ...]
    attestations: tuple[Attestation, ...]
    drawn: tuple[Delivery, ...]
    deliveries: tuple[Delivery, ...]
    reached: int
    average: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The denominators of a cluster and epoch."""

    seats: int
    blocks: int
    proofs: int
    reached: int
    average: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one member did: its credited proofs by weight, and how many signatures of its seats count."""

    key: PublicKey
    proofs: int
    signed: int


@dataclass(frozen=True, slots=True)
class Payout:
    """A member's reward; None where the source's formula gives no number."""

    key: PublicKey
    amount: Amount | None


def smaller(left: int, right: int) -> int:
    """The smaller of two numbers, written so that it runs on symbolic terms as well."""
    return right + (left < right) * (left - right)


def portion(amount: int, part: int, whole: int) -> int:
    """Part of a whole of an amount, rounded down; nothing of a whole of nothing. Runs on symbolic terms as well."""
    if whole == 0:
        return 0
    return amount * part // whole


def bonus(cap: int, base: int, reached: int, average: int) -> int:
    """The bonus of a cluster: a fifth of the base times its efficiency over the average, at most `cap` times.

    Where the average is 0 the ratio counts as 1. Runs on symbolic terms as well.
    """
    if average == 0:
        return base // 5
    return portion(2 * base, smaller(reached, cap * average), 10 * average)


@require(lambda cap, base: cap >= 1 and base >= 0)
@require(lambda reached, average: reached >= 0 and average >= 0)
@ensure(lambda cap, base, result: 0 <= 5 * result <= cap * base)
def checked_bonus(cap: int, base: int, reached: int, average: int) -> int:
    """The bonus of a cluster, with its bounds as the contract."""
    return bonus(cap, base, reached, average)


def reward(base: int, extra: int, proofs: int, all_proofs: int, signed: int, all_signed: int) -> int:
    """A member's reward: its portion of the base by proofs, and of the bonus by signatures.

    `all_signed` counts every signature that the cluster's seats could have given, and not those that they gave: with
    these as the divisor, leaving out another's signature would pay. Runs on symbolic terms as well.
    """
    return portion(base, proofs, all_proofs) + portion(extra, signed, all_signed)


def conforming_roundings(profile: Profile) -> tuple[Rounding, ...]:
    """How a client of this profile may round a reward. The source does not say."""
    return (Rounding.DOWN,) if Resolution.REWARD in profile else tuple(Rounding)


def individual_reward(
    profile: Profile, base: int, totals: Totals, member: Contribution, rounding: Rounding = Rounding.DOWN
) -> int | None:
    """Rule: what a member earns. Literally the formula of section 5.1, which pays the bonus once for each member."""
    if Resolution.REWARD in profile:
        extra = checked_bonus(profile.parameters.bonus_cap, base, totals.reached, totals.average)
        return reward(base, extra, member.proofs, totals.proofs, member.signed, totals.seats * totals.blocks)
    return literal_reward(
        base,
        member.proofs,
        totals.proofs,
        member.signed,
        totals.blocks,
        totals.reached,
        totals.average,
        rounding,
    )


def budget(profile: Profile, base: int, reached: int, average: int) -> int:
    """What a cluster's rewards of an epoch are paid from: base and bonus."""
    return base + checked_bonus(profile.parameters.bonus_cap, base, reached, average)


def counts_signature(profile: Profile, block: int, carried: int) -> bool:
    """Rule: whether a signature that a block carries counts for an earlier one. Literally it is the leader's choice.

    Repaired, it counts in any block within the window, so that a leader takes nothing by leaving it out.
    """
    if Resolution.REWARD in profile:
        return block <= carried <= block + profile.parameters.signature_window
    return carried == block


def is_window_over(profile: Profile, block: int, last: int) -> bool:
    """Rule: whether absence from a block tells anything, when `last` is the last block of the stretch.

    Literally it always does. Repaired, only where every block of its window is there: up to then a signature can come.
    """
    if Resolution.REWARD in profile:
        return block + profile.parameters.signature_window <= last
    return True


def present(profile: Profile, record: ClusterRecord) -> tuple[tuple[BlockNumber, Seat], ...]:
    """The block and seat of each signature that counts, each once, in increasing order."""
    counted = {
        (item.block, item.seat)
        for item in record.attestations
        if item.block in record.blocks
        and 0 <= item.seat < len(record.keys)
        and counts_signature(profile, item.block, item.carried)
    }
    return tuple(sorted(counted))


def credited(profile: Profile, record: ClusterRecord) -> tuple[tuple[PublicKey, int], ...]:
    """Rule: the proofs that count, as prover and weight. Literally each one delivered, whoever asked for it.

    Repaired, each replica that was drawn counts once, with the weight of its type.
    """
    of_members = tuple(item for item in record.deliveries if item.prover in record.keys)
    if Resolution.REWARD not in profile:
        return tuple((item.prover, 1) for item in of_members)
    distinct = dict.fromkeys(item for item in of_members if item in record.drawn)
    return tuple((item.prover, PROOF_WEIGHTS[item.job_type]) for item in distinct)


def validated(profile: Profile, record: ClusterRecord, key: PublicKey) -> int:
    """Rule: a member's signatures. Literally the blocks that it signed; repaired, one for each seat and block."""
    signed = tuple((block, seat) for block, seat in present(profile, record) if record.keys[seat] == key)
    if Resolution.REWARD in profile:
        return len(signed)
    return len({block for block, _ in signed})


def contributions(profile: Profile, record: ClusterRecord) -> tuple[Contribution, ...]:
    """What each member did, in the order of its first seat."""
    proofs = credited(profile, record)
    return tuple(
        Contribution(key, sum(weight for prover, weight in proofs if prover == key), validated(profile, record, key))
        for key in dict.fromkeys(record.keys)
    )


def totals_of(record: ClusterRecord, members: Iterable[Contribution]) -> Totals:
    """The denominators for the members of a record."""
    proofs = sum(member.proofs for member in members)
    return Totals(len(record.keys), len(record.blocks), proofs, record.reached, record.average)


def payouts(
    profile: Profile, base: int, record: ClusterRecord, rounding: Rounding = Rounding.DOWN
) -> tuple[Payout, ...]:
    """The reward of each member of a cluster, in the order of its first seat."""
    members = contributions(profile, record)
    totals = totals_of(record, members)
    paid = []
    for member in members:
        amount = individual_reward(profile, base, totals, member, rounding)
        paid.append(Payout(member.key, None if amount is None else Amount(amount)))
    return tuple(paid)


def least_fee(base: int, weight: int, all_proofs: int) -> int:
    """The least fee of a job: the price of its proof's weight at what the epoch's base pays for all, rounded up.

    `all_proofs`, above 0, includes the job's own weight. Runs on symbolic terms as well.
    """
    return ceiling_division(base * weight, all_proofs)


def fee(profile: Profile, base: int, weight: int, all_proofs: int) -> int:
    """Rule: what a job has to pay at least. Literally nothing is asked."""
    return least_fee(base, weight, all_proofs) if Resolution.REWARD in profile else 0


def efficiency_epoch(profile: Profile, epoch: int) -> int:
    """Rule: the epoch whose efficiencies the bonus of `epoch` reads; below 0 stands for none.

    Literally the same one, whose revenue includes that bonus; repaired, the one before. Runs on symbolic terms.
    """
    if Resolution.REWARD in profile:
        return epoch - 1
    return epoch


def efficiency_ratio(
    profile: Profile, closed: tuple[tuple[Ratio, ...], ...], epoch: Epoch, cluster: ClusterId
) -> tuple[int, int]:
    """A cluster's efficiency and the average, over one denominator; `closed` has the epochs that are over.

    The average is the arithmetic mean over clusters. A cluster that did not exist counts as average, and before the
    first epoch both are 0. Rejects with EFFICIENCY_UNKNOWN when the epoch that it reads is not over.
    """
    source = efficiency_epoch(profile, epoch)
    if source >= len(closed):
        raise Rejected(
            RejectionCode.EFFICIENCY_UNKNOWN, f"epoch {epoch} reads the efficiencies of {source}, which is not over"
        )
    if source < 0 or not closed[source]:
        return 0, 0
    ratios = tuple(Fraction(ratio.numerator, ratio.denominator) for ratio in closed[source])
    mean = sum(ratios, Fraction(0)) * Fraction(1, len(ratios))
    own = ratios[cluster] if cluster < len(ratios) else mean
    return own.numerator * mean.denominator, mean.numerator * own.denominator
