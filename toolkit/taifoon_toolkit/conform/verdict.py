"""What a session found, as data: counts, findings by requirement, and the exit status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from taifoon_proofs.catalogue import load_catalogue
from taifoon_toolkit.conform.compare import LONG, Comparison, Finding
from taifoon_toolkit.conform.fuzz import Fuzzer
from taifoon_toolkit.conform.process import Rate
from taifoon_toolkit.conform.transport import Transport
from taifoon_toolkit.vectors.build import Vector
from taifoon_toolkit.vectors.tree import CONTENT, FORMAT, canonical
from taifoon_toolkit.vectors.wire import Json

CONFORMS, DEPARTS, USAGE, NOTHING_COMPARED, INTERRUPTED = 0, 1, 2, 3, 130


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finished session; `seconds` were spent waiting for the client, and `rate` says how fast it is once it runs.

    `frames` is how many requests went into a frame, and 1 stands for lines.
    """

    client: str
    command: tuple[str, ...]
    comparison: Comparison
    fuzzer: Fuzzer | None
    vectors: Mapping[str, Vector]
    calls: int
    seconds: float
    rate: Rate
    transport: Transport
    frames: int
    sections: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """0 only if something was compared and nothing differs."""
        if self.comparison.findings:
            return DEPARTS
        return CONFORMS if self.comparison.compared else NOTHING_COMPARED

    @property
    def by_requirement(self) -> dict[str, tuple[int, list[Finding]]]:
        """How many vectors of each requirement were compared, and what they found."""
        return requirements_of(self.comparison, self.vectors)


def requirements_of(comparison: Comparison, vectors: Mapping[str, Vector]) -> dict[str, tuple[int, list[Finding]]]:
    """Vectors compared and findings by requirement."""
    counted: dict[str, int] = {}
    for vector in vectors.values():
        if vector.name in comparison.tallies and comparison.tallies[vector.name].compared:
            for requirement in vector.requirements:
                counted[requirement] = counted.get(requirement, 0) + 1
    found: dict[str, list[Finding]] = {}
    for finding in comparison.findings:
        for requirement in finding.requirements:
            found.setdefault(requirement, []).append(finding)
    return {name: (counted.get(name, 0), found.get(name, [])) for name in sorted({*counted, *found})}


def named_first(comparison: Comparison, vectors: Mapping[str, Vector]) -> tuple[str, ...]:
    """Requirements, those first that explain the findings best.

    A finding speaks for the first of its vector's requirements most. A requirement of which most vectors pass is a poor
    explanation, so that the share that fails counts twice.
    """
    weights: dict[str, float] = {}
    failed: dict[str, set[str]] = {}
    for finding in comparison.findings:
        for place, requirement in enumerate(finding.requirements):
            weights[requirement] = weights.get(requirement, 0.0) + 1.0 / (1 + place)
            failed.setdefault(requirement, set()).add(finding.vector)
    counted = {name: compared for name, (compared, _) in requirements_of(comparison, vectors).items()}
    shares = {name: len(failed[name]) / max(counted[name], len(failed[name])) for name in weights}
    return tuple(sorted(weights, key=lambda name: (-weights[name] * shares[name] ** 2, name)))


