"""Mutants of the reference: what counts as one, which are drawn, and that the vectors alone judge them."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

import taifoon
from taifoon_toolkit.mutants.normal import shown_by, unseen_of
from taifoon_toolkit.mutants.session import KILLED, NO_CLIENT, SURVIVED, UNSEEN, Judge, Run, Verdict, Wanted
from taifoon_toolkit.mutants.sites import Ground, Site, Target, place_of, targets
from taifoon_toolkit.mutants.table import markdown_of, survivor_lines, tables_of
from taifoon_toolkit.vectors.shipped import shipped_vectors

REFERENCE = Path(next(iter(taifoon.__path__)))
SOURCE = '''
"""A module."""

MOST = 7
SMALL = 100


@require(is_small)
def accepts(profile: Profile, number: int) -> bool:
    """Whether it is accepted."""
    if number > MOST:
        raise Rejected(RejectionCode.TOO_MANY, f"{number + 1} is too many")
    if number < 0:
        raise ValueError("negative")
    if Resolution.STRICT not in profile and number == 3:
        return literal(number, 4)
    return number % 2 == 0


def literal(number: int, step: int) -> bool:
    return number + step > 5


def is_small(number: int) -> bool:
    return number < SMALL
'''
needs_cosmic_ray = pytest.mark.skipif(
    find_spec("cosmic_ray") is None, reason="Cosmic Ray is not installed: run `make mutants`"
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("@require(is_small)\n", ""),
        ("{number + 1}", "{number - 1}"),
        ("number == 3", "number == 2"),
        ("literal(number, 4)", "literal(number, 5)"),
        ("number + step > 5", "number + step > 6"),
        ("SMALL = 100", "SMALL = 99"),
        ("number < SMALL", "number <= SMALL"),
        ("number < 0", "number < 1"),
        ("Whether it is", "Whether it was"),
        (") -> bool:\n    return number + step", ") -> int:\n    return number + step"),
    ],
)
def test_what_no_answer_shows_is_no_mutant_of_the_client(before: str, after: str) -> None:
    unseen = unseen_of([SOURCE], [])
    changed = SOURCE.replace(before, after, 1)
    assert changed != SOURCE
    assert shown_by(changed, unseen) == shown_by(SOURCE, unseen)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("number > MOST", "number >= MOST"),
        ("MOST = 7", "MOST = 8"),
        ("TOO_MANY", "TOO_FEW"),
        ("number % 2 == 0", "number % 2 != 0"),
        ("STRICT not in profile", "STRICT in profile"),
    ],
)
def test_what_an_answer_shows_is_a_mutant_of_the_client(before: str, after: str) -> None:
    unseen = unseen_of([SOURCE], [])
    assert shown_by(SOURCE.replace(before, after, 1), unseen) != shown_by(SOURCE, unseen)


def test_a_rule_that_is_constant_when_hardened_is_still_seen_where_it_is_defined() -> None:
    rule = "def asks(profile):\n    return Resolution.X in profile\n\n\ndef use(profile):\n    return asks(profile)\n"
    unseen = unseen_of([rule], [])
    assert unseen.constant["asks"] is True
    assert shown_by(rule.replace(" in ", " not in "), unseen) != shown_by(rule, unseen)


def test_every_module_of_the_reference_reads_as_shown() -> None:
    every = targets(REFERENCE)
    assert len(every) > 70
    unseen = unseen_of((target.source for target in every), [])
    for target in every if "TAIFOON_DEEP" in os.environ else every[::8]:
        assert shown_by(target.source, unseen) == shown_by(target.source + "\n# A comment.\n", unseen)


def test_a_place_is_its_statement_and_what_runs_at_import_has_no_function() -> None:
    import ast

    tree = ast.parse(SOURCE)
    row = {text.strip(): number for number, text in enumerate(SOURCE.splitlines(), 1)}
    function, lines = place_of(tree, row["if number > MOST:"])
    assert (function, lines) == ("accepts", (row["if number > MOST:"],))
    assert place_of(tree, row["MOST = 7"]) == (None, ())
    assert place_of(tree, row["@require(is_small)"]) == (None, ())


def test_a_sample_depends_on_its_seed_alone_and_keeps_the_order() -> None:
    sites = [Site("taifoon.core.quorum", "AddNot", number, number, 0, None, ()) for number in range(50)]
    drawn = Wanted(sample=10, seed="7").drawn(sites)
    assert drawn == Wanted(sample=10, seed="7").drawn(sites)
    assert list(drawn) == sorted(drawn, key=lambda site: site.line)
    assert len(drawn) == 10
    assert drawn != Wanted(sample=10, seed="8").drawn(sites)
    assert Wanted(sample=50).drawn(sites) == Wanted().drawn(sites) == tuple(sites)


def test_sections_and_modules_choose_targets() -> None:
    target = Target("taifoon.core.mmr.shape", "2.1", "")
    assert Wanted(("2",)).takes(target)
    assert Wanted(("2.1",), ("mmr",)).takes(target)
    assert not Wanted(("2.2",)).takes(target)
    assert not Wanted(("2",), ("leader",)).takes(target)


@pytest.fixture(scope="module")
def few() -> dict[str, object]:
    return {vector.id: vector for vector in shipped_vectors() if vector.name in ("quorum.of", "mmr.root")}


def test_a_planted_fault_is_killed_and_the_reference_itself_survives(few: dict[str, object]) -> None:
    source = (REFERENCE / "core" / "quorum.py").read_text()
    line = next(row for row, text in enumerate(source.splitlines(), 1) if "return 2 * seats // 3 + 1" in text)
    inside = Site("taifoon.core.quorum", "planted", 0, line, 0, "quorum", (line,))
    around = range(line, line + 1)
    planted = source.replace("2 * seats // 3 + 1", "2 * seats // 3 + 2")
    judging = Judge(few)  # type: ignore[arg-type]
    try:
        names = judging.reach(inside, around)
        assert {name.partition("/")[0] for name in names} == {"quorum.of"}
        for site in (inside, replace(inside, function=None, lines=())):
            asked = judging.reach(site, around)
            assert judging.ask(site, source, asked, around) == {"verdict": SURVIVED}
            verdict = judging.ask(site, planted, asked, around)
            assert (verdict["verdict"], verdict["how"]) == (KILLED, "differs")
            assert verdict["by"].startswith("quorum.of/")
        endless = source.replace("return 2 * seats // 3 + 1", "while seats: pass")
        assert judging.ask(inside, endless, names, around)["how"] == "time"
        outside = replace(inside, function=None, lines=())
        assert judging.ask(outside, "import nothing_of_that_name", names, around) == {"verdict": NO_CLIENT}
        # The process itself is as it was.
        assert judging.ask(inside, source, names, around) == {"verdict": SURVIVED}
    finally:
        judging.close()


@needs_cosmic_ray
def test_mutating_one_place_leaves_the_module_as_it_was() -> None:
    target = next(target for target in targets(REFERENCE) if target.module == "taifoon.core.leader")
    ground = Ground(target)
    changed = [ground.mutated(site) for site in ground.sites]
    assert len(changed) > 50
    assert target.source not in changed
    assert ground.parsed.get_code() == target.source


@needs_cosmic_ray
@pytest.mark.skipif("TAIFOON_DEEP" not in os.environ, reason="two runs take a minute: set TAIFOON_DEEP=1")
def test_a_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    vectors = tuple(vector for vector in shipped_vectors() if vector.name == "quorum.of")
    wanted = Wanted(modules=("core.quorum",), sample=12)
    first = list(Run(tmp_path, wanted, vectors).verdicts())
    log = (tmp_path / "mutants.jsonl").read_text()
    assert list(Run(tmp_path, wanted, vectors).verdicts()) == first
    assert (tmp_path / "mutants.jsonl").read_text() == log
    assert {verdict.verdict for verdict in first} >= {KILLED, UNSEEN}


def test_the_table_counts_each_mutant_once_and_names_survivors_by_line() -> None:
    def verdict(word: str, line: int, reached: int) -> Verdict:
        change = f"a{line}  =>  b{line}"
        return Verdict(f"m:{line}:{word}", "m", "2.1", line, "f", "", "", word, reached, change=change)

    tables = tables_of(
        [
            verdict(KILLED, 1, 3),
            verdict(KILLED, 2, 3),
            verdict(KILLED, 3, 3),
            verdict(SURVIVED, 4, 2),
            verdict(SURVIVED, 5, 0),
            verdict(UNSEEN, 6, 0),
            verdict(NO_CLIENT, 7, 0),
        ]
    )
    assert "| 2.1 | 7 | 1 | 1 | 3 | 1 | 1 | 60.0 % |" in markdown_of(tables)
    assert list(survivor_lines(tables.survivors)) == ["m:4: a4", "    b4", "m:5 (not asked): a5", "    b5"]
