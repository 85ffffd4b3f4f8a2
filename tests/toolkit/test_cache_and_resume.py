"""Records are kept by content: reused, recomputed when spoilt, and the start of an interrupted audit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console
from taifoon_laboratory.theorems import LOG, material

from taifoon_toolkit.audit import Settings, run_audit
from taifoon_toolkit.cache import Cache, Finished, key_of
from taifoon_toolkit.plan import Selection

EVERY_TASK = 9
JUDGEMENTS = 6


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "log"
    monkeypatch.setenv(LOG, str(file))
    return file


def audit(cache: Path | None, **changes: object) -> tuple[int, str]:
    console = Console(width=200, record=True, quiet=False, file=open(os.devnull, "w"))  # noqa: PTH123, SIM115
    settings = Settings(Selection(), Path("audit"), 2, 60.0, cache, **changes)  # type: ignore[arg-type]
    return run_audit(material(), settings, console), console.export_text()


def judged(log: Path) -> int:
    return len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0


def test_a_second_audit_judges_nothing_and_writes_the_same_bytes(log: Path) -> None:
    assert audit(Path("kept"))[0] == 0
    first = {file: file.read_bytes() for file in Path("audit").rglob("*") if file.is_file()}
    assert judged(log) == JUDGEMENTS
    status, printed = audit(Path("kept"))
    assert status == 0
    assert judged(log) == JUDGEMENTS
    assert f"{EVERY_TASK} tasks, {EVERY_TASK} of them from the cache" in printed
    assert {file: file.read_bytes() for file in Path("audit").rglob("*") if file.is_file()} == first


def test_without_a_cache_everything_is_judged_again(log: Path) -> None:
    audit(None)
    audit(None)
    assert judged(log) == 2 * JUDGEMENTS


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: content[: len(content) // 2], id="cut off"),
        pytest.param(lambda content: b"[1, 2]", id="another shape"),
        pytest.param(lambda content: content.replace(b"REFUTED", b"PROVED"), id="another verdict"),
        pytest.param(lambda content: b"\xff\xfe" + content, id="not text"),
    ],
)
def test_a_spoilt_entry_is_judged_again(spoil: object, log: Path) -> None:
    audit(Path("kept"))
    entries = list(Path("kept").rglob("*.json"))
    assert len(entries) == EVERY_TASK
    for entry in entries:
        content = entry.read_bytes()
        entry.write_bytes(spoil(content))  # type: ignore[operator]
    status, _ = audit(Path("kept"))
    assert status == 0
    refuted = 4
    assert judged(log) in (2 * JUDGEMENTS, JUDGEMENTS + refuted)


def test_an_entry_serves_its_own_key_only(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    first, second = (key_of(name, "", None) for name in ("first", "second"))
    cache.store(first, Finished({"verdict": "PROVED"}, 1.5))
    assert cache.load(first) == Finished({"verdict": "PROVED"}, 1.5)
    cache.path_of(second).parent.mkdir(parents=True, exist_ok=True)
    cache.path_of(first).rename(cache.path_of(second))
    assert cache.load(second) is None


def test_a_key_depends_on_task_sources_and_circumstances() -> None:
    keys = {key_of(task, sources, also) for task in "ab" for sources in "cd" for also in ({"deep": True}, {})}
    assert len(keys) == 8


def test_a_deep_audit_does_not_take_shallow_records(log: Path) -> None:
    audit(Path("kept"))
    audit(Path("kept"), deep=True)
    assert judged(log) == 2 * JUDGEMENTS


def test_a_cache_that_cannot_be_written_is_a_complaint_and_not_the_end(log: Path) -> None:
    Path("file").write_text("in the way", encoding="utf-8")
    status, printed = audit(Path("file"))
    assert status == 0
    assert "set TAIFOON_CACHE to another folder" in printed


def test_an_interrupted_audit_says_so_leaves_no_worker_and_goes_on_from_there(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-m", "taifoon_laboratory", "audit", "kept", "1"]
    path = os.pathsep.join(item for item in sys.path if item)
    surroundings = {**os.environ, "PYTHONPATH": path, "LABORATORY_FAULT": "T-LAB-b document=hang"}
    running = subprocess.Popen(  # noqa: S603
        command,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that started the tests in the background has them ignore the signal, and children inherit that.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    while "T-LAB-b document" not in (log.read_text(encoding="utf-8") if log.exists() else ""):
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    printed, errors = running.communicate(timeout=60)
    assert running.returncode == 130, errors
    assert "Interrupted: 4 of 9 tasks done" in printed
    assert "the same command goes on from there" in printed
    assert not Path("audit").exists()
    assert errors == ""
    for line in log.read_text(encoding="utf-8").splitlines():
        with pytest.raises(ProcessLookupError):
            os.kill(int(line.split()[-1]), 0)
    before = judged(log)
    monkeypatch.delenv("LABORATORY_FAULT", raising=False)
    status, resumed = audit(Path("kept"))
    assert status == 0
    assert "9 tasks, 4 of them from the cache" in resumed
    assert judged(log) == before + 2


def test_neither_the_number_of_workers_nor_the_hash_seed_changes_the_document(tmp_path: Path) -> None:
    documents = []
    for jobs, seed in (("1", "0"), ("2", "1"), ("2", "2")):
        command = [sys.executable, "-m", "taifoon_laboratory", f"audit-{seed}", f"kept-{seed}", jobs]
        path = os.pathsep.join(item for item in sys.path if item)
        surroundings = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": seed}
        subprocess.run(command, env=surroundings, check=True, capture_output=True)  # noqa: S603
        folder = Path(f"audit-{seed}")
        files = {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.smt2")}
        files |= {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.itf.json")}
        documents.append((without_seconds(json.loads((folder / "audit.json").read_text(encoding="utf-8"))), files))
    assert documents[0] == documents[1] == documents[2]


def without_seconds(content: object) -> object:
    if isinstance(content, dict):
        return {name: without_seconds(item) for name, item in content.items() if name != "seconds"}
    return [without_seconds(item) for item in content] if isinstance(content, list) else content
