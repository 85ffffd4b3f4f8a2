"""The comparison with the reference finds each small fault: one rotation, one lane, one carry, one bound."""

from __future__ import annotations

import pytest

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from .planting import SOUND, Fault, verdicts

FAULTS = [
    Fault("one rotation", "blake3_tiles", "rotated(uint32(b ^ c), 12)", "rotated(uint32(b ^ c), 13)"),
    Fault("one diagonal", "blake3_tiles", "quarter(a3, b0, c1, d2, m[14]", "quarter(a3, b0, c2, d1, m[14]"),
    Fault("one message word", "blake3_tiles", "return m[2], m[6], m[3],", "return m[2], m[3], m[6],"),
    Fault("one constant", "blake3_tiles", "uint32(0xA54FF53A)", "uint32(0xA54FF53B)"),
    Fault("one flag", "blake3_tiles", "KEYED_HASH = 1, 2, 8, 16", "KEYED_HASH = 1, 2, 4, 16"),
    Fault("one lane's word", "blake3_tiles", "chaining[i + 257] = o[5]", "chaining[i + 257] = o[4]"),
    Fault(
        "one octet of a message's end",
        "blake3_messages",
        "np.full((65, 64), 255, np.uint8), -1)",
        "np.full((65, 64), 255, np.uint8), -2)",
    ),
    Fault("one block too few", "blake3_messages", "(length + 63) >> 6", "length >> 6"),
    Fault("one tile that is not filled", "blake3_messages", "(lanes + 63) & ~63", "(lanes + 62) & ~63"),
    Fault("one row of a digest", "blake3_messages", "digests, targets[at:])", "digests, targets[:])"),
    Fault(
        "one child for the other",
        "blake3_nodes",
        "turn_pairs(nodes, lefts, nodes, rights, lane, message)",
        "turn_pairs(nodes, lefts, nodes, lefts, lane, message)",
    ),
    Fault("one carry", "blake3_nodes", "end = last >> height", "end = (last - 1) >> height"),
    Fault(
        "one position", "blake3_nodes", "parent - (1 << height), parent - 1", "parent - (1 << height) + 1, parent - 1"
    ),
    Fault(
        "one bit counted twice", "positions", "& uint64(0x3333333333333333)) + (", "& uint64(0x3333333333333337)) + ("
    ),
    Fault("one level of a path", "paths", "range(height + 1, 63)", "range(height + 2, 63)"),
    Fault("one side of a path", "blake3_paths", "bagged and level == height", "bagged and level > height"),
    Fault("one count in a root", "blake3_paths", "uint64(counts[tile[lane]])", "uint64(counts[tile[lane]] + 1)"),
    Fault("one bound", "verification", "(indices >= counts)", "(indices > counts)"),
    Fault("one rule left out", "verification", "asked != indices", "asked != asked"),
    Fault("one width", "leaf_columns", "assigned_cluster[number], 4)", "assigned_cluster[number], 3)"),
    Fault("one octet of an order", "assignment", "digests[:, :8]", "digests[:, 1:9]"),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return verdicts("agreement.py", FAULTS, tmp_path_factory.mktemp("faults"))


def test_the_package_as_it_is_agrees(found: dict[str, str]) -> None:
    assert found[SOUND] == "agrees"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what.replace(" ", "-"))
def test_the_fault_is_found(fault: Fault, found: dict[str, str]) -> None:
    assert found[fault.what] == "differs"
