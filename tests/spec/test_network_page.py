"""The page on the network has the kinds, fields, scopes and numbers of the code."""

from __future__ import annotations

import re
from typing import get_args

from taifoon.economics.offences import RootClaim, Submission
from taifoon.network.envelope import OF_ANY_EPOCH, OPEN_TO_ALL
from taifoon.network.evidence import Shown
from taifoon.network.gossip import fanout, hops
from taifoon.network.kinds import Kind
from taifoon.network.parts import FinalBlock, MMRPeak, MMRProof, RangeHead, RangeName, Vote
from taifoon.network.priority import ORDER, Class
from taifoon.network.topics import Scope, scope_of
from taifoon.primitives.encoding import shape_of
from taifoon.primitives.encoding_shapes import OctetVec, Struct, Vec
from taifoon.profile import HARDENED
from taifoon_proofs.catalogue import spec_folder

PAGE = (spec_folder() / "4-network.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| `(\w+)` \| (.*?) \| (all|cluster|peer) \|", PAGE, re.MULTILINE)
SCOPES = {"all": Scope.ALL, "cluster": Scope.CLUSTER, "peer": Scope.PEER}


def test_the_table_has_every_kind_with_its_ordinal_fields_and_scope() -> None:
    assert [(int(ordinal), name) for ordinal, name, _, _ in ROWS] == [
        (kind.ordinal, kind.value.__name__) for kind in Kind
    ]
    for kind, (_, _, fields, scope) in zip(Kind, ROWS, strict=True):
        assert re.findall(r"`(\w+)(?::[^`]*)?`", fields) == list(kind.value.__dataclass_fields__)
        assert SCOPES[scope] is scope_of(HARDENED, kind)


def test_the_table_has_every_maximum() -> None:
    for kind, (_, _, fields, _) in zip(Kind, ROWS, strict=True):
        shape = shape_of(kind.value)
        assert isinstance(shape, Struct)
        maxima = {name: item.maximum for name, item in shape.fields if isinstance(item, Vec | OctetVec)}
        shown = {
            name: 1 << int(power) if power else int(number.replace(" ", ""))
            for name, number, power in re.findall(r"`(\w+): Vec<[^`]*>` \((?:([\d ]+)|2\^(\d+))\)", fields)
        }
        assert shown == {name: maximum for name, maximum in maxima.items() if name != "capabilities"}
        assert maxima.get("capabilities", 64) == 64


def test_the_parts_have_their_fields() -> None:
    for part in (RangeName, RangeHead, MMRPeak, MMRProof, FinalBlock, *get_args(Shown), Submission, RootClaim):
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{part.__name__}`"))
        fields = row.split("|")[2].replace(", as the", "")
        assert re.findall(r"`(\w+)(?::[^`]*)?`", fields) == list(part.__dataclass_fields__)
    assert list(Vote.__dataclass_fields__) == ["statement", "seat", "signature"]


def test_the_exceptions_of_the_envelope_are_those_of_the_code() -> None:
    assert "kinds 2 to 5, 14 to 17, 29 and 30 may be of any" in PAGE
    assert {kind.ordinal for kind in OF_ANY_EPOCH} == {2, 3, 4, 5, 14, 15, 16, 17, 29, 30}
    assert "anybody may send kinds 11, 18 and 29" in PAGE
    assert {kind.ordinal for kind in OPEN_TO_ALL} == {11, 18, 29}


def test_fanout_and_hops_are_those_of_the_code() -> None:
    assert "At 1 000, 10 000 and 100 000 the fanout is 10, 14 and 17, and the hops are 6, 7\nand 8." in PAGE
    sizes = (1_000, 10_000, 100_000)
    assert [(fanout(HARDENED, size), hops(HARDENED, size)) for size in sizes] == [(10, 6), (14, 7), (17, 8)]


def test_the_classes_list_their_kinds_in_order() -> None:
    groups = {
        "the four `MMR` kinds": [kind.value.__name__ for kind in Kind if kind.value.__name__.startswith("MMR")],
        "the consistency and the block range kinds": [
            "ConsistencyRequest",
            "ConsistencyResponse",
            "BlockRangeRequest",
            "BlockRangeResponse",
        ],
    }
    listed = PAGE.partition('id="priority"')[2].partition("The order keeps")[0]
    for text, names in groups.items():
        assert text in " ".join(listed.split())
        listed = " ".join(listed.split()).replace(text, ", ".join(f"`{name}`" for name in names))
    names = [name for name in re.findall(r"`(\w+)`", listed) if name in {kind.value.__name__ for kind in Kind}]
    assert names == [kind.value.__name__ for kind, _ in ORDER]
    assert len(re.findall(r"(?<!\d)[1-5]\. [a-z]", listed)) == len(Class)
