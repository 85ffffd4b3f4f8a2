"""Sections 2.4 and 4.1: nobody can propose in a leader's name."""

from __future__ import annotations

from collections.abc import Iterator

from taifoon.core.accountability import SignedStatement, statement_of
from taifoon.core.knowledge import genesis_link
from taifoon.core.proposal import Proposal
from taifoon.core.replica import Replica, new_replica, step
from taifoon.core.replica_events import ProposalArrived
from taifoon.core.vote import VoteKind
from taifoon.primitives.types import ClusterId, Epoch, Seat, Signature64, View
from taifoon.profile import Profile
from taifoon.rejection import Rejected
from taifoon_models.jobs import digest
from taifoon_models.keys import committee_of, signature
from taifoon_models.plain_chain import PlainBlock, PlainChain, block_on
from taifoon_proofs.establish import exhaust
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Verdict

SEATS = (4, 5, 6, 7)
VIEWS = 7
# A proposal without any signature, and one that its forger signs with the key of a seat or of no seat.
UNSIGNED = -1
BAD_PROPOSAL_PERCENT = 15


@scenario("proposal/forged")
def forged_proposal_counts_as_the_leaders(
    profile: Profile, trace: Trace, *, seats: int, view: int, forger: int, forgeries: int
) -> bool:
    """A member takes a bad block for a proposal of the view's leader, though the leader signed nothing.

    The forger has a key of its own, a seat's or not, or signs nothing at all. Each forgery is another bad block. The
    source takes 15 % of what is left of the leader's stake for each.
    """
    committee = committee_of(digest("chain"), Epoch(1), ClusterId(0), seats)
    chain = PlainChain(profile, seats)
    leader = chain.leader(View(view))
    member: Replica[PlainBlock] = new_replica(committee, (Seat(seats - 1),))
    trace.state("start", leader=int(leader), blamed=0, stake_left="1")
    blamed = 0
    for number in range(forgeries):
        forged = forge(profile, chain, View(view), forger, number)
        try:
            member, _ = step(profile, chain, member, ProposalArrived(forged))
        except Rejected as rejected:
            trace.state(f"forgery {number + 1}", refused=rejected.code.name)
            continue
        blamed += sum(held.proposal == forged for held in member.known.proposals)
        left, whole = stake_left(blamed)
        trace.state(f"forgery {number + 1}", blamed=blamed, stake_left=f"{left}/{whole}")
    return blamed > 0


def forge(profile: Profile, chain: PlainChain, view: View, forger: int, number: int) -> Proposal[PlainBlock]:
    """A bad block, numbered, in the name of a view's leader."""
    block = block_on(genesis_link(chain.genesis), view, 2 * number + 1)
    link = chain.link(block)
    committee = committee_of(digest("chain"), Epoch(1), ClusterId(0), chain.seats)
    statement = statement_of(committee, VoteKind.NOTARISE, link.view, link.block_hash)
    signed = Signature64(bytes(64)) if forger == UNSIGNED else signature(profile, forger, statement)
    return Proposal(block, SignedStatement(chain.leader(view), statement, signed), ())


def stake_left(offences: int) -> tuple[int, int]:
    """What the source's penalty leaves of a stake after so many bad proposals, as numerator and denominator."""
    return (100 - BAD_PROPOSAL_PERCENT) ** offences, 100**offences


def forgeries(profile: Profile) -> Iterator[dict[str, Json]]:
    """Every forger but the leader, in every view of small committees: unsigned, each other seat, and a stranger."""
    for seats in SEATS:
        for view in range(1, VIEWS + 1):
            leader = PlainChain(profile, seats).leader(View(view))
            for forger in (UNSIGNED, *range(seats + 1)):
                if forger != leader:
                    yield {"seats": seats, "view": view, "forger": forger, "forgeries": 1}


def no_proposal_is_forged(profile: Profile) -> Verdict:
    """No forgery of small committees passes for its leader's."""
    reach = f"forged proposals in {VIEWS} views of committees of {SEATS[0]} to {SEATS[-1]} seats"
    return exhaust(profile, "proposal/forged", reach, forgeries(profile))
