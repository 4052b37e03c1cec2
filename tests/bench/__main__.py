"""``python -m tests.bench [name ...]``: measure, print a table, write ``build/bench.json``."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from tests.bench.figures import Figure, show, write
from tests.bench.measures import MEASURES

from xiaoer.logs import configure
from xiaoer.secrets import Secrets


def main() -> None:
    """Measure what is asked for, or everything."""
    chosen = sys.argv[1:] or os.environ.get("ONLY", "").split() or list(MEASURES)
    unknown = [name for name in chosen if name not in MEASURES]
    if unknown:
        raise SystemExit(f"there is no measurement {unknown[0]}: choose from {', '.join(MEASURES)}")
    figures: list[Figure] = []
    with tempfile.TemporaryFile("w") as log:
        take_back = configure("json", "info", Secrets([]), log)
        for name in chosen:
            with Console().status(f"measuring {name}"):
                figures += asyncio.run(MEASURES[name]())
        take_back()
    show(figures)
    write(figures, Path("build/bench.json"))


main()
