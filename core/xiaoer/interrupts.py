"""Ctrl-C and SIGTERM while the program is still being imported, which is most of its start.

Python would show in which import it was interrupted. So this module comes first, and it alone does something when it is
imported, in the program only: whoever imports Xiaoer into another one keeps their signals.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType

BY_SIGNAL = 128
"""What a shell adds to a signal's number to make it an exit code (POSIX, Exit Status for Commands)."""


def is_program(command: list[str]) -> bool:
    """Return whether a command line is ``xiaoer`` or ``python -m xiaoer``.

    Args:
        command: as Python was called, its own options included.
    """
    words = iter(command[1:])
    for word in words:
        if word == "-m":
            return next(words, "") == "xiaoer"
        if word in ("-X", "-W"):
            next(words, "")
        elif word == "-c":
            return False
        elif not word.startswith("-"):
            return Path(word).name == "xiaoer"
    return False


def hear() -> None:
    """Leave it to the program from now on what an interruption means."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(number: int, frame: FrameType | None) -> None:
    del frame
    os._exit(BY_SIGNAL + number)  # nothing is open yet


def _watch() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup and background jobs of a shell have it
            signal.signal(number, _end)


if is_program(sys.orig_argv):
    _watch()
