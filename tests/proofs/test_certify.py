"""A certificate is a proof whose every step has a rule, is the same each time, and is absent with a reason."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import z3

from taifoon_proofs.certify import Certificate, certify, effort_for, rules_of
from taifoon_proofs.smt import exported, obligation

X, Y = z3.Ints("x y")
TRUE = obligation("greater-by-one", [X > 2, Y == 2 * X], Y > 4)
FALSE = obligation("less-by-one", [X > 2], X > 3)
THING = z3.DeclareSort("Thing")
HOLDS, FOLLOWS = (z3.Function(name, THING, z3.BoolSort()) for name in ("holds", "follows"))
T = z3.Const("t", THING)
QUANTIFIED = obligation(
    "instance", [z3.ForAll([T], z3.Implies(HOLDS(T), FOLLOWS(T))), z3.ForAll([T], HOLDS(T))], z3.ForAll([T], FOLLOWS(T))
)
WORD = z3.BitVec("word", 16)
WORDS = obligation("low-bit", [WORD & 1 == 0], (WORD ^ 1) == WORD + 1)


@pytest.mark.parametrize("proved", [TRUE, QUANTIFIED, WORDS], ids=lambda item: item.name)
def test_numbers_words_and_quantifiers_have_proofs_without_a_trust_step(proved: object) -> None:
    certificate = certify(exported(proved))  # type: ignore[arg-type]
    assert certificate.text is not None, certificate.reason
    assert certificate.steps > 0
    assert certificate.trust_steps == 0
    assert " false " in certificate.text.rstrip().splitlines()[-2], "the last step is the contradiction"


def test_published_text_has_the_proof_of_the_bare_one() -> None:
    assert exported(QUANTIFIED) != QUANTIFIED.text
    assert certify(exported(QUANTIFIED)) == certify(QUANTIFIED.text)


def test_a_certificate_does_not_depend_on_the_process() -> None:
    code = "import sys; from taifoon_proofs.certify import certify; print(certify(sys.stdin.read()).text)"
    texts = {
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", code],
            input=exported(QUANTIFIED),
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert texts == {f"{certify(QUANTIFIED.text).text}\n"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (FALSE.text, "cvc5 finds no proof within 160,000 units of work: sat"),
        ("(set-logic ALL)", "cvc5 finds no proof within 160,000 units of work: no answer"),
        ("not SMT-LIB", "cvc5 gives no proof: "),
    ],
)
def test_where_there_is_no_proof_the_reason_is_named(text: str, reason: str) -> None:
    certificate = certify(text)
    assert certificate.text is None
    assert certificate.steps == 0
    assert certificate.reason is not None
    assert certificate.reason.startswith(reason)


def test_the_effort_is_bounded_and_quantifiers_get_more() -> None:
    assert certify(WORDS.text, 1).text is None
    assert effort_for(QUANTIFIED.text) > effort_for(WORDS.text)


def test_a_rule_is_read_from_the_step_and_not_from_its_terms() -> None:
    text = "\n".join(
        (
            "(declare-const |odd :rule trust| Bool)",
            "(define @t1 () (not |odd :rule trust|))",
            "(assume @p1 |odd :rule trust|)",
            "(step @p2 |odd :rule trust| :rule refl :args (|odd :rule trust|))",
            "(step @p3 :rule trust :args (@t1))",
            "(step-pop @p4 (or @t1 @t1) :rule scope :premises (@p3))",
            "(step @p5 false :rule trust_theory :premises (@p4))",
            "(step @p6 :rule distrust :premises (@p4))",
        )
    )
    rules = rules_of(text)
    assert dict(rules) == {"refl": 1, "trust": 1, "scope": 1, "trust_theory": 1, "distrust": 1}
    assert Certificate(text, rules).trust_steps == 2
