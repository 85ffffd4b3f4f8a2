"""The conformance vectors: what two clients have to agree on, as values that any client can read."""
