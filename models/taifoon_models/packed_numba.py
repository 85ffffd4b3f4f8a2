"""The packed search in machine code: the same counts and shortest schedules as in Python, some hundred times faster.

A state is one word; the words seen stand in an open hash table, exactly, so that no collision loses a state. States are
expanded in batches: all successors of a batch are computed first, then their places in the table are touched, so that
the memory answers many of them at a time, and only then are they looked up.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit, uint64

BATCH = 256

Words: TypeAlias = npt.NDArray[np.uint64]
Numbers: TypeAlias = npt.NDArray[np.int64]


@njit(inline="always")
def scattered(word: np.uint64) -> np.uint64:
    """A word with its bits well mixed."""
    word ^= word >> uint64(32)
    word *= uint64(0xD6E8FEB86659FD93)
    word ^= word >> uint64(32)
    word *= uint64(0xD6E8FEB86659FD93)
    return word ^ (word >> uint64(32))


@njit(cache=True)
def expand(
    honest: int,
    needed: int,
    width: int,
    votes: Words,
    first_step: Numbers,
    present: Words,
    absent: Words,
    after: Numbers,
    action: Numbers,
    mirror: Numbers,
    forbidden: Words,
    watch: np.uint64,
    states: Words,
    parents: npt.NDArray[np.uint32],
    table: Words,
    fired: Numbers,
    head: int,
    tail: int,
    stop: int,
) -> tuple[int, int, int, int]:
    """Expand states from `head` until `stop` are expanded, all are, one is forbidden, or space runs out.

    The result is the new head and tail, the number of steps taken, and 0, 1 or 2 for running, forbidden or full.
    """
    lanes = np.zeros(honest, np.int64)
    image = np.zeros(honest, np.int64)
    lane_mask = uint64((1 << width) - 1)
    places = uint64(table.size - 1)
    planes = np.zeros(5, np.uint64)
    longest = 0
    for start in range(first_step.size - 1):
        longest = max(longest, first_step[start + 1] - first_step[start])
    words = np.zeros(BATCH * honest * longest + 1, np.uint64)
    origins = np.zeros(words.size, np.int64)
    transitions = 0
    room = min(states.size, table.size // 2) - words.size
    while head < tail and head < stop:
        if tail > room:
            return head, tail, transitions, 2
        end = min(tail, head + BATCH)
        found = 0
        for number in range(head, end):
            state = states[number]
            planes[:] = uint64(0)
            for lane in range(honest):
                local = np.int64((state >> uint64(width * lane)) & lane_mask)
                lanes[lane] = local
                carry = votes[local]
                level = 0
                while carry != uint64(0):
                    carried = planes[level] & carry
                    planes[level] ^= carry
                    carry = carried
                    level += 1
            reached = uint64(0)
            equal = ~uint64(0)
            for level in range(4, -1, -1):
                if (needed >> level) & 1:
                    equal &= planes[level]
                else:
                    reached |= equal & planes[level]
                    equal &= ~planes[level]
            certificates = reached | equal
            if certificates & watch:
                for pattern in forbidden:
                    if certificates & pattern == pattern:
                        return number, tail, transitions, 1
            for lane in range(honest):
                local = lanes[lane]
                if lane > 0 and lanes[lane - 1] == local:
                    continue
                for row in range(first_step[local], first_step[local + 1]):
                    if certificates & present[row] != present[row] or certificates & absent[row]:
                        continue
                    transitions += 1
                    fired[action[row]] += 1
                    word = packed_with(lanes, lane, after[row], width, honest, image)
                    if mirror.size:
                        word = min(word, mirrored_word(image, mirror, width, honest))
                    words[found] = word
                    origins[found] = number
                    found += 1
        touched = uint64(0)
        for place in range(found):
            touched ^= table[scattered(words[place]) & places]
        # The exclusive or is not used: storing it keeps the compiler from leaving the reads out.
        words[words.size - 1] = touched
        for place in range(found):
            word = words[place]
            slot = scattered(word) & places
            while True:
                entry = table[slot]
                if entry == uint64(0):
                    table[slot] = word + uint64(1)
                    states[tail] = word
                    parents[tail] = origins[place]
                    tail += 1
                    break
                if entry == word + uint64(1):
                    break
                slot = (slot + uint64(1)) & places
        head = end
    return head, tail, transitions, 0


@njit(inline="always")
def packed_with(lanes: Numbers, lane: int, new: int, width: int, honest: int, image: Numbers) -> np.uint64:
    """The word of a state with one lane replaced, its lanes sorted into `image` as well."""
    place = lane
    while place + 1 < honest and lanes[place + 1] < new:
        image[place] = lanes[place + 1]
        place += 1
    while place > 0 and lanes[place - 1] > new:
        image[place] = lanes[place - 1]
        place -= 1
    image[place] = new
    low, high = (place, lane) if place < lane else (lane, place)
    word = uint64(0)
    for other in range(honest):
        if other < low or other > high:
            image[other] = lanes[other]
        word |= uint64(image[other]) << uint64(width * other)
    return word


@njit(inline="always")
def mirrored_word(image: Numbers, mirror: Numbers, width: int, honest: int) -> np.uint64:
    """The word of the mirror image of sorted lanes, sorted in place."""
    for lane in range(honest):
        value = mirror[image[lane]]
        place = np.int64(lane)
        while place > 0 and image[place - 1] > value:
            image[place] = image[place - 1]
            place -= 1
        image[place] = value
    word = uint64(0)
    for lane in range(honest):
        word |= uint64(image[lane]) << uint64(width * lane)
    return word


@njit(cache=True)
def fill(table: Words, states: Words, tail: int) -> None:
    """Enter the first states into an empty table."""
    places = uint64(table.size - 1)
    for number in range(tail):
        slot = scattered(states[number]) & places
        while table[slot] != uint64(0):
            slot = (slot + uint64(1)) & places
        table[slot] = states[number] + uint64(1)
