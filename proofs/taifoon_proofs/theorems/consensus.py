"""Sections 2.4 and 6.2: agreement, for every committee and every number of views, and in the shipped handlers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from taifoon.core.consensus import Voting
from taifoon.core.quorum import quorum, tolerated_faults
from taifoon.profile import Profile, Resolution
from taifoon_models.explorer import Exploration, Schedule, Search, State
from taifoon_models.voting import Committee, Step
from taifoon_proofs.establish import prove
from taifoon_proofs.registry import theorem
from taifoon_proofs.scenario import Trace, scenario
from taifoon_proofs.theorems.consensus_instance import fork_by_solver
from taifoon_proofs.theorems.consensus_terms import agreement_step, induction_claims, one_notarised_a_view
from taifoon_proofs.verdict import Counterexample, Json, Technique, Verdict

LIMIT = 400_000
# Seats and views of the explored committees, smallest first; the source's minimum is five seats.
COMMITTEES = ((4, 1), (5, 1), (6, 1), (4, 2))


@scenario("consensus/fork")
def two_conflicting_blocks_are_final(
    profile: Profile, trace: Trace, *, seats: int, byzantine: int, views: int, schedule: list[list[Json]]
) -> bool:
    """Two blocks are final of which neither is an ancestor of the other, with no more Byzantine seats than tolerated.

    A schedule says which honest seat does what; a step that its handler refuses is left out. The Byzantine seats have
    signed everything.
    """
    committee = Committee(profile, seats, byzantine, views)
    members = played(committee, schedule, trace)
    fork = committee.fork(members)
    trace.state("count", final=committee.final(members), fork=fork)
    return fork is not None and byzantine <= tolerated_faults(profile, seats)


@scenario("consensus/two-notarised")
def two_blocks_of_a_view_are_notarised(
    profile: Profile, trace: Trace, *, seats: int, byzantine: int, views: int, schedule: list[list[Json]]
) -> bool:
    """Two blocks of one view are notarised, with no more Byzantine seats than tolerated."""
    committee = Committee(profile, seats, byzantine, views)
    members = played(committee, schedule, trace)
    notarised = [view for view, _ in committee.certified(members).notarised]
    trace.state("count", notarised_views=tuple(sorted(notarised)))
    return len(set(notarised)) != len(notarised) and byzantine <= tolerated_faults(profile, seats)


def played(committee: Committee, schedule: list[list[Json]], trace: Trace) -> State:
    """The honest members after a schedule."""
    members = list(committee.start())
    trace.state(
        "committee",
        seats=committee.seats,
        byzantine=committee.byzantine,
        quorum=quorum(committee.profile, committee.seats),
        **{f"seat_{seat}": shown(committee, member) for seat, member in enumerate(members)},
    )
    for number, action, block in schedule:
        seat = int(str(number))
        after = committee.do(members[seat], committee.certified(tuple(members)), Step(str(action), str(block)))
        members[seat] = after if after is not None else members[seat]
        verb = (
            f"seat {seat} {action}s {block}".rstrip() if after is not None else f"seat {seat} may not {action} {block}"
        )
        if trace.recording:
            trace.state(verb.rstrip(), **{f"seat_{seat}": shown(committee, members[seat])})
    return tuple(members)


def shown(committee: Committee, member: Voting) -> dict[str, Json]:
    """A member's votes, with blocks by name."""
    names = {link.block_hash: name for name, link in committee.blocks.items()}
    return {
        "view": int(member.view),
        "notarised": sorted(names[block] for _, block in member.notarised),
        "nullified": sorted(int(view) for view in member.nullified),
        "finalised": sorted(names[block] for _, block in member.finalised),
    }


Violation = Callable[[Committee, State], bool]


def explored(profile: Profile, seats: int, views: int, violated: Violation) -> tuple[Committee, Exploration]:
    """The committee with as many Byzantine seats as tolerated, explored from its start."""
    committee = Committee(profile, seats, tolerated_faults(profile, seats), views)
    return committee, Search(committee).run(lambda state: violated(committee, state), LIMIT)


def search(profile: Profile, name: str, violated: Violation) -> Counterexample | None:
    """The shortest schedule to a violation in the smallest committee that has one."""
    for seats, views in COMMITTEES:
        committee, exploration = explored(profile, seats, views, violated)
        if exploration.schedule is not None:
            return counterexample(name, committee, exploration.schedule)
    return None


def counterexample(name: str, committee: Committee, schedule: Schedule) -> Counterexample:
    """A schedule as a scenario's parameters."""
    return Counterexample(
        name,
        {
            "seats": committee.seats,
            "byzantine": committee.byzantine,
            "views": committee.views,
            "schedule": [[seat, action, block] for seat, action, block in schedule],
        },
    )


def has_fork(committee: Committee, state: State) -> bool:
    """Whether two conflicting blocks are final."""
    return committee.fork(state) is not None


def has_two_notarised(committee: Committee, state: State) -> bool:
    """Whether two blocks of one view are notarised."""
    views = [view for view, _ in committee.certified(state).notarised]
    return len(set(views)) != len(views)


@theorem(
    "T-C2",
    requirements=("R-1-6", "R-2.4-4", "R-2.4-5"),
    needs={Resolution.VOTE_ONCE, Resolution.QUORUM},
    technique=Technique.UNBOUNDED_SMT,
    assumptions=("AM2", "AM4", "AM5"),
)
def one_notarised_block_a_view(profile: Profile) -> Verdict:
    """Two quorums share an honest member, who votes once in a view: an obligation over uninterpreted sorts.

    The invariants that it uses are kept by every step, each step and invariant an obligation of its own.
    """

    def witness(model: Mapping[str, int]) -> Counterexample | None:
        return search(profile, "consensus/two-notarised", has_two_notarised)

    return prove(
        "every committee, every number of views and blocks",
        one_notarised_a_view(profile, witness),
        *induction_claims(profile, witness),
    )


@theorem(
    "T-C4",
    requirements=("R-1-6", "R-2.4-5", "R-6.2-0", "R-6.2-1"),
    needs={
        Resolution.VOTE_ONCE,
        Resolution.QUORUM,
        Resolution.FINALISE_EXCLUDES_NULLIFY,
        Resolution.CERTIFIED_PARENT,
        Resolution.NULLIFIED_GAP,
    },
    technique=Technique.UNBOUNDED_SMT,
    assumptions=("AM2", "AM4", "AM5"),
)
def finalised_blocks_agree(profile: Profile) -> Verdict:
    """Induction over views, on invariants kept by every step: a final block is an ancestor of all notarised later.

    Two final blocks are notarised, so the earlier one is an ancestor of the later. Each step and invariant is an
    obligation of its own. Counterexamples of weakened profiles come from the same formulas on small committees: the
    fewest votes that Z3 finds to make a fork, in an order in which the shipped handlers cast them.
    """

    def witness(model: Mapping[str, int]) -> Counterexample | None:
        found = fork_by_solver(profile)
        if found is not None:
            return counterexample("consensus/fork", *found)
        # Under the source's one round of votes the formulas' two certificates of a final block do not apply.
        return search(profile, "consensus/fork", has_fork)

    return prove(
        "every committee, every number of views and blocks",
        agreement_step(profile, witness),
        *induction_claims(profile, witness),
    )
