"""Section 2.4: what a change of view can learn about the view before (R-2.4-5).

With one round of votes two runs can end with different final blocks and yet give the next leader the same reports, so
that every rule by which it goes on is wrong in one of them. That is so exactly where `n <= 5f - 2` (Abraham, Nayak, Ren
and Xiang 2021, arXiv 2102.07240). A second round forbids it: who votes to finalise shows a certificate, and
certificates of two blocks do not exist in one run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

import z3

from taifoon.core.consensus import Certified, Voting, final_kinds, may_be_finalised
from taifoon.core.quorum import tolerated_faults
from taifoon.core.vote import VoteKind
from taifoon.primitives.types import Hash32, View
from taifoon.profile import Profile, Resolution
from taifoon_models.voting import GENESIS, Committee, Step
from taifoon_proofs.establish import Claim, exhaust, prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.verdict import Json, Outcome, Technique, Verdict, conclude

SEATS_FROM, SEATS_TO = 4, 12
BLOCKS = ("1.a", "1.b")
OTHER = {"1.a": "1.b", "1.b": "1.a"}
FAULTY = "-"


@dataclass(frozen=True, slots=True)
class Report:
    """What a member says of the view: its votes, and the blocks whose certificates it shows."""

    notarised: frozenset[tuple[View, Hash32]]
    finalised: frozenset[tuple[View, Hash32]]
    certificates: frozenset[tuple[View, Hash32]]


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a view: the honest members by seat, the certificates that exist, and the final blocks."""

    honest: Mapping[int, Voting]
    certified: Certified
    final: tuple[str, ...]
    byzantine: int


def executed(profile: Profile, choices: str, *, insistent: bool) -> Execution:
    """A view in which each seat votes for the block of its letter; `-` marks the seats that are not honest.

    First all vote to notarise, then all to finalise what they notarised. Insistent members try both blocks each time.
    A step that the handler refuses is left out.
    """
    seats = [seat for seat, choice in enumerate(choices) if choice != FAULTY]
    committee = Committee(profile, len(choices), len(choices) - len(seats), 1)
    members = list(committee.start())
    for action in ("notarise", "finalise"):
        certified = committee.certified(tuple(members))
        for place, seat in enumerate(seats):
            own = f"1.{choices[seat]}"
            for block in (own, OTHER[own]) if insistent else (own,):
                after = committee.do(members[place], certified, Step(action, block))
                members[place] = members[place] if after is None else after
    certified = committee.certified(tuple(members))
    return Execution(
        dict(zip(seats, members, strict=True)), certified, committee.final(tuple(members)), committee.byzantine
    )


def report_of(profile: Profile, execution: Execution, seat: int) -> Report:
    """An honest member's report. It shows a certificate only where the rules made sure that it had seen it."""
    member, blocks = execution.honest[seat], Committee(profile, 1, 0, 1).blocks.values()
    unseen = Certified(GENESIS)
    seen = {(link.view, link.block_hash) for link in blocks if not may_be_finalised(profile, unseen, link)}
    return Report(member.notarised, member.finalised, member.finalised & seen)


def can_report(profile: Profile, execution: Execution, seat: int, report: Report) -> bool:
    """Whether a seat can give a report: its own where it is honest, else any with certificates that exist."""
    if seat in execution.honest:
        return report == report_of(profile, execution, seat)
    return report.certificates <= execution.certified.notarised


def looks_alike(profile: Profile, runs: tuple[Execution, Execution], seat: int) -> bool:
    """Whether a seat can give one and the same report in both runs."""
    reports = [report_of(profile, run, seat) for run in runs if seat in run.honest]
    return not reports or any(all(can_report(profile, run, seat, report) for run in runs) for report in reports)


@scenario("consensus/indistinguishable")
def the_next_leader_cannot_tell(
    profile: Profile, trace: Trace, *, first: str, second: str, reporters: list[int], insistent: bool
) -> bool:
    """In one run block a is final and in another block b, and the next leader gets the same reports in both.

    The last seat leads the view and proposes both blocks, which exposes it: its report is left out. The others give as
    many reports as can be waited for.
    """
    seats = len(first)
    faults = tolerated_faults(profile, seats)
    runs = executed(profile, first, insistent=insistent), executed(profile, second, insistent=insistent)
    for name, choices, run in (("first", first, runs[0]), ("second", second, runs[1])):
        trace.state(f"{name} run", seats=seats, faults=faults, votes=choices, final=run.final)
    alike = tuple(seat for seat in reporters if looks_alike(profile, runs, seat))
    trace.state("change the view", reporters=tuple(reporters), same_report=alike)
    return (
        all(run.byzantine <= faults for run in runs)
        and first[-1] == second[-1] == FAULTY
        and seats - 1 not in reporters
        and len(set(reporters)) >= seats - faults
        and len(alike) == len(reporters)
        and BLOCKS[0] in runs[0].final
        and BLOCKS[1] in runs[1].final
    )


