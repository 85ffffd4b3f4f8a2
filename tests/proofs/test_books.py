"""A leader chooses neither registry nor count nor acts, each refusal has its reason, and no commitment is free."""

from __future__ import annotations

import pytest

from taifoon.economics.ledger import Ledger
from taifoon.network.envelope import Envelope, message_octets
from taifoon.network.kinds import decode_message
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import RejectionCode
from taifoon.synchronizer import acts, closing, turnover
from taifoon.synchronizer.closing import booked, is_acceptable, own_choice
from taifoon_models.books import (
    ACTS,
    LEADER,
    LEAVER,
    NEWCOMER,
    VOTER,
    Office,
    closing_by,
    informed,
    late,
)
from taifoon_models.forged_books import FALSE_ACTS, FALSE_BOOKS, forged
from taifoon_models.keys import key
from taifoon_proofs.registry import load
from taifoon_proofs.scenario import run, violates
from taifoon_proofs.theorems.books import choices, lived, plans, refusal, sized
from taifoon_proofs.verdict import Counterexample

load()
HOLDERS = 10
WITHOUT_STAKE = {"holders": HOLDERS, "epoch": 0, "acts": [], "forgery": "keys without stake"}
ANOTHER_COUNT = {"holders": HOLDERS, "epoch": 0, "acts": [], "forgery": "another count"}
CODES = {
    **dict.fromkeys(FALSE_BOOKS, RejectionCode.EPOCH_DERIVED),
    **dict.fromkeys(FALSE_ACTS, RejectionCode.EPOCH_ACT),
    "unsigned": RejectionCode.SIGNATURE_INVALID,
    "without the units": RejectionCode.BALANCE_SHORT,
}


def office(profile: Profile = HARDENED, number: int = VOTER, epoch: int = 0) -> Office:
    network_profile = sized(profile)
    at = lived(network_profile, number, HOLDERS, epoch)
    return Office(network_profile, informed(network_profile, at, (), HOLDERS))


@pytest.mark.parametrize("name", [*FALSE_BOOKS, *FALSE_ACTS])
def test_what_a_leader_wishes_is_refused_for_the_one_rule_that_it_breaks(name: str) -> None:
    there = office()
    offered = forged(there, ACTS if name in FALSE_BOOKS else (), name)
    assert offered
    for each in offered:
        assert not is_acceptable(there.profile, there.at, each, late(0))
        assert refusal(there.profile, there.at, each) is CODES[name]


@pytest.mark.parametrize("number", [LEADER, VOTER])
def test_the_honest_closing_that_they_are_made_of_is_voted_for_and_followed(number: int) -> None:
    there = office(number=number)
    heard = informed(there.profile, there.at, [there.act(name) for name in ACTS], HOLDERS)
    made = closing_by(there.profile, heard)
    assert len(made.acts) == len(ACTS)
    assert is_acceptable(there.profile, office().at, made, late(0))
    assert refusal(there.profile, office().at, made) is None
    registered = {entry.public_key for entry in made.registry}
    assert key(NEWCOMER) in registered
    assert key(LEAVER) not in registered


@pytest.mark.parametrize(
    ("profile", "believed"),
    [
        (HARDENED, False),
        (HARDENED.without(Resolution.SEATS), True),
        (HARDENED.without(Resolution.CLUSTER_COUNT), False),
        (DOCUMENT, True),
    ],
    ids=["repaired", "without stake", "without an agreed count", "as written"],
)
def test_keys_without_stake_are_believed_only_where_the_registry_is_a_leaders_word(
    profile: Profile, *, believed: bool
) -> None:
    assert violates(profile, "books/chosen", WITHOUT_STAKE) is believed


@pytest.mark.parametrize(
    ("resolution", "believed"), [(Resolution.CLUSTER_COUNT, True), (Resolution.SEATS, False)], ids=["count", "stake"]
)
def test_another_count_is_believed_only_where_the_count_is_a_leaders_word(
    resolution: Resolution, *, believed: bool
) -> None:
    assert violates(HARDENED.without(resolution), "books/chosen", ANOTHER_COUNT) is believed
    assert not violates(HARDENED, "books/chosen", ANOTHER_COUNT)


