"""Counterexamples as files: the Informal Trace Format, with what is needed to run them again.

The states are for people and for other tools. `#meta` names the scenario, its parameters and the profile, so that a
replay runs the reference anew and compares every state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from taifoon.profile import Parameters, Profile, Resolution, Suite
from taifoon.rejection import Rejected
from taifoon_proofs.scenario import SCENARIOS, Run
from taifoon_proofs.verdict import Counterexample, Json

FORMAT = "https://apalache-mc.org/docs/adr/015adr-trace.html"
GREATEST_PLAIN_INTEGER = (1 << 53) - 1


class TraceFileError(ValueError):
    """A trace file that cannot be read; the message names the field, the rule and the fix."""


def value_to_itf(value: Any) -> Json:
    """A state's value in ITF: bytes as hexadecimal, large integers, tuples, sets and maps tagged."""
    if value is None:
        return "none"
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= GREATEST_PLAIN_INTEGER else {"#bigint": str(value)}
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [value_to_itf(item) for item in value]
    if isinstance(value, tuple):
        return {"#tup": [value_to_itf(item) for item in value]}
    if isinstance(value, set | frozenset):
        return {"#set": sorted((value_to_itf(item) for item in value), key=lambda item: json.dumps(item))}
    if isinstance(value, Mapping):
        return {"#map": [[value_to_itf(key), value_to_itf(item)] for key, item in value.items()]}
    raise TypeError(f"a trace cannot hold {type(value).__name__}: use numbers, text, bytes and collections of them")


def states_to_itf(run: Run) -> list[Json]:
    """The states of a run; a variable that a state does not know yet is `none`."""
    names = variables(run)
    return [
        {"#meta": {"index": index}, **{name: value_to_itf(state.get(name)) for name in names}}
        for index, state in enumerate(run.states)
    ]


def variables(run: Run) -> list[str]:
    """Names of everything that some state shows, in order of appearance."""
    return list(dict.fromkeys(name for state in run.states for name in state))


def run_to_itf(run: Run, theorem: str) -> dict[str, Json]:
    """A run as an ITF document."""
    profile: dict[str, Json] = {
        "name": run.profile.name,
        "resolutions": [item.value for item in Resolution if item in run.profile],
        "parameters": parameters_to_json(run.profile.parameters),
    }
    return {
        "#meta": {
            "format": "ITF",
            "format-description": FORMAT,
            "theorem": theorem,
            "summary": SCENARIOS[run.counterexample.scenario].summary,
            "scenario": run.counterexample.scenario,
            "parameters": dict(run.counterexample.parameters),
            "profile": profile,
            "violated": run.violated,
        },
        "vars": list(variables(run)),
        "states": states_to_itf(run),
    }


def parameters_to_json(parameters: Parameters) -> dict[str, Json]:
    """The parameters of a profile."""
    return {
        "suite": parameters.suite.value,
        "minimum_cluster": parameters.minimum_cluster,
        "seed_lag": parameters.seed_lag,
        "message_delay": parameters.message_delay,
        "timeout_doublings": parameters.timeout_doublings,
        "time_tolerance": parameters.time_tolerance,
        "maximum_jobs": parameters.maximum_jobs,
        "value_baseline": parameters.value_baseline,
        "value_cap": parameters.value_cap,
        "cluster_target": parameters.cluster_target,
        "count_rest": parameters.count_rest,
        "minimum_due": parameters.minimum_due,
        "seat_stake": parameters.seat_stake,
        "base_reward": parameters.base_reward,
        "bonus_cap": parameters.bonus_cap,
        "signature_window": parameters.signature_window,
        "inactivity_blocks": parameters.inactivity_blocks,
        "evidence_window": parameters.evidence_window,
        "evidence_delay": parameters.evidence_delay,
        "unbonding_delay": parameters.unbonding_delay,
        "reporter_share": parameters.reporter_share,
        "job_life": parameters.job_life,
        "gossip_fanout": parameters.gossip_fanout,
        "gossip_hops": parameters.gossip_hops,
        "gossip_memory": parameters.gossip_memory,
        "message_lifetime": parameters.message_lifetime,
        "sender_quota": parameters.sender_quota,
        "high_value": parameters.high_value,
        "validating_clusters": parameters.validating_clusters,
        "reputation_cap": parameters.reputation_cap,
    }


def counterexample_of(document: object) -> tuple[Profile, Counterexample, list[Json]]:
    """Profile, counterexample and recorded states of an ITF document. Raises TraceFileError."""
    try:
        meta = document["#meta"]  # type: ignore[index]
        named = meta["profile"]
        known = {item.value: item for item in Resolution}
        unknown = sorted(set(named["resolutions"]) - set(known))
        if unknown:
            raise TraceFileError(f"#meta.profile.resolutions: {', '.join(unknown)} is not known: remove or correct it")
        parameters = Parameters(**{**named["parameters"], "suite": Suite(named["parameters"]["suite"])})
        profile = Profile(named["name"], frozenset(known[item] for item in named["resolutions"]), parameters)
        counterexample = Counterexample(meta["scenario"], meta["parameters"])
        states = document["states"]  # type: ignore[index]
    except TraceFileError:
        raise
    except (KeyError, TypeError, ValueError, Rejected) as error:
        raise TraceFileError(
            f"not a trace of this project: {error}; its #meta needs scenario, parameters and profile "
            "(name, resolutions, parameters), beside states: use a file that `taifoon audit` wrote"
        ) from error
    if not isinstance(counterexample.scenario, str) or counterexample.scenario not in SCENARIOS:
        raise TraceFileError(
            f"#meta.scenario: {counterexample.scenario!r} is unknown: use one of {', '.join(sorted(SCENARIOS))}"
        )
    if not isinstance(counterexample.parameters, Mapping):
        raise TraceFileError(
            f"#meta.parameters: {counterexample.parameters!r} is no object: give the scenario's parameters by name"
        )
    return profile, counterexample, states
