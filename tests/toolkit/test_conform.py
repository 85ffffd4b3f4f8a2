"""The session: whatever a client does, it ends, is counted, and ends up as a finding about the client."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from taifoon.core.chain_id import profile_hash
from taifoon.profile import HARDENED, Resolution
from taifoon_toolkit.cli import main
from taifoon_toolkit.conform.compare import Comparison
from taifoon_toolkit.conform.fuzz import Fuzzer
from taifoon_toolkit.conform.process import ClientProcess, Limits
from taifoon_toolkit.conform.protocol import Abilities, Client, ClientError, Fault
from taifoon_toolkit.conform.publish import vector_file
from taifoon_toolkit.vectors.read import read_vectors
from taifoon_toolkit.vectors.shipped import shipped_vectors

from ..clients.zoo.faithful import Faithful

CLIENTS = Path(__file__).parents[1] / "clients"
NODE = shutil.which("node")
RUST = CLIENTS / "rust" / "target" / "release" / "taifoon-spec-client"
SLOW = ("hangs", "silent", "drips", "stays")
HOSTILE = CLIENTS / "zoo" / "hostile.py"


def session(folder: Path, *arguments: str, command: tuple[str, ...]) -> tuple[int, dict[str, Any], str]:
    """Run the command; exit status, `conform.json` and what was printed."""
    result = CliRunner().invoke(main, ["conform", "--out", str(folder), *arguments, "--", *command])
    written = folder / "conform.json"
    return result.exit_code, json.loads(written.read_text()) if written.exists() else {}, result.output


def hostile(folder: Path, way: str) -> tuple[int, dict[str, Any], str]:
    """A session with a client that misbehaves."""
    source = folder / "vectors"
    source.mkdir()
    quorums = [vector for vector in shipped_vectors() if vector.name == "quorum.of"][:4]
    for number, vector in enumerate(quorums):
        (source / f"{number}.json").write_text(vector_file(vector))
    command = (sys.executable, str(HOSTILE), way)
    seconds = "1.5" if way in SLOW else "30"
    return session(folder / "out", "--vectors", str(source), "--timeout", seconds, command=command)


@pytest.mark.parametrize(
    ("way", "fault"),
    [
        ("hangs", Fault.TIMEOUT),
        ("silent", Fault.TIMEOUT),
        ("drips", Fault.TIMEOUT),
        ("dies", Fault.CRASH),
        ("garbage", Fault.GARBAGE),
        ("deep", Fault.GARBAGE),
        ("bytes", Fault.GARBAGE),
        ("repeated-key", Fault.GARBAGE),
        ("half-line", Fault.HALF_LINE),
        ("flood", Fault.FLOOD),
        ("twice", Fault.UNASKED),
        ("wrong-id", Fault.WRONG_ID),
        ("true-id", Fault.WRONG_ID),
        ("other-profile", Fault.HELLO),
        ("extra-key", Fault.UNKNOWN_KEY),
        ("missing-key", Fault.MISSING_KEY),
        ("number", Fault.DIFFERS),
        ("unsupported", Fault.CLAIMED),
        ("stays", Fault.TIMEOUT),
        ("ends-badly", Fault.CRASH),
    ],
)
def test_a_client_that_misbehaves_is_a_finding_and_never_the_end_of_the_kit(
    tmp_path: Path, way: str, fault: Fault
) -> None:
    status, document, _ = hostile(tmp_path, way)
    assert status == 1
    assert fault.name.lower() in {item["fault"] for item in document["findings"]}
    summary = document["summary"]
    assert summary["compared"] + summary["unsupported"] + summary["not_asked"] == 4


def test_a_client_that_repeats_its_reply_for_ever_is_found_out(tmp_path: Path) -> None:
    # Whether a repeated reply comes before the next question or after it depends on how fast either side is.
    status, document, _ = hostile(tmp_path, "line-flood")
    assert status == 1
    assert {item["fault"] for item in document["findings"]} & {Fault.UNASKED.name.lower(), Fault.WRONG_ID.name.lower()}


@pytest.mark.parametrize("way", ["well", "complains"])
def test_a_client_that_behaves_conforms_however_much_it_writes_to_its_error_output(tmp_path: Path, way: str) -> None:
    status, document, _ = hostile(tmp_path, way)
    assert (status, document["summary"]["compared"], document["summary"]["keys"]) == (0, 4, 8)


def test_zero_compared_is_a_failure_of_its_own(tmp_path: Path) -> None:
    status, document, output = hostile(tmp_path, "claims-nothing")
    assert status == 3
    assert document["summary"]["unsupported"] == 4
    assert "Nothing was compared" in output


def test_a_command_that_cannot_be_started_is_wrong_use(tmp_path: Path) -> None:
    assert session(tmp_path / "out", command=("/nonexistent/client",))[0] == 2
    assert CliRunner().invoke(main, ["conform"]).exit_code == 2
    assert session(tmp_path / "out", "--section", "99", command=("true",))[0] == 2
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    assert session(tmp_path / "mine", command=("true",))[0] == 2


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("tutorial") / "out"
    command = (sys.executable, str(CLIENTS / "python" / "client.py"))
    status, document, _ = session(folder, "--quick", "--fuzz", "5", command=command)
    return status, document, folder


def test_the_tutorial_client_conforms_in_what_it_has(tutorial: tuple[int, dict[str, Any], Path]) -> None:
    status, document, _ = tutorial
    assert status == 0, document["findings"][:3]
    assert document["summary"]["compared"] > 800
    assert document["summary"]["failed"] == document["summary"]["not_asked"] == 0


def test_every_vector_is_compared_or_listed(tutorial: tuple[int, dict[str, Any], Path]) -> None:
    summary = tutorial[1]["summary"]
    asked = [vector for vector in shipped_vectors() if not vector.id.endswith("65536")]
    assert summary["compared"] + summary["unsupported"] == len(asked)
    listed = sum(
        row["compared"] + sum(item["vectors"] for item in row["unsupported"]) for row in tutorial[1]["methods"]
    )
    assert listed == len(asked)


def test_the_files_of_a_session_can_be_read_by_others(tutorial: tuple[int, dict[str, Any], Path]) -> None:
    _, document, folder = tutorial
    report = ElementTree.fromstring((folder / "junit.xml").read_text())  # noqa: S314 - written by this project
    assert report.get("failures") == "0"
    assert len(report.findall(".//testcase")) == len(document["methods"]) + 1
    page = (folder / "index.html").read_text()
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page


class Recorded:
    """A client of the zoo inside this process."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def ask(self, method: str, given: Any) -> Any:
        return self.client.ask(method, given)

    def restart(self) -> None:
        self.client.restart()


