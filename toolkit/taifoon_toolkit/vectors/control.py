"""Vectors of the control of the cluster count and of raised factors: triggers, bounds, runs over epochs (RES-CTRL)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from taifoon.core.leaf import ProofType
from taifoon.primitives.types import Epoch
from taifoon.profile import Profile, Resolution
from taifoon.redundancy import control
from taifoon.redundancy.control import Control, Raise
from taifoon.redundancy.coverage import Ratio
from taifoon.redundancy.metrics import WINDOW
from taifoon.redundancy.triggers import Trigger, fired, low_types
from taifoon.rejection import RejectionCode
from taifoon_toolkit.vectors.case import Case, Sibling, Step, Trace
from taifoon_toolkit.vectors.method import MACHINES, Machine, method
from taifoon_toolkit.vectors.metrics import MetricsGiven, TypeCounted, Used, Window, metrics_from
from taifoon_toolkit.vectors.wire import Large, Small

SECTION = "3.2"


@dataclass(frozen=True, slots=True)
class FiredGiven:
    """The triggers that fire in order of precedence, and the proof types whose coverage is low in theirs."""

    triggers: tuple[Trigger, ...]
    low: tuple[ProofType, ...]


@dataclass(frozen=True, slots=True)
class CountAsked:
    """A cluster count that is wanted, and the seats of the next epoch."""

    wanted: Small
    seats: Large


@dataclass(frozen=True, slots=True)
class CountGiven:
    """The count, and whether there are too few seats for a cluster that makes the claims of one."""

    clusters: Large
    starting_up: bool


@dataclass(frozen=True, slots=True)
class AdmissionAsked:
    """Jobs that are offered, seats, failure rate, factor of a job, and the replicas that one seat makes in an epoch."""

    offered: Large
    seats: Small
    failed: Small
    due: Small
    factor: Small
    replicas_of_seat: Small


@dataclass(frozen=True, slots=True)
class AdmissionGiven:
    """Jobs that are taken in."""

    jobs: Large


@dataclass(frozen=True, slots=True)
class OneRaise:
    """How many replicas the jobs of a type get beyond their factor."""

    proof_type: ProofType
    replicas: Small


@dataclass(frozen=True, slots=True)
class ControlState:
    """What an epoch runs with: cluster count, epochs for which the count still rests, raised types in their order."""

    epoch: Large
    clusters: Large
    rest: Small
    raises: tuple[OneRaise, ...]


@dataclass(frozen=True, slots=True)
class EpochOver:
    """The metrics of the epoch that ends, and the seats of the next one."""

    metrics: MetricsGiven
    seats: Large


@method("trigger.fired", SECTION, "R-3.2-5", "R-3.2-6", "R-3.2-7", "RES-METRIC", "RES-EFF")
def triggers(profile: Profile, given: MetricsGiven) -> FiredGiven:
    """The triggers that the metrics of an epoch set off."""
    found = metrics_from(given)
    return FiredGiven(fired(profile, found), low_types(profile, found))


@method("control.count", SECTION, "R-3.2-8", "R-3.2-9", "RES-COUNT")
def count(profile: Profile, given: CountAsked) -> CountGiven:
    """The cluster count of an epoch with so many seats."""
    clusters = control.cluster_count(profile, given.wanted, given.seats)
    return CountGiven(clusters, control.is_starting_up(profile, given.seats))


@method("control.admitted", SECTION, "R-3.2-5", "RES-CTRL")
def admitted(profile: Profile, given: AdmissionAsked) -> AdmissionGiven:
    """How many of the jobs that are offered for an epoch are taken in."""
    if given.failed > given.due or given.due == 0:
        raise ValueError("failed, due: a rate between 0 and 1")
    failures = Ratio(given.failed, given.due)
    return AdmissionGiven(
        control.admitted_jobs(profile, given.offered, given.seats, failures, given.factor, given.replicas_of_seat)
    )


def start(profile: Profile, given: ControlState) -> Control:
    """A control in the middle of its life. Raises ValueError where the raises are no set of types in order."""
    raises = tuple(Raise(item.proof_type, item.replicas) for item in given.raises)
    order = [tuple(ProofType).index(item.proof_type) for item in raises]
    if order != sorted(set(order)) or any(item.replicas == 0 for item in raises) or given.clusters < 1:
        raise ValueError("raises: each type once, in order, with 1 replica or more; clusters: 1 or more")
    return Control(Epoch(given.epoch), given.clusters, given.rest, raises)


def step(profile: Profile, state: Control, event: EpochOver) -> Control:
    """The control of the next epoch. Rejects with METRICS_RECORD."""
    return control.next_control(profile, state, metrics_from(event.metrics), event.seats)


def shown(state: Control) -> ControlState:
    """The whole state."""
    raises = tuple(OneRaise(item.proof_type, item.replicas) for item in state.raises)
    return ControlState(state.epoch, state.clusters, state.rest, raises)


MACHINES["control"] = Machine(
    "control",
    SECTION,
    ("R-3.2-8", "R-3.2-9", "R-3.2-10", "RES-CTRL", "RES-COUNT"),
    "What an epoch runs with: an event is the end of an epoch.",
    ControlState,
    EpochOver,
    ControlState,
    start,
    step,
    shown,
)

CALM = MetricsGiven(0, (TypeCounted(ProofType.GROTH16, 200, 200, 400),), (), 200, 10, 100, 1000)
"""Metrics of epoch 0 that set off nothing."""
FIRST = ControlState(0, 4, 0, ())
SEATS = 100


def window(cluster: int, load: int, capacity: int = 100, blocks: int = WINDOW) -> Window:
    """A window with the same use in every block."""
    return Window(cluster, (Used(load, capacity),) * blocks)


def low(kind: ProofType, due: int = 200) -> TypeCounted:
    """A type of which a tenth is not covered."""
    return TypeCounted(kind, due, due - due // 10, due)


BUSY = replace(CALM, clusters=(window(0, 50), window(1, 81)))
POOR = replace(CALM, clusters=(window(0, 20), window(1, 10)), cost=400)
LOW = replace(CALM, types=(low(ProofType.ACCOUNT_STATE), low(ProofType.GROTH16)))


def fired_cases() -> Iterator[Case]:
    """Each trigger at its limits, and triggers together."""
    groth = ProofType.GROTH16
    last_calm = Window(1, (*(Used(81, 100),) * (WINDOW - 1), Used(80, 100)))
    found = {
        "nothing": CALM,
        "no-metrics": MetricsGiven(0, (), (), 0, 0, 0, 0),
        "coverage": LOW,
        "coverage-at-limit": replace(CALM, types=(TypeCounted(groth, 200, 190, 0),)),
        "coverage-below-limit": replace(CALM, types=(TypeCounted(groth, 200, 189, 0),)),
        "coverage-of-few": replace(CALM, types=(TypeCounted(groth, 99, 0, 0),)),
        "coverage-of-just-enough": replace(CALM, types=(TypeCounted(groth, 100, 94, 0),)),
        "coverage-of-one-of-four": replace(
            CALM, types=(*(TypeCounted(kind, 1000, 1000, 0) for kind in tuple(ProofType)[:3]), low(groth))
        ),
        "utilisation": BUSY,
        "utilisation-at-limit": replace(CALM, clusters=(window(0, 80),)),
        "utilisation-in-nine-blocks": replace(CALM, clusters=(window(0, 100, blocks=WINDOW - 1),)),
        "utilisation-but-for-one-block": replace(CALM, clusters=(window(0, 0), last_calm)),
        "utilisation-on-no-capacity": replace(CALM, clusters=(window(0, 1, 0),)),
        "no-load-on-no-capacity": replace(CALM, clusters=(window(0, 0, 0),)),
        "efficiency": POOR,
        "efficiency-at-limit": replace(CALM, cost=300),
        "efficiency-below-limit": replace(CALM, cost=301),
        "cost-without-revenue": replace(CALM, cost=1, revenue=0),
        "loss": replace(CALM, cost=2000),
        "all-three": replace(LOW, clusters=BUSY.clusters, cost=400),
        "utilisation-and-efficiency": replace(BUSY, cost=400),
    }
    for label, given in found.items():
        yield Case("trigger.fired", label, given)


def bound_cases() -> Iterator[Case]:
    """Counts within and beyond what so many seats make, and jobs within and beyond what they complete."""
    for wanted, seats in (
        (0, 0),
        (0, 100),
        (1, 4),
        (1, 5),
        (2, 9),
        (2, 19),
        (2, 20),
        (3, 20),
        (10, 100),
        (11, 100),
        (11, 109),
        (11, 110),
        (99, 1 << 40),
    ):
        yield Case("control.count", f"{wanted}-of-{seats}", CountAsked(wanted, seats))
    admissions = {
        "few": AdmissionAsked(10, 10, 0, 1, 2, 100),
        "at-limit": AdmissionAsked(500, 10, 0, 1, 2, 100),
        "beyond-limit": AdmissionAsked(501, 10, 0, 1, 2, 100),
        "with-failures": AdmissionAsked(1000, 10, 1, 10, 2, 100),
        "with-failures-rounded": AdmissionAsked(1000, 10, 1, 3, 7, 10),
        "all-fail": AdmissionAsked(1000, 10, 1, 1, 2, 100),
        "no-factor": AdmissionAsked(1000, 10, 0, 1, 0, 100),
        "no-seats": AdmissionAsked(1000, 0, 0, 1, 1, 100),
        "no-work": AdmissionAsked(1000, 10, 0, 1, 1, 0),
        "none-offered": AdmissionAsked(0, 10, 0, 1, 1, 10),
    }
    for label, given in admissions.items():
        yield Case("control.admitted", label, given)


def run(
    label: str, first: ControlState, *over: tuple[MetricsGiven, int], decides: tuple[Resolution, ...] = ()
) -> Trace:
    """Epochs one after another, the metrics numbered as the epochs are."""
    steps = tuple(
        Step(EpochOver(replace(found, closed=first.epoch + number), seats))
        for number, (found, seats) in enumerate(over)
    )
    return Trace("control", label, first, steps, decides=decides)


def control_cases() -> Iterator[Trace]:
    """Runs over several epochs: each action alone, actions that are not taken, and bounds."""
    busy, poor, calm, low_coverage = (BUSY, SEATS), (POOR, SEATS), (CALM, SEATS), (LOW, SEATS)
    acts = Resolution.CONTROL
    at_first = control.first_control()
    yield run("nothing-happens", shown(at_first), (CALM, 10), (CALM, 10))
    yield run("grows-and-rests", FIRST, busy, busy, busy, calm, busy, decides=(acts,))
    yield run("shrinks-and-rests", FIRST, poor, poor, poor, poor, poor, poor, decides=(acts,))
    yield run("shrinks-to-one", replace(FIRST, clusters=2), poor, calm, poor, poor)
    yield run(
        "grows-to-the-bound", replace(FIRST, clusters=9), busy, calm, busy, calm, decides=(Resolution.CLUSTER_COUNT,)
    )
    yield run("seats-leave", FIRST, (CALM, 39), (CALM, 40), (CALM, 9), (CALM, 0), decides=(Resolution.CLUSTER_COUNT,))
    both = replace(BUSY, cost=400)
    yield run("grows-though-poor", FIRST, (both, SEATS), calm, (both, SEATS), decides=(acts,))
    first_of_all = replace(both, types=LOW.types)
    yield run("raises-before-it-grows", FIRST, (first_of_all, SEATS), (first_of_all, SEATS), decides=(acts,))
    yield run("raises-again", FIRST, low_coverage, calm, low_coverage, low_coverage, decides=(acts,))
    resting = replace(FIRST, rest=1)
    yield run("raises-while-it-rests", resting, low_coverage, busy, decides=(acts,))
    yield run("rests-two-epochs", replace(FIRST, rest=2), busy, poor, busy, decides=(acts,))
    yield run("rests-for-long", replace(FIRST, rest=7), calm, calm, calm)
    # Of 4 clusters the load of 60 % comes to 80 % of 3; one unit more is above the limit.
    bears = replace(POOR, clusters=(window(0, 60), window(1, 5)))
    bursts = replace(POOR, clusters=(window(0, 60), Window(1, (*(Used(60, 100),) * 9, Used(61, 100)))))
    yield run("shrinks-at-the-limit", FIRST, (bears, SEATS), calm)
    yield run("stays-above-the-limit", FIRST, (bursts, SEATS), calm, decides=(acts,))
    alternating = tuple(pair for _ in range(3) for pair in (busy, poor))
    yield run("turns-about", FIRST, *alternating, decides=(acts,))
    raised = ControlState(7, 3, 1, (OneRaise(ProofType.ACCOUNT_STATE, 2), OneRaise(ProofType.GROTH16, 1)))
    storage = replace(CALM, types=(low(ProofType.STORAGE_STATE), low(ProofType.GROTH16, 99)))
    yield run("raises-between", raised, (storage, SEATS), low_coverage)
    sound, code = EpochOver(CALM, SEATS), RejectionCode.METRICS_RECORD
    for label, closed in (("before", 4), ("after", 6)):
        wrong = EpochOver(replace(CALM, closed=closed), SEATS)
        right = replace(sound, metrics=replace(CALM, closed=5))
        refused = Step(wrong, code, Sibling(right, "the epoch of the metrics"))
        yield Trace("control", f"of-the-epoch-{label}", replace(FIRST, epoch=5, rest=1), (refused, Step(right)))


def cases() -> Iterator[Case | Trace]:
    """All cases of this subject."""
    yield from fired_cases()
    yield from bound_cases()
    yield from control_cases()
