"""Exhaustive search over a committee's states, packed into numbers, with the shipped handlers as tables.

A state is the sorted tuple of its members' local states; it and its mirror image count as one. Breadth first, so that
a forbidden state is reached by a shortest schedule. States are kept exactly: no state is lost to a collision of hashes.
Where numba is present the search runs in machine code; else in Python, slower and with the same answers.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

from taifoon_models.explorer import Exploration, Schedule
from taifoon_models.tables import Guarded, Tables
from taifoon_models.voting import Step

ACTIONS = ("notarise", "nullify", "finalise", "advance")
CHUNK = 1 << 21
WORD = 64

Progress = Callable[["Engine"], None]


@dataclass(frozen=True)
class Packing:
    """How states are numbers: the local state of each member in equal fields, the smallest in the lowest field.

    A state is forbidden if all certificates of some pattern exist in it.
    """

    tables: Tables
    forbidden: tuple[int, ...]
    symmetric: bool = True

    def __post_init__(self) -> None:
        image = self.tables.bits.image
        if self.symmetric and {image(pattern) for pattern in self.forbidden} != set(self.forbidden):
            raise ValueError("forbidden: with mirror images counting as one, add those of all patterns")

    @property
    def honest(self) -> int:
        """Number of members."""
        return self.tables.committee.honest

    @cached_property
    def width(self) -> int:
        """Bits of a field."""
        return max(1, (len(self.tables.members) - 1).bit_length())

    @property
    def fits(self) -> bool:
        """Whether states and sets of certificates fit into machine words."""
        return self.honest * self.width < WORD and self.tables.bits.count <= WORD

    def word(self, members: Sequence[int]) -> int:
        """The number of a state: the smaller one of itself and its mirror image, each with its members sorted."""
        mirror = self.tables.mirror
        word = self._packed(sorted(members))
        return min(word, self._packed(sorted(mirror[member] for member in members))) if self.symmetric else word

    def _packed(self, members: Sequence[int]) -> int:
        word = 0
        for member in reversed(members):
            word = word << self.width | member
        return word

    def members(self, word: int) -> tuple[int, ...]:
        """The local states of a number."""
        field = (1 << self.width) - 1
        return tuple(word >> self.width * place & field for place in range(self.honest))

    def certificates(self, members: Sequence[int]) -> int:
        """The certificates that exist: what enough members have voted for, the Byzantine seats adding theirs."""
        # The votes for all bits are counted at once: `planes` are the digits of the counts, lowest first.
        planes: list[int] = []
        for member in members:
            carry = self.tables.votes[member]
            for level, plane in enumerate(planes):
                planes[level], carry = plane ^ carry, plane & carry
            if carry:
                planes.append(carry)
        return at_least(self.tables.committee.needed, planes, self.tables.bits.count)

    def is_forbidden(self, certificates: int) -> bool:
        """Whether some forbidden set of certificates exists."""
        return any(certificates & pattern == pattern for pattern in self.forbidden)


def at_least(needed: int, planes: Sequence[int], bits: int) -> int:
    """The bits whose counts reach a number; `planes` are the binary digits of all counts, lowest first."""
    reached, equal = 0, (1 << bits) - 1
    for level in range(max(len(planes), needed.bit_length()) - 1, -1, -1):
        plane = planes[level] if level < len(planes) else 0
        if needed >> level & 1:
            equal &= plane
        else:
            reached |= equal & plane
            equal &= ~plane
    return reached | equal


class Engine(Protocol):
    """A search that goes on for a number of states at a time. States have numbers in the order of discovery."""

    @property
    def head(self) -> int:
        """Number of states expanded."""

    @property
    def tail(self) -> int:
        """Number of states found."""

    @property
    def transitions(self) -> int:
        """Number of steps taken."""

    @property
    def fired(self) -> tuple[int, ...]:
        """How often each of `ACTIONS` was taken."""

    def advance(self, stop: int) -> int | None:
        """Expand until `stop` states are expanded or none is left; the number of a forbidden state, if one is met."""

    def word(self, number: int) -> int:
        """A state."""

    def parent(self, number: int) -> int:
        """The state from which a state was found; that of the first is itself."""

    def save(self, file: Path) -> None:
        """Write all that is needed to go on."""

    def load(self, file: Path) -> bool:
        """Go on from a file of the same search; False, and nothing changed, where it is of another one."""


class PlainEngine:
    """The search in Python."""

    def __init__(self, packing: Packing) -> None:
        self.packing = packing
        start = packing.word((0,) * packing.honest)
        self.words = [start]
        self.parents = [0]
        self.seen = {start}
        self.head = 0
        self.transitions = 0
        self._fired = dict.fromkeys(ACTIONS, 0)
        self._asked = [_asked(row) for row in packing.tables.steps]
        self._steps: dict[tuple[int, int], tuple[tuple[str, int], ...]] = {}

    @property
    def tail(self) -> int:
        """Number of states found."""
        return len(self.words)

    @property
    def fired(self) -> tuple[int, ...]:
        """How often each action was taken."""
        return tuple(self._fired.values())

    def word(self, number: int) -> int:
        """A state."""
        return self.words[number]

    def parent(self, number: int) -> int:
        """The state from which a state was found."""
        return self.parents[number]

    def advance(self, stop: int) -> int | None:
        """Expand states one after the other."""
        while self.head < min(stop, len(self.words)):
            members = self.packing.members(self.words[self.head])
            certificates = self.packing.certificates(members)
            if self.packing.is_forbidden(certificates):
                return self.head
            for place, member in enumerate(members):
                if place and members[place - 1] == member:
                    continue
                for action, after in self.enabled(member, certificates):
                    self.transitions += 1
                    self._fired[action] += 1
                    word = self.packing.word((*members[:place], after, *members[place + 1 :]))
                    if word not in self.seen:
                        self.seen.add(word)
                        self.words.append(word)
                        self.parents.append(self.head)
            self.head += 1
        return None

    def enabled(self, member: int, certificates: int) -> tuple[tuple[str, int], ...]:
        """The steps of a local state when these certificates exist."""
        asked = member, certificates & self._asked[member]
        known = self._steps.get(asked)
        if known is None:
            known = self._steps[asked] = tuple(
                (step.step.action, step.after)
                for step in self.packing.tables.steps[member]
                if step.is_enabled(certificates)
            )
        return known

    def save(self, file: Path) -> None:
        """Keep nothing: where this search is used there is no format for large arrays."""

    def load(self, file: Path) -> bool:
        """Start anew."""
        return False


def _asked(row: Sequence[Guarded]) -> int:
    mask = 0
    for step in row:
        mask |= step.present | step.absent
    return mask


def engine_for(packing: Packing, *, compiled: bool | None = None, room: int = 0) -> Engine:
    """The compiled search where it can run, else the plain one.

    Raises ValueError where the compiled one is demanded and cannot run.
    """
    able = packing.fits and importlib.util.find_spec("numba") is not None
    if compiled and not able:
        raise ValueError("the compiled search needs numba, and states that fit into 64 bits: use the plain one")
    if able and compiled is not False:
        from taifoon_models.packed_engine import CompiledEngine

        return CompiledEngine(packing, room)
    return PlainEngine(packing)


def explore(
    packing: Packing,
    limit: int,
    *,
    compiled: bool | None = None,
    room: int = 0,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
) -> Exploration:
    """Search until a forbidden state, until all is seen, or until about `limit` states.

    `room` is the number of states for which memory is set aside at once. With a checkpoint the search goes on from that
    file, if it is of the same search, and keeps there what it has; a finished search removes it.
    """
    engine = engine_for(packing, compiled=compiled, room=room)
    if checkpoint is not None and checkpoint.exists():
        engine.load(checkpoint)
    violation, kept = None, engine.head
    try:
        while violation is None and engine.head < engine.tail <= limit:
            violation = engine.advance(min(engine.head + CHUNK, limit))
            if progress is not None:
                progress(engine)
            # The more there is, the longer it takes to keep: so it is kept whenever there is a quarter more.
            if checkpoint is not None and 4 * engine.head > 5 * kept:
                engine.save(checkpoint)
                kept = engine.head
    except KeyboardInterrupt:
        if checkpoint is not None:
            engine.save(checkpoint)
        raise
    if checkpoint is not None and (violation is not None or engine.head == engine.tail):
        checkpoint.unlink(missing_ok=True)
    last = engine.tail - 1 if violation is None else violation
    return Exploration(
        engine.tail,
        engine.transitions,
        sum(1 for _ in ancestors(engine, last)) - 1,
        tuple(sorted((action, count) for action, count in zip(ACTIONS, engine.fired, strict=True) if count)),
        complete=violation is None and engine.head == engine.tail,
        schedule=None if violation is None else schedule_to(packing, engine, violation),
    )


def ancestors(engine: Engine, number: int) -> Iterator[int]:
    """The numbers of a state, of the one from which it was found, and so on to the first."""
    yield number
    while number:
        number = engine.parent(number)
        yield number


def schedule_to(packing: Packing, engine: Engine, number: int) -> Schedule:
    """Who does what, from the start to a state: members of packed states are given their seats again along the way."""
    targets = [engine.word(ancestor) for ancestor in ancestors(engine, number)][-2::-1]
    members = [0] * packing.honest
    schedule = []
    for target in targets:
        seat, step, after = next(found for found in _moves(packing, members) if _leads(packing, members, found, target))
        members[seat] = after
        schedule.append((seat, step.action, step.block))
    return tuple(schedule)


def _moves(packing: Packing, members: Sequence[int]) -> Iterator[tuple[int, Step, int]]:
    certificates = packing.certificates(members)
    for seat, member in enumerate(members):
        for step in packing.tables.steps[member]:
            if step.is_enabled(certificates):
                yield seat, step.step, step.after


def _leads(packing: Packing, members: Sequence[int], move: tuple[int, Step, int], target: int) -> bool:
    seat, _, after = move
    return packing.word((*members[:seat], after, *members[seat + 1 :])) == target
