"""Section 6.2: a fork convicts more than a third of the seats, and an honest seat is never convicted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import z3

from taifoon.core.accountability import (
    FinalityProof,
    contradicts,
    demanded,
    find_guilt,
    statement_of,
)
from taifoon.core.consensus import Certified, Voting
from taifoon.core.quorum import quorum
from taifoon.core.vote import NO_BLOCK, Statement, VoteKind
from taifoon.primitives.types import ClusterId, Epoch, View
from taifoon.profile import Profile, Resolution
from taifoon.rejection import Rejected
from taifoon_models.jobs import digest
from taifoon_models.keys import certificate_by, committee_of
from taifoon_models.voting import GENESIS, Committee, Step, path_of, proposals
from taifoon_proofs.establish import Claim, Witness, exhaust, first_violation, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.theorems.consensus_terms import (
    BLOCK,
    MEMBER,
    QUORUM,
    Votes,
    actions,
    ancestor,
    before,
    belongs,
    byzantine,
    genesis,
    guards_in,
    invariants,
    m,
    no_votes,
    not_after,
    order_and_tree,
    parent,
    v,
    view_of,
)
from taifoon_proofs.theorems.proposals import no_proposal_is_forged
from taifoon_proofs.verdict import Counterexample, Json, Technique, Verdict, conclude

VIEWS = 3
FORK_SEATS = (4, 5, 6, 7)


@scenario("consensus/unaccounted-fork")
def fork_without_guilt(profile: Profile, trace: Trace, *, seats: int, first: str, second: str) -> bool:
    """Two conflicting finality proofs are accepted, and evidence convicts no more than a third of the seats.

    Any seat may be Byzantine. The first proof is signed by the first seats that make a quorum, the second by the last,
    and each carries what the profile demands and nothing more.
    """
    committee = committee_of(digest("chain"), Epoch(1), ClusterId(0), seats)
    needed = quorum(profile, seats)
    links = proposals(VIEWS)
    proofs = []
    for name, listed in ((first, range(needed)), (second, range(seats - needed, seats))):
        path = path_of(links[name], links)
        if Resolution.CERTIFIED_PARENT not in profile:
            path = path[:1]
        statements = dict.fromkeys(demanded(profile, committee, path))
        certificates = tuple(certificate_by(profile, item, tuple(listed), list(listed)) for item in statements)
        proofs.append(FinalityProof(path, certificates))
        trace.state(f"prove {name} final", signers=tuple(listed), certificates=tuple(map(said, statements)))
    try:
        guilty = find_guilt(profile, committee, GENESIS, *proofs)
    except Rejected as rejected:
        trace.state("rejected", code=rejected.code.name)
        return False
    trace.state("convict", seats=tuple(evidence.first.seat for evidence in guilty), more_than=seats // 3)
    return len(guilty) < seats // 3 + 1


def said(statement: Statement) -> str:
    """A statement in short."""
    return f"{statement.kind.value} in view {statement.view}"


def forks() -> Iterator[dict[str, Json]]:
    """Every pair of blocks of three views of which neither is an ancestor of the other."""
    links = proposals(VIEWS)
    for seats in FORK_SEATS:
        for first in links:
            for second in links:
                paths = path_of(links[first], links), path_of(links[second], links)
                if links[first] not in paths[1] and links[second] not in paths[0]:
                    yield {"seats": seats, "first": first, "second": second}


def guilty(votes: Votes, who: z3.ExprRef) -> z3.BoolRef:
    """Whether a member signed a contradiction of the two kinds that a fork needs: two finalised blocks are a third."""
    x, y, w = z3.Const("x", BLOCK), z3.Const("y", BLOCK), v
    return z3.Or(
        z3.Exists([w, x, y], z3.And(x != y, votes.notarise(who, w, x), votes.notarise(who, w, y))),
        z3.Exists([w, x], z3.And(votes.finalise(who, w, x), votes.nullify(who, w))),
    )


def a_third_is_guilty(votes: Votes) -> z3.BoolRef:
    """Whether all members that two quorums share are guilty."""
    first, second = z3.Consts("first_quorum second_quorum", QUORUM)
    shared = z3.And(belongs(m, first), belongs(m, second))
    return z3.Exists([first, second], z3.ForAll([m], z3.Implies(shared, guilty(votes, m))))


def guilt_step(profile: Profile) -> Claim:
    """Induction along the path of one final block: the other is an ancestor of each of its blocks of a later view.

    No member is assumed honest. The path's blocks are certified as a finality proof demands.
    """
    votes = Votes()
    final, block = z3.Consts("final block", BLOCK)
    evidence = [votes.quorum_of(lambda who: votes.finalise(who, view_of(final), final)), votes.notarised(block)]
    if Resolution.FINALITY_CARRIES_NOTARISATION in profile:
        evidence.append(votes.notarised(final))
    if Resolution.CERTIFIED_PARENT in profile:
        evidence.append(before(view_of(parent(block)), view_of(block)))
        above = not_after(view_of(final), view_of(parent(block)))
        evidence.append(z3.Implies(above, z3.Or(ancestor(final, parent(block)), a_third_is_guilty(votes))))
    if Resolution.NULLIFIED_GAP in profile:
        evidence.append(votes.nullified_gap(block))
    return Claim(
        "a-conflict-along-the-path-is-guilt",
        (*order_and_tree(), final != genesis, block != genesis, *evidence, not_after(view_of(final), view_of(block))),
        z3.Or(ancestor(final, block), a_third_is_guilty(votes)),
    )


@theorem(
    "T-E10",
    requirements=("R-6.2-1", "R-1-6"),
    needs={
        Resolution.QUORUM,
        Resolution.FINALITY_CARRIES_NOTARISATION,
        Resolution.CERTIFIED_PARENT,
        Resolution.NULLIFIED_GAP,
    },
    technique=Technique.COMBINED,
    assumptions=("AM2",),
)
def a_fork_convicts_a_third(profile: Profile) -> Verdict:
    """Induction along the path of a final block, with any number of Byzantine members: two quorums' overlap is guilty.

    An overlap of two quorums has 2q - W seats, more than a third (T-C1). The shipped extractor runs on every pair of
    conflicting blocks of three views, signed by the two quorums that overlap least.
    """
    explored = exhaust(
        profile,
        "consensus/unaccounted-fork",
        f"every pair of conflicting blocks of {VIEWS} views, committees of 4 to 7 seats",
        forks(),
    )
    if not explored.outcome.holds:
        return explored
    return conclude(prove("every committee and any number of Byzantine members", guilt_step(profile)), explored)


@scenario("consensus/framed")
def honest_member_contradicts_itself(profile: Profile, trace: Trace, *, views: int, steps: list[list[str]]) -> bool:
    """An honest member signs two statements that convict it.

    It is shown every certificate at once, contradicting ones too: no set of certificates allows it more.
    """
    committee = Committee(profile, 1, 0, views)
    everything = all_certified(committee)
    member = Voting()
    for action, block in steps:
        after = committee.do(member, everything, Step(action, block))
        trace.state(f"{action} {block}".rstrip(), allowed=after is not None)
        member = after if after is not None else member
    signed = signed_by(member)
    pairs = [(said(one), said(two)) for one in signed for two in signed if contradicts(one, two)]
    trace.state("compare", contradictions=tuple(pairs))
    return bool(pairs)


def all_certified(committee: Committee) -> Certified:
    """Every block notarised and every view nullified, as only a Byzantine majority could bring about."""
    notarised = frozenset((link.view, link.block_hash) for link in committee.blocks.values())
    return Certified(GENESIS, notarised, frozenset(View(view) for view in range(1, committee.views + 1)))


def signed_by(member: Voting) -> tuple[Statement, ...]:
    """The statements that a member signed."""
    committee = committee_of(digest("chain"), Epoch(1), ClusterId(0), 1)
    return (
        *(statement_of(committee, VoteKind.NOTARISE, *vote) for vote in sorted(member.notarised)),
        *(statement_of(committee, VoteKind.NULLIFY, view, NO_BLOCK) for view in sorted(member.nullified)),
        *(statement_of(committee, VoteKind.FINALISE, *vote) for vote in sorted(member.finalised)),
    )


def lives(profile: Profile, views: int) -> Iterator[dict[str, Json]]:
    """One path of steps to every state that a member can reach when everything is certified."""
    committee = Committee(profile, 1, 0, views)
    everything = all_certified(committee)
    paths: dict[Voting, list[list[str]]] = {Voting(): []}
    queue = [Voting()]
    for member in queue:
        yield {"views": views, "steps": [list(step) for step in paths[member]]}
        for step, after in committee.steps(member, everything):
            if after not in paths:
                paths[after] = [*paths[member], [step.action, step.block]]
                queue.append(after)


def honesty_claims(profile: Profile, witness: Witness) -> Iterator[Claim]:
    """What convicts is excluded by invariants that no quorum, and no assumption on other members, is needed for."""
    now, then = Votes(), Votes("_next")
    names = ("one-notarise-a-view", "one-finalise-a-view", "finalise-excludes-nullify")
    held = tuple(invariants(now)[name] for name in names)
    for name in names:
        yield Claim(f"start.{name}", no_votes(now), invariants(now)[name], witness)
    for action in actions(now, then):
        for name in names:
            yield Claim(
                f"{action.name}.{name}",
                (*held, *guards_in(profile, action), action.change),
                invariants(then)[name],
                witness,
            )
    who = z3.Const("who", MEMBER)
    x, y = z3.Consts("x y", BLOCK)
    twice = z3.Exists([v, x, y], z3.And(x != y, now.finalise(who, v, x), now.finalise(who, v, y)))
    convicted = z3.Or(guilty(now, who), twice)
    yield Claim("an-honest-member-is-not-convicted", (*held, z3.Not(byzantine(who))), z3.Not(convicted))


@theorem(
    "T-C5",
    requirements=("R-2.3-7", "R-2.4-4", "R-4.1-7", "R-4.1-8", "R-6.2-1"),
    needs={Resolution.VOTE_ONCE, Resolution.FINALISE_EXCLUDES_NULLIFY, Resolution.SIGNED_PROPOSAL},
    technique=Technique.COMBINED,
    assumptions=("AM2",),
)
def no_honest_member_is_convicted(profile: Profile) -> Verdict:
    """Invariants of honest votes, kept by every step without any assumption on quorums or on other members.

    The shipped handlers of one member run through every state that it can reach when all certificates are shown to it,
    contradicting ones included; being shown fewer allows it less. No proposal that a leader did not sign passes for
    its own.
    """

    def witness(model: Mapping[str, int]) -> Counterexample | None:
        return first_violation(profile, "consensus/framed", lives(profile, 1))

    return conclude(
        prove("any number of Byzantine members, every network behaviour", *honesty_claims(profile, witness)),
        exhaust(profile, "consensus/framed", "every state of a member in 2 views", lives(profile, 2)),
        no_proposal_is_forged(profile),
    )
