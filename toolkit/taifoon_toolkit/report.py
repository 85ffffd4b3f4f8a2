"""The report page: one HTML file that needs nothing else."""

from __future__ import annotations

import shlex
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from taifoon_toolkit.ledger import Ledger
from taifoon_toolkit.sections import sections_of
from taifoon_toolkit.summary import counts
from taifoon_toolkit.traces import Step, steps_of, value_text

SEVERITIES = ("critical", "high", "medium", "low", "info")


@cache
def template() -> Template:
    """The page's template; every value is escaped, a missing one is an error."""
    environment = Environment(
        loader=PackageLoader("taifoon_toolkit"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["parameters"] = parameter_text
    environment.filters["quoted"] = shlex.quote
    return environment.get_template("index.html.j2")


def parameter_text(parameters: dict[str, Any]) -> str:
    """Parameters of a counterexample in one line."""
    return ", ".join(f"{name} = {value_text(value)}" for name, value in parameters.items())


def tone(verdict: str) -> str:
    """The CSS class of a verdict under the repaired protocol."""
    if verdict in ("PROVED", "EXHAUSTED", "CONFIRMED", "unsat"):
        return "good"
    return "bad" if verdict in ("REFUTED", "sat") else "open"


def page(ledger: Ledger) -> str:
    """The page as text."""
    document = ledger.document
    steps: dict[str, tuple[Step, ...]] = {f"traces/{name}": steps_of(trace) for name, trace in ledger.traces.items()}
    defects = sorted(document["defects"], key=lambda item: SEVERITIES.index(item["severity"]))
    return template().render(
        audit=document,
        counts=counts(document["summary"]),
        defects=defects,
        sections=sections_of(ledger),
        steps=steps,
        tone=tone,
    )
