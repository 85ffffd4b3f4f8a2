"""The theorems about the reference, and the harness that judges them."""
