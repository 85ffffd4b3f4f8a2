"""Models of what surrounds the reference: ideal hashes, adversaries, networks."""
