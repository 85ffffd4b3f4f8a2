"""Work on ranges of rows by several threads; compiled kernels run beside each other, for they hold no interpreter lock.

Which worker does which range has no bearing on any value: ranges share no row that one of them writes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

LEAST_ROWS = 1 << 16
"""Fewer rows than this for each worker, a millisecond of hashes, are not worth a thread."""


def ranges(first: int, last: int, threads: int, multiple: int, least: int | None = None) -> list[tuple[int, int]]:
    """The rows first <= i < last in one stretch for each worker; inner edges are multiples of `multiple`.

    A worker gets at least `least` rows, or LEAST_ROWS where rows are hashes.
    A thread count below 1 raises ValueError.
    """
    if threads < 1:
        raise ValueError(f"threads is {threads}; at least one does the work: use 1 or more")
    workers = min(threads, max(1, (last - first) // (LEAST_ROWS if least is None else least)))
    step = (last - first) // workers
    edges = [(first + number * step) // multiple * multiple for number in range(1, workers)]
    inner = [edge for edge in edges if first < edge < last]
    return list(zip([first, *inner], [*inner, last], strict=True))


def run(work: Callable[[int, int], None], stretches: list[tuple[int, int]]) -> None:
    """Do the work on each stretch, the first one here; faults of a worker come back."""
    if len(stretches) == 1:
        work(*stretches[0])
        return
    with ThreadPoolExecutor(len(stretches) - 1) as pool:
        others = [pool.submit(work, *stretch) for stretch in stretches[1:]]
        work(*stretches[0])
        for other in others:
            other.result()
