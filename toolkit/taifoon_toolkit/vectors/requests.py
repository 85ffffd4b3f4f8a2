"""Vectors of requests: which responses are believed, and what an archival node answers (RES-MSG, RES-ENV)."""

from __future__ import annotations

from dataclasses import dataclass

from taifoon.core.block import ClusterBlock
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.consistency import Head
from taifoon.core.mmr.mountains import MountainRange, range_of
from taifoon.network import answers, requests
from taifoon.network.envelope import Response
from taifoon.network.kinds import Kind, kind_of
from taifoon.network.messages import (
    BlockRangeRequest,
    BlockRangeResponse,
    ConsistencyRequest,
    ConsistencyResponse,
    MMRPeaksRequest,
    MMRPeaksResponse,
    MMRProofRequest,
    MMRProofResponse,
)
from taifoon.network.parts import FinalBlock, RangeHead
from taifoon.network.requests import OpenRequest, Question, Requests
from taifoon.primitives.types import Hash32, LeafCount, Millis, PublicKey
from taifoon.profile import Profile
from taifoon_toolkit.vectors.certificates import CommitteeGiven, committee_from
from taifoon_toolkit.vectors.method import ACCEPTED, MACHINES, Machine, Nothing, method
from taifoon_toolkit.vectors.mmr import Content
from taifoon_toolkit.vectors.wire import Digest, Large

SECTION = "4.1"
GREATEST_RANGE = 1 << 12


@dataclass(frozen=True, slots=True)
class HeadGiven:
    """Leaf count and root of a range."""

    count: Large
    root: Digest


@dataclass(frozen=True, slots=True)
class PeaksAsked:
    """Certified heads, the head that is known, and a question for peaks with an answer to it."""

    heads: tuple[RangeHead, ...]
    known: HeadGiven
    question: MMRPeaksRequest
    response: MMRPeaksResponse


@dataclass(frozen=True, slots=True)
class LeafAsked:
    """Certified heads, and a question for a leaf with an answer to it."""

    heads: tuple[RangeHead, ...]
    question: MMRProofRequest
    response: MMRProofResponse


@dataclass(frozen=True, slots=True)
class ContentGiven:
    """The bytes of a leaf."""

    content: bytes


@dataclass(frozen=True, slots=True)
class ExtensionAsked:
    """Two certified heads, and a question whether the new one extends the old one, with an answer to it."""

    old: RangeHead
    new: RangeHead
    question: ConsistencyRequest
    response: ConsistencyResponse


@dataclass(frozen=True, slots=True)
class BlocksAsked:
    """A committee, and a question for final blocks with an answer to it."""

    committee: CommitteeGiven
    question: BlockRangeRequest
    response: BlockRangeResponse


@dataclass(frozen=True, slots=True)
class PeaksWanted:
    """All leaves of a range that is held, a certified head of it, and a question with its identity."""

    contents: tuple[Content, ...]
    head: RangeHead
    request: Digest
    question: MMRPeaksRequest


@dataclass(frozen=True, slots=True)
class LeafWanted:
    """All leaves of a range that is held, and a question with its identity."""

    contents: tuple[Content, ...]
    request: Digest
    question: MMRProofRequest


@dataclass(frozen=True, slots=True)
class ExtensionWanted:
    """All leaves of a range that is held, and a question with its identity."""

    contents: tuple[Content, ...]
    request: Digest
    question: ConsistencyRequest


@dataclass(frozen=True, slots=True)
class BlocksWanted:
    """The final blocks of a cluster in order, those whose certificates are held, and a question with its identity."""

    blocks: tuple[ClusterBlock, ...]
    certified: tuple[FinalBlock, ...]
    request: Digest
    question: BlockRangeRequest


@dataclass(frozen=True, slots=True)
class NoRequests:
    """A node that waits for nothing."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The node asks a peer; `request` is the identity of the envelope, and an answer counts until the deadline."""

    request: Digest
    peer: Digest
    question: Question
    deadline: Large


@dataclass(frozen=True, slots=True)
class Answered:
    """A response of a sender arrives at a time."""

    sender: Digest
    response: Response
    now: Large


RequestEvent = Ask | Answered


@dataclass(frozen=True, slots=True)
class OneRequest:
    """A question that waits for its answer."""

    request: Digest
    peer: Digest
    kind: Kind
    deadline: Large


@dataclass(frozen=True, slots=True)
class RequestState:
    """The open requests, oldest first, and the request that the last response answered."""

    waiting: tuple[OneRequest, ...]
    answered: Digest | None


@dataclass(frozen=True, slots=True)
class Asker:
    """A node with its open requests, and the one that was answered last."""

    waiting: Requests = ()
    answered: Hash32 | None = None


