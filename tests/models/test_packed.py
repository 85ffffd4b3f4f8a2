"""The packed search sees exactly the states of the plain one over objects, in machine code and in Python alike."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from taifoon.core.consensus import Certified
from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_models import packed
from taifoon_models.explorer import Exploration, Search
from taifoon_models.packed import Engine, Packing, engine_for, explore
from taifoon_models.tables import Bits, Tables, subsets, tabulate
from taifoon_models.voting import GENESIS, Committee
from taifoon_proofs.theorems.consensus_explored import forks

LIMIT = 200_000
HAS_NUMBA = importlib.util.find_spec("numba") is not None
ENGINES = [
    pytest.param(True, id="compiled", marks=pytest.mark.skipif(not HAS_NUMBA, reason="numba is not installed")),
    pytest.param(False, id="plain"),
]
WEAKENED = (
    Resolution.VOTE_ONCE,
    Resolution.NULLIFIED_GAP,
    Resolution.CERTIFIED_PARENT,
    Resolution.FINALISE_EXCLUDES_NULLIFY,
)


def tables(profile: Profile = HARDENED, seats: int = 4, byzantine: int = 1, views: int = 2) -> Tables:
    return tabulate(Committee(profile, seats, byzantine, views))


def counts(exploration: Exploration) -> tuple[object, ...]:
    return exploration.states, exploration.transitions, exploration.depth, exploration.fired, exploration.complete


@pytest.mark.parametrize("compiled", ENGINES)
@pytest.mark.parametrize(("seats", "byzantine", "views"), [(4, 1, 1), (5, 1, 1), (7, 2, 1), (4, 0, 1), (4, 1, 2)])
def test_states_and_steps_are_those_of_the_search_over_objects(
    seats: int, byzantine: int, views: int, *, compiled: bool
) -> None:
    committee = Committee(HARDENED, seats, byzantine, views)
    found = explore(Packing(tabulate(committee), (), symmetric=False), LIMIT, compiled=compiled)
    assert counts(found) == counts(Search(committee).run(lambda _: False, LIMIT))


def certificates_of(bits: Bits, mask: int) -> Certified:
    return Certified(
        GENESIS,
        frozenset(key for key, bit in bits.notarise.items() if mask & bit),
        frozenset(view for view, bit in bits.nullify.items() if mask & bit),
    )


@pytest.mark.parametrize("profile", [HARDENED, DOCUMENT, *map(HARDENED.without, WEAKENED)], ids=lambda item: item.name)
def test_a_table_gives_the_handlers_steps_for_every_set_of_certificates(profile: Profile) -> None:
    committee = Committee(profile, 4, 1, 2 if profile is HARDENED else 1)
    made = tabulate(committee)
    everything = sum(made.bits.notarise.values()) + sum(made.bits.nullify.values())
    for member, steps in zip(made.members, made.steps, strict=True):
        for mask in subsets(everything):
            by_table = {
                (step.step, made.members[step.after])
                for step in steps
                if mask & step.present == step.present and not mask & step.absent
            }
            assert by_table == set(committee.steps(member, certificates_of(made.bits, mask)))


@pytest.mark.parametrize("compiled", ENGINES)
@pytest.mark.parametrize("views", [1, 2])
def test_states_and_their_mirror_images_count_as_one(views: int, *, compiled: bool) -> None:
    made = tables(views=views)
    whole = engine_for(Packing(made, (), symmetric=False), compiled=False)
    whole.advance(LIMIT)
    packing = Packing(made, ())
    orbits = {packing.word(packing.members(whole.word(number))) for number in range(whole.tail)}
    assert explore(packing, LIMIT, compiled=compiled).states == len(orbits) < whole.tail


@pytest.mark.parametrize("resolution", WEAKENED, ids=lambda item: item.value)
def test_both_searches_find_the_same_shortest_schedule_and_it_is_shortest(resolution: Resolution) -> None:
    made = tables(HARDENED.without(resolution))
    packing = Packing(made, tuple(forks(made)))
    by_python = explore(packing, LIMIT, compiled=False).schedule
    over_objects = Search(made.committee).run(lambda state: made.committee.fork(state) is not None, LIMIT).schedule
    assert by_python is not None
    assert over_objects is not None
    assert len(by_python) == len(over_objects)
    if HAS_NUMBA:
        assert explore(packing, LIMIT, compiled=True).schedule == by_python


class Interrupting:
    """Lets an engine work once, then stands for the interrupt key."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, engine: Engine) -> None:
        self.calls += 1
        raise KeyboardInterrupt


@pytest.mark.skipif(not HAS_NUMBA, reason="numba is not installed, and only the compiled search keeps checkpoints")
def test_an_interrupted_search_goes_on_from_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packing, file = Packing(tables(), ()), tmp_path / "deep" / "search.npz"
    monkeypatch.setattr(packed, "CHUNK", 3_000)
    whole = explore(packing, LIMIT)
    with pytest.raises(KeyboardInterrupt):
        explore(packing, LIMIT, progress=Interrupting(), checkpoint=file)
    seen = []
    resumed = explore(packing, LIMIT, progress=lambda engine: seen.append(engine.head), checkpoint=file)
    assert seen[0] > 3_000, "the search did not begin anew"
    assert resumed == whole
    assert list(file.parent.iterdir()) == []


@pytest.mark.skipif(not HAS_NUMBA, reason="numba is not installed, and only the compiled search keeps checkpoints")
def test_a_checkpoint_of_another_search_is_not_taken_up(tmp_path: Path) -> None:
    file = tmp_path / "search.npz"
    other = engine_for(Packing(tables(seats=5), ()))
    other.advance(1_000)
    other.save(file)
    assert not engine_for(Packing(tables(), ())).load(file)
    assert explore(Packing(tables(), ()), LIMIT, checkpoint=file).states == explore(Packing(tables(), ()), LIMIT).states


@pytest.mark.parametrize("compiled", ENGINES)
def test_a_search_that_reaches_its_limit_is_not_complete(*, compiled: bool) -> None:
    found = explore(Packing(tables(), ()), 1_000, compiled=compiled)
    assert not found.complete
    assert found.schedule is None


def test_without_numba_the_plain_search_gives_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    packing = Packing(tables(views=1), ())
    assert explore(packing, LIMIT).states == explore(packing, LIMIT, compiled=False).states
    with pytest.raises(ValueError, match="numba"):
        explore(packing, LIMIT, compiled=True)


def test_states_that_do_not_fit_into_a_word_are_searched_in_python() -> None:
    packing = Packing(tables(seats=70, byzantine=0, views=1), ())
    assert not packing.fits
    with pytest.raises(ValueError, match="64 bits"):
        engine_for(packing, compiled=True)
    engine = engine_for(packing)
    engine.advance(50)
    assert engine.head == 50


def test_forbidden_certificates_have_to_include_their_mirror_images() -> None:
    made = tables(views=1)
    certificates = made.bits.final("1.a", ())
    pattern = certificates | next(iter(made.bits.notarise.values()))
    with pytest.raises(ValueError, match="mirror"):
        Packing(made, (pattern,))
    assert Packing(made, (pattern,), symmetric=False).forbidden == (pattern,)
