"""An audit of the laboratory as a command: folder, cache, number of workers."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from taifoon_laboratory.theorems import material
from taifoon_toolkit.audit import Settings, run_audit
from taifoon_toolkit.plan import Selection

if __name__ == "__main__":
    folder, cache, jobs = sys.argv[1:]
    settings = Settings(Selection(), Path(folder), int(jobs), 60.0, Path(cache))
    sys.exit(run_audit(material(), settings, Console(width=200)))
