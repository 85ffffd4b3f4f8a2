"""The comparison of columns finds each small fault: one tie, one turn, one carry of a product, one bound, one item."""

from __future__ import annotations

import pytest

pytest.importorskip("numba", reason="numba is not installed, and the optimised path needs it")

from .planting import SOUND, Fault, verdicts

FAULTS = [
    Fault("one cluster too few seen", "owners", "held = min(count + 1, words.shape[1])", "held = count"),
    Fault("one tie left open", "owners", "sorted(range(able.size), key=ranks.__getitem__)", "sorted(range(able.size))"),
    Fault(
        "one owner not able",
        "owners",
        "able = np.unique(seated.assigned[seated.capable(number)])",
        "able = np.unique(seated.assigned)",
    ),
    Fault(
        "one draw of another job",
        "owners",
        "candidates = Candidates.of(members, starts[first:last]",
        "candidates = Candidates.of(members[::-1], starts[first:last]",
    ),
    Fault("one key drawn twice", "owners", "held = held or holders", "held = holders"),
    Fault(
        "one tie not seen",
        "owners",
        "words[place] == words[first]:\n                        tied[job] = True",
        "words[place] == words[first]:\n                        tied[job] = False",
    ),
    Fault("one turn too many", "owners", "if first >= 0 and count < room:", "if first >= 0 and count <= room:"),
    Fault("one rule of jobs out of order", "owned_jobs", "~leaves.completed & earlier & ~known", "earlier & ~known"),
    Fault(
        "one primary not asked for",
        "owned_jobs",
        "~leaves.completed & ~earlier & misnamed",
        "~leaves.completed & ~earlier & False",
    ),
    Fault(
        "one prover of another cluster",
        "owned_jobs",
        "same_key & (seated.assigned[seats] == clusters[job])",
        "same_key",
    ),
    Fault("one carry of a product", "exact", "+ (second >> half) + (third >> half)", "+ (second >> half)"),
    Fault("one bit of a quotient", "exact", "for _ in range(64):", "for _ in range(63):"),
    Fault("one remainder beyond a word", "exact", "if carried != uint64(0) or remainder", "if remainder"),
    Fault(
        "one label for two rows",
        "grouping",
        "new[1:] |= ordered[1:] != ordered[:-1]",
        "new[1:] = ordered[1:] != ordered[:-1]",
    ),
    Fault("one block of the window", "records", "late <= window", "late < window"),
    Fault(
        "one seat too many",
        "records",
        "signed.seats < sizes[signed.clusters]",
        "signed.seats <= sizes[signed.clusters]",
    ),
    Fault("one signature counted twice", "records", "return blocks[firsts], rows[firsts]", "return blocks, rows"),
    Fault("one proof not drawn", "rewards", "firsts[drawn & delivered &", "firsts[delivered &"),
    Fault("one weight", "rewards", "PROOF_WEIGHTS[kind] * np.bincount", "np.bincount"),
    Fault("one divisor", "rewards", "records.sizes * records.heights", "records.heights"),
    Fault("one absent seat too many", "inactivity", "absent > limits[cluster]", "absent > limits[cluster] + 1"),
    Fault("one window not over", "records", "signature_window - 1", "signature_window + 1"),
    Fault("one streak not ended", "inactivity", "streaks[row] = 0", "streaks[row] = streaks[row]"),
    Fault(
        "one field of an identity",
        "convictions",
        "octets_of_words(convictions.epochs[rows])",
        "octets_of_words(convictions.numbers[rows])",
    ),
    Fault("one seat's word taken first", "penalties", "[::-1]", "[::1]"),
    Fault("one slot counted twice", "penalties", "np.maximum.at(gravest", "np.add.at(gravest"),
    Fault("one remainder of a share", "penalties", "+ shares * (snapshots % whole) // whole", ""),
    Fault("one epoch too early", "penalties", ">= since[entries[counted]]", "> since[entries[counted]]"),
    Fault("one carry of a sum", "penalties", "high += low >> HALF", "high += low >> (HALF + HALF - np.uint64(1))"),
    Fault("one fork of a run", "runs", "if level < fork:", "if level <= fork:"),
    Fault(
        "one node without a neighbour",
        "runs",
        "paired[ends[(top & 1 == 0) & (top == end)]] = False",
        "paired[ends[(top & 1 == 0) & (top > end)]] = False",
    ),
    Fault("one item in another order", "runs", "rights = lefts + shapes[:, 1]", "rights = lefts + shapes[:, 2]"),
    Fault("one bound of a run", "runs", "(stops > counts)", "(stops >= counts)"),
    Fault("one rule of runs left out", "runs", "(starts != proofs.starts) | (stops != proofs.stops)", "starts > stops"),
    Fault(
        "one code for another",
        "runs",
        "lengths == 0, RejectionCode.MMR_POSITIONS_EMPTY",
        "lengths == 0, RejectionCode.MMR_FULL",
    ),
    Fault("one turn of a walk", "extensions", "1 << steps[number]", "2 << steps[number]"),
    Fault(
        "one side of a step",
        "extensions",
        "np.where(both[:, None], beside, values), np",
        "np.where(~both[:, None], beside, values), np",
    ),
    Fault(
        "one older node not climbed",
        "extensions",
        "older[climbing[both]] = hash_nodes",
        "newer[climbing[both]] = hash_nodes",
    ),
    Fault("one item for nothing", "extensions", "np.where(begun, steps + 1, 0)", "steps + 1"),
    Fault(
        "one message for another",
        "signatures",
        "ed_verify(signature, messages[number], key)",
        "ed_verify(signature, messages[0], key)",
    ),
    Fault("one octet of a part", "signatures", "offsets - offsets[0]", "offsets"),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return verdicts("agreement_of_columns.py", FAULTS, tmp_path_factory.mktemp("faults"))


def test_the_package_as_it_is_agrees(found: dict[str, str]) -> None:
    assert found[SOUND] == "agrees"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what.replace(" ", "-"))
def test_the_fault_is_found(fault: Fault, found: dict[str, str]) -> None:
    assert found[fault.what] == "differs"