@method("request.adopt_peaks", SECTION, "R-4.1-4", "R-4.1-3", "RES-MSG")
def adopt_peaks(profile: Profile, given: PeaksAsked) -> HeadGiven:
    """The head that a node holds after an answer with peaks, or the refusal of the answer."""
    known = Head(LeafCount(given.known.count), Hash32(given.known.root))
    head = requests.adopt_peaks(profile, frozenset(given.heads), known, given.question, given.response)
    return HeadGiven(head.count, head.root)


@method("request.proved_leaf", SECTION, "R-4.1-6", "R-4.1-5", "RES-MSG")
def proved_leaf(profile: Profile, given: LeafAsked) -> ContentGiven:
    """The leaf that was asked for, out of an answer that is believed, or the refusal of the answer."""
    return ContentGiven(requests.proved_leaf(profile, heads_of(given.heads), given.question, given.response))


@method("request.check_extension", SECTION, "R-4.1-4", "RES-MSG", "RES-MMR.consistency")
def check_extension(profile: Profile, given: ExtensionAsked) -> Nothing:
    """Accept the proof that one certified head extends another, or refuse it."""
    requests.check_extension(profile, given.old, given.new, given.question, given.response)
    return ACCEPTED


@method("request.check_blocks", SECTION, "R-2.2-2", "R-4.1-9", "RES-MSG")
def check_blocks(profile: Profile, given: BlocksAsked) -> Nothing:
    """Accept final blocks of one epoch as an answer, or refuse them."""
    requests.check_blocks(profile, committee_from(given.committee), given.question, given.response)
    return ACCEPTED


@method("answer.peaks", SECTION, "R-4.1-3", "R-4.1-4", "RES-MSG")
def answer_peaks(profile: Profile, given: PeaksWanted) -> MMRPeaksResponse:
    """The answer to a question for peaks."""
    held = held_range(profile, given.contents)
    return answers.answer_peaks(profile, held, given.head, Hash32(given.request), given.question)


@method("answer.leaf", SECTION, "R-4.1-5", "R-4.1-6", "RES-MSG")
def answer_leaf(profile: Profile, given: LeafWanted) -> MMRProofResponse:
    """The answer to a question for a leaf."""
    held = held_range(profile, given.contents)
    return answers.answer_leaf(profile, held, given.contents, Hash32(given.request), given.question)


@method("answer.extension", SECTION, "R-4.1-4", "RES-MSG", "RES-MMR.consistency")
def answer_extension(profile: Profile, given: ExtensionWanted) -> ConsistencyResponse:
    """The answer to a question whether a range extends itself at an older count."""
    held = held_range(profile, given.contents)
    return answers.answer_extension(profile, held, Hash32(given.request), given.question)


@method("answer.blocks", SECTION, "R-2.2-2", "RES-MSG")
def answer_blocks(profile: Profile, given: BlocksWanted) -> BlockRangeResponse:
    """The answer to a question for blocks, up to one whose certificates are held."""
    return answers.answer_blocks(given.blocks, given.certified, Hash32(given.request), given.question)


def heads_of(given: tuple[RangeHead, ...]) -> frozenset[RangeHead]:
    """The certified heads. Raises ValueError for two roots of one range at one count."""
    if len({(head.range, head.leaf_count) for head in given}) < len(given):
        raise ValueError("heads: a range stands twice with one leaf count")
    return frozenset(given)


def held_range(profile: Profile, contents: tuple[bytes, ...]) -> MountainRange[Hash32]:
    """The range of these leaves. Raises ValueError for more than a vector has."""
    if len(contents) > GREATEST_RANGE:
        raise ValueError(f"contents: at most {GREATEST_RANGE}")
    return range_of(HashCombiner(profile), contents)


def start(profile: Profile, given: NoRequests) -> Asker:
    """A node that waits for nothing."""
    return Asker()


def step(profile: Profile, state: Asker, event: RequestEvent) -> Asker:
    """The node after an event, or a rejection."""
    match event:
        case Ask(request, peer, question, deadline):
            opened = OpenRequest(Hash32(request), PublicKey(peer), question, Millis(deadline))
            return Asker(requests.ask(state.waiting, opened), None)
        case Answered(sender, response, now):
            found, left = requests.take_answered(profile, state.waiting, PublicKey(sender), response, Millis(now))
            return Asker(left, found.request)


def shown(state: Asker) -> RequestState:
    """The whole state."""
    waiting = tuple(
        OneRequest(opened.request, opened.peer, kind_of(opened.question), opened.deadline) for opened in state.waiting
    )
    return RequestState(waiting, state.answered)


MACHINES["requests"] = Machine(
    "requests",
    SECTION,
    ("R-4.1-3", "R-4.1-5", "R-4.1-6", "RES-ENV"),
    "The open requests of a node: an event is a question that it puts, or a response that arrives.",
    NoRequests,
    RequestEvent,
    RequestState,
    start,
    step,
    shown,
)
