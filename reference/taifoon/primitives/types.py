"""Names of the quantities that the protocol speaks of.

Source: sections 2.1, 2.3 and 4 of the source document. Requirement ids: RES-ENC, M13.

Each name is a distinct type to the type checker and the plain `bytes` or `int` at run time, so that a height is never
passed for a view; widths and lengths belong to the field that carries the value (`taifoon.primitives.encoding`).
"""

from __future__ import annotations

from typing import NewType

Hash32 = NewType("Hash32", bytes)
"""Digest of 32 bytes, whatever the suite."""

PublicKey = NewType("PublicKey", bytes)
"""Ed25519 public key: the 32-byte encoding of a point, canonical or not."""

Signature64 = NewType("Signature64", bytes)
"""Ed25519 signature of 64 bytes: the point R, then the scalar S."""

LeafIndex = NewType("LeafIndex", int)
"""Place of a leaf in its range, from 0 in the order of appending."""

LeafCount = NewType("LeafCount", int)
"""Number of leaves of a range."""

NodePosition = NewType("NodePosition", int)
"""Place of a node in the post-order of its range, from 0; it stays inside a client."""

Height = NewType("Height", int)
"""Height of a node above the leaves, which have height 0."""

Epoch = NewType("Epoch", int)
"""Number of an epoch, from 0 at genesis."""

View = NewType("View", int)
"""Number of a view inside an epoch of a cluster: one leader, one proposal."""

ClusterId = NewType("ClusterId", int)
"""Number of a cluster, from 0 below the cluster count of its epoch."""

Seat = NewType("Seat", int)
"""Number of a seat of one registry entry, from 0; one seat has one vote."""

ChainId = NewType("ChainId", int)
"""Number of a chain that jobs lead from or to."""

Millis = NewType("Millis", int)
"""A time stamp or a span of time in milliseconds."""

BlockNumber = NewType("BlockNumber", int)
"""Height of a block in the log of its cluster, from 0 at genesis."""

Amount = NewType("Amount", int)
"""Money in base units."""

BasisPoints = NewType("BasisPoints", int)
"""A share in ten-thousandths: the protocol has no fractions."""
