"""Proof obligations as SMT-LIB 2 text, decided by Z3 and confirmed by cvc5.

An obligation says that its negation is unsatisfiable. Both solvers read the same text in a fresh context, so what is
published is what was decided, and an answer never depends on what was decided before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

import cvc5
import z3

Z3_MILLISECONDS = 60_000
CVC5_MILLISECONDS = 60_000
FINITE_MODELS = """; cvc5 decides this with the option; a solver that does not know it says so and goes on
(set-option :finite-model-find true)"""
NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")


class Answer(Enum):
    """What a solver says of a formula."""

    UNSATISFIABLE = "unsat"
    SATISFIABLE = "sat"
    UNKNOWN = "unknown"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Obligation:
    """A named formula in SMT-LIB 2 that has to be unsatisfiable."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Decision:
    """A solver's answer, with the values of the free constants where satisfiable, the reason where unknown."""

    answer: Answer
    model: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""


def obligation(name: str, hypotheses: Sequence[z3.BoolRef], goal: z3.BoolRef) -> Obligation:
    """The obligation that the hypotheses imply the goal."""
    if not NAME.fullmatch(name):
        raise ValueError(f"obligation name {name!r}: use lower-case letters, digits, dots and hyphens")
    # Shared terms are printed under their numbers in the context: in a fresh one these depend on the formula alone.
    context = z3.Context()
    solver = z3.Solver(ctx=context)
    solver.add(*(formula.translate(context) for formula in (*hypotheses, z3.Not(goal))))
    body = "\n".join(line for line in solver.to_smt2().splitlines() if not line.startswith(("; ", "(set-info")))
    return Obligation(name, f"; {name}: unsat means that the hypotheses imply the goal\n(set-logic ALL)\n{body}\n")


def exported(proof_obligation: Obligation) -> str:
    """The text as it is published: where it has quantifiers, with the option by which cvc5 decides it."""
    text = proof_obligation.text
    if "(forall " not in text and "(exists " not in text:
        return text
    return text.replace("(set-logic", f"{FINITE_MODELS}\n(set-logic", 1)


def decide(proof_obligation: Obligation, milliseconds: int = Z3_MILLISECONDS) -> Decision:
    """Z3's answer."""
    solver = z3.Solver(ctx=z3.Context())
    solver.set("timeout", milliseconds)
    solver.from_string(proof_obligation.text)
    answer = solver.check()
    if answer == z3.unsat:
        return Decision(Answer.UNSATISFIABLE)
    if answer == z3.sat:
        return Decision(Answer.SATISFIABLE, _values(solver.model()))
    return Decision(Answer.UNKNOWN, reason=f"z3: {solver.reason_unknown()}")


def _values(model: z3.ModelRef) -> dict[str, int]:
    values: dict[str, int] = {}
    for declaration in model.decls():
        value = model[declaration]
        if z3.is_int_value(value) or z3.is_bv_value(value):
            values[declaration.name()] = value.as_long()
        elif z3.is_true(value) or z3.is_false(value):
            values[declaration.name()] = int(z3.is_true(value))
    return dict(sorted(values.items()))


def confirm(text: str, milliseconds: int = CVC5_MILLISECONDS, *, finite_models: bool = False) -> Decision:
    """cvc5's answer on SMT-LIB 2 text; `finite_models` switches its finite model finder on."""
    solver = cvc5.Solver()
    solver.setOption("tlimit-per", str(milliseconds))
    if finite_models:
        solver.setOption("finite-model-find", "true")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "obligation")
    symbols = parser.getSymbolManager()
    printed = ""
    try:
        while not (command := parser.nextCommand()).isNull():
            printed += str(command.invoke(solver, symbols))
    except RuntimeError as error:
        return Decision(Answer.UNREADABLE, reason=f"cvc5 cannot read the text: {error}")
    last = printed.strip().splitlines()[-1] if printed.strip() else "no answer"
    if last == "unsat":
        return Decision(Answer.UNSATISFIABLE)
    if last == "sat":
        return Decision(Answer.SATISFIABLE)
    return Decision(Answer.UNKNOWN, reason=f"cvc5: {last}")
