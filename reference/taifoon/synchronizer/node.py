"""Sections 2 to 6: one synchronizer (R-2.2-1, R-2.4-1 to R-2.4-6, R-4.1-1).

`step` takes an event and the local time, and gives the synchronizer after it and what is to be done. It checks an
envelope, recognises copies, and hands the message to the part that it is for: the replica of a cluster, that of the
epoch chain, the jobs that wait, the open requests. What is right is decided there; here it only finds its way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from taifoon.core.replica_events import TimerEnded
from taifoon.network.envelope import Packet
from taifoon.network.gossip import receive
from taifoon.network.topics import Scope, scope_of
from taifoon.primitives.encoding import decode
from taifoon.primitives.types import Epoch, Millis
from taifoon.profile import Profile
from taifoon.rejection import Rejected
from taifoon.synchronizer.attend import attend
from taifoon.synchronizer.custody import built, entrusted, looked_after
from taifoon.synchronizer.epoch_member import SHOWING_DELAYS, is_late
from taifoon.synchronizer.events import (
    Alarm,
    AlarmRang,
    BuildAlarm,
    Effect,
    Event,
    JobSubmitted,
    OctetsArrived,
    Ordered,
    PacketArrived,
    PatienceAlarm,
    ProofBuilt,
    PullAlarm,
    Refused,
    SetAlarm,
    Spread,
    Started,
    ViewAlarm,
)
from taifoon.synchronizer.hear import ask_record, hear, pull
from taifoon.synchronizer.heralds import introduced
from taifoon.synchronizer.orders import ordered
from taifoon.synchronizer.state import (
    Done,
    Synchronizer,
    reception,
)
from taifoon.synchronizer.turnover import started
from taifoon.synchronizer.voting import drive_either, is_waited_for


def step(profile: Profile, synchronizer: Synchronizer, event: Event, now: Millis) -> Done:
    """The synchronizer after an event at a local time, and what is to be done, in this order.

    Nothing is raised for what others send, or what follows from it: a refusal is an effect.
    """
    try:
        taken, effects = take(profile, synchronizer, event, now)
    except Rejected as rejected:
        taken, effects = synchronizer, (Refused(rejected.code, rejected.detail),)
    attended, more = unless_refused(profile, taken, attend, now)
    cared, last = unless_refused(profile, attended, looked_after, now)
    return cared, (*effects, *more, *last)


def unless_refused(
    profile: Profile, synchronizer: Synchronizer, part: Callable[[Profile, Synchronizer, Millis], Done], now: Millis
) -> Done:
    """What a part does by itself; where a rule refuses an own word, such as one too long to be sent, nothing."""
    try:
        return part(profile, synchronizer, now)
    except Rejected as rejected:
        return synchronizer, (Refused(rejected.code, rejected.detail),)


def take(profile: Profile, synchronizer: Synchronizer, event: Event, now: Millis) -> Done:
    """Hand an event to the part that it is for. Rejects as that part does."""
    match event:
        case Started():
            begun, effects = started(profile, synchronizer, event, now)
            begun, more = introduced(profile, begun, now)
            return begun, (*effects, *more)
        case OctetsArrived(octets):
            return arrived(profile, synchronizer, decode(Packet, octets, profile), now)
        case PacketArrived(packet):
            return arrived(profile, synchronizer, packet, now)
        case JobSubmitted(leaf):
            return entrusted(profile, synchronizer, leaf, now)
        case ProofBuilt(job_id, proof):
            return built(profile, synchronizer, job_id, proof, now)
        case Ordered(act):
            return ordered(profile, synchronizer, act, now)
        case AlarmRang(alarm):
            return rang(profile, synchronizer, alarm, now)


def rang(profile: Profile, synchronizer: Synchronizer, alarm: Alarm, now: Millis) -> Done:
    """Take an alarm; one of another epoch, or of a view that nobody waits for, counts for nothing."""
    match alarm:
        case ViewAlarm(epoch, committee, view):
            if epoch != synchronizer.network.epoch or not is_waited_for(synchronizer, committee):
                return synchronizer, ()
            return drive_either(profile, synchronizer, committee, TimerEnded(view), now)
        case PullAlarm():
            return pull(profile, synchronizer, now)
        case PatienceAlarm(epoch):
            return synchronizer, patience_alarm(profile, synchronizer, epoch, now)
        case BuildAlarm():
            # The owed block is built when the synchronizer attends to what is due.
            return synchronizer, ()


def patience_alarm(profile: Profile, synchronizer: Synchronizer, epoch: Epoch, now: Millis) -> tuple[Effect, ...]:
    """After the end of patience, the alarm for the closing that follows it."""
    wait = SHOWING_DELAYS * profile.parameters.message_delay
    closing = synchronizer.closing
    if epoch != synchronizer.network.epoch or is_late(profile, synchronizer.terms, closing, now):
        return ()
    return (SetAlarm(PatienceAlarm(epoch), Millis(closing.began + synchronizer.terms.patience + wait)),)


def arrived(profile: Profile, synchronizer: Synchronizer, packet: Packet, now: Millis) -> Done:
    """Take a packet: push it on if it is for all, and give its message to its part.

    Rejects as `receive` does. What the message's part refuses is remembered, so that a copy is not read again.
    """
    receipt = receive(profile, reception(synchronizer, now), synchronizer.outbox.memory, packet)
    outbox = replace(synchronizer.outbox, memory=receipt.memory)
    synchronizer = replace(synchronizer, outbox=outbox)
    if receipt.message is None:
        return synchronizer, ()
    statement = packet.envelope.statement
    is_for_all = scope_of(profile, statement.kind) is Scope.ALL
    onward = (Spread(receipt.onward),) if receipt.onward is not None and is_for_all else ()
    try:
        heard, effects = hear(profile, synchronizer, packet.envelope, receipt.message, now)
    except Rejected as rejected:
        return synchronizer, (*onward, Refused(rejected.code, rejected.detail))
    if statement.epoch > heard.network.epoch and now >= heard.surroundings.asked_ahead:
        around = replace(heard.surroundings, asked_ahead=Millis(now + heard.terms.pull))
        heard, more = ask_record(profile, replace(heard, surroundings=around), statement.sender, now)
        effects = (*effects, *more)
    return heard, (*onward, *effects)
