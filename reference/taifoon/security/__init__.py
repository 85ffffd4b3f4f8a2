"""Section 6: attacks, failures and partitions, and what the protocol does about them."""
