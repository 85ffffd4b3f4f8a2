"""The vectors: reproducible, strict, each refusal shown to have one fault, and every difference of a tree named."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from taifoon.profile import HARDENED, Resolution
from taifoon.rejection import RejectionCode
from taifoon_proofs.catalogue import load_catalogue
from taifoon_toolkit.cli import main
from taifoon_toolkit.conform.method_page import messages_text, methods_text, records_text
from taifoon_toolkit.vectors.accumulated import CASES, LINES, LONG, PREFIX, computed, recorded
from taifoon_toolkit.vectors.build import build
from taifoon_toolkit.vectors.case import Case, Sibling
from taifoon_toolkit.vectors.encoding import Encoded
from taifoon_toolkit.vectors.method import MACHINES, METHODS
from taifoon_toolkit.vectors.parts import LONG_PART, PartsError, put_in, taken_out, text_of
from taifoon_toolkit.vectors.proof import Means
from taifoon_toolkit.vectors.read import check_tree, read_vectors
from taifoon_toolkit.vectors.shipped import shipped_vectors
from taifoon_toolkit.vectors.tree import TreeError, counts_of, digest_of, faults_in, files_of, write_tree
from taifoon_toolkit.vectors.wire import WireError, form_of, from_json, to_json

SPEC = Path(__file__).parents[2] / "spec"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vectors") / "tree"
    write_tree(shipped_vectors(), folder)
    return folder


def whole(document: dict[str, Any]) -> dict[str, Any]:
    vectors = put_in(document.pop("parts", []), document["vectors"])
    return {**document, "vectors": vectors}


def test_no_case_is_left_out() -> None:
    assert build().left_out == ()


def test_every_refused_vector_has_a_shown_fault_and_no_accepted_one_has() -> None:
    for vector in shipped_vectors():
        parts = [vector.content, *vector.content.get("steps", ())]
        for part in parts:
            assert ("fault" in part) == ("rejection" in part.get("outcome", {})), vector.id


def test_most_faults_are_shown_by_leaving_out_the_rule_and_only_some_are_unswitchable() -> None:
    counts = counts_of(shipped_vectors())
    assert counts.vectors > 1300
    assert counts.negative[Means.SWITCH.value] > 70
    assert counts.negative[Means.SIBLING.value] * 3 < sum(counts.negative.values())


def test_a_case_with_two_faults_is_no_vector() -> None:
    given = Encoded(b"\x02" * 63)
    case = Case("leaf.decode", "two-faults", given, RejectionCode.ENCODING_UNKNOWN_TAG, Resolution.NO_TRAILING_BYTES)
    built = build([case])
    assert built.vectors == ()
    assert "second fault" in built.left_out[0]


def test_a_case_that_comes_out_otherwise_than_its_author_says_is_no_vector() -> None:
    case = Case("leaf.decode", "empty", Encoded(b""), RejectionCode.ENCODING_OVER_LONG, Sibling(Encoded(b""), "none"))
    assert "expects ENCODING_OVER_LONG" in build([case]).left_out[0]


def test_the_tree_has_the_same_bytes_under_any_hash_seed(tree: Path) -> None:
    script = "from taifoon_toolkit.vectors.shipped import *; from taifoon_toolkit.vectors.tree import *; "
    script += "print(digest_of(files_of(shipped_vectors())))"
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    other = subprocess.run(  # noqa: S603 - this project's own code
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == digest_of(files_of(shipped_vectors()))


def test_the_tree_is_small_and_every_file_is_listed(tree: Path) -> None:
    files = {path.relative_to(tree).as_posix() for path in tree.rglob("*.json")}
    assert files == set(files_of(shipped_vectors()))
    assert sum(path.stat().st_size for path in tree.rglob("*.json")) < 5_000_000


def test_every_file_satisfies_its_own_schema_and_a_strange_key_does_not(tree: Path) -> None:
    for path in sorted(tree.glob("[0-9]*/*.json")):
        document = whole(json.loads(path.read_text()))
        schema = json.loads((tree / document["schema"]).read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        # The whole of a file is validated by its first vectors; all have one form.
        short = {**document, "vectors": document["vectors"][:3]}
        validator.validate(short)
        assert not validator.is_valid({**short, "strange": 1})
        assert not validator.is_valid({**short, "vectors": [{**short["vectors"][0], "strange": 1}]})


def test_what_a_file_repeats_is_written_once(tree: Path) -> None:
    for path in sorted(tree.glob("[0-9]*/*.json")):
        document = json.loads(path.read_text())
        parts = [text_of(part) for part in document.get("parts", [])]
        assert len(set(parts)) == len(parts)
        # Every part is named at least twice; nothing that is long stands twice.
        named = re.findall(r'{"\$part":(\d+)}', text_of([document.get("parts", []), document["vectors"]]))
        assert all(count > 1 for count in Counter(named).values())
        assert {int(number) for number in named} == set(range(len(parts)))


def test_parts_are_taken_out_and_put_in_again() -> None:
    long = {"key": "0" * LONG_PART}
    pair = [{"a": long, "b": [long, long]}, {"a": {"b": [long, long]}, "c": "0" * LONG_PART}]
    parts, vectors = taken_out(pair)
    assert parts == [long, [{"$part": 0}, {"$part": 0}]]
    assert vectors == [{"a": {"$part": 0}, "b": {"$part": 1}}, {"a": {"b": {"$part": 1}}, "c": "0" * LONG_PART}]
    assert put_in(parts, vectors) == pair
    assert taken_out(pair[:0]) == ([], [])


@pytest.mark.parametrize("name", [1, -1, True, "0", None])
def test_a_name_of_no_part_before_is_refused(name: object) -> None:
    assert put_in([["part"]], [{"a": {"$part": 0}}]) == [{"a": ["part"]}]
    with pytest.raises(PartsError, match="a part before"):
        put_in([["part"]], [{"a": {"$part": name}}])
    with pytest.raises(PartsError, match="a part before"):
        put_in([{"a": {"$part": 0}}], [])
    with pytest.raises(PartsError, match="alone"):
        put_in([["part"]], [{"a": {"$part": 0, "b": 1}}])


def test_the_index_names_requirements_that_the_catalogue_has(tree: Path) -> None:
    catalogue = load_catalogue()
    known = {*catalogue.requirements, *catalogue.resolutions}
    index = json.loads((tree / "index.json").read_text())
    assert {name for row in index["vectors"] for name in row["requirements"]} <= known
    assert [row["id"] for row in index["vectors"]] == [vector.id for vector in shipped_vectors()]


def test_what_was_written_reads_back_as_the_same_vectors(tree: Path) -> None:
    assert read_vectors(tree) == shipped_vectors()
    assert list(check_tree(tree)) == []


def test_a_changed_outcome_a_strange_key_and_a_missing_file_are_named(tree: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    write_tree(shipped_vectors(), folder)
    changed = folder / "2.4" / "quorum.of.json"
    changed.write_text(changed.read_text().replace('"faults":"0"', '"faults":"9"', 1))
    strange = folder / "0" / "hash.key.json"
    strange.write_text(strange.read_text().replace('"given"', '"givn"', 1))
    (folder / "0" / "hash.role.json").unlink()
    (folder / "notes.txt").write_text("notes")
    lines = "\n".join(check_tree(folder))
    assert "quorum.of/of-1 differs in outcome" in lines
    assert "givn: unknown key" in lines
    assert "0/hash.role.json: the file is missing" in lines
    assert "notes.txt: no file of this version" in lines
    assert CliRunner().invoke(main, ["vectors", "check", str(folder)]).exit_code == 1


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(TreeError, match="it holds other things"):
        write_tree(shipped_vectors(), tmp_path)
    assert CliRunner().invoke(main, ["vectors", "write", str(tmp_path)]).exit_code == 2


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ({"seats": 7}, "string of decimal digits"),
        ({"seats": "07"}, "string of decimal digits"),
        ({"seats": "-1"}, "string of decimal digits"),
        ({"seats": "4294967296"}, "below 2\\^32"),
        ({"seats": "7", "more": "1"}, "unknown key"),
        ({}, "the key is missing"),
        ([], "takes an object"),
    ],
)
def test_a_second_spelling_of_a_value_is_refused(value: object, rule: str) -> None:
    with pytest.raises(WireError, match=rule):
        METHODS["quorum.of"].read(value)


def test_every_given_and_every_value_survives_its_json() -> None:
    for vector in shipped_vectors():
        if not vector.is_trace:
            method = METHODS[vector.name]
            assert to_json(method.given_form, method.read(vector.content["given"])) == vector.content["given"]


def test_a_type_without_a_form_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="has no JSON form"):
        form_of(float)
    with pytest.raises(WireError, match="one of blake3, sha256, keccak256"):
        from_json(form_of(type(HARDENED.parameters.suite)), "md5")


def test_the_page_lists_every_method_and_record() -> None:
    page = (SPEC / "conformance.md").read_text()
    assert methods_text() in page
    assert records_text() in page
    assert messages_text() in page


def test_every_rejection_code_of_the_methods_is_met() -> None:
    met = {
        part["outcome"]["rejection"]
        for vector in shipped_vectors()
        for part in [vector.content, *vector.content.get("steps", ())]
        if "rejection" in part.get("outcome", {})
    }
    assert len(met) >= 44


def test_every_method_and_machine_has_vectors() -> None:
    assert {vector.name for vector in shipped_vectors()} == {*METHODS, *MACHINES}
    assert any(list(faults_in(vector)) for vector in shipped_vectors())


@pytest.mark.skipif(
    "TAIFOON_DEEP" not in os.environ, reason="a long line takes up to half a minute: set TAIFOON_DEEP=1"
)
@pytest.mark.parametrize("name", LINES)
def test_the_recorded_digest_of_a_long_line_is_the_computed_one(name: str) -> None:
    method = f"accumulated.{name}"
    assert computed(method) == {"value": {"digest": recorded()[method][str(CASES)]}}


@pytest.mark.parametrize("name", LINES)
def test_the_recorded_digest_of_a_long_lines_beginning_is_the_computed_one(name: str) -> None:
    method = f"accumulated.{name}"
    assert computed(method, PREFIX) == {"value": {"digest": recorded()[method][str(PREFIX)]}}


def test_a_line_depends_on_its_seed_and_on_every_case() -> None:
    answer = METHODS["accumulated.quorum"].answer
    digests = {
        str(answer(HARDENED, given))
        for given in (replace(LONG, cases=8), replace(LONG, cases=9), replace(LONG, cases=8, seed=b"other"))
    }
    assert len(digests) == 3
