"""Epoch blocks in which a leader writes what it wishes: another registry or cluster count, or acts that do not count.

Each is the honest closing with one thing changed. What follows from that in the rest of the block is changed with it,
so that nothing else gives it away; an act that does not count comes once with its effect and once without.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from taifoon.core.epoch import Registration as Registered
from taifoon.core.epoch_block import Closing
from taifoon.core.network_state import STEPS, Choice, closing_of
from taifoon.network.envelope import Envelope
from taifoon.network.messages import JobSubmission, Leave
from taifoon.primitives.types import Amount
from taifoon.synchronizer.acts import act_octets, order_of
from taifoon.synchronizer.epoch_member import longest, with_act
from taifoon_models.books import FACTOR, LEAVER, NEWCOMER, STRANGER, VOTER, Office, closing_by
from taifoon_models.epochs import registration
from taifoon_models.jobs import digest, intake
from taifoon_models.keys import key

Forged = tuple[Closing, ...]

FALSE_BOOKS = (
    "keys without stake",
    "a stake raised",
    "a stake lowered",
    "a member left out",
    "a capability dropped",
    "the registry before",
    "another count",
)
"""What a leader may write instead of what its acts and its work come to."""

FALSE_ACTS = (
    "of another epoch",
    "of another chain",
    "unsigned",
    "for another key",
    "of another kind",
    "without the units",
    "of less than a seat",
    "twice",
    "said again",
    "out of order",
    "without effect",
)
"""What may be wrong with an act."""


def with_registry(closing: Closing, registry: Iterable[Registered]) -> Closing:
    """The closing with another registry, by key."""
    return replace(closing, registry=tuple(sorted(registry, key=lambda entry: entry.public_key)))


def without(closing: Closing, number: int) -> tuple[Registered, ...]:
    """The registry of a closing without a key."""
    return tuple(entry for entry in closing.registry if entry.public_key != key(number))


def with_entry(office: Office, closing: Closing, number: int, seats: int = 1) -> Closing:
    """The closing with the stake of so many seats for a key."""
    return with_registry(closing, (*without(closing, number), registration(office.profile, number, seats)))


def with_acts(closing: Closing, *acts: Envelope) -> Closing:
    """The closing with these acts, as they stand."""
    return replace(closing, acts=tuple(act_octets(each) for each in acts))


def with_other_counts(office: Office, closing: Closing) -> Forged:
    """The closing with each other cluster count that a step leads to, and with heads that fit it."""
    at, profile = office.at, office.profile
    followed = longest(at.network, at.assignment, at.closing)
    chains = (*(each.chain for each in followed), *at.network.chains[len(followed) :])
    stretches = tuple(each.stretch for each in followed)
    made = (
        closing_of(
            profile,
            at.network,
            at.assignment,
            FACTOR,
            chains,
            stretches,
            Choice(closing.registry, step, closing.commitments, closing.reveals, closing.acts),
        )
        for step in STEPS
    )
    return tuple(each for each in made if each.clusters != closing.clusters)


def false_books(office: Office, closing: Closing, name: str) -> Forged:
    """The closing with another registry or count; none where the acts change nothing that could be left as it was."""
    voter = next(entry for entry in closing.registry if entry.public_key == key(VOTER))
    seat, others = office.profile.parameters.seat_stake, without(closing, VOTER)
    match name:
        case "keys without stake":
            strangers = (registration(office.profile, number) for number in (STRANGER, STRANGER + 1))
            return (with_registry(closing, (*closing.registry, *strangers)),)
        case "a stake raised":
            return (with_registry(closing, (*others, replace(voter, stake=Amount(voter.stake + seat)))),)
        case "a stake lowered":
            return (with_registry(closing, (*others, replace(voter, stake=Amount(voter.stake - 1)))),)
        case "a member left out":
            return (with_registry(closing, others),)
        case "a capability dropped":
            return (with_registry(closing, (*others, replace(voter, capabilities=()))),)
        case "the registry before":
            return (with_registry(closing, office.at.economy.registry),) if closing.acts else ()
        case "another count":
            return with_other_counts(office, closing)
    raise ValueError(f"no false books {name!r}: use one of {', '.join(FALSE_BOOKS)}")


def false_acts(office: Office, closing: Closing, name: str) -> Forged:
    """A closing without acts, given what does not count."""
    join, go, stranger = office.deposit(NEWCOMER), Leave(key(LEAVER)), office.deposit(STRANGER)
    joined, gone = with_entry(office, closing, NEWCOMER), with_registry(closing, without(closing, LEAVER))
    twice, both = with_entry(office, closing, NEWCOMER, 2), with_entry(office, gone, NEWCOMER)
    first = office.act("registration")
    match name:
        case "of another epoch":
            return with_and_without(closing, gone, office.sealed(LEAVER, go, epoch=closing.epoch + 1))
        case "of another chain":
            return with_and_without(closing, gone, office.sealed(LEAVER, go, chain=digest("another chain")))
        case "unsigned":
            return with_and_without(closing, joined, office.sealed(NEWCOMER, join, signer=STRANGER))
        case "for another key":
            return with_and_without(closing, gone, office.sealed(VOTER, go))
        case "of another kind":
            return (with_acts(closing, office.sealed(VOTER, JobSubmission(intake(1), Amount(0)))),)
        case "without the units":
            return with_and_without(closing, with_entry(office, closing, STRANGER), office.sealed(STRANGER, stranger))
        case "of less than a seat":
            half = replace(join, stake=Amount(join.stake // 2))
            entered = Registered(key(NEWCOMER), half.stake, join.capabilities)
            some = with_registry(closing, (*closing.registry, entered))
            return with_and_without(closing, some, office.sealed(NEWCOMER, half))
        case "twice":
            return with_and_without(joined, twice, first, first)
        case "said again":
            return with_and_without(joined, twice, first, office.sealed(NEWCOMER, join, sequence=2))
        case "out of order":
            descending = sorted((first, office.act("departure")), key=order_of, reverse=True)
            return (with_acts(both, *descending),)
        case "without effect":
            seen = (office.act("evidence"), office.sealed(VOTER, office.double_vote()))
            return (with_acts(punished(office), *sorted(seen, key=order_of)),)
    raise ValueError(f"no false acts {name!r}: use one of {', '.join(FALSE_ACTS)}")


def with_and_without(plain: Closing, wished: Closing, *acts: Envelope) -> Forged:
    """Acts listed over the registry that their leader wishes, and over the one that comes of all others."""
    return with_acts(wished, *acts), with_acts(plain, *acts)


def punished(office: Office) -> Closing:
    """The closing after the culprit was reported once."""
    heard = with_act(office.at.closing, office.act("evidence"))
    return closing_by(office.profile, replace(office.at, closing=heard))


def forged(office: Office, acts: Iterable[str], name: str) -> Forged:
    """What a leader offers instead of the honest closing with these acts."""
    closing = office.at.closing
    for act in acts:
        closing = with_act(closing, office.act(act))
    honest = closing_by(office.profile, replace(office.at, closing=closing))
    return (false_books if name in FALSE_BOOKS else false_acts)(office, honest, name)
