"""The ledger under chance and malice: units are conserved, offences count once, no honest key loses anything.

A state machine mixes deposits, departures, epochs, rewards, burning and evidence: valid, forged, replayed, late. With a
rule switched off, or a fault planted in the ledger, some demand fails and the machine finds it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from taifoon.economics.ledger import (
    Ledger,
    admit,
    burn,
    close_epoch,
    deposit,
    genesis_ledger,
    is_conserved,
    leave,
    pay_fee,
    withdraw,
)
from taifoon.economics.offences import (
    NOTHING,
    Accusation,
    Evidence,
    Jurisdiction,
    Matter,
    OffenceKind,
    Slot,
    judge,
)
from taifoon.economics.registry import seats
from taifoon.economics.slashing import due, penalty, points_of
from taifoon.primitives.types import Amount, Epoch, PublicKey
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.economy import (
    BAD_PROOF,
    CHAIN,
    CLUSTER,
    GOOD_PROOF,
    FixedProof,
    bad_block,
    committee,
    double_vote,
    empty_block,
    forged,
    formation,
    record_of,
    root_claim,
    submission,
    two_roots,
    vote_for,
)
from taifoon_models.keys import key

STEADY = settings(deadline=None, derandomize=True, max_examples=40, stateful_step_count=40)
HUNT = settings(STEADY, max_examples=400, stateful_step_count=20, phases=[Phase.generate], print_blob=False)

SEAT = HARDENED.parameters.seat_stake
MEMBERS = range(6)
HONEST = (0, 1, 2, 3)
BYZANTINE = (4, 5)
# Departures matter most for those who have something to fear.
DEPARTING = (4, 4, 4, 4, 4, *MEMBERS)
ANY = st.integers(0, 999)

Faulty = Callable[..., Ledger]


class Economy(RuleBasedStateMachine):
    """A ledger, the evidence at hand, and what is demanded after every step."""

    profile: ClassVar[Profile] = HARDENED
    withdraw: ClassVar[Faulty] = staticmethod(withdraw)
    admit: ClassVar[Faulty] = staticmethod(admit)
    seen: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        balances = tuple((key(member), Amount(3 * SEAT)) for member in MEMBERS)
        stakes = tuple((key(member), Amount((1 + member % 2) * SEAT)) for member in MEMBERS)
        self.ledger = genesis_ledger(self.profile, CHAIN, balances, stakes)
        self.history: list[tuple[int, ...]] = []
        self.evidence: list[Evidence] = []
        self.remember()

    def remember(self) -> None:
        """Note who holds which seat in the epoch at hand."""
        snapshot = self.ledger.snapshot(self.ledger.epoch)
        held = [(member, seats(self.profile, snapshot.stake_of(key(member)))) for member in MEMBERS]
        serving = {holder for holder, _ in snapshot.stakes}
        self.history.append(tuple(m for m, count in held for _ in range(count) if key(m) in serving))

    def jurisdiction(self) -> Jurisdiction:
        """The judge, who knows every committee that there was."""
        known = [(epoch, holders) for epoch, holders in enumerate(self.history) if holders]
        return Jurisdiction(
            CHAIN,
            tuple(committee(epoch, holders) for epoch, holders in known),
            tuple(formation(epoch, holders) for epoch, holders in known),
            FixedProof(),
        )

    def attempt(self, name: str, step: Callable[[], Ledger]) -> RejectionCode | None:
        """Take a step, or keep the ledger where it is refused."""
        try:
            self.ledger = step()
        except Rejected as rejected:
            self.seen[f"{name}: {rejected.code.name}"] += 1
            return rejected.code
        self.seen[name] += 1
        return None

    @rule(member=st.sampled_from(DEPARTING), amount=st.sampled_from((-1, 0, 1, SEAT, 2 * SEAT, 9 * SEAT)))
    def pay_in(self, member: int, amount: int) -> None:
        self.attempt("deposit", lambda: deposit(self.profile, self.ledger, key(member), Amount(amount)))

    def ask_to_leave(self, member: int) -> None:
        self.attempt("leave", lambda: leave(self.profile, self.ledger, key(member)))

    @rule(member=st.sampled_from(DEPARTING))
    def take_out(self, member: int) -> None:
        self.attempt("withdraw", lambda: type(self).withdraw(self.profile, self.ledger, key(member)))

    @rule(member=st.sampled_from(MEMBERS), amount=st.sampled_from((0, 5, 9 * SEAT)), burns=st.booleans())
    def spend(self, member: int, amount: int, burns: bool) -> None:
        step = burn if burns else pay_fee
        name = "burn" if burns else "fee"
        self.attempt(name, lambda: step(self.profile, self.ledger, key(member), Amount(amount)))

    @rule(
        blocks=st.sampled_from((0, 2, 33)), idle=st.sampled_from(("none", "late", "Byzantine")), ratio=st.integers(0, 3)
    )
    def turn(self, blocks: int, idle: str, ratio: int) -> None:
        holders = self.history[self.ledger.epoch]
        missing = frozenset(
            (block, seat)
            for block in range(1, blocks + 1)
            for seat, holder in enumerate(holders)
            if (holder in BYZANTINE) == (idle == "Byzantine")
        )
        absent, late = (
            (missing, frozenset()) if idle == "Byzantine" else (frozenset(), missing if idle == "late" else frozenset())
        )
        record = record_of(holders, blocks, absent, late, holders, ratio, 1)
        self.attempt("turn", lambda: close_epoch(self.profile, self.ledger, (record,) if holders else ()))
        self.remember()

    @rule(member=st.sampled_from(DEPARTING), wait=st.sampled_from((0, 1, 2, 9, 12, 13)), more=st.booleans())
    def depart(self, member: int, wait: int, more: bool) -> None:
        """A member asks to leave, perhaps pays in once more, waits, and tries to withdraw."""
        self.ask_to_leave(member)
        if more:
            self.pay_in(member, SEAT)
        for _ in range(wait):
            self.attempt("turn", lambda: close_epoch(self.profile, self.ledger, ()))
            self.remember()
        self.take_out(member)

    @rule(kind=st.sampled_from(("vote", "proof", "root", "block")), chosen=ANY, back=st.integers(0, 3))
    def offend(self, kind: str, chosen: int, back: int) -> None:
        """A Byzantine member signs what convicts it, in the epoch at hand or a little earlier."""
        epoch = max(0, self.ledger.epoch - back)
        holders = self.history[epoch]
        guilty = [seat for seat, holder in enumerate(holders) if holder in BYZANTINE]
        if not guilty:
            return
        seat = guilty[chosen % len(guilty)]
        view = 1 + chosen % 3
        ways: dict[str, Callable[[], Evidence]] = {
            "vote": lambda: double_vote(self.profile, holders, epoch, seat, view),
            "proof": lambda: submission(self.profile, holders[seat], epoch, view, BAD_PROOF),
            "root": lambda: two_roots(
                self.profile, holders[seat], root_claim(epoch, view, 1, "one"), root_claim(epoch, view, 1, "other")
            ),
            "block": lambda: vote_for(self.profile, holders, seat, bad_block(self.profile, holders, epoch, view)),
        }
        self.evidence.append(ways[kind]())

    @rule(chosen=ANY, reporter=st.sampled_from(MEMBERS))
    def report(self, chosen: int, reporter: int) -> None:
        """Valid evidence: within its window it takes what it has to, and never twice."""
        if not self.evidence:
            return
        evidence = self.evidence[chosen % len(self.evidence)]
        refused = self.attempt("report", lambda: self.admitted(evidence, reporter))
        if refused is None:
            offence = judge(self.profile, self.jurisdiction(), evidence)
            found = [item for item in self.ledger.convictions if item.offence == offence]
            points = points_of(offence, self.ledger.convictions)
            entry = self.ledger.entry(offence.key)
            taken = 0 if entry is None else entry.taken
            assert len(found) == 1, "an offence counts once"
            assert taken >= penalty(points, found[0].snapshot), "the stake of an offender was still there"
            again = self.admitted(evidence, reporter)
            assert again == self.ledger, "a report that is known changes nothing"

    def admitted(self, evidence: Evidence, reporter: int) -> Ledger:
        """The ledger with a report."""
        return type(self).admit(self.profile, self.ledger, self.jurisdiction(), evidence, key(reporter))

    @rule(chosen=ANY, reporter=st.sampled_from(MEMBERS))
    def frame(self, chosen: int, reporter: int) -> None:
        """Evidence against honest members, from what they do sign and what they do not."""
        epoch = max(0, self.ledger.epoch - chosen % 3)
        holders = self.history[epoch]
        honest = [seat for seat, holder in enumerate(holders) if holder in HONEST]
        if not honest:
            return
        seat = honest[chosen % len(honest)]
        member, view = holders[seat], 1 + chosen % 3
        profile = self.profile
        slot = Slot(CHAIN, Epoch(epoch), CLUSTER, Matter.VIEW, view, NOTHING)
        attempts: list[Callable[[], Evidence]] = [
            lambda: forged(double_vote(profile, holders, epoch, seat, view)),
            lambda: replace(
                double_vote(profile, holders, epoch, seat, view),
                second=double_vote(profile, holders, epoch, seat, view + 1).second,
            ),
            lambda: vote_for(profile, holders, seat, empty_block(profile, holders, epoch, view)),
            lambda: forged(vote_for(profile, holders, seat, bad_block(profile, holders, epoch, view))),
            lambda: submission(profile, member, epoch, view, GOOD_PROOF),
            lambda: two_roots(
                profile, member, root_claim(epoch, view, 1, "one"), root_claim(epoch, view + 1, 2, "two")
            ),
            lambda: Accusation(OffenceKind.BYZANTINE_PROPOSAL, key(member), slot),
        ]
        for trick, made in enumerate(attempts):
            evidence = made()
            self.attempt(f"frame {trick}", lambda: self.admitted(evidence, reporter))  # noqa: B023 - called at once

    @invariant()
    def units_are_conserved(self) -> None:
        assert is_conserved(self.ledger)

    @invariant()
    def penalties_are_bounded(self) -> None:
        assert all(0 <= entry.taken <= entry.deposited for entry in self.ledger.entries)

    @invariant()
    def no_honest_key_loses(self) -> None:
        honest = {key(member) for member in HONEST}
        assert not any(item.offence.key in honest for item in self.ledger.convictions)
        assert not any(entry.taken for entry in self.ledger.entries if entry.public_key in honest)

    @invariant()
    def the_order_of_the_record_does_not_count(self) -> None:
        backwards = self.ledger.convictions[::-1]
        for entry in self.ledger.entries:
            own = tuple(i for i in backwards if i.offence.key == entry.public_key and i.offence.epoch >= entry.since)
            assert due(self.profile, entry.deposited, own, backwards) == entry.taken


def variant(name: str, **changes: Any) -> type[Economy]:
    return type(name, (Economy,), {"seen": Counter(), **changes})


def test_the_ledger_keeps_every_demand() -> None:
    machine = variant("Steady")
    run_state_machine_as_test(machine, settings=STEADY)
    expected = (
        *("deposit", "leave", "withdraw", "burn", "fee", "turn", "report"),
        *("deposit: AMOUNT_INVALID", "deposit: BALANCE_SHORT", "deposit: STAKE_LEAVING", "leave: STAKE_LEAVING"),
        *("withdraw: STAKE_LOCKED", "report: EVIDENCE_LATE"),
        *(f"frame {trick}: EVIDENCE_UNCONVINCING" for trick in range(7)),
    )
    assert [name for name in expected if not machine.seen[name]] == []


@pytest.mark.parametrize(
    "resolution",
    [Resolution.SEATS, Resolution.REWARD, Resolution.SLASHING, Resolution.EVIDENCE, Resolution.DESYNCHRONISATION],
    ids=lambda item: item.value,
)
def test_without_a_rule_some_demand_fails(resolution: Resolution) -> None:
    with pytest.raises(AssertionError):
        run_state_machine_as_test(variant("Weakened", profile=HARDENED.without(resolution)), settings=HUNT)


def withdraw_at_once(profile: Profile, ledger: Ledger, member: PublicKey) -> Ledger:
    """A fault: the delay is forgotten."""
    return withdraw(profile.without(Resolution.EVIDENCE), ledger, member)


def pay_the_reporter_again(
    profile: Profile, ledger: Ledger, jurisdiction: Jurisdiction, evidence: Evidence, reporter: PublicKey
) -> Ledger:
    """A fault: the reporter's share is paid once more, and taken from the treasury."""
    after = admit(profile, ledger, jurisdiction, evidence, reporter)
    balances = tuple((holder, Amount(amount + (holder == reporter))) for holder, amount in after.balances)
    return replace(after, balances=balances, treasury=Amount(after.treasury - 1))


def forget_the_treasury(
    profile: Profile, ledger: Ledger, jurisdiction: Jurisdiction, evidence: Evidence, reporter: PublicKey
) -> Ledger:
    """A fault: what is slashed goes nowhere."""
    return replace(admit(profile, ledger, jurisdiction, evidence, reporter), treasury=ledger.treasury)


@pytest.mark.parametrize(
    "fault",
    [{"withdraw": withdraw_at_once}, {"admit": pay_the_reporter_again}, {"admit": forget_the_treasury}],
    ids=["withdraw at once", "pay the reporter again", "forget the treasury"],
)
def test_a_planted_fault_is_found(fault: dict[str, Faulty]) -> None:
    planted = {name: staticmethod(function) for name, function in fault.items()}
    with pytest.raises(AssertionError):
        # These faults need no forgeries, whose many signatures are what takes time.
        run_state_machine_as_test(variant("Faulty", frame=None, **planted), settings=HUNT)
