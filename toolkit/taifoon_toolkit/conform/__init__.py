"""Conformance: a session with another client, which finds where it departs from the reference."""
