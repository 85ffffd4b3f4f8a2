"""The session: whatever a client does, it ends, is counted, and ends up as a finding about the client."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tempfile
from importlib.util import find_spec
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
HOSTILE = CLIENTS / "zoo" / "hostile.py"
TAKES_FRAMES = "frames"


def session(folder: Path, *arguments: str, command: tuple[str, ...]) -> tuple[int, dict[str, Any], str]:
    """Run the command; exit status, `conform.json` and what was printed."""
    result = CliRunner().invoke(main, ["conform", "--out", str(folder), *arguments, "--", *command])
    written = folder / "conform.json"
    return result.exit_code, json.loads(written.read_text()) if written.exists() else {}, result.output


def hostile(folder: Path, way: str, *arguments: str, form: str = "lines") -> tuple[int, dict[str, Any], str]:
    """A session with a client that misbehaves."""
    source = folder / "vectors"
    source.mkdir()
    quorums = [vector for vector in shipped_vectors() if vector.name == "quorum.of"][:4]
    for number, vector in enumerate(quorums):
        (source / f"{number}.json").write_text(vector_file(vector))
    command = (sys.executable, str(HOSTILE), way, form)
    seconds = "1.5" if way == "takes-its-time" else "0.7" if way in SLOW else "30"
    return session(folder / "out", "--vectors", str(source), "--timeout", seconds, *arguments, command=command)


SLOW = (*("hangs", "silent", "drips", "stays", "half-and-hangs", "long-prefix", "never-connects", "switches-early"),)

IN_EITHER_FORM = [
    ("hangs", Fault.TIMEOUT),
    ("silent", Fault.TIMEOUT),
    ("drips", Fault.TIMEOUT),
    ("half-and-hangs", Fault.TIMEOUT),
    ("dies", Fault.CRASH),
    ("dies-of-one", Fault.CRASH),
    ("half", Fault.HALF_LINE),
    ("garbage", Fault.GARBAGE),
    ("empty", Fault.GARBAGE),
    ("deep", Fault.GARBAGE),
    ("nested", Fault.GARBAGE),
    ("bytes", Fault.GARBAGE),
    ("utf-16", Fault.GARBAGE),
    ("repeated-key", Fault.GARBAGE),
    ("not-a-number", Fault.GARBAGE),
    ("half-a-pair", Fault.GARBAGE),
    ("object", Fault.GARBAGE),
    ("flood", Fault.FLOOD),
    ("twice", Fault.UNASKED),
    ("wrong-id", Fault.WRONG_ID),
    ("true-id", Fault.WRONG_ID),
    ("float-id", Fault.WRONG_ID),
    ("other-profile", Fault.HELLO),
    ("extra-key", Fault.UNKNOWN_KEY),
    ("extra-keys", Fault.UNKNOWN_KEY),
    ("painted-key", Fault.UNKNOWN_KEY),
    ("long-value", Fault.DIFFERS),
    ("missing-key", Fault.MISSING_KEY),
    ("number", Fault.DIFFERS),
    ("unsupported", Fault.CLAIMED),
    ("stays", Fault.TIMEOUT),
    ("ends-badly", Fault.CRASH),
    ("last-word", Fault.UNASKED),
]

IN_FRAMES = [
    ("half-prefix", Fault.HALF_LINE),
    ("huge-prefix", Fault.FLOOD),
    ("long-prefix", Fault.TIMEOUT),
    ("short-prefix", Fault.UNASKED),
    ("a-line", Fault.FLOOD),
    ("turned", Fault.WRONG_ID),
    ("too-few", Fault.GARBAGE),
    ("too-many", Fault.UNASKED),
    ("refuses-frames", Fault.HELLO),
    ("switches-early", Fault.TIMEOUT),
    ("dies-in-company", Fault.CRASH),
]

OVER_A_SOCKET = [
    ("never-connects", Fault.TIMEOUT),
    ("ends-unconnected", Fault.CRASH),
    ("connects-twice", Fault.CONNECTION),
    ("resets", Fault.CRASH),
    ("hangs-up", Fault.CRASH),
    ("hangs", Fault.TIMEOUT),
    ("dies", Fault.CRASH),
    ("half", Fault.HALF_LINE),
    ("flood", Fault.FLOOD),
    ("twice", Fault.UNASKED),
    ("stays", Fault.TIMEOUT),
    ("ends-badly", Fault.CRASH),
    ("last-word", Fault.UNASKED),
]


def is_found(outcome: tuple[int, dict[str, Any], str], fault: Fault) -> None:
    """The session ended, every vector is accounted for, and the fault is among the findings."""
    status, document, output = outcome
    assert status == 1, output
    assert fault.name.lower() in {item["fault"] for item in document["findings"]}
    summary = document["summary"]
    assert summary["compared"] + summary["unsupported"] + summary["not_asked"] == 4
    assert "\x1b" not in output


@pytest.mark.parametrize("form", ["lines", TAKES_FRAMES])
@pytest.mark.parametrize(("way", "fault"), IN_EITHER_FORM)
def test_a_client_that_misbehaves_is_a_finding_and_never_the_end_of_the_kit(
    tmp_path: Path, way: str, fault: Fault, form: str
) -> None:
    is_found(hostile(tmp_path, way, form=form), fault)
    written = sum(file.stat().st_size for file in (tmp_path / "out").iterdir() if file.is_file())
    assert written < 2_000_000


@pytest.mark.parametrize(("way", "fault"), IN_FRAMES)
def test_what_only_frames_can_break_is_a_finding_as_well(tmp_path: Path, way: str, fault: Fault) -> None:
    is_found(hostile(tmp_path, way, form=TAKES_FRAMES), fault)


@pytest.mark.parametrize("kind", ["unix", "tcp"])
@pytest.mark.parametrize(("way", "fault"), OVER_A_SOCKET)
def test_what_goes_wrong_over_a_socket_is_a_finding_as_well(tmp_path: Path, way: str, fault: Fault, kind: str) -> None:
    is_found(hostile(tmp_path, way, "--socket", kind, form=TAKES_FRAMES if kind == "tcp" else "lines"), fault)


@pytest.mark.parametrize("form", ["lines", TAKES_FRAMES])
def test_a_client_that_repeats_its_reply_for_ever_is_found_out(tmp_path: Path, form: str) -> None:
    # Whether a repeated reply comes before the next question or after it depends on how fast either side is.
    status, document, _ = hostile(tmp_path, "reply-flood", form=form)
    assert status == 1
    assert {item["fault"] for item in document["findings"]} & {Fault.UNASKED.name.lower(), Fault.WRONG_ID.name.lower()}


@pytest.mark.parametrize("arguments", [(), ("--lines",), ("--socket", "unix"), ("--socket", "tcp")], ids=" ".join)
@pytest.mark.parametrize("way", ["well", "complains", "complains-at-last", "prints", "paints"])
def test_a_client_that_behaves_conforms_however_much_it_writes_for_people(
    tmp_path: Path, way: str, arguments: tuple[str, ...]
) -> None:
    status, document, output = hostile(tmp_path, way, *arguments, form=TAKES_FRAMES)
    assert (status, document["summary"]["compared"], document["summary"]["keys"]) == (0, 4, 8), output
    assert "\x1b" not in output


def test_the_vector_that_ends_a_client_is_found_within_a_frame(tmp_path: Path) -> None:
    _, document, _ = hostile(tmp_path, "dies-of-one", form=TAKES_FRAMES)
    (finding,) = document["findings"]
    assert finding["given"] == {"seats": "3"}
    assert document["summary"]["failed"] == 1


def test_a_client_that_fails_only_on_requests_together_departs_though_every_vector_passes(tmp_path: Path) -> None:
    status, document, _ = hostile(tmp_path, "dies-in-company", form=TAKES_FRAMES)
    assert (status, document["summary"]["failed"]) == (1, 0)
    assert [item["method"] for item in document["findings"]] == ["session"]
    (tmp_path / "lines").mkdir()
    assert hostile(tmp_path / "lines", "dies-in-company", "--lines", form=TAKES_FRAMES)[0] == 0


def test_a_client_whose_frames_take_long_is_asked_one_by_one_and_conforms(tmp_path: Path) -> None:
    status, document, _ = hostile(tmp_path, "takes-its-time", form=TAKES_FRAMES)
    assert (status, document["summary"]["compared"]) == (0, 4)


def test_zero_compared_is_a_failure_of_its_own(tmp_path: Path) -> None:
    status, document, output = hostile(tmp_path, "claims-nothing")
    assert status == 3
    assert document["summary"]["unsupported"] == 4
    assert "Nothing was compared" in output


def test_a_command_that_cannot_be_started_is_wrong_use(tmp_path: Path) -> None:
    assert session(tmp_path / "out", command=("/nonexistent/client",))[0] == 2
    assert CliRunner().invoke(main, ["conform"]).exit_code == 2
    assert session(tmp_path / "out", "--section", "99", command=("true",))[0] == 2
    assert session(tmp_path / "out", "--only", "no.such.method", command=("true",))[0] == 2
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    assert session(tmp_path / "mine", command=("true",))[0] == 2


def test_a_socket_whose_path_no_system_takes_is_wrong_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    command = (sys.executable, str(HOSTILE), "well", "lines")
    status, _, output = session(tmp_path / "out", "--only", "quorum.of", "--socket", "unix", command=command)
    assert status == 2
    assert "TMPDIR" in output
    assert list(folder.iterdir()) == []
    assert session(tmp_path / "out", "--only", "quorum.of", "--socket", "tcp", command=command)[0] == 0


@pytest.fixture(scope="module")
def departing(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any], str, Path]:
    folder = tmp_path_factory.mktemp("departing")
    (folder / "client.py").write_text(SHORT_QUORUM)
    command = (sys.executable, str(folder / "client.py"))
    return (*session(folder / "out", "--only", "quorum.of", "--fuzz", "40", command=command), folder / "out")


SHORT_QUORUM = """
import json, sys

