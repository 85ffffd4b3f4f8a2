"""The reference's functions over batches: columns in, columns out, equal to the reference and held to it by tests.

Whatever works on one value stays in the reference; here is what a node does a million times. It needs numpy and numba,
which the extra `fast` brings.
"""

from __future__ import annotations

import sys
from importlib import import_module

MISSING = (
    "taifoon_optimized needs {name}, which is not installed: add the extra `fast`, `pip install 'taifoon-spec[fast]'`; "
    "the reference in `taifoon` gives the same values without it"
)

for _name in ("numpy", "numba"):
    try:
        import_module(_name)
    except ImportError as _missing:
        raise ImportError(MISSING.format(name=_name), name=_name) from _missing

if sys.byteorder != "little":
    raise ImportError("taifoon_optimized reads words as they stand in memory, and this machine is not little-endian")
