"""A committee in discrete time: after synchrony an adversary chooses every delay, up to the bound.

Honest members run the shipped handlers and act as soon as these allow. What is sent to a member is under way with an
age; the adversary delivers it at any age up to the bound, in any order, and time passes only when nothing is overdue.
Byzantine seats are arithmetic: they may complete any certificate at any one member once honest votes suffice for the
rest, and a leader among them shows any proposals to anyone. A vote matters only when it completes a certificate, so
votes are not delivered one by one. The steps of a member depend on its state alone and are computed once for each;
members other than the leader are interchangeable.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from taifoon.core.consensus import Certified, Link, Voting, final_kinds, has_certified_parent, has_nullified_gap
from taifoon.core.quorum import quorum
from taifoon.core.vote import VoteKind
from taifoon.primitives.types import View
from taifoon.profile import Profile
from taifoon_models.voting import GENESIS, Committee, Step


class Leader(Enum):
    """Who leads a view: `LATE` is an honest leader of the view in which synchrony finds the members."""

    HONEST = "honest"
    SILENT = "silent"
    EQUIVOCATING = "equivocating"
    LATE = "late"


Message = tuple[str, str]
"""What is said and of which block; `nullify` and the certificate `nullified` carry the view's number instead."""

KIND_OF_CERTIFICATE = {"notarise": "notarised", "nullify": "nullified"}
VOTES = (*KIND_OF_CERTIFICATE, "finalise")


class Member(NamedTuple):
    """An honest member: its votes, its clock in the view (-1 before it enters the first), and what it received.

    `flying` is what is under way to it, with ages; a vote as old as the bound has arrived.
    """

    leads: bool
    voting: Voting
    clock: int
    seen: Certified
    proposals: frozenset[str]
    flying: tuple[tuple[int, Message], ...]
    final: bool


