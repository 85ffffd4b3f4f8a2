"""Ed25519 signatures under ZIP-215.

Source: the `signature` fields of sections 2.1, 2.3, 2.4 and 4 of the source document, which name no scheme.
Requirement ids: RES-ENC, M13.

RFC 8032 leaves open whether the equation is multiplied by the cofactor and whether points may be written in a
non-canonical way, so that two correct libraries can disagree on a signature and split a chain. ZIP-215 settles both:
any encoding of a point on the curve, S below the group order, and [8]S B = [8]R + [8]k A, which batches share.
"""

from __future__ import annotations

import ed25519_zebra
import icontract

from taifoon.primitives.types import PublicKey, Signature64
from taifoon.rejection import Rejected, RejectionCode

SEED_BYTES = 32
PUBLIC_KEY_BYTES = 32
SIGNATURE_BYTES = 64


def _is_seed(seed: bytes) -> bool:
    return len(seed) == SEED_BYTES


@icontract.require(_is_seed, "a seed has 32 bytes (RFC 8032, section 5.1.5): pass all of them")
def public_key_of(seed: bytes) -> PublicKey:
    """Public key of a secret seed of 32 bytes (RFC 8032, section 5.1.5)."""
    _, public_key = ed25519_zebra.ed_from_seed(seed)
    return PublicKey(public_key)


@icontract.require(_is_seed, "a seed has 32 bytes (RFC 8032, section 5.1.5): pass all of them")
def sign(seed: bytes, message: bytes) -> Signature64:
    """Deterministic signature of a message (RFC 8032, section 5.1.6)."""
    return Signature64(ed25519_zebra.ed_sign(seed, message))


def is_valid_signature(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature verifies under ZIP-215. A key or signature of another length is invalid, not an error."""
    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    return bool(ed25519_zebra.ed_verify(signature, message, public_key))


def require_signature(public_key: bytes, message: bytes, signature: bytes) -> None:
    """Refuse, with `SIGNATURE_INVALID`, a signature that does not verify under ZIP-215."""
    if not is_valid_signature(public_key, message, signature):
        raise Rejected(
            RejectionCode.SIGNATURE_INVALID,
            f"signature of {len(signature)} bytes by key {public_key.hex() or '(no bytes)'}: "
            "ZIP-215 refuses it for this message",
        )
