"""Theorems that say so when they are judged, and that fail on request."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import taifoon_proofs.harness
from taifoon.profile import Profile, Resolution
from taifoon_laboratory.arithmetic import threshold
from taifoon_proofs.catalogue import Catalogue, Witness, load_catalogue
from taifoon_proofs.establish import Claim, exhaust, first_violation, prove
from taifoon_proofs.registry import Theorem
from taifoon_proofs.scenario import SCENARIOS, Scenario, Trace
from taifoon_proofs.terms import integer
from taifoon_proofs.verdict import Outcome, Technique, Verdict, conclude
from taifoon_toolkit.contracts import CallGraph, call_graph
from taifoon_toolkit.plan import Material
from taifoon_toolkit.spec import load_source
from taifoon_toolkit.work import AuditTask, perform_task

LOG = "LABORATORY_LOG"
FAULT = "LABORATORY_FAULT"


def misbehave(where: str) -> str:
    """Note that something was judged, and fail there in the way that the environment asks for."""
    if log := os.environ.get(LOG):
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(f"{where} {os.getpid()}\n")
    place, _, fault = os.environ.get(FAULT, "").partition("=")
    if place != where:
        return ""
    if fault == "raise":
        raise RuntimeError("broken on request")
    if fault == "die":
        os._exit(7)
    if fault == "hang":
        time.sleep(600)
    return fault


def two_halves(profile: Profile, trace: Trace, *, members: int) -> bool:
    """Two halves of the members decide differently."""
    trace.state("split", members=members, threshold=threshold(profile, members), great=1 << 80, pair=(1, b"\x01"))
    trace.state("decide", left=members // 2, right=members - members // 2)
    return 2 * threshold(profile, members) <= members


def majority(profile: Profile) -> Verdict:
    """Arithmetic, then all committees of up to eight members."""
    fault = misbehave(f"T-LAB-a {profile.name}")
    if fault == "unknown":
        return Verdict(Outcome.UNKNOWN, "nothing", reason="asked for")
    members = integer("members")
    found = first_violation(profile, "laboratory/two-halves", ({"members": size} for size in range(1, 9)))
    claim = Claim("halves", (members >= 1,), 2 * threshold(profile, members) > members, lambda model: found)
    return prove("every number of members", claim)


def small_committees(profile: Profile) -> Verdict:
    """All committees of up to eight members."""
    misbehave(f"T-LAB-b {profile.name}")
    cases = [{"members": size} for size in range(1, 9)]
    return conclude(exhaust(profile, "laboratory/two-halves", "1 to 8 members", cases))


THEOREMS = {
    name: Theorem(name, ("R-2.4-5",), (Resolution.QUORUM,), technique, (), judge, judge.__doc__ or "")
    for name, technique, judge in (
        ("T-LAB-a", Technique.UNBOUNDED_SMT, majority),
        ("T-LAB-b", Technique.EXHAUSTIVE, small_committees),
    )
}


def catalogue() -> Catalogue:
    """The shipped requirements, and what the laboratory states."""
    shipped = load_catalogue()
    statement = {"title": "Halves", "statement": "Two halves never decide differently.", "document": "REFUTED"}
    entry = next(iter(shipped.theorems.values()))
    defect = next(iter(shipped.defects.values()))
    return replace(
        shipped,
        theorems={
            "T-LAB-a": replace(entry, id="T-LAB-a", section="2.4", assumptions=("AM4",), **statement),
            "T-LAB-b": replace(entry, id="T-LAB-b", section="6.2", assumptions=(), **statement),
            "T-LAB-c": replace(entry, id="T-LAB-c", section="2.4", assumptions=(), **statement),
        },
        defects={
            "L1": replace(
                defect,
                id="L1",
                section="2.4",
                theorems=("T-LAB-a",),
                witnesses=tuple(Witness("laboratory/two-halves", {"members": size}) for size in (2, 4)),
            )
        },
    )


def perform_in_laboratory(task: AuditTask) -> dict[str, object]:
    """Do a task in a worker, which knows the laboratory and nothing else."""
    open_laboratory()
    taifoon_proofs.harness.load = lambda: THEOREMS
    sys.modules["taifoon_toolkit.work"].load_catalogue = catalogue
    if os.environ.get(FAULT) == f"{task.name}=raise":
        raise RuntimeError("broken on request")
    return perform_task(task)


def open_laboratory() -> None:
    """Make the laboratory's scenario known."""
    SCENARIOS["laboratory/two-halves"] = Scenario("laboratory/two-halves", "Two halves decide differently.", two_halves)


def no_contracts() -> CallGraph:
    """A reference without contracts."""
    return CallGraph({}, {}, {})


def material(*, contracts: bool = False) -> Material:
    """What an audit of the laboratory takes."""
    open_laboratory()
    graph = call_graph("taifoon_laboratory") if contracts else no_contracts()
    return Material(THEOREMS, catalogue(), load_source(), graph, lambda catalogue: (), perform_in_laboratory)