@dataclass(frozen=True)
class Timed:
    """Seats, of which the last `byzantine` are not honest, who leads each view, and delay bound and timers in ticks."""

    profile: Profile
    seats: int
    byzantine: int
    leaders: tuple[Leader, ...]
    delay: int
    timers: tuple[int, ...]

    @cached_property
    def committee(self) -> Committee:
        """The handlers and the proposals."""
        return Committee(self.profile, self.seats, self.byzantine, len(self.leaders))

    @property
    def honest(self) -> int:
        """Number of honest members."""
        return self.seats - self.byzantine

    @cached_property
    def needed(self) -> int:
        """Votes that make a certificate."""
        return quorum(self.profile, self.seats)

    def leader(self, view: int) -> Leader:
        """Who leads a view; views after the last have nobody."""
        return self.leaders[view - 1] if view <= len(self.leaders) else Leader.SILENT

    def timer(self, view: int) -> int:
        """The timer of a view."""
        return self.timers[min(view, len(self.timers)) - 1]

    @cached_property
    def good_view(self) -> int | None:
        """The first view that has to bring a final block."""
        views = (view for view in range(1, len(self.leaders) + 1) if self.leader(view) is Leader.HONEST)
        return next(views, None)

    def is_certified(self, member: Member, said: Message) -> bool:
        """Whether a member has seen the certificate of a vote, or seen a block final."""
        kind, what = said
        if kind == "nullify":
            return View(int(what)) in member.seen.nullified
        link = self.committee.blocks[what]
        return member.final if kind == "finalise" else member.seen.is_notarised(link.view, link.block_hash)

    def certify(self, member: Member, said: Message) -> Member:
        """The member after it sees the certificate of a vote."""
        kind, what = said
        seen = member.seen
        if kind == "nullify":
            return member._replace(seen=replace(seen, nullified=seen.nullified | {View(int(what))}))
        link = self.committee.blocks[what]
        return member._replace(seen=replace(seen, notarised=seen.notarised | {(link.view, link.block_hash)}))

    def heard(self, member: Member, message: Message) -> Member:
        """The member after a message has arrived, before it acts."""
        kind, what = message
        if kind == "enter":
            return member._replace(clock=0)
        if kind == "show":
            return member._replace(proposals=member.proposals | {what})
        if kind == "propose":
            link = self.committee.blocks[what]
            seen = member.seen
            names = {known.block_hash: name for name, known in self.committee.blocks.items()}
            parent = {(link.parent_view, link.parent_hash)} if link.parent_hash in names else set()
            gap = {View(view) for view in range(link.parent_view + 1, link.view)}
            shown = Certified(GENESIS, seen.notarised | parent, seen.nullified | gap)
            return member._replace(seen=shown, proposals=member.proposals | {what})
        for vote, certificate in KIND_OF_CERTIFICATE.items():
            if kind == certificate:
                return self.certify(member, (vote, what))
        return member._replace(flying=(*member.flying, (self.delay, message)))

    def acted(self, member: Member) -> tuple[Member, tuple[Message, ...]]:
        """The member after everything that it does at once, and what it sends to all others."""
        sent: list[Message] = []
        while member.clock >= 0:
            before = member
            member = self.voted(self.counted(member), sent)
            if member == before:
                break
        return self.tidied(self.arrived_final(member)), tuple(sent)

    def votes(self, member: Member, youngest: int) -> Counter[Message]:
        """The votes under way to a member or with it, at least so old, on what it has not seen certified yet."""
        votes = (said for age, said in member.flying if age >= youngest and said[0] in VOTES)
        return Counter(said for said in votes if not self.is_certified(member, said))

    def counted(self, member: Member) -> Member:
        """The member with every certificate that the votes with it make."""
        for said, count in self.votes(member, self.delay).items():
            if said[0] in KIND_OF_CERTIFICATE and count >= self.needed:
                member = self.certify(member, said)
        return member

    def voted(self, member: Member, sent: list[Message]) -> Member:
        """The member after one round of its handlers: finalise, go on, propose, notarise."""
        blocks = self.committee.blocks
        for name, link in blocks.items():
            if name in member.proposals or member.seen.is_notarised(link.view, link.block_hash):
                member = self.done(member, Step("finalise", name), sent)
        left = member.voting.view
        member = self.done(member, Step("advance", ""), [])
        if member.voting.view > left:
            member = member._replace(clock=0)
            over = [("notarised", name) for name, link in blocks.items() if link.view == left]
            over = [said for said in over if self.is_certified(member, ("notarise", said[1]))]
            sent += over or [("nullified", str(left))]
        if member.leads and self.leader(member.voting.view) in (Leader.HONEST, Leader.LATE):
            proposed = [name for name in member.proposals if blocks[name].view == member.voting.view]
            chosen = None if proposed else self.proposal(member)
            if chosen is not None:
                sent.append(("propose", chosen))
                member = member._replace(proposals=member.proposals | {chosen})
        for name in sorted(member.proposals):
            member = self.done(member, Step("notarise", name), sent)
        return member

    def proposal(self, member: Member) -> str | None:
        """What an honest leader proposes: a block on the last proper parent that it knows of."""
        proper = [
            (-link.parent_view, name)
            for name, link in self.committee.blocks.items()
            if link.view == member.voting.view and self.is_proper(member.seen, link)
        ]
        return min(proper)[1] if proper else None

    def is_proper(self, seen: Certified, link: Link) -> bool:
        """Whether what a member has seen puts a block on a proper parent."""
        return has_certified_parent(self.profile, seen, link) and has_nullified_gap(self.profile, seen, link)

    def done(self, member: Member, step: Step, sent: list[Message]) -> Member:
        """The member after a step that its handler allows and that changes it; its vote counts with itself at once."""
        after = self.committee.do(member.voting, member.seen, step)
        if after is None or after == member.voting:
            return member
        view = str(member.voting.view)
        member = member._replace(voting=after)
        if step.action == "advance":
            return member
        vote = (step.action, view if step.action == "nullify" else step.block)
        sent.append(vote)
        return self.heard(member, vote)

    def tidied(self, member: Member) -> Member:
        """The member without what no longer concerns it, so that equal members are one."""
        flying = tuple(sorted((age, said) for age, said in member.flying if self.concerns(member, said)))
        own = frozenset(name for name in member.proposals if self.committee.blocks[name].view >= member.voting.view)
        return member._replace(flying=flying, proposals=own)

    def matters(self, member: Member, said: Message) -> bool:
        """Whether a vote is not one to nullify a view that the member has left."""
        return said[0] != "nullify" or int(said[1]) >= member.voting.view

    def concerns(self, member: Member, said: Message) -> bool:
        """Whether a message under way can still change the member."""
        kind, what = said
        if kind == "enter":
            return member.clock < 0
        if kind == "propose":
            return what not in member.proposals and self.committee.blocks[what].view >= member.voting.view
        for vote, certificate in KIND_OF_CERTIFICATE.items():
            if kind == certificate:
                return not self.is_certified(member, (vote, what)) and self.matters(member, (vote, what))
        return not self.is_certified(member, said) and self.matters(member, said)

    def is_overdue(self, member: Member) -> bool:
        """Whether something has to reach the member, or to be counted by it, before any time passes."""
        due = any(age >= self.delay and said[0] not in VOTES for age, said in member.flying)
        return due or self.counted(member) != member

    def arrived_final(self, member: Member) -> Member:
        """The member, which sees a block final once all votes for that are with it; seeing it changes no step."""
        kinds, counts = final_kinds(self.profile), self.votes(member, self.delay)
        final = any(
            (VoteKind.NOTARISE not in kinds or member.seen.is_notarised(link.view, link.block_hash))
            and (VoteKind.FINALISE not in kinds or counts["finalise", name] >= self.needed)
            for name, link in self.committee.blocks.items()
        )
        return member._replace(final=member.final or final)

    def receiving(self, member: Member, sent: tuple[Message, ...]) -> Member:
        """The member with new messages under way to it; of two equal certificates the older one is enough."""
        flying = list(member.flying)
        for message in sent:
            if self.concerns(member, message) and (message[0] in VOTES or all(said != message for _, said in flying)):
                flying.append((0, message))
        return member._replace(flying=tuple(sorted(flying)))
