"""Section 3 of the source: dynamic redundancy and coverage."""
