"""A solver's answer is taken for what it is: unsatisfiable, satisfiable with values, or unknown with a reason."""

from __future__ import annotations

import pytest
import z3

from taifoon_proofs.smt import Answer, Obligation, confirm, decide, exported, obligation

X, Y = z3.Ints("x y")
SUM = z3.Sum(*(z3.Product(cube, cube, cube) for cube in z3.Ints("a b c")))

TRUE = obligation("greater-by-one", [X > 2], X > 1)
FALSE = obligation("less-by-one", [X > 2, Y == X], X > 3)
# The sum of three cubes that gives 114: nobody knows, and no solver within its time.
OPEN = obligation("three-cubes", [], SUM != 114)


def test_a_valid_implication_is_unsatisfiable_for_both_solvers() -> None:
    assert decide(TRUE).answer is Answer.UNSATISFIABLE
    assert confirm(TRUE.text).answer is Answer.UNSATISFIABLE
    assert decide(TRUE).model == {}


def test_an_invalid_implication_is_satisfiable_with_the_values_that_show_it() -> None:
    decision = decide(FALSE)
    assert decision.answer is Answer.SATISFIABLE
    assert decision.model == {"x": 3, "y": 3}
    assert confirm(FALSE.text).answer is Answer.SATISFIABLE


def test_values_of_words_and_booleans_are_integers() -> None:
    octet, flag = z3.BitVec("octet", 8), z3.Bool("flag")
    function = z3.Function("f", z3.IntSort(), z3.IntSort())
    decision = decide(obligation("mixed", [octet == 255, flag, function(1) == 2], z3.BoolVal(val=False)))
    assert decision.model == {"flag": 1, "octet": 255}


def test_what_a_solver_cannot_settle_in_time_is_unknown_with_a_reason() -> None:
    for decision in (decide(OPEN, 100), confirm(OPEN.text, 100)):
        assert decision.answer is Answer.UNKNOWN
        assert decision.reason


@pytest.mark.parametrize(
    "text",
    ["not SMT-LIB", "(assert (> x 0))\n(check-sat)", "(set-logic ALL)\n(assert)", "(set-logic ALL)", ""],
)
def test_text_that_the_second_solver_cannot_read_is_told_from_text_that_asks_nothing(text: str) -> None:
    decision = confirm(text)
    assert decision.answer is (Answer.UNKNOWN if text in ("", "(set-logic ALL)") else Answer.UNREADABLE)
    assert decision.reason.startswith("cvc5")


@pytest.mark.parametrize("name", ["", "Upper-case", "with space", "-hyphen-first", "line\nbreak", "under_score"])
def test_a_name_that_could_not_name_a_file_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="use lower-case letters, digits, dots and hyphens"):
        obligation(name, [], X == X)


def test_the_text_is_complete() -> None:
    assert TRUE.text.startswith("; greater-by-one: ")
    assert "(declare-fun x () Int)" in TRUE.text
    assert TRUE.text.rstrip().endswith("(check-sat)")
    assert "set-info" not in TRUE.text


def test_the_text_does_not_depend_on_the_terms_that_were_made_before() -> None:
    def text_with(name: str) -> str:
        shared = z3.Int(name) * 7 + 1
        goal = z3.And(shared > 1, shared + shared > 2, z3.Not(shared == 5))
        return obligation("shared-terms", [shared > 3], goal).text.replace(name, "x")

    first = text_with("first")
    kept = [z3.Int(f"other {number}") > number for number in range(500)]
    assert text_with("second") == first
    assert "let" in first
    assert len(kept) == 500


def test_a_decision_is_made_from_the_text_alone() -> None:
    turned = Obligation("turned", TRUE.text.replace("(> x 2)", "(< x 2)"))
    assert turned.text != TRUE.text
    assert decide(turned).answer is Answer.SATISFIABLE
    assert confirm(turned.text).answer is Answer.SATISFIABLE


def test_published_text_with_quantifiers_is_decided_by_the_second_solver_on_its_own() -> None:
    thing = z3.DeclareSort("Thing")
    x, y = z3.Consts("x y", thing)
    holds = z3.Function("holds", thing, z3.BoolSort())
    some = obligation("not-for-all", [z3.Exists([x], holds(x))], z3.ForAll([y], holds(y)))
    assert exported(some) != some.text
    assert confirm(exported(some)).answer is Answer.SATISFIABLE
    plain = obligation("plain", [X > 2], X > 1)
    assert exported(plain) == plain.text
