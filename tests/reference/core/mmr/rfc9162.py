"""An independent model of the range: the recursive definitions of RFC 9162 (section 2.1) over lists of leaves.

Of the reference, only the name of its digest type is used. The role hash is keyed BLAKE3, written out here once more;
the peaks are the heads of the greatest powers of two that fit, from the left.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from blake3 import blake3

from taifoon.primitives.types import Hash32

Contents = Sequence[bytes]


@cache
def role_key(role: str) -> bytes:
    return blake3(b"", derive_key_context=f"taifoon v1 {role}").digest()


def role_hash(role: str, message: bytes) -> Hash32:
    return Hash32(blake3(message, key=role_key(role)).digest())


def greatest_power_below(size: int) -> int:
    """The greatest power of two smaller than the size, found by doubling."""
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def tree_head(contents: Contents) -> Hash32:
    """MTH(D_n) of section 2.1.1."""
    if not contents:
        return role_hash("empty", b"")
    if len(contents) == 1:
        return role_hash("leaf", contents[0])
    split = greatest_power_below(len(contents))
    return role_hash("node", tree_head(contents[:split]) + tree_head(contents[split:]))


def peaks(contents: Contents) -> tuple[Hash32, ...]:
    """Heads of the mountains, tallest first."""
    if not contents:
        return ()
    power = greatest_power_below(len(contents) + 1)
    return (tree_head(contents[:power]), *peaks(contents[power:]))


def root(contents: Contents) -> Hash32:
    """The sized root: leaf count in 8 little-endian octets, then the tree head."""
    return role_hash("root", len(contents).to_bytes(8, "little") + tree_head(contents))


def path(index: int, contents: Contents) -> tuple[Hash32, ...]:
    """PATH(m, D_n) of section 2.1.3.1."""
    if len(contents) == 1:
        return ()
    split = greatest_power_below(len(contents))
    if index < split:
        return (*path(index, contents[:split]), tree_head(contents[split:]))
    return (*path(index - split, contents[split:]), tree_head(contents[:split]))


def extension(old: int, contents: Contents) -> tuple[Hash32, ...]:
    """PROOF(m, D_n) of section 2.1.4.1; where m is a power of two, the older head comes first."""
    return _subproof(old, contents, complete=False)


def _subproof(old: int, contents: Contents, *, complete: bool) -> tuple[Hash32, ...]:
    if old == len(contents):
        return () if complete else (tree_head(contents),)
    split = greatest_power_below(len(contents))
    if old <= split:
        return (*_subproof(old, contents[:split], complete=complete), tree_head(contents[split:]))
    return (*_subproof(old - split, contents[split:], complete=False), tree_head(contents[:split]))