def smallest(findings: Sequence[Finding]) -> Finding:
    """The finding with the shortest question; a digest over drawn cases says least."""

    def order(item: Finding) -> tuple[bool, int, bytes, str]:
        question = canonical(item.given)
        return item.name.startswith(LONG), len(question), question, item.vector

    return min(findings, key=order)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A requirement that explains findings which those before it do not, and those that add nothing to it."""

    requirement: str
    title: str
    findings: tuple[Finding, ...]
    also: tuple[str, ...]

    @property
    def smallest(self) -> Finding:
        """The finding to look at first."""
        return smallest(self.findings)


def explanations(comparison: Comparison, vectors: Mapping[str, Vector]) -> tuple[Explanation, ...]:
    """The findings by requirement, the best explanation first, each finding under the first that explains it.

    A requirement of which every finding is told already is named beside the one that told most of them.
    """
    told: dict[str, list[Finding]] = {}
    beside: dict[str, list[str]] = {}
    rest = list(comparison.findings)
    for requirement in named_first(comparison, vectors):
        fresh = [item for item in rest if requirement in item.requirements]
        if fresh:
            told[requirement], beside[requirement] = fresh, []
            rest = [item for item in rest if requirement not in item.requirements]
        else:
            sharing = {name: sum(requirement in item.requirements for item in told[name]) for name in told}
            beside[max(sharing, key=sharing.__getitem__)].append(requirement)
    return tuple(Explanation(name, title_of(name), tuple(told[name]), tuple(beside[name])) for name in told)


@cache
def titles() -> dict[str, str]:
    """What each requirement and resolution is about, in a line."""
    known = load_catalogue()
    return {item.id: item.meaning for item in known.requirements.values()} | {
        item.id: item.title for item in known.resolutions.values()
    }


def title_of(requirement: str) -> str:
    """What a requirement is about; nothing for one that stands for several."""
    return titles().get(requirement, "")


def finding_json(finding: Finding) -> Json:
    """A finding as it is written."""
    return {
        "vector": finding.vector,
        "method": finding.name,
        "section": finding.section,
        "requirements": list(finding.requirements),
        "fault": finding.fault.name.lower(),
        "sentence": finding.sentence(),
        "place": finding.place,
        "expected": finding.expected,
        "got": finding.got,
        "given": finding.given,
        "rule": finding.rule,
    }


def document_of(verdict: Verdict) -> dict[str, Any]:
    """`conform.json`."""
    comparison, fuzzer = verdict.comparison, verdict.fuzzer
    methods = [
        {
            "name": name,
            "section": tally.section,
            "compared": tally.compared,
            "keys": tally.keys,
            "failed": tally.failed,
            "not_asked": tally.not_asked,
            "unsupported": [{"reason": reason, "vectors": number} for reason, number in tally.unsupported.items()],
        }
        for name, tally in comparison.tallies.items()
    ]
    requirements = [
        {
            "id": name,
            "title": title_of(name),
            "compared": compared,
            "findings": len(found),
            "smallest": finding_json(smallest(found)) if found else None,
        }
        for name, (compared, found) in verdict.by_requirement.items()
    ]
    return {
        "version": version("taifoon-spec"),
        "format": FORMAT,
        "content": CONTENT,
        "client": verdict.client,
        "command": list(verdict.command),
        "transport": verdict.transport.value,
        "frames": verdict.frames,
        "sections": list(verdict.sections),
        "summary": {
            "exit_status": verdict.exit_status,
            "compared": comparison.compared,
            "keys": comparison.keys,
            "unsupported": sum(sum(tally.unsupported.values()) for tally in comparison.tallies.values()),
            "not_asked": sum(tally.not_asked for tally in comparison.tallies.values()),
            "failed": sum(tally.failed for tally in comparison.tallies.values()),
            "findings": len(comparison.findings),
            "named": list(named_first(comparison, verdict.vectors)),
            "calls": verdict.calls,
            "seconds": round(verdict.seconds, 3),
            "calls_per_second": verdict.rate.per_second,
        },
        "fuzzing": None
        if fuzzer is None
        else {
            "seed": fuzzer.seed,
            "compared": fuzzer.compared,
            "outside": fuzzer.outside,
            "found": [vector.id for vector in fuzzer.found],
        },
        "methods": methods,
        "requirements": requirements,
        "explanations": [
            {
                "requirement": item.requirement,
                "title": item.title,
                "also": list(item.also),
                "findings": len(item.findings),
                "smallest": finding_json(item.smallest),
            }
            for item in explanations(comparison, verdict.vectors)
        ],
        "findings": [finding_json(finding) for finding in comparison.findings],
    }