def fuzzed(client: Faithful, rounds: int, *methods: str) -> Fuzzer:
    introduced = client.introduction()
    abilities = Abilities("zoo", frozenset(introduced["suites"]), frozenset(introduced["methods"]))
    fuzzer = Fuzzer(Comparison(Recorded(client), abilities), "7")
    vectors = [vector for vector in shipped_vectors() if vector.name in methods]
    assert list(fuzzer.run(vectors, rounds)) == sorted(methods, key=[vector.name for vector in vectors].index)
    return fuzzer


def test_fuzzing_finds_and_shrinks_a_missing_rule_and_keeps_a_vector_of_it(tmp_path: Path) -> None:
    fuzzer = fuzzed(Faithful(HARDENED.without(Resolution.EXACT_ITEMS)), 400, "mmr.verify_leaves")
    assert fuzzer.found
    smallest = fuzzer.found[0].content
    assert smallest["outcome"] == {"rejection": "MMR_PROOF_TOO_LONG"}
    (tmp_path / "found.json").write_text(vector_file(fuzzer.found[0]))
    (again,) = read_vectors(tmp_path)
    assert again == fuzzer.found[0]
    comparison = Comparison(Faithful(HARDENED.without(Resolution.EXACT_ITEMS)), fuzzer.comparison.abilities)
    assert list(comparison.run([again])) == [again]
    assert comparison.findings


