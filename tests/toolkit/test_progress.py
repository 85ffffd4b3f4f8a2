"""What is shown while an audit runs."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from taifoon_laboratory.theorems import material

from taifoon.profile import Resolution
from taifoon_proofs.harness import Kind, Task
from taifoon_toolkit.audit import Settings, run_audit
from taifoon_toolkit.live import Progress
from taifoon_toolkit.plan import Selection, make_plan

WITNESS = {"verdict": "REFUTED", "replayed": True}


def progress(console: Console) -> Progress:
    return Progress(make_plan(material(), Selection(), contracts=False, deep=False), console)


def shown(state: Progress) -> str:
    console = Console(width=120, file=io.StringIO(), force_terminal=False)
    with console.capture() as captured:
        console.print(state.render())
    return captured.get()


def test_the_table_shows_each_theorem_as_far_as_it_is() -> None:
    state = progress(Console(height=40))
    for kind, record in ((Kind.HARDENED, {"verdict": "PROVED"}), (Kind.CROSS_CHECK, {"verdict": "unsat"})):
        task = Task(kind, "T-LAB-a")
        state.start(task)
        state.end(task, record, 1.25)
    state.end(Task(Kind.WITHOUT, "T-LAB-a", Resolution.QUORUM), WITNESS, 2.0, kept=True)
    state.start(Task(Kind.HARDENED, "T-LAB-b"))
    table = shown(state)
    assert table.splitlines()[1].split() == ["T-LAB-b", "…", "0", "of", "1", "…", "…", "0.0"]
    assert table.splitlines()[2].split() == ["T-LAB-a", "PROVED", "1", "of", "1", "…", "unsat", "4.5"]
    assert "3 of 9 tasks done; now T-LAB-b" in table


def test_a_task_that_failed_is_visible() -> None:
    state = progress(Console(height=40))
    state.start(Task(Kind.DOCUMENT, "T-LAB-a"))
    state.end(Task(Kind.DOCUMENT, "T-LAB-a"), None, 1.0)
    assert "failed" in shown(state).splitlines()[1]
    assert "1 of 9 tasks done, 1 failed" in state.line()


def test_a_table_that_is_taller_than_the_terminal_says_what_it_hides(monkeypatch) -> None:
    monkeypatch.setattr("taifoon_toolkit.live.ROWS_KEPT_FREE", 39)
    state = progress(Console(height=40))
    state.rows |= {f"T-{number}": state.rows["T-LAB-a"] for number in range(5)}
    assert "(4 more theorems not shown)" in shown(state)


def test_a_terminal_gets_the_live_table_and_other_outputs_none() -> None:
    outputs = []
    for terminal in (True, False):
        console = Console(file=io.StringIO(), force_terminal=terminal, width=100)
        settings = Settings(Selection(("6.2",)), Path("audit"), 1, 60.0, None)
        assert run_audit(material(), settings, console) == 0
        outputs.append(console.file.getvalue())
    live, plain = outputs
    assert "\x1b[" in live
    assert "tasks done" in live
    assert "\x1b[" not in plain
    assert "tasks done" not in plain
    assert "The audit of what was selected passes." in plain
