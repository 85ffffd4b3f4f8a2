"""Mutants of the reference: how much of it the conformance vectors alone hold a client to."""
