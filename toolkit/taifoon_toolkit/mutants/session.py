"""A run over mutants: choose them, judge each by the vectors that reach it, keep every verdict, go on where it ended.

A verdict stays valid while module and vector are the same, so that a second run judges only what changed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from blake3 import blake3

import taifoon
import taifoon_toolkit.vectors
from taifoon_toolkit.mutants import judge
from taifoon_toolkit.mutants.normal import Unseen, shown_by, unseen_of
from taifoon_toolkit.mutants.sites import Ground, Site, Target, targets
from taifoon_toolkit.vectors.build import Vector
from taifoon_toolkit.vectors.tree import digest_of

GREATEST_LINE = 1000
"""Lines of more drawn cases than this are not asked: they take up to half a minute each."""
LOG = "mutants.jsonl"
KILLED, SURVIVED, UNSEEN, NO_CLIENT = "killed", "survived", "unseen", "no client"


class JudgeError(RuntimeError):
    """The judging process ended, or the reference does not answer the vectors as recorded."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant. `reached` counts the vectors that run its place; `by` is the vector that killed it."""

    site: str
    module: str
    section: str
    line: int
    function: str | None
    source: str
    vectors: str
    verdict: str
    reached: int
    by: str = ""
    how: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which mutants: sections and modules by their beginning, at most so many of each module, drawn by a seed."""

    sections: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    sample: int | None = None
    seed: str = "1"

    def takes(self, target: Target) -> bool:
        """Whether a module is wanted."""
        in_section = any(target.section == item or target.section.startswith(f"{item}.") for item in self.sections)
        named = any(item in target.module for item in self.modules)
        return (in_section or not self.sections) and (named or not self.modules)

    def drawn(self, sites: Sequence[Site]) -> tuple[Site, ...]:
        """The mutants of one module, all or a sample, in their order."""
        if self.sample is None or len(sites) <= self.sample:
            return tuple(sites)

        def lot(site: Site) -> bytes:
            return blake3(f"{self.seed}/{site.name}".encode()).digest()

        chosen = set(sorted(sites, key=lot)[: self.sample])
        return tuple(site for site in sites if site in chosen)


def asked_vectors(vectors: Iterable[Vector]) -> dict[str, Vector]:
    """The vectors that judge: all but the longest lines."""
    return {
        vector.id: vector
        for vector in vectors
        if vector.is_trace or int(vector.content["given"].get("cases", "0")) <= GREATEST_LINE
    }


@dataclass(slots=True)
class Judge:
    """The judging process, and what the vectors reach of the reference."""

    vectors: Mapping[str, Vector]
    process: subprocess.Popen[str] = field(init=False)
    importing: dict[str, set[int]] = field(init=False)
    cached: set[str] = field(init=False)
    reaching: dict[str, dict[int, list[str]]] = field(init=False)

    def __post_init__(self) -> None:
        rows = [(vector.id, vector.name, vector.content) for vector in self.vectors.values()]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "vectors.json"
            path.write_text(json.dumps(rows), encoding="utf-8")
            self.process = subprocess.Popen(  # noqa: S603 - this project's own code
                [sys.executable, "-O", "-m", judge.__name__, str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            known = self.reply()
        if "lines" not in known or known["wrong"]:
            raise JudgeError(f"the reference does not answer the vectors as recorded: {known.get('wrong', known)}")
        self.importing = {module: set(lines) for module, lines in known["importing"].items()}
        self.cached = set(known["cached"])
        # The vector that runs least of the reference comes first: it is likely the cheapest.
        effort = {name: sum(map(len, lines.values())) for name, lines in known["lines"].items()}
        self.reaching = {}
        for name in sorted(effort, key=lambda item: (effort[item], item)):
            for module, lines in known["lines"][name].items():
                for line in lines:
                    self.reaching.setdefault(module, {}).setdefault(line, []).append(name)

    def reply(self) -> Any:
        """The next answer. Raises JudgeError."""
        if self.process.stdout is None or not (line := self.process.stdout.readline()):
            raise JudgeError("the judging process ended: run `taifoon vectors mutants` again, it goes on where it was")
        return json.loads(line)

    def reach(self, site: Site, lines: range) -> tuple[str, ...]:
        """The vectors that run a place; all of them for what runs at an import."""
        if site.function is None:
            return tuple(self.vectors)
        of_module = self.reaching.get(site.module, {})
        if site.module in self.cached:
            # Only the first to ask runs what is cached, and all depend on it.
            return tuple(dict.fromkeys(name for names in of_module.values() for name in names))
        found = dict.fromkeys(name for line in site.lines or lines for name in of_module.get(line, ()))
        return tuple(found)

    def ask(self, site: Site, source: str, names: Sequence[str], lines: range) -> dict[str, str]:
        """The verdict on one mutant."""
        early = bool(self.importing.get(site.module, set()).intersection(lines))
        function = None if early else site.function
        question = {"module": site.module, "function": function, "source": source, "vectors": names}
        if self.process.stdin is None:
            raise JudgeError("the judging process takes no questions")
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer: dict[str, str] = self.reply()
        return answer

    def close(self) -> None:
        """End the judging process."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait()


