"""The published probabilities, from exact fractions."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest

from taifoon.core.quorum import tolerated_faults
from taifoon.profile import DOCUMENT, HARDENED, Resolution
from taifoon.security.exposure import (
    binomial_tail,
    capture,
    capture_in_the_limit,
    final_committee,
    hypergeometric_tail,
    online_quorum,
    planned_size,
    safe_size,
    some_side_goes_on,
)

NEGLIGIBLE = Fraction(1, 1 << 40)


@pytest.mark.parametrize(
    ("share", "published"),
    [(Fraction(1, 3), ".5391"), (Fraction(1, 5), ".2627"), (Fraction(1, 10), ".0815"), (Fraction(1, 20), ".0226")],
)
def test_a_cluster_of_five_is_captured_as_published(share: Fraction, published: str) -> None:
    assert f"{float(capture_in_the_limit(HARDENED, share, 5)):.4f}" == f"0{published}"


def test_ten_clusters_of_five_hardly_all_stay_whole() -> None:
    whole = (1 - capture_in_the_limit(HARDENED, Fraction(1, 10), 5)) ** 10
    assert round(1 - whole, 3) == Fraction(572, 1000)
    assert round(20 * capture(HARDENED, 100, 33, 5), 1) == Fraction(107, 10)


@pytest.mark.parametrize(("byzantine", "size"), [(100, 106), (200, 325), (250, 568), (300, 883)])
def test_a_thousand_seats_need_clusters_of_the_published_sizes(byzantine: int, size: int) -> None:
    assert all(capture(HARDENED, 1000, byzantine, each) <= NEGLIGIBLE for each in range(size, size + 3))
    before = [capture(HARDENED, 1000, byzantine, each) <= NEGLIGIBLE for each in range(size - 1, size + 2)]
    assert not all(before)


@pytest.mark.parametrize(("byzantine", "size"), [(100, 106), (200, 325)])
def test_the_least_safe_size_is_searched_from_below(byzantine: int, size: int) -> None:
    assert safe_size(HARDENED, 1000, byzantine, NEGLIGIBLE) == size


def test_at_a_third_no_size_is_safe() -> None:
    shares = [capture_in_the_limit(HARDENED, Fraction(1, 3), size) for size in (4, 7, 10, 31, 100, 301)]
    assert shares == sorted(shares)
    assert all(Fraction(2, 5) < each < Fraction(1, 2) for each in shares)
    assert safe_size(HARDENED, 30, 10, NEGLIGIBLE) is None


@pytest.mark.parametrize(
    ("members", "failure", "published"),
    [(5, 1, "91.9"), (5, 2, "73.7"), (10, 1, "98.7"), (10, 2, "87.9"), (100, 3, "77.9")],
)
def test_a_quorum_is_online_as_published(members: int, failure: int, published: str) -> None:
    assert f"{100 * float(online_quorum(HARDENED, members, Fraction(failure, 10))):.1f}" == published


@pytest.mark.parametrize(
    ("members", "published"), [(5, "0.375"), (10, "0.344"), (20, "0.115"), (40, "0.038"), (100, "0.001")]
)
def test_an_even_partition_leaves_a_side_that_goes_on_as_published(members: int, published: str) -> None:
    assert f"{float(some_side_goes_on(HARDENED, members, Fraction(1, 2))):.3f}" == published
    assert some_side_goes_on(HARDENED.without(Resolution.PARTITION), members, Fraction(1, 2)) == 1


def test_an_uneven_partition_of_a_large_cluster_mostly_leaves_one() -> None:
    shares = [some_side_goes_on(HARDENED, members, Fraction(7, 10)) for members in (5, 10, 20, 40, 100)]
    assert [round(100 * share) for share in shares] == [56, 66, 61, 70, 78]
    assert f"{float(some_side_goes_on(HARDENED, 100, Fraction(1, 2))):.4f}" == "0.0009"


def test_tails_begin_at_one_and_end_at_nothing() -> None:
    assert hypergeometric_tail(10, 4, 5, 0) == hypergeometric_tail(10, 4, 5, -1) == 1
    assert hypergeometric_tail(10, 4, 5, 5) == 0
    assert hypergeometric_tail(10, 4, 4, 4) == Fraction(1, comb(10, 4))
    assert binomial_tail(3, Fraction(1, 2), 4) == 0
    assert binomial_tail(3, Fraction(0), 1) == 0
    assert binomial_tail(3, Fraction(1), 3) == binomial_tail(0, Fraction(1, 3), 0) == 1


def test_the_literal_tolerance_is_what_the_profile_says() -> None:
    assert tolerated_faults(DOCUMENT, 6) == 2
    assert capture(DOCUMENT, 12, 4, 6) < capture(HARDENED, 12, 4, 6)


def test_finality_rests_on_all_seats_and_literally_on_one_cluster() -> None:
    assert final_committee(HARDENED, 100, 5) == 100
    assert final_committee(HARDENED.without(Resolution.CHECKPOINT), 100, 5) == 5
    assert capture(HARDENED, 100, 20, 100) == 0


def test_clusters_are_planned_above_the_minimum_and_literally_at_it() -> None:
    assert planned_size(HARDENED) == HARDENED.parameters.cluster_target == 10
    assert planned_size(HARDENED.without(Resolution.CLUSTER_COUNT)) == 5
