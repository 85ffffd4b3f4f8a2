"""Sections 6.1 and 6.2: what captured clusters can and cannot make others believe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import combinations, product

from taifoon.core.accountability import FinalityProof, statement_of
from taifoon.core.block import ProofResult, block_hash, proof_commitment
from taifoon.core.certificate import Certificate, Committee
from taifoon.core.consensus import Link, final_kinds
from taifoon.core.leaf import MMRLeaf, completion_of
from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.primitives.types import Amount, ClusterId, Epoch, Hash32, Seat, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon.security.client import ClientClaim, check_for_client
from taifoon.security.cross_validation import (
    ValidationCertificate,
    check_high_value,
    sign_validation,
    validate,
    validating_clusters,
    validation_of,
)
from taifoon_models.blocks import CHAIN, PROOFS, START, first_state, proof_of, proposal, taken_in
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key, seed, signature
from taifoon_proofs.bounds import bound
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Json, Technique, Verdict, conclude

SEATS = 4
JOBS = bound(4, 30)
SEED = digest("seed of epoch 3")


@cache
def committees(clusters: int) -> tuple[Committee, ...]:
    """The committees of an epoch; each cluster has keys of its own."""
    return tuple(
        Committee(CHAIN, Epoch(3), ClusterId(cluster), tuple(key(SEATS * cluster + seat) for seat in range(SEATS)))
        for cluster in range(clusters)
    )


def certified_by(profile: Profile, committee: Committee, completion: MMRLeaf, signers: int) -> ValidationCertificate:
    """A cluster's validation under the signatures of its first seats."""
    said, first = validation_of(committee, completion), SEATS * committee.cluster
    signatures = tuple(sign_validation(profile, seed(first + seat), said) for seat in range(signers))
    return ValidationCertificate(said, tuple(map(Seat, range(signers))), signatures)


def result_for(job: int, *, is_true: bool) -> ProofResult:
    """A result of a job; a false one has a proof that the proof system refuses."""
    job_id = intake(job).job_id
    return ProofResult(job_id, key(0), proof_of(job_id, key(0)) if is_true else b"false")


def willing(profile: Profile, committee: Committee, completion: MMRLeaf, result: ProofResult) -> bool:
    """Whether the honest seats of a cluster sign for a completion."""
    try:
        validate(profile, PROOFS, committee, completion, result)
    except Rejected:
        return False
    return True


@scenario("crossval/captured-clusters")
def too_few_clusters_carry_a_false_result(
    profile: Profile, trace: Trace, *, clusters: int, captured: list[int], primary: int, job: int, is_true: bool
) -> bool:
    """A false result of high value is accepted with k captured clusters or fewer, or a true one is refused without any.

    Every seat of a captured cluster signs, of another one as many as are tolerated; honest seats sign what they have
    checked. The certificate of a captured cluster is offered under the name of any other as well.
    """
    committee = committees(clusters)
    result = result_for(job, is_true=is_true)
    completion = completion_of(intake(job, primary), proof_commitment(profile, result))
    own = primary in captured or willing(profile, committee[primary], completion, result)
    offers: dict[int, list[ValidationCertificate]] = {}
    for cluster in range(clusters):
        signs = cluster in captured or willing(profile, committee[cluster], completion, result)
        signers = SEATS if signs else tolerated_faults(profile, SEATS)
        offers[cluster] = [certified_by(profile, committee[cluster], completion, signers)]
    for cluster, taker in product(captured, range(clusters)):
        said = validation_of(committee[taker], completion)
        offers[taker].append(replace(offers[cluster][0], validation=said))
    value = Amount(profile.parameters.high_value)
    accepted = own and any(
        passes(profile, committee, ClusterId(primary), value, completion, tuple(chosen))
        for chosen in product(*offers.values())
    )
    trace.state("offer", captured=tuple(captured), primary=primary, certified=own, accepted=accepted)
    if is_true:
        return not accepted
    return accepted and len(captured) < profile.parameters.validating_clusters + 1


def passes(
    profile: Profile,
    committee: tuple[Committee, ...],
    primary: ClusterId,
    value: Amount,
    completion: MMRLeaf,
    certificates: tuple[ValidationCertificate, ...],
) -> bool:
    """Whether the shipped check accepts."""
    try:
        check_high_value(profile, committee, SEED, primary, value, completion, certificates)
    except Rejected:
        return False
    return True


@scenario("crossval/too-few-clusters")
def too_small_a_network_decides(profile: Profile, trace: Trace, *, clusters: int, job: int) -> bool:
    """A false result of high value is accepted in a network of too few clusters, all of them captured."""
    committee = committees(clusters)
    completion = completion_of(intake(job), proof_commitment(profile, result_for(job, is_true=False)))
    offers = tuple(certified_by(profile, each, completion, SEATS) for each in committee)
    value = Amount(profile.parameters.high_value)
    accepted = passes(profile, committee, ClusterId(0), value, completion, offers)
    trace.state("offer", clusters=clusters, accepted=accepted)
    return accepted and clusters < profile.parameters.validating_clusters + 1


@scenario("crossval/draw")
def draw_repeats_a_cluster(profile: Profile, trace: Trace, *, clusters: int, primary: int, job: int) -> bool:
    """The drawn clusters are not k distinct ones beside the certifying one."""
    drawn = validating_clusters(profile, SEED, intake(job).job_id, clusters, ClusterId(primary))
    trace.state("draw", drawn=drawn)
    return len(set(drawn) - {primary}) != profile.parameters.validating_clusters


