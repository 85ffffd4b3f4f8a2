"""The `taifoon` command."""