for line in sys.stdin:
    request = json.loads(line)
    given = request["given"]
    value = {**given, "client": "short", "suites": [], "methods": ["quorum.of"]}
    if request["method"] == "quorum.of":
        seats = int(given["seats"])
        value = {"quorum": str(2 * seats // 3), "faults": str((seats - 1) // 3)}
    if request["method"] == "bye":
        value = {}
    sys.stdout.write(json.dumps({"id": request["id"], "value": value}) + "\\n")
    sys.stdout.flush()
"""


def test_a_difference_is_told_with_what_was_given_expected_and_got(
    departing: tuple[int, dict[str, Any], str, Path],
) -> None:
    status, document, output, folder = departing
    assert status == 1
    first = document["explanations"][0]
    assert first["requirement"] == document["summary"]["named"][0]
    assert first["title"]
    least = first["smallest"]
    assert (least["expected"], least["got"]) == ("1", "0")
    assert least["given"] == {"seats": "1"}
    assert "RES-QUORUM" in {name for item in document["explanations"] for name in (item["requirement"], *item["also"])}
    for line in ('given     {"seats": "1"}', "expected  1", "client    0"):
        assert line in output
    page = (folder / "index.html").read_text()
    assert "built-in method" not in page
    assert "the client gives another value at .value.quorum" in page
    report = ElementTree.fromstring((folder / "junit.xml").read_text())  # noqa: S314 - written by this project
    failures = {"\n".join((failure.text or "").splitlines()[-2:]) for failure in report.iter("failure")}
    assert 'expected: "1"\ngot: "0"' in failures


def test_each_finding_is_explained_once(departing: tuple[int, dict[str, Any], str, Path]) -> None:
    document = departing[1]
    assert sum(item["findings"] for item in document["explanations"]) == len(document["findings"])
    named = [name for item in document["explanations"] for name in (item["requirement"], *item["also"])]
    assert sorted(named) == sorted(document["summary"]["named"])


def test_what_fuzzing_found_is_found_again_from_its_file(
    departing: tuple[int, dict[str, Any], str, Path], tmp_path: Path
) -> None:
    _, document, output, folder = departing
    assert f"--vectors {folder}/found" in output
    command = tuple(document["command"])
    status, again, _ = session(tmp_path / "out", "--vectors", str(folder / "found"), command=command)
    assert status == 1
    assert again["summary"]["failed"] == len(document["fuzzing"]["found"]) > 0


@pytest.fixture(scope="module")
def tutorial(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, dict[str, Any], Path]:
    folder = tmp_path_factory.mktemp("tutorial") / "out"
    command = (sys.executable, str(CLIENTS / "python" / "client.py"))
    status, document, _ = session(folder, "--quick", "--fuzz", "5", command=command)
    return status, document, folder


@pytest.mark.parametrize("arguments", [("--lines",), ("--socket", "unix"), ("--socket", "tcp")], ids=" ".join)
def test_every_way_to_a_client_compares_the_same(
    tutorial: tuple[int, dict[str, Any], Path], tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    command = (sys.executable, str(CLIENTS / "python" / "client.py"))
    status, document, _ = session(tmp_path / "out", "--quick", *arguments, command=command)
    assert status == 0, document["findings"][:3]
    assert document["methods"] == tutorial[1]["methods"]
    assert tutorial[1]["frames"] > 1
    assert (document["frames"] == 1) == (arguments == ("--lines",))


@pytest.mark.skipif(find_spec("numba") is None, reason="numba is not installed: add the extra `fast`")
def test_the_optimised_functions_conform_in_batches(tmp_path: Path) -> None:
    command = (sys.executable, str(CLIENTS / "python" / "optimised.py"))
    # The first calls compile the kernels.
    status, document, _ = session(tmp_path / "out", "--quick", "--fuzz", "20", "--timeout", "200", command=command)
    assert status == 0, document["findings"][:3]
    assert document["summary"]["compared"] > 750
    assert document["summary"]["failed"] == document["summary"]["not_asked"] == 0


def test_the_tutorial_client_conforms_in_what_it_has(tutorial: tuple[int, dict[str, Any], Path]) -> None:
    status, document, _ = tutorial
    assert status == 0, document["findings"][:3]
    assert document["summary"]["compared"] > 800
    assert document["summary"]["failed"] == document["summary"]["not_asked"] == 0


def test_speed_is_measured_in_lines_and_frames_over_each_transport() -> None:
    command = (sys.executable, str(CLIENTS / "python" / "client.py"))
    result = CliRunner().invoke(main, ["conform", "--speed", "--only", "quorum.of", "--", *command])
    assert result.exit_code == 0
    for kind in ("pipes", "unix", "tcp"):
        assert re.search(rf"^{kind} +lines +\d+ .* 1\.00$", result.output, re.MULTILINE)
        assert re.search(rf"^{kind} +frames of 64 ", result.output, re.MULTILINE)
    lost = (sys.executable, str(HOSTILE), "dies", "lines")
    assert CliRunner().invoke(main, ["conform", "--speed", "--only", "quorum.of", "--", *lost]).exit_code == 1


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


def explained(name: str) -> str:
    result = CliRunner().invoke(main, ["conform", "--explain", name])
    assert result.exit_code == 0
    return result.output


def test_explaining_a_method_shows_both_schemas_and_examples() -> None:
    for name in ("quorum.of", "voting", "voting.step"):
        output = explained(name)
        assert "additionalProperties" in output
        assert "example" in output
    assert "given: {octets: bytes}" in explained("leaf.decode")
    assert '"rejection": "ENCODING_TRUNCATED"' in explained("leaf.decode")
    assert '"method": "frames"' in explained("frames")
    for name in ("mmr.verify_leaves", "hello", "voting"):
        assert f" {name}: " in explained("all")
    assert CliRunner().invoke(main, ["conform", "--explain", "nothing"]).exit_code == 2


def test_the_frames_of_the_page_have_the_length_that_they_announce() -> None:
    page = (Path(__file__).parents[2] / "spec" / "conformance.md").read_text()
    shown = re.findall(r"^    ((?:[0-9a-f]{2} ){4})(\[.*\])$", page, re.MULTILINE)
    assert len(shown) == 2
    for prefix, content in shown:
        assert int.from_bytes(bytes.fromhex(prefix), "little") == len(content.encode())
        json.loads(content)


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
def test_the_compiled_client_conforms_in_every_vector_of_what_it_has(tmp_path: Path) -> None:
    status, document, _ = session(tmp_path / "out", "--fuzz", "10", command=(str(RUST),))
    assert status == 0, document["findings"][:3]
    # What it names, it has in full; methods that it does not name yet are listed.
    reasons = {item["reason"] for row in document["methods"] for item in row["unsupported"]}
    assert all(reason.startswith("the client does not name") for reason in reasons)
    assert document["summary"]["compared"] + document["summary"]["unsupported"] == len(shipped_vectors())
    assert document["summary"]["compared"] > 1400
