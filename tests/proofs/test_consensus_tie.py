"""The tie of handlers and proof catches handlers that allow too much or too little; the proof uses its invariants."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from taifoon.core import consensus
from taifoon.core.consensus import GENESIS_VIEW, Certified, Link, Voting, advance
from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.profile import HARDENED, Profile, Resolution
from taifoon.rejection import Rejected, RejectionCode
from taifoon_models import voting
from taifoon_models.voting import Committee
from taifoon_proofs.establish import Claim
from taifoon_proofs.scenario import replays
from taifoon_proofs.smt import Answer, confirm, obligation
from taifoon_proofs.theorems.consensus_terms import (
    UNUSED_BY_AGREEMENT,
    Votes,
    agreement_step,
    axioms,
    induction_claims,
    invariants,
    one_notarised_a_view,
)
from taifoon_proofs.theorems.consensus_tie import axiom_predicates, frame, guard_predicates, structure, tied
from taifoon_proofs.verdict import Outcome, Verdict

INVARIANTS = tuple(invariants(Votes()))

# What the proof of each statement uses. A certificate counts votes of its block's own view alone, so that votes cast in
# other views do no harm; two votes to finalise in one view harm nobody while finality takes a notarisation.
AGREEMENT_USES = {
    "one-notarise-a-view",
    "finalise-excludes-nullify",
    "notarise-has-certified-parent",
    "notarise-has-nullified-gap",
}
ONE_A_VIEW_USES = {"one-notarise-a-view"}


@pytest.mark.parametrize(("seats", "views"), [(1, 2), (1, 3), (2, 2), (4, 1), (5, 1)])
def test_the_shipped_handlers_are_the_system_of_the_proof(seats: int, views: int) -> None:
    verdict = tied(HARDENED, seats, views)
    assert verdict.outcome is Outcome.EXHAUSTED, verdict.reason


@pytest.mark.parametrize(
    ("rule", "seats", "views", "last"),
    [
        pytest.param(Resolution.VOTE_ONCE, 4, 1, "notarise", id="vote once"),
        pytest.param(Resolution.FINALISE_EXCLUDES_NULLIFY, 4, 1, None, id="finalise excludes nullify"),
        pytest.param(Resolution.CERTIFIED_PARENT, 4, 2, "notarise", id="certified parent"),
        pytest.param(Resolution.NULLIFIED_GAP, 4, 2, "notarise", id="nullified gap"),
    ],
)
def test_a_handler_that_allows_too_much_is_refuted_by_its_step(
    rule: Resolution, seats: int, views: int, last: str | None
) -> None:
    profile = HARDENED.without(rule)
    verdict = tied(profile, seats, views)
    assert verdict.outcome is Outcome.REFUTED, verdict.reason
    assert verdict.counterexample is not None
    assert replays(profile, verdict.counterexample)
    assert not replays(HARDENED, verdict.counterexample)
    schedule = verdict.counterexample.parameters["schedule"]
    assert isinstance(schedule, list)
    assert last is None or schedule[-1][1] == last


def refuse_genesis_in_view_two(profile: Profile, certified: Certified, link: Link) -> bool:
    notarised = certified.is_notarised(link.parent_view, link.parent_hash)
    return notarised and not (link.view == 2 and link.parent_view == GENESIS_VIEW)


PLANTED: dict[str, tuple[str, Callable[..., bool], list[str]]] = {
    "genesis is no parent in view 2": ("has_certified_parent", refuse_genesis_in_view_two, ["notarise 2.0"]),
    "gaps are never good": ("has_nullified_gap", lambda *_: False, ["notarise 1.a", "notarise 1.b", "notarise 2.0"]),
    "only gapless blocks": (
        "has_nullified_gap",
        lambda _, __, link: link.parent_view + 1 == link.view,
        ["notarise 2.0"],
    ),
    "one vote for ever": (
        "forbids_second_vote",
        lambda _, member, __: bool(member.notarised),
        ["notarise 2.1a"],
    ),
    "nothing is nullified": ("excludes_nullify", lambda *_: True, ["nullify"]),
    "no view is nullified after a vote": (
        "excludes_nullify",
        lambda _, member, view: member.voted_in(view) or member.finalised_in(view),
        ["nullify"],
    ),
    "nothing is finalised": ("excludes_finalise", lambda *_: True, ["finalise 1.a"]),
    "no certificate is good enough to finalise": ("may_be_finalised", lambda *_: False, ["finalise 1.a"]),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_handler_that_allows_too_little_is_named_with_the_step_it_does_not_offer(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule, planted, missing = PLANTED[name]
    monkeypatch.setattr(consensus, rule, planted)
    verdict = tied(HARDENED, 2, 2)
    assert verdict.outcome is Outcome.UNKNOWN
    for step in missing:
        assert f"the handler does not offer to {step}" in (verdict.reason or "").partition(": ")[2].split("; ")


def test_a_member_that_never_goes_on_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def stay(profile: Profile, member: Voting, certified: Certified) -> Voting:
        raise Rejected(RejectionCode.VIEW_NOT_OVER, "planted")

    monkeypatch.setattr(voting, "advance", stay)
    verdict = tied(HARDENED, 2, 2)
    reason = f"{verdict.reach}: the handler does not offer to advance"
    assert verdict == Verdict(Outcome.UNKNOWN, verdict.reach, reason=reason)


def test_a_member_that_goes_on_after_a_notarisation_alone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def reluctant(profile: Profile, member: Voting, certified: Certified) -> Voting:
        return advance(profile, member, replace(certified, nullified=frozenset()))

    monkeypatch.setattr(voting, "advance", reluctant)
    assert "the handler does not offer to advance" in (tied(HARDENED, 2, 2).reason or "")


def without(claim: Claim, *names: str) -> Claim:
    """The claim without some invariants among its hypotheses; the agreement step never had one of them."""
    dropped = [invariants(Votes())[name] for name in names]
    kept = [item for item in claim.hypotheses if not any(item.eq(invariant) for invariant in dropped)]
    never_had = UNUSED_BY_AGREEMENT if claim.name == "finalised-is-ancestor-of-notarised" else ()
    assert len(claim.hypotheses) - len(kept) == len(set(names) - set(never_had))
    return Claim(claim.name, kept, claim.goal)


def answer(claim: Claim) -> Answer:
    """The answer on the negated claim of the solver that looks for finite models: it finds those that Z3 does not."""
    return confirm(obligation(claim.name, claim.hypotheses, claim.goal).text, finite_models=True).answer


@pytest.mark.parametrize("name", INVARIANTS)
@pytest.mark.parametrize(
    ("claim", "uses"),
    [
        pytest.param(agreement_step(HARDENED, lambda _: None), AGREEMENT_USES, id="agreement"),
        pytest.param(one_notarised_a_view(HARDENED, lambda _: None), ONE_A_VIEW_USES, id="one a view"),
    ],
)
def test_a_proof_falls_exactly_without_the_invariants_it_uses(claim: Claim, uses: set[str], name: str) -> None:
    expected = Answer.SATISFIABLE if name in uses else Answer.UNSATISFIABLE
    assert answer(without(claim, name)) is expected


@pytest.mark.parametrize(
    ("claim", "uses"),
    [
        pytest.param(agreement_step(HARDENED, lambda _: None), AGREEMENT_USES, id="agreement"),
        pytest.param(one_notarised_a_view(HARDENED, lambda _: None), ONE_A_VIEW_USES, id="one a view"),
    ],
)
def test_the_invariants_that_a_proof_uses_are_enough(claim: Claim, uses: set[str]) -> None:
    assert answer(without(claim, *(name for name in INVARIANTS if name not in uses))) is Answer.UNSATISFIABLE


@pytest.mark.parametrize("name", INVARIANTS)
def test_each_invariant_is_kept_without_the_help_of_the_others(name: str) -> None:
    others = [item for item in INVARIANTS if item != name]
    steps = [item for item in induction_claims(HARDENED, lambda _: None) if item.name.endswith(f".{name}")]
    assert len(steps) == 5
    for item in steps:
        alone = item if item.name.startswith("start.") else without(item, *others)
        assert answer(alone) is Answer.UNSATISFIABLE, item.name


def test_quorums_that_do_not_meet_prove_no_agreement() -> None:
    claim = agreement_step(HARDENED, lambda _: None)
    meeting = axioms(HARDENED)[0]
    kept = [item for item in claim.hypotheses if not item.eq(meeting)]
    assert len(kept) == len(claim.hypotheses) - 1
    assert answer(Claim(claim.name, kept, claim.goal)) is Answer.SATISFIABLE


@pytest.mark.parametrize("seats", range(1, 8))
def test_quorums_of_a_committee_meet_honestly_up_to_the_tolerated_faults(seats: int) -> None:
    def kept(byzantine: int) -> list[bool]:
        committee = Committee(HARDENED, seats, byzantine, 1)
        here = structure(frame(committee), committee, committee.start())
        return [axiom(here) for axiom in axiom_predicates()]

    overlap = 2 * quorum(HARDENED, seats) - seats
    assert tolerated_faults(HARDENED, seats) < overlap
    for byzantine in range(seats + 1):
        meeting, *others = kept(byzantine)
        assert meeting == (byzantine < overlap)
        assert all(others)


def test_the_guards_are_those_of_the_actions() -> None:
    assert set(guard_predicates()) == {"notarise", "nullify", "finalise", "byzantine"}
    assert guard_predicates()["byzantine"] == {}


def test_in_a_structure_the_last_seats_are_byzantine_and_have_cast_every_vote() -> None:
    committee = Committee(HARDENED, 4, 1, 1)
    here = structure(frame(committee), committee, committee.start())
    expected = [False, False, False, True]
    assert [here["byzantine"](member) for member in here["Member"]] == expected
    assert [here["nullify"](member, 1) for member in here["Member"]] == expected
    for kind in ("notarise", "finalise"):
        assert [here[kind](member, 1, "1.a") for member in here["Member"]] == expected