def changed_line(target: Target, source: str) -> str:
    """The first line that a mutant changes, before and after."""
    before, after = target.source.splitlines(), source.splitlines()
    for old, new in zip(before, after, strict=False):
        if old != new:
            return f"{old.strip()}  =>  {new.strip()}"
    return ""


@dataclass(slots=True)
class Run:
    """All that judging needs; `known` are the verdicts of earlier runs."""

    folder: Path
    wanted: Wanted
    vectors: tuple[Vector, ...]
    targets: tuple[Target, ...] = field(init=False)
    unseen: Unseen = field(init=False)
    known: dict[tuple[str, str], Verdict] = field(init=False)
    digests: dict[str, str] = field(init=False)
    state: str = field(init=False)
    unasked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        every = targets(Path(next(iter(taifoon.__path__))))
        asking = Path(next(iter(taifoon_toolkit.vectors.__path__))).glob("*.py")
        sources = [path.read_text(encoding="utf-8") for path in asking]
        self.unseen = unseen_of((target.source for target in every), sources)
        self.targets = tuple(target for target in every if self.wanted.takes(target))
        self.digests = {vector.id: digest_of(vector.content) for vector in self.vectors}
        whole = [*self.digests.values(), *(target.digest for target in every)]
        self.state = blake3("".join(whole).encode()).hexdigest()
        self.known = {}
        log = self.folder / LOG
        if log.is_file():
            for line in log.read_text(encoding="utf-8").splitlines():
                verdict = Verdict(**json.loads(line))
                self.known[verdict.site, verdict.source] = verdict

    def still(self, target: Target, site: Site) -> Verdict | None:
        """The verdict of an earlier run, where nothing that it rests on has changed."""
        verdict = self.known.get((site.name, target.digest))
        if verdict is None:
            return None
        by_vector = verdict.by in self.digests and verdict.vectors == self.digests[verdict.by]
        fixed = verdict.verdict in (UNSEEN, NO_CLIENT)
        return verdict if fixed or by_vector or verdict.vectors == self.state else None

    def verdicts(self) -> Iterator[Verdict]:
        """Judge every mutant that is wanted; each verdict is on disk before the next mutant.

        Modules of which no vector runs a line are passed over. Raises JudgeError, ToolMissingError.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        judging = Judge(asked_vectors(self.vectors))
        with (self.folder / LOG).open("a", encoding="utf-8") as log:
            try:
                for target in self.targets:
                    if target.module not in judging.reaching:
                        self.unasked.append(target.module)
                        continue
                    ground = Ground(target)
                    for site in self.wanted.drawn(ground.sites):
                        verdict = self.still(target, site)
                        if verdict is None:
                            verdict = self.judged(judging, ground, site)
                            log.write(json.dumps(asdict(verdict)) + "\n")
                            log.flush()
                        yield verdict
            finally:
                judging.close()

    def judged(self, judging: Judge, ground: Ground, site: Site) -> Verdict:
        """The verdict on one mutant, by the process where it has to be asked."""
        target, source = ground.target, ground.mutated(site)
        change = changed_line(target, source)

        def verdict(word: str, reached: int = 0, basis: str = self.state, by: str = "", how: str = "") -> Verdict:
            place = (site.name, target.module, target.section, site.line, site.function, target.digest)
            return Verdict(*place, basis, word, reached, by, how, change)

        try:
            after = ground.segment(source, site)
            before = target.source if after == source else ground.segment(target.source, site)
            if shown_by(after, self.unseen) == shown_by(before, self.unseen):
                return verdict(UNSEEN)
        except SyntaxError:
            return verdict(NO_CLIENT)
        lines = ground.lines_around(site)
        names = judging.reach(site, lines)
        if not names:
            return verdict(SURVIVED)
        answer = judging.ask(site, source, names, lines)
        by = answer.get("by", "")
        return verdict(answer["verdict"], len(names), self.digests.get(by, self.state), by, answer.get("how", ""))
