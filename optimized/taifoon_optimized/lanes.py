"""Rows turned into lanes and back, eight at a time, in vector registers.

A tile wants word j of all its messages side by side; messages and digests stand one after another. The compiler makes
no transposition out of a loop, and word by word a block costs half as much as its hash. Each function here says in
Python what it does; compiled, it is the same in the vector operations of LLVM, which has them for every processor.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]
from numba import config, types
from numba.extending import intrinsic

AT_ONCE = 8
PREFETCH = "llvm.prefetch.p0i8"

Plain = TypeVar("Plain", bound=Callable[..., None])

Octets = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]
Words32 = npt.NDArray[np.uint32]
Words64 = npt.NDArray[np.uint64]

NUMBER, WORD = ir.IntType(32), ir.IntType(64)
POINTER = ir.IntType(8).as_pointer()
BLOCK, DIGEST = ir.VectorType(WORD, 8), ir.VectorType(WORD, 4)


class Code:
    """What the functions are built from: a place in LLVM's code, and the arguments as pointers and 64-bit numbers."""

    def __init__(self, context: Any, builder: Any, signature: Any, arguments: Any) -> None:
        self.builder = builder
        self.arguments = []
        for kind, value in zip(signature.args, arguments, strict=True):
            if isinstance(kind, types.Array):
                array = context.make_array(kind)(context, builder, value)
                self.arguments.append(builder.bitcast(array.data, POINTER))
            else:
                self.arguments.append(context.cast(builder, value, kind, types.int64))

    def times(self, number: Any, factor: int, more: int = 0) -> Any:
        """A number, multiplied, and something added."""
        return self.builder.add(self.builder.mul(number, WORD(factor)), WORD(more))

    def place(self, base: Any, octet: Any, kind: Any) -> Any:
        """The place of a value so many octets after `base`."""
        return self.builder.bitcast(self.builder.gep(base, [octet]), kind.as_pointer())

    def load(self, base: Any, octet: Any, kind: Any) -> Any:
        """A value, aligned or not."""
        return self.builder.load(self.place(base, octet, kind), align=1)

    def store(self, value: Any, base: Any, octet: Any) -> None:
        """Put a value where it need not be aligned."""
        self.builder.store(value, self.place(base, octet, value.type), align=1)

    def pick(self, first: Any, second: Any, places: tuple[int, ...]) -> Any:
        """The words at some places of two vectors, counted through both."""
        mask = ir.Constant(ir.VectorType(NUMBER, len(places)), list(places))
        return self.builder.shuffle_vector(first, second, mask)

    def transpose(self, rows: list[Any]) -> list[Any]:
        """The columns of eight rows of eight words: rows 1, 2 and 4 apart change halves in turn."""
        for apart in (1, 2, 4):
            low = tuple(place - apart + 8 if place & apart else place for place in range(8))
            high = tuple(place + 8 if place & apart else place + apart for place in range(8))
            turned = list(rows)
            for row in (row for row in range(8) if not row & apart):
                turned[row] = self.pick(rows[row], rows[row + apart], low)
                turned[row + apart] = self.pick(rows[row], rows[row + apart], high)
            rows = turned
        return rows

    def put_columns(self, rows: list[Any], message: Any, lane: Any) -> None:
        """Eight rows of eight words into eight lanes of a tile."""
        for word, column in enumerate(self.transpose(rows)):
            self.store(column, message, self.times(lane, 8, 512 * word))


def blocks_code(code: Code) -> None:
    """The body of `turn_blocks`."""
    octets, starts, lengths, masks, lane, message = code.arguments
    rows = []
    for number in range(AT_ONCE):
        start = code.load(starts, code.times(lane, 8, 8 * number), WORD)
        length = code.builder.zext(code.load(lengths, code.times(lane, 4, 4 * number), NUMBER), WORD)
        mask = code.load(masks, code.times(length, 64), BLOCK)
        rows.append(code.builder.and_(code.load(octets, start, BLOCK), mask))
    code.put_columns(rows, message, lane)


