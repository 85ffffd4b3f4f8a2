"""A member votes by its own votes and the certificates it has seen; more certificates never take a step away."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taifoon.core.consensus import (
    FIRST_VIEW,
    GENESIS_VIEW,
    Certified,
    Link,
    Voting,
    advance,
    final_kinds,
    finalise,
    notarise,
    nullify,
)
from taifoon.core.vote import VoteKind
from taifoon.primitives.types import Hash32, View
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models.jobs import digest
from taifoon_models.voting import GENESIS, proposals

STEADY = settings(deadline=None, derandomize=True, max_examples=200)
VIEWS = 3
BLOCKS = proposals(VIEWS)
LINKS = tuple(BLOCKS.values())
VOTING_RULES = (
    Resolution.VOTE_ONCE,
    Resolution.CERTIFIED_PARENT,
    Resolution.NULLIFIED_GAP,
    Resolution.FINALISE_EXCLUDES_NULLIFY,
    Resolution.FINALISE_NEEDS_NOTARISATION,
    Resolution.VIEW_CHANGE,
)
ONE_ROUND = HARDENED.without(Resolution.VIEW_CHANGE)
PROFILES = (HARDENED, DOCUMENT, *(HARDENED.without(rule) for rule in VOTING_RULES))

# A block of view 4 on a notarised block of view 1, views 2 and 3 being nullified: every step starts from here.
PARENT = (View(1), digest("parent"))
BLOCK = Link(View(4), digest("block"), *PARENT)
RIVAL = (View(4), digest("rival"))
SEEN = Certified(GENESIS, frozenset({PARENT}), frozenset({View(2), View(3)}))
READY = Voting(view=View(4), notarised=frozenset({PARENT}), nullified=frozenset({View(2), View(3)}))
OWN = (BLOCK.view, BLOCK.block_hash)
SEEN_BLOCK = replace(SEEN, notarised=SEEN.notarised | {OWN})

Step = Callable[[Profile, Voting, Certified, Link], Voting]
STEPS: dict[str, Step] = {
    "notarise": notarise,
    "nullify": lambda profile, voting, _, __: nullify(profile, voting),
    "finalise": finalise,
    "advance": lambda profile, voting, certified, _: advance(profile, voting, certified),
}


def outcome(
    step: str, profile: Profile, *, voting: Voting = READY, certified: Certified = SEEN, link: Link = BLOCK
) -> Voting | RejectionCode:
    """The member after a step, or the code of its rejection."""
    try:
        return STEPS[step](profile, voting, certified, link)
    except Rejected as rejected:
        return rejected.code


def test_each_step_adds_its_own_vote_and_keeps_all_others() -> None:
    assert outcome("notarise", HARDENED) == replace(READY, notarised=READY.notarised | {OWN})
    assert outcome("nullify", HARDENED) == replace(READY, nullified=READY.nullified | {View(4)})
    assert outcome("finalise", HARDENED, certified=SEEN_BLOCK) == replace(READY, finalised=frozenset({OWN}))
    assert outcome("advance", HARDENED, certified=SEEN_BLOCK) == replace(READY, view=View(5))


def test_a_member_starts_in_the_first_view_without_votes() -> None:
    assert Voting() == Voting(FIRST_VIEW, frozenset(), frozenset(), frozenset())
    first = Link(FIRST_VIEW, digest("first"), GENESIS_VIEW, GENESIS)
    assert isinstance(outcome("notarise", HARDENED, voting=Voting(), certified=Certified(GENESIS), link=first), Voting)


@pytest.mark.parametrize("view", [3, 5])
@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_member_notarises_in_its_own_view_alone(profile: Profile, view: int) -> None:
    assert outcome("notarise", profile, voting=replace(READY, view=View(view))) is RejectionCode.VOTE_WRONG_VIEW


@pytest.mark.parametrize("earlier", [RIVAL, OWN], ids=["another block", "the same block"])
def test_a_second_vote_in_a_view_is_given_only_without_the_rule(earlier: tuple[View, Hash32]) -> None:
    voting = replace(READY, notarised=READY.notarised | {earlier})
    assert outcome("notarise", HARDENED, voting=voting) is RejectionCode.VOTE_TWICE
    after = outcome("notarise", HARDENED.without(Resolution.VOTE_ONCE), voting=voting)
    assert after == replace(voting, notarised=voting.notarised | {OWN})


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_no_block_is_notarised_in_a_view_that_the_member_nullified(profile: Profile) -> None:
    voting = replace(READY, nullified=READY.nullified | {View(4)})
    assert outcome("notarise", profile, voting=voting) is RejectionCode.VOTE_CONFLICT


@pytest.mark.parametrize(
    "certified",
    [
        pytest.param(replace(SEEN, notarised=frozenset()), id="nothing"),
        pytest.param(replace(SEEN, notarised=frozenset({(View(1), digest("sibling"))})), id="its sibling"),
        pytest.param(replace(SEEN, notarised=frozenset({(View(2), PARENT[1])})), id="another view"),
    ],
)
def test_a_parent_that_is_not_notarised_will_do_only_without_the_rule(certified: Certified) -> None:
    assert outcome("notarise", HARDENED, certified=certified) is RejectionCode.VOTE_LINEAGE
    assert isinstance(outcome("notarise", HARDENED.without(Resolution.CERTIFIED_PARENT), certified=certified), Voting)


@pytest.mark.parametrize("view", [4, 5])
@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_parent_is_of_an_earlier_view(profile: Profile, view: int) -> None:
    link = replace(BLOCK, parent_view=View(view))
    certified = replace(SEEN, notarised=frozenset({(View(view), link.parent_hash)}))
    assert outcome("notarise", profile, certified=certified, link=link) is RejectionCode.VOTE_LINEAGE


def test_a_block_of_view_zero_other_than_genesis_is_no_parent() -> None:
    everything_nullified = replace(SEEN, nullified=frozenset(View(view) for view in range(1, 4)))
    on_genesis = Link(View(4), digest("block"), GENESIS_VIEW, GENESIS)
    on_another = replace(on_genesis, parent_hash=digest("another genesis"))
    assert isinstance(outcome("notarise", HARDENED, certified=everything_nullified, link=on_genesis), Voting)
    refused = outcome("notarise", HARDENED, certified=everything_nullified, link=on_another)
    assert refused is RejectionCode.VOTE_LINEAGE


@pytest.mark.parametrize("missing", [2, 3])
def test_a_view_between_parent_and_block_may_be_open_only_without_the_rule(missing: int) -> None:
    certified = replace(SEEN, nullified=SEEN.nullified - {View(missing)})
    assert outcome("notarise", HARDENED, certified=certified) is RejectionCode.VOTE_GAP
    assert isinstance(outcome("notarise", HARDENED.without(Resolution.NULLIFIED_GAP), certified=certified), Voting)


def test_a_view_is_nullified_only_where_views_end() -> None:
    assert outcome("nullify", ONE_ROUND) is RejectionCode.VIEW_NOT_OVER
    assert isinstance(outcome("nullify", HARDENED), Voting)


def test_a_view_is_nullified_once() -> None:
    voting = replace(READY, nullified=READY.nullified | {View(4)})
    assert outcome("nullify", HARDENED, voting=voting) is RejectionCode.VOTE_TWICE


def test_a_vote_to_notarise_does_not_forbid_one_to_nullify() -> None:
    voting = replace(READY, notarised=READY.notarised | {OWN})
    assert isinstance(outcome("nullify", HARDENED, voting=voting), Voting)


def test_a_finalised_view_is_nullified_only_without_the_rule() -> None:
    voting = replace(READY, finalised=frozenset({OWN}))
    assert outcome("nullify", HARDENED, voting=voting) is RejectionCode.VOTE_CONFLICT
    assert isinstance(outcome("nullify", HARDENED.without(Resolution.FINALISE_EXCLUDES_NULLIFY), voting=voting), Voting)


def test_there_is_a_vote_to_finalise_only_where_views_end() -> None:
    assert outcome("finalise", ONE_ROUND, certified=SEEN_BLOCK) is RejectionCode.VOTE_NOT_NOTARISED
    assert isinstance(outcome("finalise", HARDENED, certified=SEEN_BLOCK), Voting)


def test_a_block_of_a_view_not_reached_is_not_finalised() -> None:
    early = replace(READY, view=View(3))
    assert outcome("finalise", HARDENED, voting=early, certified=SEEN_BLOCK) is RejectionCode.VOTE_WRONG_VIEW
    later = replace(READY, view=View(9))
    assert isinstance(outcome("finalise", HARDENED, voting=later, certified=SEEN_BLOCK), Voting)


@pytest.mark.parametrize("profile", [HARDENED, HARDENED.without(Resolution.VOTE_ONCE)], ids=lambda item: item.name)
def test_a_block_is_finalised_once(profile: Profile) -> None:
    voting = replace(READY, finalised=frozenset({OWN}))
    assert outcome("finalise", profile, voting=voting, certified=SEEN_BLOCK) is RejectionCode.VOTE_TWICE


def test_a_second_block_of_a_view_is_finalised_only_without_the_rule() -> None:
    voting = replace(READY, finalised=frozenset({RIVAL}))
    assert outcome("finalise", HARDENED, voting=voting, certified=SEEN_BLOCK) is RejectionCode.VOTE_TWICE
    after = outcome("finalise", HARDENED.without(Resolution.VOTE_ONCE), voting=voting, certified=SEEN_BLOCK)
    assert after == replace(voting, finalised=frozenset({OWN, RIVAL}))


def test_a_nullified_view_is_finalised_only_without_the_rule() -> None:
    voting = replace(READY, nullified=READY.nullified | {View(4)})
    assert outcome("finalise", HARDENED, voting=voting, certified=SEEN_BLOCK) is RejectionCode.VOTE_CONFLICT
    weakened = HARDENED.without(Resolution.FINALISE_EXCLUDES_NULLIFY)
    assert isinstance(outcome("finalise", weakened, voting=voting, certified=SEEN_BLOCK), Voting)


def test_a_block_without_certificate_is_finalised_only_without_the_rule() -> None:
    assert outcome("finalise", HARDENED) is RejectionCode.VOTE_NOT_NOTARISED
    assert isinstance(outcome("finalise", HARDENED.without(Resolution.FINALISE_NEEDS_NOTARISATION)), Voting)


@pytest.mark.parametrize(
    ("certified", "over"),
    [
        pytest.param(SEEN, False, id="earlier views"),
        pytest.param(replace(SEEN, notarised=frozenset({(View(5), RIVAL[1])})), False, id="a later view notarised"),
        pytest.param(replace(SEEN, nullified=SEEN.nullified | {View(5)}), False, id="a later view nullified"),
        pytest.param(SEEN_BLOCK, True, id="notarised"),
        pytest.param(replace(SEEN, notarised=SEEN.notarised | {RIVAL}), True, id="another block notarised"),
        pytest.param(replace(SEEN, nullified=SEEN.nullified | {View(4)}), True, id="nullified"),
    ],
)
def test_a_member_goes_on_when_its_view_is_over(certified: Certified, over: bool) -> None:
    expected = replace(READY, view=View(5)) if over else RejectionCode.VIEW_NOT_OVER
    assert outcome("advance", HARDENED, certified=certified) == expected
    assert outcome("advance", ONE_ROUND, certified=certified) is RejectionCode.VIEW_NOT_OVER


def test_finality_takes_both_certificates_and_one_less_without_each_rule() -> None:
    assert final_kinds(HARDENED) == (VoteKind.NOTARISE, VoteKind.FINALISE)
    assert final_kinds(HARDENED.without(Resolution.FINALITY_CARRIES_NOTARISATION)) == (VoteKind.FINALISE,)
    assert final_kinds(ONE_ROUND) == final_kinds(DOCUMENT) == (VoteKind.NOTARISE,)


BLOCK_VOTES = st.frozensets(st.sampled_from([(link.view, link.block_hash) for link in LINKS]), max_size=4)
SOME_VIEWS = st.frozensets(st.integers(1, VIEWS).map(View))
CERTIFICATES = st.builds(Certified, st.just(GENESIS), BLOCK_VOTES, SOME_VIEWS)
MEMBERS = st.builds(Voting, st.integers(1, VIEWS).map(View), BLOCK_VOTES, SOME_VIEWS, BLOCK_VOTES)


@settings(STEADY, max_examples=600)
@given(
    profile=st.sampled_from(PROFILES),
    voting=MEMBERS,
    more=CERTIFICATES,
    chosen=st.randoms(use_true_random=False),
)
def test_more_certificates_never_disable_a_step(
    profile: Profile, voting: Voting, more: Certified, chosen: random.Random
) -> None:
    fewer = Certified(
        GENESIS,
        frozenset(item for item in sorted(more.notarised) if chosen.random() < 0.6),
        frozenset(view for view in sorted(more.nullified) if chosen.random() < 0.6),
    )
    for step in STEPS:
        for link in LINKS:
            allowed = outcome(step, profile, voting=voting, certified=fewer, link=link)
            if isinstance(allowed, Voting):
                assert outcome(step, profile, voting=voting, certified=more, link=link) == allowed


@pytest.mark.parametrize("step", STEPS)
def test_the_order_in_which_certificates_arrive_decides_nothing(step: str) -> None:
    arriving: Sequence[tuple[View, Hash32 | None]] = (*sorted(SEEN_BLOCK.notarised), (View(2), None), (View(3), None))
    decisions = set()
    for order in permutations(arriving):
        certified = Certified(GENESIS)
        for view, block in (*order, order[0]):
            if block is None:
                certified = replace(certified, nullified=certified.nullified | {view})
            else:
                certified = replace(certified, notarised=certified.notarised | {(view, block)})
        assert certified == SEEN_BLOCK
        decisions.add(outcome(step, HARDENED, certified=certified))
    assert len(decisions) == 1


Said = tuple[VoteKind, View, Hash32 | None]


def said_by(voting: Voting) -> set[Said]:
    """The statements that a member has signed."""
    return {
        *((VoteKind.NOTARISE, view, block) for view, block in voting.notarised),
        *((VoteKind.FINALISE, view, block) for view, block in voting.finalised),
        *((VoteKind.NULLIFY, view, None) for view in voting.nullified),
    }


def contradictions(said: set[Said]) -> set[str]:
    """Two blocks notarised in one view, two finalised in one, or a view both finalised and nullified."""
    notarised = [view for kind, view, _ in said if kind is VoteKind.NOTARISE]
    finalised = [view for kind, view, _ in said if kind is VoteKind.FINALISE]
    nullified = {view for kind, view, _ in said if kind is VoteKind.NULLIFY}
    found = {
        "two notarised": len(set(notarised)) < len(notarised),
        "two finalised": len(set(finalised)) < len(finalised),
        "both ways": bool(nullified & set(finalised)),
    }
    return {name for name, holds in found.items() if holds}


def restarted(voting: Voting) -> Voting:
    """A member read back from lists of its votes, the order of which is lost."""
    return Voting(
        View(int(voting.view)),
        frozenset((view, Hash32(bytes(block))) for view, block in sorted(voting.notarised, reverse=True)),
        frozenset(sorted(voting.nullified, reverse=True)),
        frozenset((view, Hash32(bytes(block))) for view, block in sorted(voting.finalised, reverse=True)),
    )


def played(profile: Profile, chance: random.Random, certified: Certified, length: int) -> tuple[set[Said], int]:
    """What a member signs that tries random steps and restarts between them, and how many steps were allowed."""
    voting, said, taken = Voting(), set[Said](), 0
    for _ in range(length):
        step, link = chance.choice(sorted(STEPS)), chance.choice(LINKS)
        after = outcome(step, profile, voting=voting, certified=certified, link=link)
        if isinstance(after, Voting):
            taken += 1
            voting = after
            said |= said_by(voting)
        if chance.random() < 0.3:
            voting = restarted(voting)
    return said, taken


@STEADY
@given(certified=CERTIFICATES, chance=st.randoms(use_true_random=False))
def test_a_member_that_restarts_from_its_stored_state_never_contradicts_itself(
    certified: Certified, chance: random.Random
) -> None:
    said, _ = played(HARDENED, chance, certified, 60)
    assert contradictions(said) == set()


@pytest.mark.parametrize(
    ("rule", "contradiction"),
    [
        (Resolution.VOTE_ONCE, {"two notarised", "two finalised"}),
        (Resolution.FINALISE_EXCLUDES_NULLIFY, {"both ways"}),
    ],
)
def test_such_schedules_contradict_themselves_without_the_rule(rule: Resolution, contradiction: set[str]) -> None:
    everything = Certified(
        GENESIS, frozenset((link.view, link.block_hash) for link in LINKS), frozenset(map(View, range(1, VIEWS + 1)))
    )
    found = set()
    for number in range(20):
        chance = random.Random(number)  # noqa: S311 - a numbered schedule
        assert contradictions(played(HARDENED, chance, everything, 60)[0]) == set()
        said, taken = played(HARDENED.without(rule), chance, everything, 60)
        assert taken > 0
        found |= contradictions(said)
    assert found == contradiction


def test_a_member_that_restarts_from_an_older_state_contradicts_itself() -> None:
    first, second = BLOCKS["1.a"], BLOCKS["1.b"]
    nothing_seen = Certified(GENESIS)
    stored = Voting()
    sent = notarise(HARDENED, stored, nothing_seen, first)
    assert outcome("notarise", HARDENED, voting=sent, certified=nothing_seen, link=second) is RejectionCode.VOTE_TWICE
    again = notarise(HARDENED, restarted(stored), nothing_seen, second)
    assert contradictions(said_by(sent) | said_by(again)) == {"two notarised"}
