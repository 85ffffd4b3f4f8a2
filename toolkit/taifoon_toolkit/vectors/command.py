"""`taifoon vectors write`, `taifoon vectors check` and `taifoon vectors refresh`."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.text import Text

from taifoon_toolkit.vectors.build import build
from taifoon_toolkit.vectors.read import check_tree
from taifoon_toolkit.vectors.tree import counts_of, write_tree

DONE, DIFFERENT = 0, 1


def write_to(console: Console, folder: Path) -> int:
    """Write the tree, print its counts, and return the exit status. Raises TreeError."""
    built = build()
    write_tree(built.vectors, folder)
    counts = counts_of(built.vectors)
    shown = ", ".join(f"{number} by {means}" for means, number in counts.negative.items())
    console.print(f"{counts.vectors} vectors, {counts.steps} steps; single faults shown: {shown}", highlight=False)
    for reason in built.left_out:
        console.print(Text(f"left out: {reason}", style="red"), soft_wrap=True)
    return DIFFERENT if built.left_out else DONE


def refresh_to(console: Console, audit: Path | None) -> int:
    """Find the vectors from counterexamples anew, print how many there are, and return the exit status."""
    from taifoon_toolkit.vectors.captured import refresh

    counterexamples, violations = refresh(Path(__file__).parent, audit)
    console.print(f"{counterexamples} counterexamples, {violations} vectors of violating steps", highlight=False)
    return DONE


def check_to(console: Console, folder: Path) -> int:
    """Check the tree, print what differs, and return the exit status."""
    wrong = 0
    for line in check_tree(folder):
        wrong += 1
        console.print(Text(line, style="red"), soft_wrap=True)
    if not wrong:
        console.print("The tree is that of this version, byte for byte.")
    return DIFFERENT if wrong else DONE
