"""The harness: what is demanded of every theorem, and of every defect that is said to be shown.

A theorem must (a) hold under `HARDENED`; (b) fail without each single resolution it needs; (c) give under `DOCUMENT`
the verdict that the catalogue records; (d) have every counterexample replay on the reference. The work is cut into
tasks, each independent of all others, so that any number of processes gives the same answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from taifoon.profile import DOCUMENT, HARDENED, Profile, Resolution
from taifoon_proofs.catalogue import Catalogue
from taifoon_proofs.certify import certify
from taifoon_proofs.itf import run_to_itf
from taifoon_proofs.registry import Theorem, load
from taifoon_proofs.scenario import SCENARIOS, replays, run
from taifoon_proofs.smt import Answer, Obligation, confirm, exported
from taifoon_proofs.verdict import Counterexample, Outcome, Verdict

Record = dict[str, Any]

GRAVEST_FIRST = (Answer.SATISFIABLE, Answer.UNREADABLE, Answer.UNKNOWN, Answer.UNSATISFIABLE)


class Kind(Enum):
    """What a task does."""

    HARDENED = "hardened"
    DOCUMENT = "document"
    WITHOUT = "without"
    CROSS_CHECK = "cross-check"
    DEFECT = "defect"


@dataclass(frozen=True, slots=True)
class Task:
    """One unit of work: a theorem or defect, and, for `WITHOUT`, the resolution that is switched off."""

    kind: Kind
    subject: str
    resolution: Resolution | None = None

    @property
    def name(self) -> str:
        """A stable name, such as `T-C1 without RES-QUORUM`."""
        suffix = f" {self.resolution.value}" if self.resolution else ""
        return f"{self.subject} {self.kind.value}{suffix}"


def tasks_of_theorem(theorem: Theorem) -> list[Task]:
    """All tasks that judge a theorem."""
    tasks = [Task(Kind.HARDENED, theorem.id), Task(Kind.DOCUMENT, theorem.id)]
    tasks += [Task(Kind.WITHOUT, theorem.id, resolution) for resolution in theorem.needs]
    return [*tasks, Task(Kind.CROSS_CHECK, theorem.id)]


def profile_of_task(task: Task) -> Profile:
    """The profile under which a task judges."""
    if task.kind is Kind.WITHOUT and task.resolution is not None:
        return HARDENED.without(task.resolution)
    return DOCUMENT if task.kind in (Kind.DOCUMENT, Kind.DEFECT) else HARDENED


def perform(task: Task, catalogue: Catalogue) -> Record:
    """Do one task, except a cross-check, which needs the obligations of a record (`cross_checked`).

    The record holds JSON values only and is the same in every process.
    """
    theorems = load()
    if task.kind is Kind.DEFECT:
        return judged_defect(task, catalogue)
    profile = profile_of_task(task)
    return recorded(theorems[task.subject].judge(profile), profile, task.subject)


def recorded(verdict: Verdict, profile: Profile, subject: str) -> Record:
    """A verdict as a record, its counterexample run and replayed."""
    record: Record = {
        "verdict": verdict.outcome.value,
        "reach": verdict.reach,
        "reason": verdict.reason,
        "counterexample": None,
        "replayed": None,
        "obligations": [{"name": item.name, "text": exported(item)} for item in verdict.obligations],
    }
    if verdict.counterexample is not None:
        record |= shown(verdict.counterexample, profile, subject)
    return record


def shown(counterexample: Counterexample, profile: Profile, subject: str) -> Record:
    """A counterexample as a record: what it is, whether it replays, and its trace."""
    return {
        "counterexample": {
            "scenario": counterexample.scenario,
            "summary": SCENARIOS[counterexample.scenario].summary,
            "parameters": dict(counterexample.parameters),
        },
        "replayed": replays(profile, counterexample),
        "trace": run_to_itf(run(profile, counterexample), subject),
    }


def judged_defect(task: Task, catalogue: Catalogue) -> Record:
    """Every witness of a defect, run under `DOCUMENT`, where it must fail, and under `HARDENED`, where it must not."""
    witnesses = [
        shown(Counterexample(witness.scenario, witness.parameters), DOCUMENT, task.subject)
        for witness in catalogue.defects[task.subject].witnesses
    ]
    refuted = bool(witnesses) and all(witness["replayed"] for witness in witnesses)
    outcome = Outcome.REFUTED if refuted else Outcome.UNKNOWN
    return {"verdict": outcome.value, "witnesses": witnesses}


def cross_checked(obligations: Sequence[Obligation]) -> Record:
    """The second solver's opinion of each obligation, and its proof where it has one."""
    opinions = []
    for item in obligations:
        decision = confirm(item.text)
        opinions.append(
            {
                "name": item.name,
                "verdict": decision.answer.value,
                "reason": decision.reason,
                "certificate": certified(item, decision.answer),
            }
        )
    answers = {opinion["verdict"] for opinion in opinions}
    overall = next((answer.value for answer in GRAVEST_FIRST if answer.value in answers), None)
    return {"solver": "cvc5", "verdict": overall, "obligations": opinions}


def certified(obligation: Obligation, answer: Answer) -> Record:
    """The second solver's proof of an obligation that it confirms."""
    if answer is Answer.SATISFIABLE or answer is Answer.UNREADABLE:
        return {"text": None, "steps": 0, "trust_steps": 0, "reason": f"cvc5 says {answer.value}"}
    certificate = certify(obligation.text)
    return {
        "text": certificate.text,
        "steps": certificate.steps,
        "trust_steps": certificate.trust_steps,
        "reason": certificate.reason,
    }


def complaints_about_theorem(
    theorem: Theorem,
    expected: str,
    hardened: Record,
    document: Record,
    tightness: Sequence[Record],
    cross_check: Record,
) -> list[str]:
    """What the demands (a) to (d) find wrong; empty when the theorem stands."""
    found = []
    if not Outcome(hardened["verdict"]).holds:
        found.append(f"{theorem.id} does not hold under HARDENED: {explained(hardened)}")
    if document["verdict"] != expected:
        found.append(f"{theorem.id} is {document['verdict']} under DOCUMENT, the catalogue expects {expected}")
    if document["counterexample"] is not None and not document["replayed"]:
        found.append(f"{theorem.id}: the counterexample under DOCUMENT does not replay")
    for resolution, record in zip(theorem.needs, tightness, strict=True):
        if record["verdict"] != Outcome.REFUTED.value:
            found.append(f"{theorem.id} has no counterexample without {resolution.value}: {explained(record)}")
        elif not record["replayed"]:
            found.append(f"{theorem.id}: the counterexample without {resolution.value} does not replay")
    for opinion in cross_check["obligations"]:
        if opinion["verdict"] == Answer.SATISFIABLE.value:
            found.append(f"{theorem.id}: the solvers disagree about {opinion['name']}")
        if opinion["verdict"] == Answer.UNREADABLE.value:
            found.append(f"{theorem.id}: {opinion['name']}: {opinion['reason']}")
    return found


def explained(record: Record) -> str:
    """The verdict of a record with what explains it."""
    if record["counterexample"] is not None:
        example = record["counterexample"]
        return f"{record['verdict']} by {example['scenario']} with {example['parameters']}"
    return f"{record['verdict']}: {record['reason'] or record['reach']}"
