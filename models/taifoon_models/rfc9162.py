"""RFC 9162, section 2.1, transcribed from its definitions: tree head, inclusion path, consistency proof.

It shares nothing with the reference but SHA-256, and is as slow as the recursive definitions are.
"""

from __future__ import annotations

import hashlib

Contents = tuple[bytes, ...]


def sha256(message: bytes) -> bytes:
    """The RFC's HASH."""
    return hashlib.sha256(message).digest()


def split(contents: Contents) -> int:
    """The largest power of two smaller than the number of entries."""
    k = 1
    while 2 * k < len(contents):
        k *= 2
    return k


def tree_head(contents: Contents) -> bytes:
    """MTH(D_n), section 2.1.1."""
    if not contents:
        return sha256(b"")
    if len(contents) == 1:
        return sha256(b"\x00" + contents[0])
    k = split(contents)
    return sha256(b"\x01" + tree_head(contents[:k]) + tree_head(contents[k:]))


def inclusion_path(index: int, contents: Contents) -> list[bytes]:
    """PATH(m, D_n), section 2.1.3.1."""
    if len(contents) == 1:
        return []
    k = split(contents)
    if index < k:
        return [*inclusion_path(index, contents[:k]), tree_head(contents[k:])]
    return [*inclusion_path(index - k, contents[k:]), tree_head(contents[:k])]


def consistency_proof(old: int, contents: Contents) -> list[bytes]:
    """PROOF(m, D_n), section 2.1.4.1, for 0 < m < n."""
    return _subproof(old, contents, known=True)


def _subproof(old: int, contents: Contents, *, known: bool) -> list[bytes]:
    if old == len(contents):
        return [] if known else [tree_head(contents)]
    k = split(contents)
    if old <= k:
        return [*_subproof(old, contents[:k], known=known), tree_head(contents[k:])]
    return [*_subproof(old - k, contents[k:], known=False), tree_head(contents[:k])]
