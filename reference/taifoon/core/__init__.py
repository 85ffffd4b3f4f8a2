"""Section 2 of the source: the core architecture."""
