"""What every command needs: an end with a message about what was typed."""

from __future__ import annotations

import sys

import click

USAGE = 2


def stop(message: object) -> None:
    """End with a message about what was typed."""
    click.echo(f"Error: {message}", err=True)
    sys.exit(USAGE)
