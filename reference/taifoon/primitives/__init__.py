"""Conventions of the protocol: encoding, hashing, signatures, exact arithmetic."""
