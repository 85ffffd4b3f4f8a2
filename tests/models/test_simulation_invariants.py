"""Each invariant of a simulated network can fail: a fault that breaks one thing is caught by the name of that thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from taifoon.core.consensus import Voting
from taifoon.core.settlement import Completion
from taifoon.primitives.types import BlockNumber, ClusterId, Hash32, View
from taifoon.synchronizer.events import BlockFinal, Effect, Event, JobSubmitted, Provisional, StoreEpoch, Terms
from taifoon.synchronizer.state import Synchronizer
from taifoon_models.jobs import digest
from taifoon_models.simulation_fault import INVARIANTS
from taifoon_models.simulation_node import Node
from taifoon_models.simulation_plan import Plan
from taifoon_models.simulation_script import Bring, Command, CutApart, RunFor, Script, Settle, TakeDown, still
from taifoon_models.simulation_scripted import ScriptedSimulation, played
from taifoon_models.simulation_speed import shared_work
from taifoon_models.simulation_votes import TABLE, Move, Window, is_allowed, moves_between

QUICK = still(
    Plan(
        synchronizers=4,
        clusters=1,
        stretch=3,
        pace=40,
        latency=(2_000, 12_000),
        loss=0,
        duplication=0,
        message_delay=25,
        pull=80,
        patience=800,
    )
)
JOBS: tuple[Command, ...] = (RunFor(40_000), Bring(0), Bring(1), Bring(2), Bring(3), RunFor(200_000))


@pytest.fixture(autouse=True)
def shared() -> Iterator[None]:
    with shared_work():
        yield


class Faulty(ScriptedSimulation):
    """A network in which synchronizer 0 is changed after each step in which a block becomes final there."""

    def stepped(self, node: Node, event: Event) -> tuple[Synchronizer, tuple[Effect, ...]]:
        synchronizer, effects = super().stepped(node, event)
        if node.number == 0 and any(isinstance(effect, BlockFinal) for effect in effects):
            return self.changed(synchronizer, effects)
        return synchronizer, effects

    def changed(
        self, synchronizer: Synchronizer, effects: tuple[Effect, ...]
    ) -> tuple[Synchronizer, tuple[Effect, ...]]:
        """The step as the fault has it."""
        return synchronizer, effects


class Uncertified(Faulty):
    """The synchronizer reports blocks as final, and has none of the certificates."""

    def changed(
        self, synchronizer: Synchronizer, effects: tuple[Effect, ...]
    ) -> tuple[Synchronizer, tuple[Effect, ...]]:
        members = tuple(
            replace(each, replica=replace(each.replica, known=replace(each.replica.known, certificates=frozenset())))
            for each in synchronizer.clusters
        )
        return replace(synchronizer, clusters=members), effects


class Reordered(Faulty):
    """The synchronizer holds other leaves than it has voted on, under the same peaks."""

    def changed(
        self, synchronizer: Synchronizer, effects: tuple[Effect, ...]
    ) -> tuple[Synchronizer, tuple[Effect, ...]]:
        members = []
        for each in synchronizer.clusters:
            states = tuple(
                replace(
                    state,
                    log=replace(state.log, jobs=replace(state.log.jobs, leaves=state.log.jobs.leaves[::-1])),
                )
                for state in each.states
            )
            members.append(replace(each, states=states))
        return replace(synchronizer, clusters=tuple(members)), effects


class Boasting(Faulty):
    """The synchronizer tells a client of a provisional result in the step that makes a block final."""

    def changed(
        self, synchronizer: Synchronizer, effects: tuple[Effect, ...]
    ) -> tuple[Synchronizer, tuple[Effect, ...]]:
        return synchronizer, (*effects, Provisional(digest("job"), b"proof"))


class FalseBooks(ScriptedSimulation):
    """Everybody stores another closing than the one that was voted for."""

    def stepped(self, node: Node, event: Event) -> tuple[Synchronizer, tuple[Effect, ...]]:
        synchronizer, effects = super().stepped(node, event)
        return synchronizer, tuple(self.changed(each) if isinstance(each, StoreEpoch) else each for each in effects)

    def changed(self, effect: StoreEpoch) -> StoreEpoch:
        """The closing as the fault has it."""
        settled = effect.network.settled
        return replace(effect, network=replace(effect.network, settled=(*settled, *settled)))


class FalseSettlement(FalseBooks):
    """A job is settled by a completion that no block holds."""

    def changed(self, effect: StoreEpoch) -> StoreEpoch:
        invented = Completion(digest("no job"), ClusterId(0), BlockNumber(1), digest("no proof"))
        return replace(effect, network=replace(effect.network, settled=(*effect.network.settled, invented)))


class OtherFactor(ScriptedSimulation):
    """The synchronizer takes every job to have one owner."""

    def terms(self, number: int) -> Terms:
        return replace(super().terms(number), factor=1 if number == 0 else 2)


class Unhealed(ScriptedSimulation):
    """Nobody mends the network."""

    def heal_now(self) -> None:
        if not self.sides:
            super().heal_now()


class Careless(ScriptedSimulation):
    """Synchronizers that lose the jobs that clients bring to them."""

    def stepped(self, node: Node, event: Event) -> tuple[Synchronizer, tuple[Effect, ...]]:
        if isinstance(event, JobSubmitted):
            return node.synchronizer, ()
        return super().stepped(node, event)


TWO = replace(QUICK, synchronizers=8, clusters=2)
APART: tuple[Command, ...] = (RunFor(40_000), CutApart(((0, 1),)), RunFor(20_000), Settle(700_000))


@pytest.mark.parametrize(
    ("network", "commands", "fault", "name"),
    [
        pytest.param(QUICK, JOBS, Uncertified, "certified", id="certificates dropped"),
        pytest.param(QUICK, JOBS, Reordered, "prefix", id="leaves reordered"),
        pytest.param(QUICK, JOBS, Boasting, "provisional", id="provisional and final"),
        pytest.param(QUICK, (*JOBS, RunFor(200_000)), FalseBooks, "settled once", id="settled twice"),
        pytest.param(QUICK, JOBS, FalseSettlement, "backed", id="settled by nothing"),
        pytest.param(TWO, JOBS, OtherFactor, "owners", id="another factor"),
        pytest.param(QUICK, APART, Unhealed, "progress", id="never healed"),
        pytest.param(QUICK, (*JOBS[:3], Settle(700_000)), Careless, "progress", id="jobs lost"),
    ],
)
def test_a_fault_is_caught_by_what_it_breaks_and_without_it_nothing_breaks(
    network: Plan, commands: tuple[Command, ...], fault: type[ScriptedSimulation], name: str
) -> None:
    script = Script(network, commands=commands)
    assert name in INVARIANTS
    assert played(script, make=fault).name == name
    assert played(script).name is None


FIRST, OTHER = Hash32(bytes(31) + b"\1"), Hash32(bytes(31) + b"\2")
ONE, TWO_VIEWS = View(1), View(2)
NOTARISED = TABLE.notarise[next(iter(TABLE.notarise))]
NULLIFIED = TABLE.nullify[ONE]
GAP = TABLE.nullify[TWO_VIEWS]
VOTED = Voting(notarised=frozenset({(ONE, FIRST)}))
VOTED_OTHERWISE = Voting(notarised=frozenset({(ONE, OTHER)}))
GAVE_UP = Voting(nullified=frozenset({ONE}))
FINALISED = replace(VOTED, finalised=frozenset({(ONE, FIRST)}))


@pytest.mark.parametrize(
    ("voting", "move", "window", "allowed"),
    [
        pytest.param(Voting(), Move("notarise", ONE, FIRST), Window("1.a", 1, 0), True, id="first block"),
        pytest.param(VOTED_OTHERWISE, Move("notarise", ONE, FIRST), Window("1.a", 1, 0), False, id="twice in a view"),
        pytest.param(GAVE_UP, Move("notarise", ONE, FIRST), Window("1.a", 1, 0), False, id="after nullifying"),
        pytest.param(Voting(TWO_VIEWS), Move("notarise", ONE, FIRST), Window("1.a", 1, 0), False, id="a past view"),
        pytest.param(Voting(View(7)), Move("notarise", View(7), FIRST), Window("2.1a", 2, NOTARISED), True, id="child"),
        pytest.param(Voting(View(7)), Move("notarise", View(7), FIRST), Window("2.1a", 2, 0), False, id="orphan"),
        pytest.param(
            Voting(View(7)), Move("notarise", View(7), FIRST), Window("3.1a", 3, NOTARISED + GAP), True, id="over a gap"
        ),
        pytest.param(
            Voting(View(7)), Move("notarise", View(7), FIRST), Window("3.1a", 3, NOTARISED), False, id="gap not empty"
        ),
        pytest.param(VOTED, Move("nullify", ONE), Window("1.a", 1, 0), True, id="nullify after notarising"),
        pytest.param(FINALISED, Move("nullify", ONE), Window("1.a", 1, 0), False, id="nullify after finalising"),
        pytest.param(VOTED, Move("finalise", ONE, FIRST), Window("1.a", 1, NOTARISED), True, id="finalise"),
        pytest.param(VOTED, Move("finalise", ONE, FIRST), Window("1.a", 1, 0), False, id="not notarised"),
        pytest.param(
            GAVE_UP, Move("finalise", ONE, FIRST), Window("1.a", 1, NOTARISED), False, id="finalise after nullifying"
        ),
        pytest.param(
            replace(VOTED, view=View(9)), Move("finalise", ONE, FIRST), Window("1.a", 1, NOTARISED), True, id="late"
        ),
        pytest.param(VOTED, Move("advance", ONE), Window("1.a", 1, NOTARISED), True, id="view notarised"),
        pytest.param(VOTED, Move("advance", ONE), Window("1.a", 1, NULLIFIED), True, id="view nullified"),
        pytest.param(VOTED, Move("advance", ONE), Window("1.a", 1, 0), False, id="view not over"),
    ],
)
def test_a_move_is_allowed_exactly_if_the_table_has_it(
    voting: Voting, move: Move, window: Window, allowed: bool
) -> None:
    assert is_allowed(voting, move, window) is allowed


def test_the_moves_between_two_votings_are_all_that_is_new_in_the_order_of_views() -> None:
    after = Voting(
        View(3),
        frozenset({(ONE, FIRST), (TWO_VIEWS, OTHER)}),
        frozenset({TWO_VIEWS}),
        frozenset({(ONE, FIRST)}),
    )
    assert list(moves_between(VOTED, after)) == [
        Move("finalise", ONE, FIRST),
        Move("advance", ONE),
        Move("notarise", TWO_VIEWS, OTHER),
        Move("nullify", TWO_VIEWS),
        Move("advance", TWO_VIEWS),
    ]


def test_a_synchronizer_that_stays_down_is_started_and_counts() -> None:
    script = Script(QUICK, commands=(RunFor(40_000), TakeDown(0), TakeDown(1), RunFor(200_000), Settle(3_000_000)))
    done = played(script)
    assert done.broken is None
    assert len(done.simulation.honest()) == QUICK.synchronizers
