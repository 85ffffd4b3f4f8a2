"""Runs CrossHair on the contracts of one module, in a process of its own: `python -m taifoon_toolkit.crosshair_check`.

It does what `crosshair check --analysis_kind=icontract --report_all MODULE.FUNCTION` does, with three differences. Each
condition is answered for itself, where the command merges those that share a line. `Rejected` is an outcome that the
protocol provides for, not a crash. And a counterexample counts only if the function fails on it when simply called:
CrossHair's own stand-ins for values upset libraries that are not written in Python.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from inspect import BoundArguments
from types import ModuleType
from typing import Any, cast

import icontract
from crosshair.auditwall import engage_auditwall
from crosshair.condition_parser import Conditions
from crosshair.core import ConditionCheckable
from crosshair.core_and_libs import MessageType, analyze_function
from crosshair.fnutil import FunctionInfo
from crosshair.options import AnalysisKind, AnalysisOptionSet
from z3 import Z3Exception

from taifoon.rejection import Rejected
from taifoon_toolkit.contracts import ContractVerdict

Answer = dict[str, Any]

MEANING = {
    MessageType.CONFIRMED: ContractVerdict.CONFIRMED,
    MessageType.POST_FAIL: ContractVerdict.REFUTED,
    MessageType.POST_ERR: ContractVerdict.REFUTED,
    MessageType.EXEC_ERR: ContractVerdict.REFUTED,
}
REASONS = {
    MessageType.CANNOT_CONFIRM: "no counterexample was found, and not all paths could be followed in the time given",
    MessageType.PRE_UNSAT: "no path from the preconditions to the end could be followed",
}
WEAKEST_LAST = (ContractVerdict.CONFIRMED, ContractVerdict.UNKNOWN, ContractVerdict.REFUTED)


@contextmanager
def contracts_enforced() -> Iterator[None]:
    """Have contracts checked again: CrossHair switches them off for its process, as it checks them itself."""
    switched_off = {name: getattr(icontract._checkers, name) for name in CHECKS}
    for name in CHECKS:
        setattr(icontract._checkers, name, getattr(UNTOUCHED, name))
    try:
        yield
    finally:
        for name, substitute in switched_off.items():
            setattr(icontract._checkers, name, substitute)


def untouched_copy(name: str) -> ModuleType:
    """A module as its source has it, whatever was done to the one that is loaded."""
    specification = importlib.util.find_spec(name)
    if specification is None or specification.loader is None:
        raise ImportError(f"{name} cannot be loaded: install the pinned dependencies")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


CHECKS = ("_assert_preconditions", "_assert_postconditions")
UNTOUCHED = untouched_copy("icontract._checkers")


def function_named(module_name: str, qualname: str) -> FunctionInfo:
    """CrossHair's handle of a function or method."""
    context: Any = importlib.import_module(module_name)
    *classes, name = qualname.split(".")
    for part in classes:
        context = getattr(context, part)
    return FunctionInfo(context, name, inspect.getattr_static(context, name))


@dataclass(slots=True)
class Attempt:
    """Keeps the arguments of a counterexample, and tries them on the function as it is shipped."""

    function: Callable[..., Any]
    conditions: Conditions
    found: list[BoundArguments] = field(default_factory=list)

    def describe(self, arguments: BoundArguments, returned: object, shown: Any) -> tuple[str, str]:
        """CrossHair's description of a counterexample, which is kept on the way."""
        self.found.append(arguments)
        return self.conditions.format_counterexample(arguments, returned, shown)

    def fails(self) -> bool:
        """Whether the preconditions hold of the arguments and the call fails all the same."""
        arguments = self.found[-1]
        try:
            if not all(item.evaluate(arguments.arguments) for item in self.conditions.pre if item.evaluate):
                return False
        except Exception:
            return False
        try:
            with contracts_enforced():
                self.function(*arguments.args, **arguments.kwargs)
        except Rejected:
            return False
        except Exception:
            return True
        return False


def shipped(function: FunctionInfo) -> Callable[..., Any]:
    """The function with its contracts, as other modules call it."""
    target = getattr(function.descriptor, "fget", None) or getattr(function.context, function.name)
    return cast(Callable[..., Any], target)


def answer_condition(checkable: ConditionCheckable) -> Answer:
    """CrossHair's answer on one condition."""
    conditions = checkable.conditions
    attempt = Attempt(shipped(checkable.ctxfn), conditions)
    checkable.conditions = replace(
        conditions, raises=conditions.raises | {Rejected}, counterexample_description_maker=attempt.describe
    )
    text = " ".join(conditions.post[0].expr_source.split()) or "returns"
    try:
        messages = list(checkable.analyze())
    except Z3Exception as error:
        # A term that CrossHair builds wrongly on some path says nothing about the function.
        detail = f"CrossHair failed within its solver: {error}"
        return {"condition": text, "verdict": ContractVerdict.UNKNOWN.value, "detail": detail}
    if not messages:
        return {"condition": text, "verdict": ContractVerdict.UNKNOWN.value, "detail": "CrossHair gave no answer"}
    worst = max(messages, key=lambda message: message.state)
    verdict = MEANING.get(worst.state, ContractVerdict.UNKNOWN)
    detail = REASONS.get(worst.state) or " ".join(worst.message.split())
    if verdict is ContractVerdict.REFUTED and not (attempt.found and attempt.fails()):
        verdict, detail = (
            ContractVerdict.UNKNOWN,
            f"CrossHair stopped at a case that does not fail when called: {detail}",
        )
    return {"condition": text, "verdict": verdict.value, "detail": detail}


def answer_function(module_name: str, qualname: str, seconds: float) -> Answer:
    """CrossHair's answer on all conditions of a function: as strong as the weakest of them."""
    options = AnalysisOptionSet(
        analysis_kind=(AnalysisKind.icontract,), per_condition_timeout=seconds, per_path_timeout=max(seconds / 2, 1.0)
    )
    try:
        checkables = analyze_function(function_named(module_name, qualname), options)
        answers = [answer_condition(item) for item in checkables if isinstance(item, ConditionCheckable)]
    except TypeError as error:
        # CrossHair raises on annotations that it does not know, such as a type alias for literals.
        reason = f"CrossHair cannot read the signature: {error}"
        return {"verdict": ContractVerdict.UNKNOWN.value, "reason": reason, "conditions": []}
    if not answers:
        return {"verdict": ContractVerdict.UNKNOWN.value, "reason": "CrossHair found no condition", "conditions": []}
    verdicts = [ContractVerdict(answer["verdict"]) for answer in answers]
    weakest = max(verdicts, key=WEAKEST_LAST.index)
    reason = next(answer["detail"] for answer in answers if answer["verdict"] == weakest.value)
    confirmed = weakest is ContractVerdict.CONFIRMED
    return {"verdict": weakest.value, "reason": None if confirmed else reason, "conditions": answers}


def main(arguments: Sequence[str]) -> None:
    """Arguments: module, seconds for each condition, qualified names. Prints the answers as JSON."""
    module_name, seconds, *qualnames = arguments
    importlib.import_module(module_name)
    # From here on the analysed code can neither write files nor open connections.
    engage_auditwall()
    answers = {f"{module_name}.{name}": answer_function(module_name, name, float(seconds)) for name in qualnames}
    sys.stdout.write(json.dumps(answers, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
