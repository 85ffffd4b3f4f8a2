"""Which seats of many clusters were silent in an epoch (R-5.2-2).

Equals `taifoon.economics.offences.inactive` over the windows of `taifoon.economics.ledger.silence`, seat by seat.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from taifoon.core.quorum import tolerated_faults
from taifoon.profile import Profile, Resolution
from taifoon_optimized.assignment import demand
from taifoon_optimized.contents import Numbers
from taifoon_optimized.grouping import labels
from taifoon_optimized.leaf_columns import Bits
from taifoon_optimized.records import Records, present, windows_over

BEYOND = (1 << 63) - 1
"""More windows than any record has, which stands for every greater number of them."""


@njit(cache=True, nogil=True)
def mark_silent(
    windows: Numbers,
    window_clusters: Numbers,
    signed: Bits,
    firsts: Numbers,
    sizes: Numbers,
    limits: Numbers,
    needed: int,
    streaks: Numbers,
    silent: Bits,
) -> None:
    """Mark the seats that are absent from `needed` windows of their cluster in a row, each of few enough absent ones.

    The seats of window i stand in `signed` from `windows[i]` on, in the order of the cluster's seats.
    """
    for number in range(windows.size):
        cluster, at = window_clusters[number], windows[number]
        absent = 0
        for seat in range(sizes[cluster]):
            absent += not signed[at + seat]
        for seat in range(sizes[cluster]):
            row = firsts[cluster] + seat
            if signed[at + seat] or absent > limits[cluster]:
                streaks[row] = 0
            else:
                streaks[row] += 1
                if streaks[row] >= needed:
                    silent[row] = True


def inactive_seats(profile: Profile, records: Records) -> Bits:
    """Whether each seat is charged with inactivity, in the order of the records' seats."""
    demand(profile, Resolution.INACTIVITY)
    sizes = records.sizes
    firsts = np.cumsum(sizes) - sizes
    blocks, seats = present(profile, records)
    clusters = np.concatenate((records.block_clusters, records.seat_clusters[seats]))
    # A number for each block of each cluster; a record that lists a block twice has two windows of one block.
    numbered, first_rows = labels(clusters, np.concatenate((records.blocks, blocks)))
    widths = sizes[clusters[first_rows]]
    begins = np.cumsum(widths) - widths
    signed = np.zeros(int(widths.sum()), np.bool_)
    windows = records.blocks.size
    signed[begins[numbered[windows:]] + seats - firsts[records.seat_clusters[seats]]] = True
    limits = np.array([tolerated_faults(profile, int(size)) for size in sizes], np.int64)
    silent = np.zeros(len(records.keys), np.bool_)
    telling = np.flatnonzero(windows_over(profile, records))
    mark_silent(
        begins[numbered[:windows]][telling],
        records.block_clusters[telling],
        signed,
        firsts,
        sizes,
        limits,
        min(profile.parameters.inactivity_blocks, BEYOND),
        np.zeros(len(records.keys), np.int64),
        silent,
    )
    return silent
