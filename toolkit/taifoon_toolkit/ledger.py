"""The ledger: everything that an audit found, as the document `audit.json`, and the files that belong to it.

The document is a function of the plan and of the records alone. It holds no clock and no path of the machine, and the
seconds are those of the run that made a record, so a second audit gives the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from taifoon.core.chain_id import profile_hash
from taifoon.profile import HARDENED, Resolution
from taifoon_proofs.harness import Kind, Task, complaints_about_theorem, tasks_of_theorem
from taifoon_proofs.itf import parameters_to_json
from taifoon_proofs.registry import Theorem
from taifoon_proofs.smt import Answer
from taifoon_proofs.verdict import Outcome
from taifoon_toolkit.cache import Finished, Record
from taifoon_toolkit.contracts import ContractVerdict, judged
from taifoon_toolkit.plan import Material, Plan, Selection
from taifoon_toolkit.work import ContractTask

FAULTLESS, FAULTY, WITNESS_MISSING = 0, 1, 3


@dataclass(slots=True)
class Complaints:
    """What stands in the way: faults, and witnesses that were looked for and not found."""

    faults: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """0 where there is none, 3 where only witnesses are missing, else 1."""
        if self.faults:
            return FAULTY
        return WITNESS_MISSING if self.missing else FAULTLESS


@dataclass(slots=True)
class Ledger:
    """The document; the SMT-LIB files, traces and proofs by file name; the complaints; and seconds by section."""

    document: dict[str, Any]
    obligations: dict[str, str]
    traces: dict[str, Any]
    complaints: Complaints
    proofs: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(slots=True)
class _Bookkeeper:
    material: Material
    records: Mapping[str, Finished]
    failures: Mapping[str, str]
    obligations: dict[str, str] = field(default_factory=dict)
    traces: dict[str, Any] = field(default_factory=dict)
    proofs: dict[str, str] = field(default_factory=dict)
    complaints: Complaints = field(default_factory=Complaints)

    def record(self, task: Task) -> Record:
        """The record of a task; a task that failed says nothing but why."""
        if task.name in self.records:
            return self.records[task.name].record
        verdict = Answer.UNKNOWN.value if task.kind is Kind.CROSS_CHECK else Outcome.UNKNOWN.value
        return {
            "verdict": verdict,
            "reach": "",
            "reason": self.failures.get(task.name, "the task was not done"),
            "counterexample": None,
            "replayed": None,
            "obligations": [],
            "witnesses": [],
            "solver": "cvc5",
        }

    def seconds(self, task: Task) -> float:
        """How long a task took; 0 where it failed."""
        return self.records[task.name].seconds if task.name in self.records else 0.0

    def counterexample(self, record: Record, trace: str) -> Record | None:
        """A counterexample with the path of its trace, which is kept."""
        if record["counterexample"] is None:
            return None
        self.traces[trace] = record["trace"]
        return {**record["counterexample"], "trace": f"traces/{trace}"}

    def theorem(self, theorem: Theorem) -> Record:
        """What was found of one theorem."""
        entry = self.material.catalogue.theorems[theorem.id]
        hardened_task, document_task, cross_task = (
            Task(kind, theorem.id) for kind in (Kind.HARDENED, Kind.DOCUMENT, Kind.CROSS_CHECK)
        )
        hardened, document, cross = map(self.record, (hardened_task, document_task, cross_task))
        tightness = [self.record(Task(Kind.WITHOUT, theorem.id, item)) for item in theorem.needs]
        complaints = complaints_about_theorem(theorem, entry.document, hardened, document, tightness, cross)
        witnessed = [self._as_if_witnessed(theorem, item) for item in theorem.needs]
        faults = complaints_about_theorem(theorem, entry.document, hardened, document, witnessed, cross)
        self.complaints.faults += faults
        self.complaints.missing += [item for item in complaints if item not in faults]
        failed = [task.name for task in tasks_of_theorem(theorem) if task.name in self.failures]
        complaints += [f"{name}: {self.failures[name]}" for name in failed]
        for obligation in hardened["obligations"]:
            self.obligations[f"{theorem.id}.{obligation['name']}.smt2"] = obligation["text"]
        return {
            "id": theorem.id,
            "section": entry.section,
            "title": entry.title,
            "requirements": list(theorem.requirements),
            "statement": " ".join(entry.statement.split()),
            "method": theorem.method,
            "assumptions": list(dict.fromkeys((*entry.assumptions, *theorem.assumptions))),
            "technique": theorem.technique.value,
            "needs": [item.value for item in theorem.needs],
            "stands": not complaints,
            "complaints": complaints,
            "hardened": {
                "verdict": hardened["verdict"],
                "reach": hardened["reach"],
                "reason": hardened["reason"],
                "counterexample": self.counterexample(hardened, f"{theorem.id}.itf.json"),
                "seconds": self.seconds(hardened_task),
            },
            "document": {
                "verdict": document["verdict"],
                "expected": entry.document,
                "reason": document["reason"],
                "counterexample": self.counterexample(document, f"{theorem.id}.document.itf.json"),
                "replayed": document["replayed"],
            },
            "tightness": [
                {
                    "without": item.value,
                    "verdict": record["verdict"],
                    "reason": record["reason"],
                    "counterexample": self.counterexample(record, f"{theorem.id}.without-{item.value}.itf.json"),
                    "replayed": record["replayed"],
                }
                for item, record in zip(theorem.needs, tightness, strict=True)
            ],
            "cross_check": self._cross_check(cross, cross_task),
        }

    def _as_if_witnessed(self, theorem: Theorem, resolution: Resolution) -> Record:
        task = Task(Kind.WITHOUT, theorem.id, resolution)
        record = self.record(task)
        if record["verdict"] == Outcome.UNKNOWN.value and task.name in self.records:
            return {**record, "verdict": Outcome.REFUTED.value, "replayed": True}
        return record

    def _cross_check(self, record: Record, task: Task) -> Record | None:
        if record["verdict"] is None:
            return None
        opinions = Counter(opinion["verdict"] for opinion in record["obligations"])
        return {
            "solver": record["solver"],
            "verdict": record["verdict"],
            "obligations": dict(sorted(opinions.items())),
            "certificates": self._certificates(record, task.subject),
            "seconds": self.seconds(task),
        }

    def _certificates(self, record: Record, theorem: str) -> Record:
        certificates = {opinion["name"]: opinion["certificate"] for opinion in record["obligations"]}
        written = {name: item for name, item in certificates.items() if item["text"] is not None}
        self.proofs |= {f"{theorem}.{name}.cpc": item["text"] for name, item in written.items()}
        return {
            "written": len(written),
            "steps": sum(item["steps"] for item in written.values()),
            "trust_steps": sum(item["trust_steps"] for item in written.values()),
            "absent": [
                {"obligation": name, "reason": item["reason"]}
                for name, item in certificates.items()
                if item["text"] is None
            ],
        }

    def defect(self, defect_id: str) -> Record:
        """What was found of one defect."""
        defect = self.material.catalogue.defects[defect_id]
        task = Task(Kind.DEFECT, defect_id)
        record = self.record(task)
        if record["verdict"] != Outcome.REFUTED.value and task.name in self.records:
            lost = [item["counterexample"]["scenario"] for item in record["witnesses"] if not item["replayed"]]
            self.complaints.missing.append(
                f"{defect_id}: {', '.join(lost)} must fail under DOCUMENT and hold under HARDENED, and does not"
            )
        several = len(record["witnesses"]) > 1
        witnesses = []
        for number, witness in enumerate(record["witnesses"], start=1):
            trace = f"{defect_id}.{number}.itf.json" if several else f"{defect_id}.itf.json"
            shown = self.counterexample(witness, trace)
            witnesses.append({**(shown or {}), "replayed": witness["replayed"]})
        return {
            "id": defect.id,
            "severity": defect.severity,
            "section": defect.section,
            "title": defect.title,
            "resolutions": list(defect.resolutions),
            "theorems": list(defect.theorems),
            "verdict": record["verdict"],
            "witnesses": witnesses,
        }

    def by_section(self, plan: Plan) -> dict[str, float]:
        """Seconds of all tasks of the theorems and defects of each section."""
        catalogue = self.material.catalogue
        seconds: dict[str, float] = {}
        for task in plan.tasks:
            if isinstance(task, Task):
                entries = catalogue.defects if task.kind is Kind.DEFECT else catalogue.theorems
                section = entries[task.subject].section
                seconds[section] = seconds.get(section, 0.0) + self.seconds(task)
        return dict(sorted(seconds.items()))

    def contracts(self, plan: Plan) -> list[Record]:
        """What was found of every contracted function."""
        answers: dict[str, Record] = {}
        for function in plan.functions:
            verdict, reason = ContractVerdict.NOT_ANALYSED, plan.obstacles.get(function.name)
            if reason is None:
                name = f"{function.module} contracts"
                verdict, reason = ContractVerdict.UNKNOWN, self.failures.get(name, "CrossHair gave no answer")
            answers[function.name] = {"verdict": verdict.value, "reason": reason, "conditions": []}
        for task in plan.tasks:
            if isinstance(task, ContractTask) and task.name in self.records:
                answers |= self.records[task.name].record["answers"]
        found = judged(plan.functions, answers)
        self.complaints.faults += [
            f"{item['function']}: its contract fails: {item['reason']}"
            for item in found
            if item["verdict"] == ContractVerdict.REFUTED.value
        ]
        return found


def make_ledger(
    material: Material,
    plan: Plan,
    selection: Selection,
    records: Mapping[str, Finished],
    failures: Mapping[str, str],
    *,
    contracts: bool,
) -> Ledger:
    """The ledger of an audit whose tasks have ended: `records` of those that succeeded, `failures` of the others."""
    keeper = _Bookkeeper(material, records, failures)
    keeper.complaints.faults += [f"{name}: {reason}" for name, reason in sorted(failures.items())]
    theorems = [keeper.theorem(theorem) for theorem in plan.theorems]
    defects = [keeper.defect(defect.id) for defect in plan.defects]
    functions = keeper.contracts(plan)
    keeper.complaints.faults += list(material.ties(material.catalogue))
    document = {
        "version": metadata.version("taifoon-spec"),
        "source_sha256": material.source.sha256,
        "profile": {
            "name": HARDENED.name,
            "hash": profile_hash(HARDENED).hex(),
            "resolutions": [item.value for item in Resolution if item in HARDENED],
            "parameters": parameters_to_json(HARDENED.parameters),
        },
        "theorems": theorems,
        "defects": defects,
        "contracts": functions,
        "requirements": requirements(material),
        "complaints": [*keeper.complaints.faults, *keeper.complaints.missing],
        "summary": {},
    }
    document["summary"] = summary(document, plan, selection, records, keeper.complaints, contracts=contracts)
    return Ledger(
        document, keeper.obligations, keeper.traces, keeper.complaints, keeper.proofs, keeper.by_section(plan)
    )


def requirements(material: Material) -> list[Record]:
    """Every requirement of the source, and what carries it."""
    return [
        {
            "id": requirement.id,
            "section": requirement.section,
            "status": requirement.status,
            "implemented_by": list(requirement.functions),
            "theorems": list(requirement.theorems),
            "tests": list(requirement.tests),
        }
        for requirement in material.catalogue.requirements.values()
    ]


def summary(
    document: Mapping[str, Any],
    plan: Plan,
    selection: Selection,
    records: Mapping[str, Finished],
    complaints: Complaints,
    *,
    contracts: bool,
) -> Record:
    """The counts of a document. Every verdict counts as what it is."""
    theorems, defects = document["theorems"], document["defects"]
    tightness = [item for theorem in theorems for item in theorem["tightness"]]
    cross_checks = [theorem["cross_check"]["verdict"] for theorem in theorems if theorem["cross_check"]]
    return {
        "exit_status": complaints.exit_status,
        "whole": selection.is_whole and contracts,
        "sections": list(selection.sections),
        "selected_theorems": list(selection.theorems),
        "theorems": len(theorems),
        "theorems_standing": sum(theorem["stands"] for theorem in theorems),
        "hardened": counted(theorem["hardened"]["verdict"] for theorem in theorems),
        "document": counted(theorem["document"]["verdict"] for theorem in theorems),
        "tightness": len(tightness),
        "tightness_witnessed": sum(
            item["verdict"] == Outcome.REFUTED.value and bool(item["replayed"]) for item in tightness
        ),
        "cross_checks": counted(cross_checks),
        "certificates": certificate_counts(theorems),
        "defects": len(defects),
        "defects_shown": sum(defect["verdict"] == Outcome.REFUTED.value for defect in defects),
        "contracts": counted(item["verdict"] for item in document["contracts"]),
        "contracts_checked": contracts,
        "requirements": counted(item["status"].partition(":")[0] for item in document["requirements"]),
        "complaints": len(complaints.faults) + len(complaints.missing),
        "seconds": round(sum(records[name].seconds for name in sorted(records)), 3),
    }


def certificate_counts(theorems: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many obligations have a proof certificate, how many have none, and the steps of the certificates."""
    found = [theorem["cross_check"]["certificates"] for theorem in theorems if theorem["cross_check"]]
    return {
        "written": sum(item["written"] for item in found),
        "absent": sum(len(item["absent"]) for item in found),
        "steps": sum(item["steps"] for item in found),
        "trust_steps": sum(item["trust_steps"] for item in found),
    }


def counted(values: Any) -> dict[str, int]:
    """How often each value occurs, by value."""
    return dict(sorted(Counter(values).items()))