def test_fuzzing_shrinks_a_run_to_the_steps_that_matter() -> None:
    fuzzer = fuzzed(Faithful(HARDENED.without(Resolution.VOTE_ONCE)), 200, "voting")
    steps = fuzzer.found[0].content["steps"]
    assert steps[-1]["outcome"] == {"rejection": "VOTE_TWICE"}
    assert len(steps) <= 4


def test_fuzzing_the_faithful_client_finds_nothing() -> None:
    fuzzer = fuzzed(Faithful(), 60, "mmr.verify_leaves", "certificate.check", "voting", "slashing.due", "leaf.decode")
    assert fuzzer.found == []
    assert fuzzer.compared > 250


def test_the_same_seed_generates_the_same_inputs() -> None:
    first = fuzzed(Faithful(HARDENED.without(Resolution.KNOWN_TAGS)), 100, "leaf.decode")
    second = fuzzed(Faithful(HARDENED.without(Resolution.KNOWN_TAGS)), 100, "leaf.decode")
    assert first.found == second.found
    assert first.found


def test_a_refused_step_that_changes_the_state_is_seen_in_the_next_snapshot() -> None:
    class Leaky(Faithful):
        def answer(self, method: str, given: Any) -> Any:
            before = self.states.get("voting")
            reply = super().answer(method, given)
            if method == "voting.step" and "rejection" in reply and before is not None:
                self.states["voting"] = type(before)(before.voting, type(before.certified)(bytes(32)))  # type: ignore[arg-type]
            return reply

    introduced = Leaky().introduction()
    abilities = Abilities("zoo", frozenset(introduced["suites"]), frozenset(introduced["methods"]))
    comparison = Comparison(Leaky(), abilities)
    list(comparison.run([item for item in shipped_vectors() if item.id == "voting/finalises-twice"]))
    assert [finding.place for finding in comparison.findings if "after step 3" in finding.place]


def test_explaining_a_method_shows_both_schemas_and_examples() -> None:
    for name in ("quorum.of", "voting", "voting.step"):
        result = CliRunner().invoke(main, ["conform", "--explain", name])
        assert result.exit_code == 0
        assert "additionalProperties" in result.output
        assert "example" in result.output
    assert "mmr.verify_leaves" in CliRunner().invoke(main, ["conform", "--explain", "all"]).output
    assert CliRunner().invoke(main, ["conform", "--explain", "nothing"]).exit_code == 2


def test_a_process_that_was_killed_is_a_crash_and_can_be_started_again() -> None:
    command = (sys.executable, str(CLIENTS / "zoo" / "hostile.py"), "well")
    with ClientProcess(command, profile_hash(HARDENED), Limits(seconds=10)) as client:
        client.restart()
        client.kill()
        with pytest.raises(ClientError) as caught:
            client.ask("quorum.of", {"seats": "4"})
        assert caught.value.fault is Fault.CRASH
        client.restart()
        assert client.ask("quorum.of", {"seats": "4"}) == {"value": {"quorum": "3", "faults": "1"}}
        client.farewell()


@pytest.mark.skipif(NODE is None, reason="node is not installed: install Node.js 20 or later")
@pytest.mark.skipif(
    not (CLIENTS / "node" / "node_modules" / "@noble").exists(), reason="its packages are absent: run `make peers`"
)
def test_the_client_written_from_the_specification_alone_conforms(tmp_path: Path) -> None:
    command = (str(NODE), str(CLIENTS / "node" / "client.mjs"))
    status, document, _ = session(tmp_path / "out", "--quick", "--fuzz", "10", command=command)
    assert status == 0, document["findings"][:3]
    assert document["summary"]["compared"] > 1300


@pytest.mark.skipif(not RUST.exists(), reason="the Rust client is not built: run `make peers` where cargo is")
def test_the_compiled_client_conforms_in_every_vector(tmp_path: Path) -> None:
    status, document, _ = session(tmp_path / "out", "--fuzz", "10", command=(str(RUST),))
    assert status == 0, document["findings"][:3]
    assert document["summary"]["unsupported"] == 0
    assert document["summary"]["compared"] == len(shipped_vectors())
