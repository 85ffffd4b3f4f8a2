"""What `taifoon bench --out` writes: the rows as JSON, and as bars in one SVG picture."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

from taifoon_toolkit.bench_rows import Row

BAR, GAP, LEFT, WIDTH = 16, 6, 250, 460


def json_text(rows: Sequence[Row]) -> str:
    """The rows and what they ran on."""
    found = {
        "version": 1,
        "machine": {
            "processor": platform.machine(),
            "system": platform.system(),
            "python": platform.python_version(),
        },
        "rows": [row.as_json() for row in rows],
    }
    return json.dumps(found, indent=2) + "\n"


def svg_text(rows: Sequence[Row]) -> str:
    """A bar for each row that was measured, section by section; lengths are logarithmic, a decade each step."""
    measured = [row for row in rows if row.rate > 0]
    least = math.floor(min((math.log10(row.rate) for row in measured), default=0))
    most = math.ceil(max((math.log10(row.rate) for row in measured), default=1))
    scale = WIDTH / max(1, most - least)
    parts, y = [], GAP
    for section, group in groupby(measured, lambda row: row.section):
        y += BAR
        parts.append(f'<text x="{GAP}" y="{y}" font-weight="bold">{escape(section)}</text>')
        for row in group:
            y += BAR + GAP
            length = max(1.0, (math.log10(row.rate) - least) * scale)
            parts.append(f'<text x="{LEFT - GAP}" y="{y}" text-anchor="end">{escape(row.name)}</text>')
            parts.append(f'<rect x="{LEFT}" y="{y - BAR + 4}" width="{length:.1f}" height="{BAR}" fill="#4477aa"/>')
            parts.append(f'<text x="{LEFT + length + GAP:.1f}" y="{y}">{row.rate:,.0f} {escape(row.unit)}/s</text>')
        y += BAR
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 170}" height="{y + GAP}"'
    return "\n".join([f'{head} font-family="sans-serif" font-size="12">', *parts, "</svg>", ""])


def write_bench(rows: Sequence[Row], folder: Path) -> list[Path]:
    """Write both files, and return where they are."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {folder / "bench.json": json_text(rows), folder / "bench.svg": svg_text(rows)}
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return list(files)