def captures() -> Iterator[dict[str, Json]]:
    """Every set of captured clusters out of three and four with every primary, for a few jobs, true and false."""
    for clusters, job in product((3, 4), range(JOBS)):
        for count, primary in product(range(clusters + 1), range(clusters)):
            for captured in combinations(range(clusters), count):
                yield case_of(clusters, list(captured), primary, job, is_true=False)
        yield case_of(clusters, [], job % clusters, job, is_true=True)


def case_of(clusters: int, captured: list[int], primary: int, job: int, *, is_true: bool) -> dict[str, Json]:
    """Parameters of one case."""
    return {"clusters": clusters, "captured": captured, "primary": primary, "job": job, "is_true": is_true}


@theorem(
    "T-F4",
    requirements=("R-6.1-6",),
    needs={Resolution.CROSS_VALIDATION},
    technique=Technique.COMBINED,
    assumptions=("AM2",),
)
def a_false_high_value_result_takes_several_clusters(profile: Profile) -> Verdict:
    """The shipped check over every set of captured clusters out of three and four, with real signatures.

    A certificate that no honest seat signed has more Byzantine signers than a cluster tolerates, whatever its size. The
    drawn clusters are distinct from each other and from the certifying one.
    """
    n, signers, byzantine, honest = (integer(name) for name in ("n", "signers", "byzantine", "honest"))
    no_honest_signer = (n >= 1, signers >= quorum(profile, n), signers <= byzantine + honest, honest == 0)
    return conclude(
        exhaust(
            profile,
            "crossval/captured-clusters",
            f"{JOBS} jobs, three and four clusters, every set of captured ones, every primary",
            captures(),
        ),
        exhaust(
            profile,
            "crossval/too-few-clusters",
            f"networks of one and two clusters, {JOBS} jobs",
            ({"clusters": clusters, "job": job} for clusters in (1, 2) for job in range(JOBS)),
        ),
        exhaust(
            profile,
            "crossval/draw",
            "50 jobs, 3 to 6 clusters, every certifying one",
            (
                {"clusters": clusters, "primary": primary, "job": job}
                for clusters in range(3, 7)
                for primary in range(clusters)
                for job in range(50)
            ),
        ),
        prove(
            "every number of seats",
            Claim("only-captured-clusters-sign", no_honest_signer, byzantine > tolerated_faults(profile, n)),
        ),
    )


@scenario("client/captured-cluster")
def client_believes_a_captured_cluster(
    profile: Profile, trace: Trace, *, seats: int, proof: str, signers: int, commits: bool
) -> bool:
    """A client accepts a block whose proof is invalid, or refuses one that is final and true.

    The cluster's first seats sign whatever they like. `proof` is true, false, or that of another job; `commits` says
    whether the completion leaf commits to the result that is shown.
    """
    state = first_state(profile, seats)
    job_id = intake(0).job_id
    of_another = proof_of(intake(1).job_id, key(0))
    shown = {"true": proof_of(job_id, key(0)), "false": b"false", "other": of_another}[proof]
    result = ProofResult(job_id, key(0), shown)
    commitment = proof_commitment(profile, result) if commits else digest("another result")
    leaf = taken_in(state, 0)
    block = proposal(profile, state, 1, START, (leaf, completion_of(leaf, commitment)), (result,))
    committee = Committee(CHAIN, state.formation.epoch, state.formation.cluster, state.formation.keys)
    link = Link(View(1), block_hash(profile, block), state.view, state.block_hash)
    finality = FinalityProof((link,), certificates_of(profile, committee, link, signers))
    accepted = is_accepted(profile, committee, state.block_hash, job_id, ClientClaim(block, finality))
    trace.state("show the client", proof=proof, signers=signers, quorum=quorum(profile, seats), accepted=accepted)
    if proof == "true" and commits and signers >= quorum(profile, seats):
        return not accepted
    return accepted


def certificates_of(profile: Profile, committee: Committee, link: Link, signers: int) -> tuple[Certificate, ...]:
    """The certificates that make a block final, by the first seats."""
    said = (statement_of(committee, kind, link.view, link.block_hash) for kind in final_kinds(profile))
    seats = tuple(map(Seat, range(signers)))
    return tuple(
        Certificate(statement, seats, tuple(signature(profile, number, statement) for number in seats))
        for statement in said
    )


def is_accepted(profile: Profile, committee: Committee, genesis: Hash32, job_id: Hash32, claim: ClientClaim) -> bool:
    """Whether the shipped check accepts."""
    try:
        check_for_client(profile, PROOFS, committee, genesis, job_id, claim)
    except Rejected:
        return False
    return True


@theorem(
    "T-A5'",
    requirements=("R-6.2-1",),
    needs={Resolution.BLOCK_VALIDITY},
    technique=Technique.EXHAUSTIVE,
    assumptions=("AM1",),
)
def no_cluster_makes_a_proof_valid(profile: Profile) -> Verdict:
    """Clusters of up to seven seats, any number of which sign: the client's verdict follows the proof system.

    What is accepted is final and true. Whoever signs, an invalid proof, the proof of another job, and a result to
    which the leaf does not commit are refused.
    """
    return exhaust(
        profile,
        "client/captured-cluster",
        "1 to 7 seats, every number of signers, true and false proofs",
        (
            {"seats": seats, "proof": proof, "signers": signers, "commits": commits}
            for seats in range(1, 8)
            for signers in range(seats + 1)
            for proof in ("true", "false", "other")
            for commits in (True, False)
        ),
    )
