"""The registry of rejection codes is append-only, and an error says what it is about."""

from __future__ import annotations

import pickle
import tomllib
from pathlib import Path

import pytest

from taifoon.rejection import Rejected, RejectionCode

LEDGER = Path(__file__).parents[2] / "spec" / "catalogue" / "rejections.toml"


def test_numbers_are_contiguous_from_one_in_the_order_of_publication() -> None:
    assert [code.number for code in RejectionCode] == list(range(1, len(RejectionCode) + 1))


def test_names_and_sentences_are_unique() -> None:
    assert len(RejectionCode.__members__) == len(RejectionCode)
    assert len({code.sentence for code in RejectionCode}) == len(RejectionCode)


@pytest.mark.parametrize("code", RejectionCode, ids=lambda code: code.name)
def test_each_code_says_one_sentence(code: RejectionCode) -> None:
    assert code.sentence[0].isupper()
    assert code.sentence.endswith(".")
    assert code.sentence.count(". ") == 0


def test_the_registry_is_the_ledger() -> None:
    ledger = tomllib.loads(LEDGER.read_text(encoding="utf-8"))["rejection"]
    assert [(code.number, code.name) for code in RejectionCode] == [(row["number"], row["name"]) for row in ledger]


def test_a_rejection_shows_its_code_and_its_detail() -> None:
    told = Rejected(RejectionCode.MMR_FULL, "count is 9")
    assert (told.code, told.detail, str(told)) == (RejectionCode.MMR_FULL, "count is 9", "MMR_FULL: count is 9")
    assert str(Rejected(RejectionCode.MMR_FULL)) == f"MMR_FULL: {RejectionCode.MMR_FULL.sentence}"


def test_a_rejection_passes_between_processes() -> None:
    told = pickle.loads(pickle.dumps(Rejected(RejectionCode.MMR_FULL, "count is 9")))  # noqa: S301 - our own bytes
    assert (told.code, told.detail) == (RejectionCode.MMR_FULL, "count is 9")