def nothing(*arguments: object) -> None:
    """A check that is not made."""


def anywhere(profile: Profile, court: acts.Court, envelope: Envelope) -> object:
    """An act of any chain and epoch."""
    return decode_message(profile, message_octets(envelope.statement))


def whatever(profile: Profile, court: acts.Court, ledger: Ledger, envelope: Envelope) -> Ledger:
    """The ledger after an act, even if it is the one before."""
    act = acts.act_in(profile, court, envelope)
    return acts.after_act(profile, court, ledger, act, envelope.statement.sender)


@pytest.mark.parametrize(
    ("module", "check", "instead", "names"),
    [
        (acts, "is_in_order", lambda envelopes: True, ("twice", "said again", "out of order")),
        (acts, "check_signature", nothing, ("unsigned",)),
        (acts, "speaks_for", nothing, ("for another key",)),
        (acts, "act_in", anywhere, ("of another epoch", "of another chain")),
        (acts, "applied", whatever, ("without effect",)),
        (closing, "check_closing", nothing, FALSE_BOOKS),
        (turnover, "check_economy", nothing, FALSE_BOOKS),
    ],
    ids=["order", "signature", "speaker", "place", "effect", "vote", "turn"],
)
def test_each_check_that_is_not_made_lets_the_leader_choose(
    monkeypatch: pytest.MonkeyPatch, module: object, check: str, instead: object, names: tuple[str, ...]
) -> None:
    cases = [{"holders": HOLDERS, "epoch": 0, "acts": ["departure"], "forgery": name} for name in names]
    cases = [case | {"acts": []} if case["forgery"] in FALSE_ACTS else case for case in cases]
    assert not any(violates(HARDENED, "books/chosen", case) for case in cases)
    monkeypatch.setattr(module, check, instead)
    assert all(violates(HARDENED, "books/chosen", case) for case in cases)


def test_without_the_rules_no_books_are_kept_and_a_choice_stays_as_it_is() -> None:
    there = office()
    literal = sized(HARDENED.without(Resolution.SEATS).without(Resolution.CLUSTER_COUNT))
    choice = own_choice(there.profile, there.at)
    wished = type(choice)((), 1, choice.commitments, choice.reveals, choice.acts)
    assert booked(literal, there.at, (), wished) == wished


def test_the_explored_closings_name_every_forgery_and_every_act() -> None:
    explored = list(choices())
    assert {each["forgery"] for each in explored} == {*FALSE_BOOKS, *FALSE_ACTS}
    assert {act for each in plans() for names in each["acts"] for act in names} == set(ACTS)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("resolution", "code"), [(None, "BEACON_COMMITMENT"), (Resolution.CHECKPOINT, None)], ids=["rule", "no rule"]
)
def test_d71_a_leaver_has_a_free_bit_only_where_it_may_commit_without_a_seat(
    resolution: Resolution | None, code: str | None
) -> None:
    profile = HARDENED if resolution is None else HARDENED.without(resolution)
    seen = run(profile, Counterexample("beacon/free-bit", {"holders": 5, "left": 0, "commits": 1}))
    assert seen.violated is (code is None)
    assert seen.states[-1].get("code") == code
    if code is None:
        assert (seen.states[-1]["beacons"], seen.states[-1]["lost"]) == (2, 0)


def test_a_bit_of_who_still_has_a_seat_costs_two_percent_of_it() -> None:
    seen = run(HARDENED, Counterexample("beacon/free-bit", {"holders": 5, "left": 0, "commits": 0}))
    assert not seen.violated
    assert (seen.states[-1]["beacons"], seen.states[-1]["lost"]) == (2, HARDENED.parameters.seat_stake // 50)
