"""Figures: a value with its spread, what it is measured against, and the bar that it should reach."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """One figure.

    Args:
        name: for instance ``pipeline.vs_raw``.
        unit: of the value.
        values: one a round.
        baseline: what it is measured against, in words and figures.
        bar: what it should reach.
        higher: whether more is better.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    baseline: str
    bar: float
    higher: bool

    @property
    def median(self) -> float:
        """The median over the rounds."""
        return statistics.median(self.values)

    @property
    def holds(self) -> bool:
        """Whether the bar is reached."""
        return self.median >= self.bar if self.higher else self.median <= self.bar

    def row(self) -> dict[str, object]:
        """Return it as ``build/bench.json`` keeps it."""
        return {
            "name": self.name,
            "value": self.median,
            "unit": self.unit,
            "median": self.median,
            "min": min(self.values),
            "max": max(self.values),
            "baseline": self.baseline,
            "ratio": self.median if self.unit == "×" else None,
        }


def show(figures: list[Figure]) -> None:
    """Print the figures as a table."""
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    table = Table(title=f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, cores {cores}")
    for column in ("figure", "median", "min", "max", "against", "bar", ""):
        table.add_column(column, justify="right" if column in ("median", "min", "max", "bar") else "left")
    for figure in figures:
        numbers = [f"{number:.2f} {figure.unit}" for number in (figure.median, min(figure.values), max(figure.values))]
        bar = f"{'≥' if figure.higher else '≤'} {figure.bar:g}"
        verdict = "[green]holds[/]" if figure.holds else "[red]missed[/]"
        table.add_row(figure.name, *numbers, figure.baseline, bar, verdict)
    Console().print(table)


def write(figures: list[Figure], file: Path) -> None:
    """Write the figures as JSON."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([figure.row() for figure in figures], indent=2, ensure_ascii=False) + "\n")
