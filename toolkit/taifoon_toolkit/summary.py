"""The audit in words: the table of theorems, the counts, and what failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from taifoon_toolkit.ledger import FAULTY, Ledger
from taifoon_toolkit.live import styled
from taifoon_toolkit.sections import print_sections


def print_summary(ledger: Ledger, folder: Path, console: Console, *, kept: int, tasks: int) -> None:
    """Print the outcome of an audit."""
    document = ledger.document
    if document["theorems"]:
        console.print(theorem_table(document["theorems"]))
        console.print()
    for line in counts(document["summary"]):
        console.print(line, highlight=False, soft_wrap=True)
    console.print(f"{tasks} tasks, {kept} of them from the cache", highlight=False, style="dim")
    print_sections(ledger, console)
    for title, complaints in (("Faults", ledger.complaints.faults), ("Not found", ledger.complaints.missing)):
        if complaints:
            console.print(f"\n{title}:", style="bold red" if title == "Faults" else "bold yellow")
        for complaint in complaints:
            console.print(Text(f"  {complaint}"), soft_wrap=True)
    console.print(Text(f"\nWritten to {folder}: open {folder / 'index.html'}"), soft_wrap=True)
    console.print(verdict_line(ledger))


def theorem_table(theorems: list[dict[str, Any]]) -> Table:
    """One row for each theorem."""
    table = Table(box=None, pad_edge=False)
    for heading in ("theorem", "section", "hardened", "tight", "document", "cvc5", "seconds", ""):
        table.add_column(heading, justify="right" if heading in ("tight", "seconds") else "left", no_wrap=True)
    for theorem in theorems:
        witnessed = sum(item["verdict"] == "REFUTED" and bool(item["replayed"]) for item in theorem["tightness"])
        cross_check = theorem["cross_check"]
        table.add_row(
            theorem["id"],
            theorem["section"],
            styled(theorem["hardened"]["verdict"]),
            f"{witnessed} of {len(theorem['tightness'])}",
            styled(theorem["document"]["verdict"]),
            styled(cross_check["verdict"] if cross_check else "-"),
            f"{theorem['hardened']['seconds']:.1f}",
            Text("stands", style="green") if theorem["stands"] else Text("FAILS", style="bold red"),
        )
    return table


def counts(summary: dict[str, Any]) -> list[str]:
    """The counts of an audit, a line for each kind."""
    hardened, document = listed(summary["hardened"]), listed(summary["document"])
    contracts = listed(summary["contracts"]) if summary["contracts_checked"] else "not checked"
    parts = {
        "theorems": f"{summary['theorems_standing']} of {summary['theorems']} stand",
        "repaired": f"{hardened}; as written: {document}",
        "proofs": certified(summary["certificates"]),
        "tightness": f"{summary['tightness_witnessed']} of {summary['tightness']} needed repairs have a counterexample",
        "defects": f"{summary['defects_shown']} of {summary['defects']} with witnesses are shown",
        "contracts": contracts,
        "source": f"requirements: {listed(summary['requirements'])}",
    }
    return [f"{name:<10} {words}" for name, words in parts.items()]


def certified(certificates: dict[str, int]) -> str:
    """The proof certificates in words."""
    lacking = f"; {certificates['absent']} obligations have none" if certificates["absent"] else ""
    return (
        f"{certificates['written']} proof certificates of {certificates['steps']:,} steps, "
        f"{certificates['trust_steps']} trust steps{lacking}"
    )


def listed(numbers: dict[str, int]) -> str:
    """Counts in words."""
    return ", ".join(f"{count} {name}" for name, count in numbers.items()) or "none"


def verdict_line(ledger: Ledger) -> Text:
    """The last line: what the exit status says."""
    whole = "" if ledger.document["summary"]["whole"] else " of what was selected"
    if ledger.complaints.exit_status == FAULTY:
        return Text(f"The audit{whole} fails: {len(ledger.complaints.faults)} faults.", style="bold red")
    if ledger.complaints.missing:
        return Text(f"The audit{whole} lacks {len(ledger.complaints.missing)} witnesses.", style="bold yellow")
    return Text(f"The audit{whole} passes.", style="bold green")
