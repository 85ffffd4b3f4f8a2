"""The `taifoon` command."""

from __future__ import annotations

import click

from taifoon_toolkit.cli_audit import audit, explain, replay
from taifoon_toolkit.cli_clients import conform, vectors
from taifoon_toolkit.cli_models import bench, explore, simulate
from taifoon_toolkit.cli_mutants import mutants


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="taifoon-spec", message="%(prog)s %(version)s")
def main() -> None:
    """The executable, machine-checked specification of the Taifoon protocol.

    Start with `taifoon audit`: it runs every theorem about the protocol against the executable reference and writes a
    report. Then `taifoon explain` anything that the report names, and `taifoon replay` any counterexample.
    """


for command in (audit, explain, replay, explore, bench, vectors, conform, simulate):
    main.add_command(command)
vectors.add_command(mutants)
