"""What the program sets for its whole process; an :class:`~xiaoer.app.App` alone sets nothing."""

from __future__ import annotations

import gc

THRESHOLDS = (20_000, 20, 50)
"""Allocations between two looks for cycles, and how many of those before older objects are looked at.

Python's own 700 looks thousands of times a second at what lives as long as the process; measured with 100 communities,
that is every sixth event.
"""


def tune_memory() -> None:
    """Leave what is there after the start out of the search for cycles, and search less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
