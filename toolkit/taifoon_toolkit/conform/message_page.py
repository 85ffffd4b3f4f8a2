"""Names of the messages of section 4.1 and of their parts, for the page that lists the methods."""

from __future__ import annotations

from enum import Enum

from taifoon.core.beacon import Commitment, Reveal
from taifoon.core.block import ClusterBlock, Header, ProofResult
from taifoon.core.epoch import Registration
from taifoon.core.epoch_block import Closing, ClusterHead, EpochBlock, EpochHeader
from taifoon.core.settlement import Completion
from taifoon.network.envelope import Envelope, Packet, Statement
from taifoon.network.kinds import Kind, P2PMessage
from taifoon.network.parts import FinalBlock, MMRPeak, MMRProof, RangeHead, RangeKind, RangeName, Vote
from taifoon.network.priority import Class
from taifoon.network.topics import Scope
from taifoon.redundancy.triggers import Trigger
from taifoon_toolkit.vectors.control import ControlState, OneRaise
from taifoon_toolkit.vectors.envelopes import Receiver
from taifoon_toolkit.vectors.metrics import MetricsGiven, RatioGiven, RecordGiven, TypeCounted, Used, Window
from taifoon_toolkit.vectors.requests import HeadGiven, OneRequest
from taifoon_toolkit.vectors.waiting import OneLine, OneWaiting
from taifoon_toolkit.vectors.wire import OneOf, Record, form_of, variant_word

PARTS: dict[type, str] = {
    Header: "header",
    ProofResult: "proof result",
    ClusterBlock: "cluster block",
    FinalBlock: "final block",
    Vote: "vote",
    RangeName: "range",
    RangeHead: "range head",
    MMRPeak: "peak",
    MMRProof: "leaf proof",
    Registration: "registration of a key",
    Completion: "settled completion",
    Commitment: "beacon commitment",
    Reveal: "beacon reveal",
    ClusterHead: "cluster head",
    Closing: "closing",
    EpochHeader: "epoch header",
    EpochBlock: "epoch block",
    Statement: "envelope statement",
    Envelope: "envelope",
    Packet: "packet",
    Receiver: "receiver",
    TypeCounted: "type count",
    RecordGiven: "block record",
    Used: "use",
    Window: "window",
    MetricsGiven: "metrics",
    RatioGiven: "ratio",
    OneRaise: "raise",
    ControlState: "control",
    HeadGiven: "head",
    OneRequest: "open request",
    OneWaiting: "waiting message",
    OneLine: "line",
}
"""Records of sections 3.2 and 4, with the names under which the page writes them out."""

PART_WORDS: dict[type[Enum], str] = {
    RangeKind: "range kind",
    Kind: "kind",
    Scope: "scope",
    Class: "class",
    Trigger: "trigger",
}
"""Enums of these sections."""

MESSAGE = "message"
ALL_KINDS = form_of(P2PMessage)


def variants_of_message(form: OneOf) -> str | None:
    """How the page writes a union of messages; None for another union."""
    if form == ALL_KINDS:
        return f"*{MESSAGE}*"
    if isinstance(ALL_KINDS, OneOf) and set(form.variants) < set(ALL_KINDS.variants):
        names = ", ".join(f"`{variant_word(item)}`" for item in form.variants)
        return f"a *{MESSAGE}* of the kinds {names}"
    return None


def kinds_of_message() -> tuple[tuple[int, str, Record], ...]:
    """Tag, name and fields of every kind of message."""
    if not isinstance(ALL_KINDS, OneOf):
        raise TypeError("a message is one of several records")
    return tuple((tag, variant_word(record), record) for tag, record in enumerate(ALL_KINDS.variants))
