"""The handlers of a member as tables: every step of every local state, with the certificates that it asks for.

A handler learns of the world through three questions to `Certified`. Each handler is run on every sequence of answers
to the questions that it asks, which covers every set of certificates exactly: no assumption is made on which sets can
occur, and none on how the answers count. A step then is a pair of bit masks (certificates that must be there, and that
must not) and the local state after it. Bits stand for votes and for certificates alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from taifoon.core.consensus import GENESIS_VIEW, Certified, Link, Voting
from taifoon.core.vote import VoteKind
from taifoon.primitives.types import Hash32, View
from taifoon_models.voting import GENESIS, Committee, Step

EXCHANGE = str.maketrans("ab", "ba")


def key_of(link: Link) -> tuple[View, Hash32]:
    """What votes for a block name."""
    return link.view, link.block_hash


@dataclass(frozen=True)
class Bits:
    """A bit for each thing that can be voted for: blocks to notarise, views to nullify, blocks to finalise."""

    committee: Committee

    @cached_property
    def notarise(self) -> dict[tuple[View, Hash32], int]:
        """Bits of votes to notarise."""
        links = self.committee.blocks.values()
        return {key_of(link): 1 << place for place, link in enumerate(links)}

    @cached_property
    def nullify(self) -> dict[View, int]:
        """Bits of votes to nullify."""
        first = len(self.notarise)
        return {View(view): 1 << (first + view - 1) for view in range(1, self.committee.views + 1)}

    @cached_property
    def finalise(self) -> dict[tuple[View, Hash32], int]:
        """Bits of votes to finalise, the highest."""
        first = len(self.notarise) + len(self.nullify)
        return {key: bit << first for key, bit in self.notarise.items()}

    @property
    def count(self) -> int:
        """Number of bits."""
        return 2 * len(self.notarise) + len(self.nullify)

    def votes(self, member: Voting) -> int:
        """The votes of a member."""
        return (
            sum(self.notarise[key] for key in member.notarised)
            | sum(self.nullify[view] for view in member.nullified)
            | sum(self.finalise[key] for key in member.finalised)
        )

    def final(self, name: str, kinds: tuple[VoteKind, ...]) -> int:
        """The certificates that make a block final."""
        key = key_of(self.committee.blocks[name])
        of_kind = {VoteKind.NOTARISE: self.notarise, VoteKind.FINALISE: self.finalise}
        return sum(of_kind[kind][key] for kind in kinds)

    @cached_property
    def exchanged(self) -> dict[tuple[View, Hash32], tuple[View, Hash32]]:
        """The blocks when the two of the first view, and all that stand on them, change places."""
        blocks = self.committee.blocks
        images = {name: name.translate(EXCHANGE) for name in blocks}
        if set(images.values()) != set(blocks):
            raise ValueError(f"{', '.join(blocks)}: the two blocks of the first view do not bear the same blocks")
        return {key_of(blocks[name]): key_of(blocks[image]) for name, image in images.items()}

    @cached_property
    def _images(self) -> tuple[int, ...]:
        images = {bit: self.notarise[self.exchanged[key]] for key, bit in self.notarise.items()}
        images |= {bit: self.finalise[self.exchanged[key]] for key, bit in self.finalise.items()}
        return tuple(images.get(1 << place, 1 << place) for place in range(self.count))

    def image(self, mask: int) -> int:
        """Votes or certificates when the blocks change places."""
        return sum(bit for place, bit in enumerate(self._images) if mask >> place & 1)


@dataclass(frozen=True)
class Questions(Certified):
    """Certificates as questions. Answers come from `given`, in the order of asking; what is asked beyond is denied."""

    bits: Bits = field(kw_only=True)
    given: tuple[bool, ...] = ()
    asked: list[tuple[int, bool]] = field(default_factory=list)

    def answer(self, bit: int) -> bool:
        """The answer to whether a certificate exists; the same question is answered alike."""
        for known, answered in self.asked:
            if known == bit:
                return answered
        place = len(self.asked)
        answered = self.given[place] if place < len(self.given) else False
        self.asked.append((bit, answered))
        return answered

    def is_notarised(self, view: View, block_hash: Hash32) -> bool:
        """Whether a block is notarised; genesis is."""
        if (view, block_hash) == (GENESIS_VIEW, self.genesis):
            return True
        return self.answer(self.bits.notarise[view, block_hash])

    def has_notarised(self, view: View) -> bool:
        """Whether some block of a view is notarised."""
        return any(self.answer(bit) for (voted, _), bit in self.bits.notarise.items() if voted == view)

    def is_nullified(self, view: View) -> bool:
        """Whether a view is nullified."""
        return self.answer(self.bits.nullify[view])


class Guarded(NamedTuple):
    """A step, the certificates that must and must not exist for it, and the number of the local state after it."""

    step: Step
    present: int
    absent: int
    after: int

    def is_enabled(self, certificates: int) -> bool:
        """Whether the handler takes the step when exactly these certificates exist."""
        return certificates & self.present == self.present and not certificates & self.absent


def guarded_outcomes(bits: Bits, member: Voting, step: Step) -> Iterator[tuple[int, int, Voting]]:
    """What a handler does with a step, for every set of certificates: those present, those absent, the state after."""
    given: list[bool] = []
    while True:
        questions = Questions(GENESIS, bits=bits, given=tuple(given))
        after = bits.committee.do(member, questions, step)
        answers = [answered for _, answered in questions.asked]
        if after is not None and after.view <= bits.committee.views:
            present = sum(bit for bit, answered in questions.asked if answered)
            yield present, sum(bit for bit, _ in questions.asked) - present, after
        while answers and answers[-1]:
            answers.pop()
        if not answers:
            return
        given = [*answers[:-1], True]


@dataclass(frozen=True)
class Tables:
    """Local states in order of discovery, the votes of each, its steps, and its mirror image.

    The mirror exchanges the two blocks of the first view and all that stand on them. Handlers do not look into hashes,
    and that is checked: the steps of a mirror image are the mirror images of the steps.
    """

    committee: Committee
    bits: Bits
    members: tuple[Voting, ...]
    votes: tuple[int, ...]
    steps: tuple[tuple[Guarded, ...], ...]
    mirror: tuple[int, ...]


def tabulate(committee: Committee) -> Tables:
    """The tables of a committee's honest members. Raises ValueError where blocks are not interchangeable."""
    bits = Bits(committee)
    candidates = [Step(action, name) for name in committee.blocks for action in ("notarise", "finalise")]
    candidates += [Step("nullify", ""), Step("advance", "")]
    numbers = {Voting(): 0}
    members = [Voting()]
    steps = []
    for member in members:
        row = []
        for step in candidates:
            for present, absent, after in guarded_outcomes(bits, member, step):
                if after not in numbers:
                    numbers[after] = len(members)
                    members.append(after)
                row.append(Guarded(step, present, absent, numbers[after]))
        steps.append(tuple(row))
    return Tables(
        committee,
        bits,
        tuple(members),
        tuple(bits.votes(member) for member in members),
        tuple(steps),
        mirrored(bits, members, numbers, steps),
    )


