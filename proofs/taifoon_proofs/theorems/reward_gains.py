"""Section 5.1: nobody gains by more keys, by leaving out a signature, or by jobs of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product

from taifoon.core.leaf import ProofType
from taifoon.economics.attendance import attested_blocks, participation
from taifoon.economics.ledger import silence
from taifoon.economics.registry import seats, seats_of_stake
from taifoon.economics.rewards import (
    PROOF_WEIGHTS,
    Contribution,
    Totals,
    fee,
    individual_reward,
    least_fee,
    portion,
)
from taifoon.profile import Profile, Resolution
from taifoon_models.attended import attended_stretch
from taifoon_models.economy import delivery, record_of
from taifoon_models.keys import key
from taifoon_proofs.establish import Claim, Witness, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer, positive
from taifoon_proofs.theorems.rewards import (
    BASE,
    amounts,
    floor_of,
    portion_claim,
    product_claim,
    product_of,
    witness_of,
)
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

ATTENDED = 3
"""Blocks of the stretches whose certificates two nodes compare."""


@scenario("rewards/split")
def splitting_pays(profile: Profile, trace: Trace, *, stake: int, keys: int, others: int, efficiency: int) -> bool:
    """An owner that spreads its stake over several keys earns more than with one.

    Stakes are in seats; the owner does the same work, and everybody signs every block.
    """
    unit = profile.parameters.seat_stake
    earned = []
    for parts in ((stake,), tuple(stake // keys + (place < stake % keys) for place in range(keys))):
        held = [seats(profile, part * unit) for part in parts]
        own = tuple(place for place, count in enumerate(held) for _ in range(count))
        holders = (*own, *range(100, 100 + others))
        worker = own[0] if own else 0
        record = record_of(holders, 2, proofs=(worker, *range(100, 100 + others)), reached=efficiency, average=3)
        paid = amounts(profile, BASE * BASE, record)
        earned.append(sum(paid.get(key(place), 0) for place in range(len(parts))))
        trace.state(f"hold {len(parts)} keys", seats=tuple(held), earned=earned[-1])
    return earned[1] > earned[0]


def splits() -> Iterator[dict[str, Json]]:
    """Stakes of 1 to 6 seats over 2 to 4 keys."""
    for stake, keys, others, efficiency in product(range(1, 7), range(2, 5), range(1, 4), (1, 3, 9)):
        yield {"stake": stake, "keys": keys, "others": others, "efficiency": efficiency}


def split_claims() -> tuple[Claim, ...]:
    """Two portions of the same amount are at most the portion of both parts, and two stakes buy no more seats."""
    amount, whole, first, second = integer("amount"), positive("whole"), integer("first"), integer("second")
    one, other, both = integer("one"), integer("other"), integer("both")
    unit = positive("unit")
    return (
        portion_claim(),
        Claim(
            "two-portions-are-at-most-one",
            (
                whole > 0,
                amount >= 0,
                first >= 0,
                second >= 0,
                floor_of(one, amount, first, whole),
                floor_of(other, amount, second, whole),
                floor_of(both, amount, first + second, whole),
            ),
            one + other <= both,
        ),
        Claim(
            "two-stakes-buy-no-more-seats",
            (unit > 0, first >= 0, second >= 0),
            seats_of_stake(unit, first) + seats_of_stake(unit, second) <= seats_of_stake(unit, first + second),
        ),
    )


@theorem(
    "T-E4",
    requirements=("R-5.1-2", "R-5.1-4", "R-9-9"),
    needs={Resolution.REWARD, Resolution.SEATS},
    technique=Technique.COMBINED,
)
def splitting_a_key_gains_nothing(profile: Profile) -> Verdict:
    """Floors are superadditive: two portions are at most that of the sum; more keys follow one by one.

    The denominators are those of the cluster and do not change by a split. The shipped rules run for small stakes.
    """
    explored = exhaust(profile, "rewards/split", "1 to 6 seats over 2 to 4 keys, 1 to 3 others", splits())
    if Resolution.REWARD not in profile:
        return explored
    return conclude(prove("every amount, every split", *split_claims()), explored)


@scenario("rewards/censored")
def leaving_out_a_signature_pays(
    profile: Profile, trace: Trace, *, members: int, blocks: int, block: int, censored: int
) -> bool:
    """A leader that leaves one signature out of a block changes what somebody earns.

    The signature arrives in time for the certificates of the next block. A second run leaves it out for good: then
    nobody but its signer may be paid another amount.
    """
    holders = tuple(range(members))
    place = frozenset({(block, censored)})
    honest = amounts(profile, BASE * BASE, record_of(holders, blocks, proofs=holders))
    late = amounts(profile, BASE * BASE, record_of(holders, blocks, late=place, proofs=holders))
    never = amounts(profile, BASE * BASE, record_of(holders, blocks, absent=place, proofs=holders))
    trace.state("include", paid=tuple(honest.values()))
    trace.state("leave out once", paid=tuple(late.values()))
    trace.state("leave out for good", paid=tuple(never.values()))
    gained = any(never[name] != honest[name] for name in honest if name != key(censored))
    return late != honest or gained or never[key(censored)] > honest[key(censored)]


def omissions() -> Iterator[dict[str, Json]]:
    """Each signature of small clusters in turn."""
    for members, blocks in product(range(2, 7), range(1, 4)):
        for block, censored in product(range(1, blocks + 1), range(members)):
            yield {"members": members, "blocks": blocks, "block": block, "censored": censored}


@scenario("rewards/other-certificates")
def a_nodes_certificates_change_what_it_pays(
    profile: Profile, trace: Trace, *, seats: int, carried: list[int], first: list[int], second: list[int]
) -> bool:
    """Two nodes hold one stretch by different certificates, and pay a member differently or see another one absent.

    Each member proves one job. Each block but the first carries the votes of the seats `carried` for the block before,
    where blocks carry votes.
    `first` and `second` have signed the certificates that the two nodes hold.
    """
    found = []
    for signers in (first, second):
        stretch = attended_stretch(profile, seats, ATTENDED, tuple(carried), tuple(signers))
        record = replace(
            record_of(tuple(range(seats)), 0, proofs=tuple(range(seats))),
            blocks=attested_blocks(profile, stretch),
            attestations=participation(profile, stretch),
        )
        paid = amounts(profile, BASE * BASE, record)
        absent = tuple(tuple(sorted(window.absent)) for window in silence(profile, record))
        trace.state("hold certificates", signers=tuple(signers), paid=tuple(paid.values()), absent=absent)
        found.append((paid, absent))
    return found[0] != found[1]


def certificates_held() -> Iterator[dict[str, Json]]:
    """Every two quorums that may have signed what two nodes hold, and every set of seats whose votes are carried."""
    for members in (4, 5):
        quorums = [list(each) for size in (members - 1, members) for each in combinations(range(members), size)]
        carried = [list(each) for size in range(members + 1) for each in combinations(range(members), size)]
        for votes, (first, second) in product(carried, combinations(quorums, 2)):
            yield {"seats": members, "carried": votes, "first": first, "second": second}


def rising_claims(witness: Witness) -> tuple[Claim, ...]:
    """A portion rises with its part, also where the part raises the whole."""
    amount, part, more, before, after = (integer(name) for name in ("amount", "part", "more", "before", "after"))
    whole, larger = positive("whole"), positive("larger")
    given = (amount >= 0, part >= 0, more > 0, part <= whole, whole > 0)
    return (
        portion_claim(),
        product_claim(),
        Claim("rises-with-signatures", given, portion(amount, part + more, whole) >= portion(amount, part, whole)),
        Claim(
            "a-portion-is-at-most-the-amount",
            (*given, floor_of(before, amount, part, whole), product_of(amount, whole - part)),
            before <= amount,
        ),
        Claim(
            "rises-with-proofs",
            (
                *given,
                larger > 0,
                larger == whole + more,
                before <= amount,
                floor_of(before, amount, part, whole),
                floor_of(after, amount, part + more, larger),
                product_of(amount - before, more),
                product_of(before - after - 1, larger),
            ),
            after >= before,
            witness,
        ),
    )


@theorem(
    "T-E5",
    requirements=("R-1-4", "R-1-8", "R-5.1-1", "R-5.1-4"),
    needs={Resolution.REWARD},
    technique=Technique.COMBINED,
)
def rewards_do_not_depend_on_the_signatures_of_others(profile: Profile) -> Verdict:
    """The shipped reward takes nothing of other members but their proofs; it rises with a member's own work.

    Every signature of small clusters is left out in turn, once until the next block and once for good. Two nodes that
    hold the same blocks by certificates of other signers read the same participation.
    """
    witness = witness_of(profile, "rewards/censored", omissions())
    return conclude(
        prove("every amount", *rising_claims(witness)),
        exhaust(profile, "rewards/censored", "each signature of 2 to 6 members in 1 to 3 blocks", omissions()),
        exhaust(
            profile,
            "rewards/other-certificates",
            f"{ATTENDED} blocks of 4 and 5 seats, every two quorums as signers, every set of carried votes",
            certificates_held(),
        ),
    )


@scenario("rewards/wash-job")
def own_jobs_pay(profile: Profile, trace: Trace, *, proofs: int, all_proofs: int, weight: int) -> bool:
    """A member that submits a job, pays its fee and proves it has more than before.

    It has `proofs` of `all_proofs` before. Without any, its job is the only one.
    """
    totals = Totals(seats=1, blocks=1, proofs=all_proofs, reached=1, average=1)
    earned = []
    for extra in (0, weight):
        member = Contribution(key(0), proofs + extra, 1)
        earned.append(individual_reward(profile, BASE, replace(totals, proofs=all_proofs + extra), member) or 0)
    cost = fee(profile, BASE, weight, all_proofs + weight)
    trace.state("prove own job", reward_before=earned[0], reward_after=earned[1], fee=cost)
    return earned[1] - earned[0] > cost


@scenario("rewards/counted-twice")
def copies_pay(profile: Profile, trace: Trace, *, copies: int, drawn: bool) -> bool:
    """A member earns more by delivering one proof several times, or by a proof that it was not drawn for.

    Another member delivers one proof of another job.
    """
    paid = []
    for times in (1 if drawn else 0, copies):
        record = record_of((0, 1), 1, proofs=(0, 1))
        own = (delivery(0, 0),) if drawn else (delivery(7, 0),)
        record = replace(record, drawn=(delivery(0, 0), delivery(1, 1)), deliveries=(*own * times, delivery(1, 1)))
        paid.append(amounts(profile, BASE, record)[key(0)])
        trace.state(f"deliver {times} times", paid=paid[-1])
    return paid[1] > paid[0]


@scenario("rewards/trivial-proofs")
def trivial_proofs_take_the_base(profile: Profile, trace: Trace, *, trivial: int) -> bool:
    """Trivial proofs get more of the base than their share of the work.

    One member delivers so many proofs of the lightest type, another one of the heaviest.
    """
    light, heavy = ProofType.HEADER_INCLUSION, ProofType.GROTH16
    delivered = (*(delivery(job, 0, light) for job in range(trivial)), delivery(trivial, 1, heavy))
    record = replace(record_of((0, 1), 1, frozenset({(1, 0), (1, 1)})), drawn=delivered, deliveries=delivered)
    paid = amounts(profile, BASE, record)
    work = trivial * PROOF_WEIGHTS[light]
    share = BASE * work // (work + PROOF_WEIGHTS[heavy])
    trace.state("pay", base=BASE, share_of_work=share, paid=tuple(paid.values()))
    return paid[key(0)] > share


def washes() -> Iterator[dict[str, Json]]:
    """Every standing of a member among few proofs, and several weights of its own job."""
    for all_proofs, weight in product(range(12), (1, 2, 4, 64)):
        for proofs in range(all_proofs + 1):
            yield {"proofs": proofs, "all_proofs": all_proofs, "weight": weight}


def wash_claims(witness: Witness) -> tuple[Claim, ...]:
    """The fee is at least the price of the weight, and what one's own job adds is at most that."""
    base, proofs, weight, before, after, cost = (
        integer(name) for name in ("base", "proofs", "weight", "before", "after", "cost")
    )
    old, new = positive("old"), positive("new")
    given = (base >= 0, proofs >= 0, weight > 0, old > 0, new == old + weight, new > 0, proofs <= old)
    price = least_fee(base, weight, new)
    return (
        portion_claim(),
        product_claim(),
        Claim("the-fee-covers-the-price", (base >= 0, weight > 0, new > 0), price * new >= base * weight),
        Claim(
            "own-jobs-add-at-most-their-price",
            (
                *given,
                floor_of(before, base, proofs, old),
                floor_of(after, base, proofs + weight, new),
                cost * new >= base * weight,
                product_of(after - before - cost - 1, new),
                product_of(before + 1, weight),
            ),
            after - before <= cost,
            witness,
        ),
    )


@theorem("T-E6", requirements=("R-1-4", "R-5.1-1", "R-5.1-3"), needs={Resolution.REWARD}, technique=Technique.COMBINED)
def wash_jobs_do_not_pay(profile: Profile) -> Verdict:
    """What one's own job adds to one's portion of the base is at most the fee, for all amounts.

    Copies of a proof, proofs without a draw and trivial proofs in number add nothing beyond the work that they are.
    """
    explored = (
        exhaust(profile, "rewards/wash-job", "up to 11 other proofs, 4 weights", washes()),
        exhaust(
            profile,
            "rewards/counted-twice",
            "2 to 4 copies, drawn or not",
            ({"copies": copies, "drawn": drawn} for copies in (2, 3, 4) for drawn in (True, False)),
        ),
        exhaust(
            profile,
            "rewards/trivial-proofs",
            "1 to 100 trivial proofs beside a hard one",
            ({"trivial": number} for number in range(1, 101)),
        ),
    )
    if Resolution.REWARD not in profile:
        return conclude(*explored)
    witness = witness_of(profile, "rewards/wash-job", washes())
    return conclude(prove("every amount", *wash_claims(witness)), *explored)