def pairs_of_runs(profile: Profile, seats: int) -> Iterator[dict[str, Json]]:
    """Pairs of runs of a committee, among them, for one round of votes, one that deceives if any does.

    Where a seat votes otherwise than here, one of the two blocks has a vote less and no report is more alike: those
    that report and are honest in both runs vote alike, those faulty in one vote for the final block of the other, and
    those that do not report vote for the final block of each.
    """
    faults = tolerated_faults(profile, seats)
    if faults == 0:
        return
    reporting = seats - faults
    for in_first, in_second, in_both, silent in product(range(faults), repeat=4):
        if 1 + max(in_first, in_second) + in_both + silent > faults or in_first + in_second + in_both > reporting:
            continue
        alike = reporting - in_first - in_second - in_both
        outside = faults - 1 - silent
        for votes_a in range(alike + 1):
            shared = "a" * votes_a + "b" * (alike - votes_a)
            first = shared + FAULTY * in_first + "a" * in_second + FAULTY * in_both + "a" * outside
            second = shared + "b" * in_first + FAULTY * in_second + FAULTY * in_both + "b" * outside
            faulty = FAULTY * (silent + 1)
            for insistent in (False, True):
                yield {
                    "first": first + faulty,
                    "second": second + faulty,
                    "reporters": list(range(reporting)),
                    "insistent": insistent,
                }


MEMBER, QUORUM, BLOCK = (z3.DeclareSort(name) for name in ("Member", "Quorum", "Block"))
TRUTH = z3.BoolSort()
belongs = z3.Function("belongs", MEMBER, QUORUM, TRUTH)
says = z3.Function("says_finalised", MEMBER, BLOCK, TRUTH)
shows = z3.Function("shows_certificate", MEMBER, BLOCK, TRUTH)
reporting = z3.Const("reporting", QUORUM)
m = z3.Const("m", MEMBER)
q, r = z3.Consts("q r", QUORUM)
a, b = z3.Consts("a b", BLOCK)


@dataclass(frozen=True)
class Run:
    """The votes of one run in first-order logic; reports are the same in all runs."""

    number: int

    def byzantine(self, member: z3.ExprRef) -> z3.BoolRef:
        """Who is not honest."""
        return z3.Function(f"byzantine_{self.number}", MEMBER, TRUTH)(member)

    def voted(self, kind: VoteKind, member: z3.ExprRef, block: z3.ExprRef) -> z3.BoolRef:
        """Who voted how."""
        return z3.Function(f"{kind.value}_{self.number}", MEMBER, BLOCK, TRUTH)(member, block)

    def certified(self, kind: VoteKind, block: z3.ExprRef) -> z3.BoolRef:
        """Whether a quorum voted so."""
        return z3.Exists([q], z3.ForAll([m], z3.Implies(belongs(m, q), self.voted(kind, m, block))))

    def final(self, profile: Profile, block: z3.ExprRef) -> z3.BoolRef:
        """Whether a block is final, by the shipped rule on which certificates that takes."""
        return z3.And(*(self.certified(kind, block) for kind in final_kinds(profile)))

    def rules(self, profile: Profile) -> Iterator[z3.BoolRef]:
        """What holds of the votes and of the reports, a rule for each resolution and two that need none."""
        honest = z3.Not(self.byzantine(m))
        if Resolution.QUORUM in profile:
            yield z3.ForAll([q, r], z3.Exists([m], z3.And(belongs(m, q), belongs(m, r), honest)))
        if Resolution.VOTE_ONCE in profile:
            once = z3.And(honest, self.voted(VoteKind.NOTARISE, m, a), self.voted(VoteKind.NOTARISE, m, b))
            yield z3.ForAll([m, a, b], z3.Implies(once, a == b))
        if Resolution.FINALISE_NEEDS_NOTARISATION in profile:
            yield z3.ForAll([m, b], z3.Implies(z3.And(honest, says(m, b)), shows(m, b)))
        reports = z3.And(honest, belongs(m, reporting))
        yield z3.ForAll([m, b], z3.Implies(reports, says(m, b) == self.voted(VoteKind.FINALISE, m, b)))
        yield z3.ForAll([m, b], z3.Implies(shows(m, b), self.certified(VoteKind.NOTARISE, b)))


def reports_determine(profile: Profile) -> Claim:
    """Two runs with the same reports have the same final block, if any."""
    first, second = Run(1), Run(2)
    left, right = z3.Consts("left right", BLOCK)
    rules = (*first.rules(profile), *second.rules(profile))
    finals = (first.final(profile, left), second.final(profile, right))
    return Claim("reports-determine-the-final-block", (*rules, *finals), left == right)


@theorem(
    "T-C4o",
    requirements=("R-2.4-5",),
    needs={
        Resolution.QUORUM,
        Resolution.VOTE_ONCE,
        Resolution.VIEW_CHANGE,
        Resolution.FINALISE_NEEDS_NOTARISATION,
    },
    technique=Technique.COMBINED,
    assumptions=("AM2", "AM4", "AM5"),
)
def reports_tell_what_is_final(profile: Profile) -> Verdict:
    """Some honest member that voted to finalise reports, and shows the certificate, so both runs have it.

    The final block of the other run has one as well, and one run has no two. That is an obligation for every committee
    over uninterpreted sorts, in which one report stands for both runs. Pairs of runs of the shipped handlers are
    searched for committees from four seats to twelve.
    """
    searched = [
        exhaust(
            profile, "consensus/indistinguishable", f"pairs of runs of {seats} seats", pairs_of_runs(profile, seats)
        )
        for seats in range(SEATS_FROM, SEATS_TO + 1)
    ]
    if any(part.outcome is Outcome.REFUTED for part in searched):
        return conclude(*searched)
    return conclude(prove("every committee and every pair of runs", reports_determine(profile)), *searched)
