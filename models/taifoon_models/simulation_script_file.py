"""Scripts as JSON: written with every field, and read back strictly.

Each thing that a file says is read by a rule that knows its bounds. What is missing, unknown, said twice or out of
bounds is refused with the place in the file, the rule, and what to write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from enum import Enum
from typing import Any

from taifoon.profile import Resolution
from taifoon_models.simulation_adversary import Manner
from taifoon_models.simulation_fault import INVARIANTS
from taifoon_models.simulation_plan import Course, Plan
from taifoon_models.simulation_script import (
    Arrive,
    Bring,
    Command,
    Corrupt,
    CutAlong,
    CutApart,
    Depart,
    Heal,
    RunFor,
    Script,
    ScriptError,
    Settle,
    StartAgain,
    TakeDown,
    Weather,
    check_script,
    still,
)

FORMAT = "taifoon simulation script 1"
LONGEST = 600_000_000
"""The longest time of one command, in microseconds: ten minutes."""
MOST = 10_000
"""Ten-thousandths in a whole, and the most commands that a script has."""

Rule = Callable[[str, object], Any]


def shown(value: object) -> str:
    """A value as it stands in a file, shortened."""
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def whole(least: int, most: int) -> Rule:
    """A whole number within bounds."""

    def read(place: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ScriptError(f"{place}: {shown(value)} is no whole number from {least} to {most}; write one")
        return value

    return read


def absent_or(rule: Rule) -> Rule:
    """What a rule reads, or null."""
    return lambda place, value: None if value is None else rule(place, value)


def listed(rule: Rule, most: int = MOST) -> Rule:
    """A list of what a rule reads."""

    def read(place: str, value: object) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) > most:
            raise ScriptError(f"{place}: {shown(value)} is no list of at most {most}; write one in square brackets")
        return tuple(rule(f"{place}[{number}]", each) for number, each in enumerate(value))

    return read


def span(least: int, most: int) -> Rule:
    """Two whole numbers, of which the second is not less than the first."""

    def read(place: str, value: object) -> tuple[Any, ...]:
        found: tuple[Any, ...] = listed(whole(least, most), 2)(place, value)
        if len(found) != 2 or found[0] > found[1]:
            raise ScriptError(f"{place}: {shown(value)} is no span; write [least, most] with least not above most")
        return found

    return read


def word(words: Mapping[str, Any]) -> Rule:
    """One of some words, as what it stands for."""

    def read(place: str, value: object) -> Any:
        if not isinstance(value, str) or value not in words:
            raise ScriptError(f"{place}: {shown(value)} is not known; write one of {', '.join(words)}")
        return words[value]

    return read


def worded(kind: type[Enum]) -> dict[str, Any]:
    """The members of an enumeration by their names in small letters."""
    return {member.name.lower(): member for member in kind}


CHANCE = whole(0, MOST)
NODE = whole(0, 999)
TIME = whole(1, LONGEST)
MILLIS = whole(1, LONGEST // 1_000)
LATENCY = span(0, LONGEST)

NETWORK: dict[str, Rule] = {
    "synchronizers": whole(1, 1_000),
    "clusters": whole(1, 100),
    "seed": whole(0, (1 << 63) - 1),
    "latency": LATENCY,
    "loss": CHANCE,
    "duplication": CHANCE,
    "corrupt": absent_or(whole(0, 1_000)),
    "block_jobs": absent_or(whole(1, MOST)),
    "target": absent_or(whole(1, 1_000)),
    "factor": whole(1, 100),
    "stretch": whole(1, 1_000),
    "pace": whole(0, LONGEST // 1_000),
    "patience": MILLIS,
    "pull": MILLIS,
    "life": MILLIS,
    "message_delay": MILLIS,
    "service": whole(0, LONGEST),
}
"""The fields of a plan that stay the same through a run."""

COMMANDS: dict[str, tuple[type[Any], dict[str, Rule]]] = {
    "run": (RunFor, {"microseconds": whole(0, LONGEST)}),
    "job": (Bring, {"node": NODE}),
    "cut": (CutApart, {"sides": listed(listed(NODE))}),
    "cut along": (CutAlong, {"course": word(worded(Course))}),
    "heal": (Heal, {}),
    "crash": (TakeDown, {"node": NODE}),
    "start": (StartAgain, {"node": NODE}),
    "arrive": (Arrive, {"node": NODE}),
    "leave": (Depart, {"node": NODE}),
    "corrupt": (Corrupt, {"node": NODE, "manner": word(worded(Manner))}),
    "weather": (Weather, {"latency": LATENCY, "loss": CHANCE, "duplication": CHANCE}),
    "settle": (Settle, {"microseconds": TIME}),
}
WORDS = {kind: name for name, (kind, _) in COMMANDS.items()}


def object_of(place: str, value: object, rules: Mapping[str, Rule]) -> dict[str, Any]:
    """The fields of an object, all of them and no others."""
    if not isinstance(value, dict):
        raise ScriptError(f"{place}: {shown(value)} is no object; write one with {', '.join(rules) or 'no field'}")
    strange = [name for name in value if name not in rules]
    if strange:
        raise ScriptError(f"{place}.{strange[0]}: no such field; the fields are {', '.join(rules)}")
    missing = [name for name in rules if name not in value]
    if missing:
        raise ScriptError(f"{place}.{missing[0]}: missing; write it, every field has to be there")
    return {name: rule(f"{place}.{name}", value[name]) for name, rule in rules.items()}


def network_in(place: str, value: object) -> Plan:
    """The network of a script."""
    return replace(still(Plan()), **object_of(place, value, NETWORK))


def command_in(place: str, value: object) -> Command:
    """A command."""
    if not isinstance(value, dict) or "do" not in value:
        raise ScriptError(f'{place}: {shown(value)} has no field do; write {{"do": ...}} with {", ".join(COMMANDS)}')
    kind, rules = word(COMMANDS)(f"{place}.do", value["do"])
    found = object_of(place, value, {"do": lambda _, name: name, **rules})
    command: Command = kind(**{name: found[name] for name in rules})
    return command


SCRIPT: dict[str, Rule] = {
    "format": word({FORMAT: FORMAT}),
    "network": network_in,
    "latecomers": whole(0, 100),
    "without": listed(word({resolution.value: resolution for resolution in Resolution})),
    "breaks": absent_or(word({name: name for name in INVARIANTS})),
    "commands": listed(command_in),
}


def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object in which no field stands twice."""
    names = [name for name, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ScriptError(f"{name}: the field stands twice in one object; write it once")
    return dict(pairs)


def read_script(text: str) -> Script:
    """The script in a file's text. Raises ScriptError."""
    try:
        value = json.loads(text, object_pairs_hook=once)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ScriptError(f"script: no JSON, {error}; write one object") from error
    found = object_of("script", value, SCRIPT)
    del found["format"]
    script = Script(**found)
    check_script(script)
    return script


def plain(value: object) -> object:
    """A value as JSON has it."""
    if isinstance(value, Enum):
        return value.name.lower()
    return [plain(each) for each in value] if isinstance(value, tuple) else value


def command_as_json(command: Command) -> dict[str, object]:
    """A command as a JSON object."""
    return {
        "do": WORDS[type(command)],
        **{field.name: plain(getattr(command, field.name)) for field in fields(command)},
    }


def written(script: Script) -> str:
    """A script as the text of a file: a field or a command on each line, so that two scripts are easily compared."""
    head = {
        "format": FORMAT,
        "network": {name: plain(getattr(script.network, name)) for name in NETWORK},
        "latecomers": script.latecomers,
        "without": [resolution.value for resolution in script.without],
        "breaks": script.breaks,
    }
    lines = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    commands = ",\n".join(f"  {json.dumps(command_as_json(command))}" for command in script.commands)
    return "{\n" + ",\n".join([*lines, f' "commands": [\n{commands}\n ]' if commands else ' "commands": []']) + "\n}\n"
