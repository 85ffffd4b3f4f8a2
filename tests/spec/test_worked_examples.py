"""Worked values in the prose are those of the reference: each stands on its page, and no other long value does."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

import pytest

from taifoon.core.assignment import RootHistory, SeatKey, assignment_seed
from taifoon.core.beacon import Reveal, commitment, mixed
from taifoon.core.block import (
    MAX_JOBS,
    MAX_PROOF,
    ClusterBlock,
    Header,
    ProofResult,
    block_hash,
    hashed_content,
    proof_commitment,
)
from taifoon.core.cluster_log import BatchRecord, empty_cluster_log, state_root
from taifoon.core.epoch_block import ClusterHead, global_root
from taifoon.core.job import JobContent, job_identity
from taifoon.core.leaf import MMRLeaf, ProofType, completion_of, leaf_content
from taifoon.core.mmr.combiner import HashCombiner
from taifoon.core.mmr.frontier import Frontier
from taifoon.core.mmr.mountains import (
    MountainRange,
    bag_of_range,
    empty_range,
    frontier_of_range,
    range_of,
    root_of_range,
    span_value,
)
from taifoon.core.mmr.spans import Span
from taifoon.core.validity import Formation, check_block, derived_leaders, genesis_state, root_after
from taifoon.primitives.encoding import U8, U16, U32, U64, Length, Maximum, decode, encode
from taifoon.primitives.hashing import Role, hash_role, hash_to_integer, role_prefix
from taifoon.primitives.signatures import is_valid_signature
from taifoon.primitives.types import (
    BlockNumber,
    ChainId,
    ClusterId,
    Epoch,
    Hash32,
    LeafIndex,
    Millis,
    PublicKey,
    Seat,
    View,
)
from taifoon.profile import HARDENED, Parameters, Profile, Resolution, Suite
from taifoon.rejection import Rejected
from taifoon_models.blocks import BREAKINGS, NOW, PROOFS, opened, small, working_block
from taifoon_proofs.catalogue import spec_folder

Worked = dict[str, str]
"""Values of one page in hexadecimal, each under a name for it."""

LONG = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{16,}(?![0-9A-Za-z])")


def under(suite: Suite) -> Profile:
    return HARDENED.with_parameters(Parameters(suite=suite))


BLAKE3, SHA256, KECCAK256 = map(HashCombiner, map(under, (Suite.BLAKE3, Suite.SHA256, Suite.KECCAK256)))
SEVEN = tuple(bytes([index]) for index in range(7))
INTAKE = MMRLeaf(
    job_id=Hash32(b"\x11" * 32),
    job_type=ProofType.STORAGE_STATE,
    source_chain=ChainId(1),
    target_chain=ChainId(10),
    timestamp=Millis(1_700_000_000_000),
    priority=200,
    assigned_cluster=ClusterId(3),
    proof_commitment=None,
)
INTAKE_FIELDS = (
    INTAKE.job_id.hex(),
    encode(ProofType, INTAKE.job_type).hex(),
    *(encode(Annotated[int, U64], value).hex() for value in (1, 10, 1_700_000_000_000)),
    encode(Annotated[int, U8], 200).hex(),
    encode(Annotated[int, U32], 3).hex(),
    encode(Annotated[int, U8] | None, None).hex(),
)


GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


def page(name: str) -> str:
    return (spec_folder() / name).read_text(encoding="utf-8")


def seven_leaves(combiner: HashCombiner) -> MountainRange[Hash32]:
    return range_of(combiner, SEVEN)


def leaf_hash(leaf: MMRLeaf) -> str:
    return hash_role(HARDENED, Role.LEAF, leaf_content(leaf)).hex()


def state_root_of_one_intake() -> str:
    jobs = root_of_range(BLAKE3, range_of(BLAKE3, [leaf_content(INTAKE)]))
    return state_root(HARDENED, jobs, root_of_range(BLAKE3, empty_range())).hex()


def seed_of_epoch_two() -> str:
    history = RootHistory(genesis=Hash32(bytes(32)), closed=(Hash32(b"\xaa" * 32),))
    return assignment_seed(HARDENED, Epoch(2), history, Hash32(bytes(32)), Hash32(b"\xbb" * 32)).hex()


def first_block() -> ClusterBlock:
    """The block of the worked example, which is valid."""
    keys = tuple(PublicKey(bytes([octet]) * 32) for octet in range(1, 6))
    seats = tuple(SeatKey(key, Seat(0)) for key in keys)
    formation = Formation(Epoch(2), ClusterId(3), Hash32(bytes.fromhex(seed_of_epoch_two())), seats)
    state = genesis_state(HARDENED, Hash32(b"\xcc" * 32), formation, empty_cluster_log(), None)
    header = Header(
        block_number=BlockNumber(1),
        previous_hash=state.block_hash,
        mmr_root=root_after(HARDENED, state.log, (INTAKE,)),
        cluster_id=ClusterId(3),
        timestamp=Millis(1_700_000_000_500),
        leader_pubkey=derived_leaders(HARDENED, formation, View(1))[0],
        epoch=Epoch(2),
        view=View(1),
        parent_view=View(0),
    )
    block = ClusterBlock(header, (INTAKE,), (), (), keys, 4)
    check_block(HARDENED, PROOFS, state, block, header.timestamp)
    return block


def filled(octet: int) -> bytes:
    """32 times the same octet."""
    return bytes([octet]) * 32


def worked_of_epochs() -> Worked:
    asked = JobContent(
        ProofType.STORAGE_STATE, ChainId(1), ChainId(10), Hash32(filled(0x44)), PublicKey(filled(0x55)), 7
    )
    reveals = tuple(Reveal(PublicKey(filled(holder)), Hash32(filled(0x60 + holder))) for holder in (1, 2))
    heads = (
        ClusterHead(ClusterId(0), BlockNumber(7), Hash32(filled(0x11)), Hash32(filled(0x22)), ended=False),
        ClusterHead(ClusterId(1), BlockNumber(0), None, None, ended=True),
    )
    return {
        "job id": job_identity(HARDENED, asked, Hash32(filled(0))).hex(),
        **{
            f"commitment {number}": commitment(HARDENED, Epoch(2), each.holder, each.secret).digest.hex()
            for number, each in enumerate(reveals)
        },
        "beacon of two reveals": mixed(HARDENED, Epoch(2), reveals).hex(),
        "beacon of one reveal": mixed(HARDENED, Epoch(2), reveals[:1]).hex(),
        "global root": global_root(HARDENED, Epoch(2), heads).hex(),
    }


def worked_in_core_architecture() -> Worked:
    mountains = seven_leaves(BLAKE3)
    frontier: Frontier[Hash32] = frontier_of_range(mountains)
    return {
        "peak at 6": frontier.peaks[0].hex(),
        "peak at 9": frontier.peaks[1].hex(),
        "peak at 10": frontier.peaks[2].hex(),
        "value of [4, 7)": span_value(BLAKE3, mountains, Span(4, 7)).hex(),
        "bag": bag_of_range(BLAKE3, mountains).hex(),
        "root": root_of_range(BLAKE3, mountains).hex(),
        "root of the empty range": root_of_range(BLAKE3, empty_range()).hex(),
        "bag under sha256": bag_of_range(SHA256, seven_leaves(SHA256)).hex(),
        "root under sha256": root_of_range(SHA256, seven_leaves(SHA256)).hex(),
        **{f"long intake field {number}": text for number, text in enumerate(INTAKE_FIELDS) if len(text) >= 16},
        "leaf hash of the intake": leaf_hash(INTAKE),
        "leaf hash of the completion": leaf_hash(completion_of(INTAKE, Hash32(b"\x22" * 32))),
        "state root": state_root_of_one_intake(),
        "seed of epoch 2": seed_of_epoch_two(),
        "parent of the first block": first_block().header.previous_hash.hex(),
        "hash of the first block": block_hash(HARDENED, first_block()).hex(),
        **worked_of_epochs(),
        "commitment of a result": proof_commitment(
            HARDENED, ProofResult(INTAKE.job_id, PublicKey(b"\x01" * 32), b"\xaa\xbb")
        ).hex(),
    }


def worked_in_conventions() -> Worked:
    digests = {
        f"{combiner.profile.parameters.suite.value} {role.value}": combiner.hash(combiner.profile, role, b"").hex()
        for combiner in (BLAKE3, SHA256, KECCAK256)
        for role in (Role.LEAF, Role.EMPTY)
    }
    return {
        **digests,
        "blake3 key of leaf": role_prefix(Suite.BLAKE3, Role.LEAF)[0].hex(),
        "blake3 node of zeros": hash_role(HARDENED, Role.NODE, bytes(64)).hex(),
        "two items in a Vec": encode(Annotated[tuple[Annotated[int, U16], ...], Maximum(2)], (1, 2)).hex(),
        "group order in decimal": str(GROUP_ORDER - 2**252),
    }


PAGES: dict[str, Callable[[], Worked]] = {
    "0-conventions.md": worked_in_conventions,
    "2-core-architecture.md": worked_in_core_architecture,
}


def long_values(text: str) -> set[str]:
    return set(LONG.findall(text))


@pytest.mark.parametrize("name", PAGES)
def test_every_recomputed_value_stands_on_its_page(name: str) -> None:
    found = long_values(page(name))
    assert {title: value for title, value in PAGES[name]().items() if value not in found} == {}


@pytest.mark.parametrize("name", PAGES)
def test_every_long_value_of_a_page_is_recomputed(name: str) -> None:
    assert long_values(page(name)) - set(PAGES[name]().values()) == set()


@pytest.mark.parametrize("name", PAGES)
def test_a_digit_that_changes_in_any_value_is_noticed(name: str) -> None:
    text, worked = page(name), set(PAGES[name]().values())
    for value in worked:
        wrong = ("0" if value[0] != "0" else "1") + value[1:]
        assert long_values(text.replace(value, wrong)) != worked


def row(label: str, value: str) -> str:
    return f"| {label} | `{value}` |"


def test_values_of_the_seven_leaves_stand_in_the_rows_of_their_names() -> None:
    worked, text = worked_in_core_architecture(), page("2-core-architecture.md")
    for label, title in {
        "peak at 6, leaves `[0, 4)`": "peak at 6",
        "peak at 9, leaves `[4, 6)`": "peak at 9",
        "peak at 10, leaf 6": "peak at 10",
        "value of `[4, 7)`": "value of [4, 7)",
        "bag": "bag",
        "root": "root",
        "root of the empty range": "root of the empty range",
    }.items():
        assert row(label, worked[title]) in text


def test_digests_stand_in_the_rows_of_their_suites_and_roles() -> None:
    worked, text = worked_in_conventions(), page("0-conventions.md")
    assert row("`blake3` | key of `leaf` |", worked["blake3 key of leaf"]) in text
    assert row("`blake3` | `node` | 64 bytes `00`", worked["blake3 node of zeros"]) in text
    for suite in Suite:
        for role in ("leaf", "empty"):
            assert row(f"`{suite.value}` | `{role}` | `-`", worked[f"{suite.value} {role}"]) in text


def test_every_role_stands_with_its_tag_and_its_context() -> None:
    text = page("0-conventions.md")
    for role in Role:
        tag = role_prefix(Suite.SHA256, role)[1].hex()
        shown = f"`{tag}`" if tag else "none"
        assert f"| `{role.value}` | {shown} | `taifoon v1 {role.value}` |" in text


def test_the_empty_leaf_leaves_the_stated_remainders() -> None:
    digest = hash_role(HARDENED, Role.LEAF, b"")
    assert f"the remainder {hash_to_integer(digest) % 10} modulo 10" in page("0-conventions.md")
    assert f"little-endian it would leave\n{hash_to_integer(digest, 'little') % 10}." in page("0-conventions.md")


def test_the_stated_group_order_is_the_one_that_signatures_have() -> None:
    """Under the identity as key, the order less one signs with the negative base point; the order is no scalar."""
    identity, negative_base = b"\x01" + bytes(31), b"\x58" + b"\x66" * 30 + b"\xe6"
    assert is_valid_signature(identity, b"", negative_base + (GROUP_ORDER - 1).to_bytes(32, "little"))
    assert is_valid_signature(identity, b"", identity + bytes(32))
    assert not is_valid_signature(identity, b"", identity + GROUP_ORDER.to_bytes(32, "little"))


def test_the_encoding_of_the_intake_leaf_stands_field_by_field() -> None:
    assert "".join(INTAKE_FIELDS) == leaf_content(INTAKE).hex()
    assert " ".join(INTAKE_FIELDS) in " ".join(page("2-core-architecture.md").split())


def test_the_stated_sizes_are_those_of_the_encodings() -> None:
    text = page("2-core-architecture.md")
    completion = leaf_content(completion_of(INTAKE, Hash32(b"\x22" * 32)))
    batch = encode(BatchRecord, BatchRecord(Hash32(bytes(32)), LeafIndex(0), LeafIndex(0)))
    assert f"An intake leaf is {len(leaf_content(INTAKE))} bytes" in text
    assert f"instead of `00`: {len(completion)} bytes" in text
    assert completion.hex().endswith("01" + "22" * 32)
    assert f"Its encoding is {len(batch)} bytes" in text


def test_the_worked_block_is_as_the_page_says() -> None:
    text, block = page("2-core-architecture.md"), first_block()
    assert block.header.mmr_root.hex() == state_root_of_one_intake()
    assert block.header.leader_pubkey == b"\x01" * 32
    assert "The leader of view 1 is the key 32 times `01`" in text
    assert f"The header is {len(encode(Header, block.header))} bytes" in text
    assert f"all that is hashed {len(hashed_content(HARDENED, block))}" in text
    assert f"`Vec<ProofJob>`, at most {MAX_JOBS:_}".replace("_", " ") in text
    assert MAX_PROOF == 2**20
    assert "`proof: Vec<u8>` of at most 2^20 bytes" in text


def test_the_page_lists_the_checks_of_a_block_in_their_order_with_their_switches() -> None:
    section = page("2-core-architecture.md").partition('id="validity"')[2].partition('id="block-example"')[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("| ")]
    rows = [row for row in rows if row[0]]
    assert [int(row[0]) for row in rows] == list(range(1, len(rows) + 1))
    listed = [(code, row[3]) for row in rows for code in re.findall(r"`([A-Z_]+)`", row[2])]
    codes = dict.fromkeys(code.name for _, code in BREAKINGS.values())
    assert [code for code, _ in listed] == list(codes)
    for name, (_, code) in BREAKINGS.items():
        for resolution in (Resolution.BLOCK_VALIDITY, Resolution.TIME, Resolution.DERIVED_FIELDS, Resolution.LOG_ORDER):
            switches = f"`{resolution.value}`" in dict(listed)[code.name]
            assert switches == is_accepted(HARDENED.without(resolution), name), (name, resolution)


def is_accepted(profile: Profile, breaking: str) -> bool:
    """Whether a block that breaks a rule is found valid."""
    few = small(profile)
    state = opened(few, 5)
    try:
        check_block(few, PROOFS, state, BREAKINGS[breaking][0](few, state, working_block(few, state)), NOW)
    except Rejected:
        return False
    return True


class Third(Enum):
    """An enum without payload, with a third variant."""

    FIRST = 1
    SECOND = 2
    THIRD = 3


@dataclass(frozen=True, slots=True)
class Nothing:
    """A variant without payload."""


@dataclass(frozen=True, slots=True)
class Holding:
    """A variant with payload."""

    number: Annotated[int, U16]


@dataclass(frozen=True, slots=True)
class Both:
    """The struct of the page."""

    a: Annotated[int, U8]
    b: Annotated[int, U16]


SMALL = Annotated[int, U16]
ROWS: list[tuple[str, object, tuple[object, ...]]] = [
    ("`200`", Annotated[int, U8], (200,)),
    ("`1000` as `u32`", Annotated[int, U32], (1000,)),
    ("`true`", bool, (True,)),
    ("the 2-byte array `abcd`", Annotated[bytes, Length(2)], (b"\xab\xcd",)),
    ("`[1, 2]` of `u16`", Annotated[tuple[SMALL, ...], Length(2)], ((1, 2),)),
    ("the three bytes `616263`", Annotated[bytes, Maximum(3)], (b"abc",)),
    ("`[1, 2]` of `u16`", Annotated[tuple[SMALL, ...], Maximum(2)], ((1, 2),)),
    ("`None`; `Some(7)` of `u16`", SMALL | None, (None, 7)),
    ("third variant", Third, (Third.THIRD,)),
    ("second variant, holding `7` as `u16`", Nothing | Holding, (Holding(7),)),
    ("`{ a: u8 = 1, b: u16 = 2 }`", Both, (Both(1, 2),)),
]


def test_the_table_of_layouts_shows_the_encodings_in_order() -> None:
    section = page("0-conventions.md").partition('id="encoding"')[2].partition("There are no other types")[0]
    shown = [tuple(line.strip("| ").split(" | ")[-2:]) for line in section.splitlines() if line.startswith("| ")][1:]
    expected = [
        (example, "; ".join(f"`{encode(kind, value).hex()}`" for value in values)) for example, kind, values in ROWS
    ]
    assert shown == expected


@dataclass(frozen=True, slots=True)
class Decoded:
    """The type of the decoder's examples."""

    a: SMALL | None
    b: Annotated[bytes, Maximum(4)]


def outcome(octets: str) -> str:
    """What the page says of these bytes: the values, or the code of the refusal."""
    try:
        value = decode(Decoded, bytes.fromhex(octets))
    except Rejected as rejected:
        return f"`{rejected.code.name}`"
    option = "None" if value.a is None else f"Some({value.a})"
    return f"`a = {option}`, " + (f"`b = {value.b.hex()}`" if value.b else "`b` empty")


def test_the_examples_of_the_decoder_have_the_stated_outcomes() -> None:
    section = page("0-conventions.md").partition("Examples, for the type")[2].partition("## ")[0]
    examples = re.findall(r"^\| `([0-9a-f ]+)` \| (.+) \|$", section, flags=re.MULTILINE)
    assert len(examples) == 6
    assert [(octets, outcome(octets)) for octets, _ in examples] == examples
