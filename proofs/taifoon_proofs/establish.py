"""The two ways in which a theorem establishes its parts: SMT obligations, and exploration of a scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import z3

from taifoon.profile import Profile
from taifoon_proofs.scenario import violates
from taifoon_proofs.smt import Answer, Decision, confirm, decide, obligation
from taifoon_proofs.verdict import Counterexample, Json, Outcome, Verdict

CONSISTENCY_MILLISECONDS = 2_000

Witness = Callable[[Mapping[str, int]], Counterexample | None]


@dataclass(frozen=True, slots=True)
class Claim:
    """Hypotheses that imply a goal, and how a model of the negation becomes a scenario's parameters."""

    name: str
    hypotheses: Sequence[z3.BoolRef]
    goal: z3.BoolRef
    witness: Witness | None = None


def prove(reach: str, *claims: Claim) -> Verdict:
    """PROVED when Z3 finds every negated claim unsatisfiable; `reach` says for what.

    A negation that is not refuted refutes the theorem if the claim's witness finds a counterexample; else it is
    UNKNOWN. Hypotheses that contradict each other would prove anything, so they have to be satisfiable.
    """
    obligations = []
    for claim in claims:
        proof_obligation = obligation(claim.name, claim.hypotheses, claim.goal)
        decision = decide(proof_obligation)
        if decision.answer is not Answer.UNSATISFIABLE:
            return _unproved(claim, decision)
        if not _consistent(claim):
            return Verdict(Outcome.UNKNOWN, claim.name, reason=f"{claim.name}: no model of the hypotheses was found")
        obligations.append(proof_obligation)
    return Verdict(Outcome.PROVED, reach, obligations=tuple(obligations))


def _consistent(claim: Claim) -> bool:
    """Whether the hypotheses have a model; quantified ones may need the other solver's search for finite models."""
    premises = obligation(claim.name, claim.hypotheses, z3.BoolVal(val=False))
    decision = decide(premises, CONSISTENCY_MILLISECONDS)
    if decision.answer is Answer.UNKNOWN:
        decision = confirm(premises.text, finite_models=True)
    return decision.answer is Answer.SATISFIABLE


def _unproved(claim: Claim, decision: Decision) -> Verdict:
    # Satisfiable formulas with quantifiers are often beyond the solver; the witness then searches a finite instance.
    counterexample = claim.witness(decision.model) if claim.witness else None
    if counterexample is None and decision.answer is Answer.UNKNOWN:
        return Verdict(Outcome.UNKNOWN, claim.name, reason=f"{claim.name}: {decision.reason}")
    if counterexample is None:
        shown = ", ".join(f"{name} = {value}" for name, value in decision.model.items())
        return Verdict(Outcome.UNKNOWN, claim.name, reason=f"{claim.name}: a model without a scenario: {shown}")
    return Verdict(Outcome.REFUTED, claim.name, counterexample=counterexample)


def first_violation(profile: Profile, name: str, cases: Iterable[Mapping[str, Json]]) -> Counterexample | None:
    """The first parameters at which a scenario violates its property."""
    for parameters in cases:
        if violates(profile, name, parameters):
            return Counterexample(name, parameters)
    return None


def exhaust(profile: Profile, name: str, reach: str, cases: Iterable[Mapping[str, Json]]) -> Verdict:
    """EXHAUSTED when a scenario violates its property for none of the cases, which `reach` describes completely."""
    counted = 0
    for counted, parameters in enumerate(cases, start=1):
        if violates(profile, name, parameters):
            return Verdict(
                Outcome.REFUTED, f"case {counted} of {name}", counterexample=Counterexample(name, parameters)
            )
    if counted == 0:
        return Verdict(Outcome.UNKNOWN, reach, reason=f"{name}: no case was explored")
    return Verdict(Outcome.EXHAUSTED, f"{reach} ({counted:,} cases)")
