"""A committee over a bad network: shipped replicas with real keys, and an adversary that holds some of the members.

Letters wait until they are delivered, dropped or delivered twice, in any order; members crash between two effects and
come back with what they stored; groups are cut off from each other. Nothing here is left to chance: a run is the list
of the calls that made it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import NamedTuple, TypeAlias

from taifoon.core.accountability import FinalityProof, SignedStatement, statement_of
from taifoon.core.certificate import Certificate, Committee
from taifoon.core.consensus import Link, Voting
from taifoon.core.knowledge import finality_proof, genesis_link
from taifoon.core.proposal import Proposal
from taifoon.core.replica import Replica, new_replica, step
from taifoon.core.replica_events import (
    AskCatchUp,
    BlockBuilt,
    BuildBlock,
    CatchUpAsked,
    CertificateArrived,
    Effect,
    Event,
    Finalised,
    ForwardProposal,
    Persist,
    ProposalArrived,
    Restarted,
    SendCertificate,
    SendProposal,
    SendVote,
    StartTimer,
    TimerEnded,
    VoteArrived,
)
from taifoon.core.vote import NO_BLOCK, Statement, VoteKind
from taifoon.primitives.types import ClusterId, Epoch, Hash32, Seat, View
from taifoon.profile import Profile
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest
from taifoon_models.keys import key, signature
from taifoon_models.plain_chain import PlainBlock, PlainChain, block_on

Message: TypeAlias = Proposal[PlainBlock] | SignedStatement | Certificate | CatchUpAsked


class Letter(NamedTuple):
    """A message on its way from one member to another."""

    sender: int
    receiver: int
    message: Message


class Cast(NamedTuple):
    """A vote of an honest member, as it left its step."""

    member: int
    seat: Seat
    statement: Statement


@dataclass
class Member:
    """An honest member: its replica while it is up, and what survives a crash."""

    replica: Replica[PlainBlock]
    stored: Voting = field(default_factory=Voting)
    kept: dict[Proposal[PlainBlock], None] = field(default_factory=dict)
    certificates: tuple[Certificate, ...] = ()
    is_up: bool = False
    timer: View | None = None
    effects_left: int | None = None
    asked: int = 0


class Network:
    """Members with `weights[i]` seats each, some of them Byzantine, and the letters between them."""

    def __init__(self, profile: Profile, weights: tuple[int, ...], byzantine: frozenset[int] = frozenset()) -> None:
        self.profile = profile
        self.byzantine = byzantine
        ends = tuple(accumulate(weights))
        self.seats = tuple(
            tuple(Seat(seat) for seat in range(end - weight, end)) for end, weight in zip(ends, weights, strict=True)
        )
        self.holder = {seat: member for member, seats in enumerate(self.seats) for seat in seats}
        self.committee = Committee(
            digest("chain"), Epoch(1), ClusterId(0), tuple(key(self.holder[Seat(seat)]) for seat in range(ends[-1]))
        )
        self.chain = PlainChain(profile, ends[-1])
        self.members = {
            number: Member(new_replica(self.committee, seats))
            for number, seats in enumerate(self.seats)
            if number not in byzantine
        }
        self.waiting: dict[Letter, None] = {}
        self.log: dict[Message, None] = {}
        self.links: dict[Hash32, Link] = {}
        self.cast: list[Cast] = []
        self.said: dict[Seat, set[Statement]] = {seat: set() for seat in self.holder}
        self.final: dict[int, dict[Link, None]] = {number: {} for number in self.members}
        self.refused: Counter[RejectionCode] = Counter()
        self.groups: tuple[frozenset[int], ...] = ()
        for number in self.members:
            self.restart(number)

    # Members.

    def tell(self, number: int, event: Event[PlainBlock], asker: int | None = None) -> None:
        """Let a member take an event, and carry out what it wants, what it tells itself included."""
        member = self.members[number]
        own: deque[Event[PlainBlock]] = deque([event])
        while own and member.is_up:
            try:
                member.replica, effects = step(self.profile, self.chain, member.replica, own.popleft())
            except Rejected as rejected:
                self.refused[rejected.code] += 1
                continue
            for effect in effects:
                if member.effects_left is not None:
                    if member.effects_left == 0:
                        self.crash(number)
                        break
                    member.effects_left -= 1
                own.extend(self.carry_out(number, effect, asker))

    def carry_out(self, number: int, effect: Effect[PlainBlock], asker: int | None) -> Iterable[Event[PlainBlock]]:
        """Do what a member wants done; gives what the member tells itself by it."""
        member = self.members[number]
        others = [other for other in range(len(self.seats)) if other != number] if asker is None else [asker]
        match effect:
            case Persist(voting, proposals):
                member.stored = voting
                member.kept.update(dict.fromkeys(proposals))
            case SendVote(seat, statement):
                self.cast.append(Cast(number, seat, statement))
                vote = self.signed(seat, statement)
                self.post(number, others, vote)
                return (VoteArrived(vote),)
            case SendProposal(block, seat, statement, certificates):
                proposal = Proposal(block, self.signed(seat, statement), certificates)
                member.kept[proposal] = None
                self.post(number, others, proposal)
                return (ProposalArrived(proposal),)
            case ForwardProposal(proposal):
                self.post(number, others, proposal)
            case SendCertificate(certificate):
                self.post(number, others, certificate)
            case AskCatchUp(view):
                # One member at a time, in turn: an answer is long.
                self.post(number, others[member.asked % len(others) :][:1], CatchUpAsked(view))
                member.asked += 1
            case StartTimer(view):
                member.timer = view
            case BuildBlock(view, parent):
                return (BlockBuilt(block_on(parent, view)),)
            case Finalised(link):
                self.final[number][link] = None
        return ()

    def timer(self, number: int) -> None:
        """The timer that a member has running ends."""
        member = self.members[number]
        if member.is_up and member.timer is not None:
            self.tell(number, TimerEnded(member.timer))

    def crash(self, number: int, after: int | None = None) -> None:
        """A member goes down now, or after it has carried out so many effects more."""
        member = self.members[number]
        if after is not None:
            member.effects_left = after
            return
        member.certificates = member.replica.known.all_certificates()
        member.is_up, member.timer, member.effects_left = False, None, None

    def restart(self, number: int, *, keeps_certificates: bool = True) -> None:
        """A member that is down comes back with what it stored, and with its certificates if it kept them."""
        member = self.members[number]
        if not member.is_up:
            member.is_up = True
            certificates = member.certificates if keeps_certificates else ()
            self.tell(number, Restarted(*self.remembered(number), certificates))

    def remembered(self, number: int) -> tuple[Voting, tuple[Proposal[PlainBlock], ...]]:
        """What a member finds in its store: its voting, and the proposals that it voted for."""
        member = self.members[number]
        return member.stored, tuple(member.kept)

    # Letters.

    def signed(self, seat: Seat, statement: Statement) -> SignedStatement:
        """A statement under the signature of a seat's key."""
        self.said[seat].add(statement)
        return SignedStatement(seat, statement, signature(self.profile, self.holder[seat], statement))

    def post(self, sender: int, receivers: Iterable[int], message: Message) -> None:
        """Put a message on its way; one that is on its way already is not sent again."""
        self.log[message] = None
        if isinstance(message, Proposal):
            link = self.chain.link(message.block)
            self.links[link.block_hash] = link
        for receiver in receivers:
            letter = Letter(sender, receiver, message)
            if receiver in self.members:
                self.waiting[letter] = None

    def passes(self, letter: Letter) -> bool:
        """Whether the partition lets a letter through; the adversary is on every side of it."""
        open_to_all = not self.groups or letter.sender in self.byzantine
        return open_to_all or any({letter.sender, letter.receiver} <= group for group in self.groups)

    def deliver(self, place: int, *, keep: bool = False) -> None:
        """Deliver the letter at a place of the queue, if it passes; `keep` leaves a copy on its way."""
        letter = list(self.waiting)[place]
        if not self.passes(letter):
            return
        if not keep:
            del self.waiting[letter]
        self.hand_over(letter)

    def lose(self, place: int) -> None:
        """Lose the letter at a place of the queue."""
        del self.waiting[list(self.waiting)[place]]

    def hand_over(self, letter: Letter) -> None:
        """Give a message to its receiver; one that is down loses it."""
        message = letter.message
        if isinstance(message, Proposal):
            self.tell(letter.receiver, ProposalArrived(message))
        elif isinstance(message, SignedStatement):
            self.tell(letter.receiver, VoteArrived(message))
        elif isinstance(message, Certificate):
            self.tell(letter.receiver, CertificateArrived(message))
        else:
            self.tell(letter.receiver, message, asker=letter.sender)

    def deliver_round(self) -> None:
        """Deliver every letter that now waits and passes, oldest first."""
        now, self.waiting = self.waiting, {}
        for letter in now:
            if self.passes(letter):
                self.hand_over(letter)
            else:
                self.waiting[letter] = None

    def partition(self, *groups: Iterable[int]) -> None:
        """Cut the members into groups; without any, all are together again."""
        self.groups = tuple(frozenset(group) for group in groups)

    # The adversary, who signs with the keys of the Byzantine members and may send any letter to anybody.

    def statement(self, kind: VoteKind, view: View, block_hash: Hash32 = NO_BLOCK) -> Statement:
        """A statement of this committee."""
        return statement_of(self.committee, kind, view, block_hash)

    def byzantine_seats(self) -> tuple[Seat, ...]:
        """The seats of the adversary."""
        return tuple(seat for seat, member in sorted(self.holder.items()) if member in self.byzantine)

    def byzantine_votes(self, statement: Statement, receivers: Iterable[int]) -> None:
        """Every Byzantine seat signs a statement, for these receivers."""
        chosen = tuple(receivers)
        for seat in self.byzantine_seats():
            self.post(self.holder[seat], chosen, self.signed(seat, statement))

    def byzantine_proposal(self, block: PlainBlock, receivers: Iterable[int]) -> bool:
        """Propose a block in a view that a Byzantine seat leads, with all certificates there are for it."""
        link = self.chain.link(block)
        leader = self.chain.leader(link.view)
        if self.holder[leader] not in self.byzantine:
            return False
        gap = range(link.parent_view + 1, link.view)
        wanted = {self.statement(VoteKind.NULLIFY, View(view)) for view in gap}
        wanted.add(self.statement(VoteKind.NOTARISE, link.parent_view, link.parent_hash))
        found: dict[Statement, Certificate] = {}
        for member in self.members.values():
            for certificate in member.replica.known.all_certificates():
                if certificate.statement in wanted:
                    found.setdefault(certificate.statement, certificate)
        vote = self.signed(leader, self.statement(VoteKind.NOTARISE, link.view, link.block_hash))
        self.post(self.holder[leader], tuple(receivers), Proposal(block, vote, tuple(found.values())))
        return True

    # What is to be seen.

    def latest_view(self) -> View:
        """The latest view of an honest member."""
        return max(member.replica.voting.view for member in self.members.values())

    def fork(self) -> tuple[tuple[int, Link], tuple[int, Link]] | None:
        """Two members and a final block of each, of which neither is the other's ancestor.

        A member reports ancestors first, so all that is final makes one chain exactly if each block stands on the one
        before it.
        """
        first_with = {link: number for number, links in sorted(self.final.items(), reverse=True) for link in links}
        final = sorted(first_with)
        for below, above in pairwise(final):
            if (above.parent_view, above.parent_hash) != (below.view, below.block_hash):
                return (first_with[below], below), (first_with[above], above)
        return None

    def proof(self, number: int, link: Link) -> FinalityProof:
        """The finality proof that a member has of a block."""
        return finality_proof(self.profile, self.chain, self.members[number].replica.known, link)

    def parents(self) -> tuple[Link, ...]:
        """Genesis and every proposed block, by view and hash."""
        return (genesis_link(self.chain.genesis), *sorted(self.links.values()))
