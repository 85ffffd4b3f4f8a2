"""Proof certificates: cvc5's proof of an obligation, step by step, in its Cooperating Proof Calculus (CPC).

A certificate names the rule of every step, so that a checker which knows the rules needs to trust no solver. A step
whose rule is `trust`, or begins with that word, states something without proof; such steps are counted. The search
is limited by cvc5's count of its own work, not by time, so a certificate is there on every machine or on none.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

import cvc5

from taifoon_proofs.smt import FINITE_MODELS

OPTIONS = {
    "produce-proofs": "true",
    # Rewrites are broken down to the published rules; coarser ones are stated without proof.
    "proof-granularity": "dsl-rewrite",
    # The search for finite models gives no proof; instances from terms do.
    "full-saturate-quant": "true",
}
EFFORT = 160_000
"""cvc5's units of work for one proof without quantifiers: some seconds at most.

It leaves out most arithmetic on words of 64 bits, as proofs take the slower of cvc5's two propositional solvers.
"""
EFFORT_WITH_QUANTIFIERS = 5_000_000
"""The same with quantifiers, where the work is in instances, which are cheap."""

# One step stands on one line; quoted symbols may hold anything.
STEP = re.compile(r"\(step(?:-pop)? (?:[^|:]|\|[^|]*\||:(?!rule ))*:rule ([^\s()]+)")
TRUST = "trust"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A proof as text, its steps by rule, and, where there is no proof, the reason."""

    text: str | None
    rules: Counter[str]
    reason: str | None = None

    @property
    def steps(self) -> int:
        """Number of steps; assumptions and definitions are none."""
        return self.rules.total()

    @property
    def trust_steps(self) -> int:
        """Number of steps that state something without proof."""
        return sum(count for rule, count in self.rules.items() if rule.startswith(TRUST))


def rules_of(text: str) -> Counter[str]:
    """How often each rule is used in a certificate."""
    return Counter(found[1] for line in text.splitlines() if (found := STEP.match(line)))


def effort_for(text: str) -> int:
    """The units of work that are spent on a text."""
    return EFFORT_WITH_QUANTIFIERS if "(forall " in text or "(exists " in text else EFFORT


def certify(text: str, effort: int | None = None) -> Certificate:
    """cvc5's proof that SMT-LIB 2 text is unsatisfiable. Equal text and effort give an equal certificate."""
    effort = effort_for(text) if effort is None else effort
    solver = cvc5.Solver()
    for name, value in OPTIONS.items():
        solver.setOption(name, value)
    solver.setOption("rlimit-per", str(effort))
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text.replace(f"{FINITE_MODELS}\n", "", 1), "obligation")
    symbols = parser.getSymbolManager()
    printed = ""
    try:
        while not (command := parser.nextCommand()).isNull():
            printed += str(command.invoke(solver, symbols))
        answer = (printed.strip().splitlines() or ["no answer"])[-1]
        if answer != "unsat":
            return absent(f"cvc5 finds no proof within {effort:,} units of work: {answer}")
        written = solver.proofToString(solver.getProof()[0], cvc5.ProofFormat.CPC)
    except RuntimeError as error:
        return absent(f"cvc5 gives no proof: {error}")
    proof = written.decode() if isinstance(written, bytes) else str(written)
    return Certificate(proof, rules_of(proof))


def absent(reason: str) -> Certificate:
    """No certificate, and why."""
    return Certificate(None, Counter(), " ".join(reason.split()))
