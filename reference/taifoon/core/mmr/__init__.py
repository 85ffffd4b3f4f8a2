"""Section 2.1: the Merkle mountain range: shape, combination, frontier, storage, and proofs."""