def pairs_code(code: Code) -> None:
    """The body of `turn_pairs`."""
    lefts, left_rows, rights, right_rows, lane, message = code.arguments
    rows = []
    for number in range(AT_ONCE):
        at = code.times(lane, 8, 8 * number)
        left = code.load(lefts, code.times(code.load(left_rows, at, WORD), 32), DIGEST)
        right = code.load(rights, code.times(code.load(right_rows, at, WORD), 32), DIGEST)
        rows.append(code.pick(left, right, tuple(range(8))))
    code.put_columns(rows, message, lane)


def digests_code(code: Code) -> None:
    """The body of `turn_digests`."""
    chaining, lane, digests, rows = code.arguments
    nothing = ir.Constant(BLOCK, ir.Undefined)
    columns = [code.load(chaining, code.times(lane, 8, 512 * word), BLOCK) for word in range(4)]
    for number, digest in enumerate(code.transpose([*columns, *[nothing] * 4])):
        row = code.load(rows, code.times(lane, 8, 8 * number), WORD)
        code.store(code.pick(digest, nothing, (0, 1, 2, 3)), digests, code.times(row, 32))


def fetch_code(code: Code) -> None:
    """The body of `fetch`: for reading, to be kept in all caches."""
    array, octet = code.arguments
    kind = ir.FunctionType(ir.VoidType(), [POINTER, NUMBER, NUMBER, NUMBER])
    ask = code.builder.module.globals.get(PREFETCH) or ir.Function(code.builder.module, kind, PREFETCH)
    code.builder.call(ask, [code.builder.gep(array, [octet]), NUMBER(0), NUMBER(3), NUMBER(1)])


def in_vectors(body: Callable[[Code], None]) -> Callable[[Plain], Plain]:
    """Where numba compiles, a call becomes the code of a body; where it is switched off, the function itself runs."""

    def generate(context: Any, builder: Any, kinds: Any, arguments: Any) -> Any:
        body(Code(context, builder, kinds, arguments))
        return context.get_dummy_value()

    def typed(context: Any, *kinds: Any) -> Any:
        del context
        return types.void(*kinds), generate

    def choose(plain: Plain) -> Plain:
        if vars(config)["DISABLE_JIT"]:
            return plain
        # Numba asks a definition for its parameters, of which the first is the context, and passes no variable number.
        context = Parameter("context", Parameter.POSITIONAL_OR_KEYWORD)
        vars(typed)["__signature__"] = Signature([context, *signature(plain).parameters.values()])
        return cast("Plain", intrinsic(typed))

    return choose


@in_vectors(blocks_code)
def turn_blocks(octets: Octets, starts: Numbers, lengths: Words32, masks: Octets, lane: int, message: Words64) -> None:
    """Put the 64 octets from each of `starts[lane:lane + 8]` into 8 lanes; what exceeds a lane's length becomes 0.

    All 64 are read. `masks` has a block for each length from 0 to 64, with so many octets set.
    """
    for number in range(lane, lane + AT_ONCE):
        block = octets[starts[number] : starts[number] + 64] & masks[lengths[number]]
        message[number::64] = block.view(np.uint64)


@in_vectors(pairs_code)
def turn_pairs(
    lefts: Words64, left_rows: Numbers, rights: Words64, right_rows: Numbers, lane: int, message: Words64
) -> None:
    """Put the digests in rows `left_rows[lane:lane + 8]` and `right_rows[lane:lane + 8]` into 8 lanes, as pairs."""
    for number in range(lane, lane + AT_ONCE):
        message[number:256:64] = lefts[left_rows[number]]
        message[256 + number :: 64] = rights[right_rows[number]]


@in_vectors(digests_code)
def turn_digests(chaining: Words64, lane: int, digests: Words64, rows: Numbers) -> None:
    """Put the digests in 8 lanes into the rows `rows[lane:lane + 8]`."""
    for number in range(lane, lane + AT_ONCE):
        digests[rows[number]] = chaining[number::64]


@in_vectors(fetch_code)
def fetch(array: Octets | Words64, octet: int) -> None:
    """Ask for a cache line of an array that is needed soon. No value depends on it."""
