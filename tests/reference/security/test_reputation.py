"""Scores: bounded, a function of final blocks, and read by nothing that decides."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest

from taifoon.core.assignment import SeatKey
from taifoon.core.block import ClusterBlock
from taifoon.primitives.types import PublicKey, Seat
from taifoon.profile import HARDENED, Resolution
from taifoon.security.reputation import Score, Scores, after_block, asking_order, candidates, points_of, vote_weight
from taifoon_models.blocks import first_state, opened, opening_block, working_block
from taifoon_models.keys import key

REFERENCE = Path(__file__).parents[3] / "reference" / "taifoon"
LITERAL = HARDENED.without(Resolution.REPUTATION)
CAPPED = HARDENED.with_parameters(replace(HARDENED.parameters, reputation_cap=2))
SEATS = tuple(SeatKey(key(number), Seat(0)) for number in range(4))


def scores(**points: int) -> Scores:
    """Scores by the last digit of a name: `key2=5`."""
    return tuple(sorted((Score(key(int(name[-1])), each) for name, each in points.items()), key=lambda s: s.key))


def blocks() -> tuple[ClusterBlock, ClusterBlock]:
    """One result of key 0, then one more of key 0 and one of key 1."""
    state = first_state(HARDENED, 4)
    return opening_block(HARDENED, state), working_block(HARDENED, opened(HARDENED, 4))


def test_a_result_of_a_final_block_is_a_point() -> None:
    first, second = blocks()
    one = after_block(HARDENED, (), first)
    assert one == scores(key0=1)
    assert after_block(HARDENED, one, second) == scores(key0=2, key1=1)


def test_scores_stop_at_the_cap() -> None:
    held: Scores = ()
    for _ in range(3):
        for block in blocks():
            held = after_block(CAPPED, held, block)
    assert held == scores(key0=2, key1=2)


def test_a_fresh_key_has_the_least_score() -> None:
    assert points_of(scores(key0=3), key(1)) == 0
    assert points_of(scores(key0=3), PublicKey(bytes(32))) == 0


def test_replicas_are_asked_by_score_and_equal_ones_as_drawn() -> None:
    assert asking_order(SEATS, ()) == SEATS
    assert asking_order(SEATS, scores(key2=5, key3=1)) == (SEATS[2], SEATS[3], SEATS[0], SEATS[1])
    assert asking_order(SEATS[::-1], scores(key1=1)) == (SEATS[1], SEATS[3], SEATS[2], SEATS[0])


@pytest.mark.parametrize("points", [0, 1, 2, 1_000])
def test_a_vote_counts_once_and_literally_by_the_score(points: int) -> None:
    assert vote_weight(HARDENED, points) == 1
    assert vote_weight(LITERAL, points) == max(1, points)


def test_everyone_may_be_drawn_and_literally_the_best_alone() -> None:
    held = scores(key1=4, key2=4)
    assert candidates(HARDENED, SEATS, held) == SEATS
    assert candidates(LITERAL, SEATS, held) == SEATS[1:3]
    assert candidates(LITERAL, SEATS, ()) == SEATS


def imported_modules(text: str) -> set[str]:
    tree = ast.parse(text)
    named = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    return named | {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}


def test_no_module_of_the_reference_reads_a_score() -> None:
    readers = [
        file.relative_to(REFERENCE).as_posix()
        for file in sorted(REFERENCE.rglob("*.py"))
        if "taifoon.security.reputation" in imported_modules(file.read_text(encoding="utf-8"))
    ]
    assert readers == []
    assert "taifoon.security.reputation" in imported_modules("from taifoon.security.reputation import Score")