def mirrored(
    bits: Bits, members: list[Voting], numbers: dict[Voting, int], steps: list[tuple[Guarded, ...]]
) -> tuple[int, ...]:
    """The number of each local state's mirror image."""
    exchanged = bits.exchanged
    mirror = tuple(
        numbers[
            replace(
                member,
                notarised=frozenset(exchanged[key] for key in member.notarised),
                finalised=frozenset(exchanged[key] for key in member.finalised),
            )
        ]
        for member in members
    )
    for number, row in enumerate(steps):
        image = [step._replace(present=bits.image(step.present), absent=bits.image(step.absent)) for step in row]
        if guards(steps[mirror[number]]) != {mirror[after]: guard for after, guard in guards(image).items()}:
            raise ValueError(f"local state {number}: its steps are not those of its mirror image")
    return mirror


def guards(row: Iterable[Guarded]) -> dict[int, frozenset[int]]:
    """For each state after, the sets of certificates, out of those that its steps ask about, that lead there."""
    asked: dict[int, int] = {}
    cubes: dict[int, list[Guarded]] = {}
    for step in row:
        asked[step.after] = asked.get(step.after, 0) | step.present | step.absent
        cubes.setdefault(step.after, []).append(step)
    return {
        after: frozenset(subset for subset in subsets(asked[after]) if any(cube.is_enabled(subset) for cube in leading))
        for after, leading in cubes.items()
    }


def subsets(mask: int) -> Iterator[int]:
    """Every subset of a set of bits."""
    subset = mask
    while True:
        yield subset
        if not subset:
            return
        subset = (subset - 1) & mask
