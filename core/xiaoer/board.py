"""What ``xiaoer status`` shows to people: tables of what there is, and a line about what there is not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from xiaoer.copying import in_words
from xiaoer.status import Database, Status


def board(status: Status, zones: dict[str, ZoneInfo]) -> RenderableType:
    """Return everything that there is to be seen.

    Args:
        status: how everything is.
        zones: the zone of each community, by its id.
    """
    tables = [*_events(status), *_deliveries(status), *_plugins(status, zones)]
    shown: list[RenderableType] = [_head(status), _communities(status), *[table for table in tables if table.rows]]
    nothing = [str(table.title).partition(" (")[0].lower() for table in tables if not table.rows]
    if status.problem is not None:
        shown.append(Text(status.problem, style="bold red"))
    elif nothing:
        shown.append(Text(f"Nothing: {', '.join(nothing)}.", style="dim"))
    return Group(*shown)


def duration(seconds: float) -> str:
    """Return a span of time as people read it: ``42 s``, ``5 min``, ``3 h``, ``2 d``."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if abs(seconds) >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _head(status: Status) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    words = {True: "running", False: "not running", None: "not to be told: this user may not look at the lock"}
    table.add_row("program", words[status.running])
    table.add_row("adapters", Text(", ".join(status.adapters) or "none"))
    if status.database is not None:
        table.add_row("database", Text(status.database.file))
        table.add_row("size", f"{in_words(status.database.size)}, and a log of {in_words(status.database.log_size)}")
        table.add_row("schema", Text(_schema(status.database)))
    return Panel(table, title="小二 Xiaoer", expand=False)


def _schema(database: Database) -> str:
    notes = {"current": "", "older": " (older)", "newer": " (newer than what is installed)"}
    parts = [f"{schema.name} {schema.revision or 'none'}{notes[schema.state]}" for schema in database.schema]
    return ", ".join(parts) or "none"


def _table(title: str, columns: Iterable[str], rows: Iterable[Iterable[object]], total: int | None = None) -> Table:
    lines = [[cell if isinstance(cell, ProgressBar) else Text(str(cell)) for cell in row] for row in rows]
    more = "" if total is None or total <= len(lines) else f" ({len(lines)} of {total})"
    table = Table(title=f"{title}{more}", title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for line in lines:
        table.add_row(*line)
    return table


def _communities(status: Status) -> Table:
    return _table(
        "Communities",
        ("id", "name", "spaces", "plugins"),
        (
            (
                community.id,
                community.name,
                ", ".join(community.spaces),
                ", ".join([*community.plugins, *[f"{name} (left out)" for name in community.left_out]]),
            )
            for community in status.communities
        ),
    )


def _events(status: Status) -> list[Table]:
    return [
        _table(
            "Parked events",
            ("community", "events", "oldest"),
            ((line.community, line.events, duration(line.age)) for line in status.parked),
        ),
        _table(
            "Events set aside",
            ("community", "event", "key", "why", "tries", "age"),
            (
                (line.community, line.kind, line.key, line.reason, line.tries, duration(line.age))
                for line in status.set_aside
            ),
            status.set_aside_total,
        ),
    ]


def _deliveries(status: Status) -> list[Table]:
    return [
        _table(
            "Waiting for delivery",
            ("platform", "actions", "in mid-air", "messages to show", "oldest"),
            (
                (
                    line.platform,
                    line.actions,
                    line.in_mid_air,
                    line.messages,
                    "" if line.age is None else duration(line.age),
                )
                for line in status.waiting
            ),
        ),
        _table(
            "Broadcasts",
            ("community", "plugin", "broadcast", "", "sent", "failed", "unknown", "held", "a second", "time left"),
            (
                (
                    line.community,
                    line.plugin,
                    line.name,
                    ProgressBar(total=line.total, completed=line.total - line.waiting - line.held, width=24),
                    f"{line.done:,} of {line.total:,}",
                    line.failed,
                    line.unknown,
                    line.held,
                    f"{line.rate:.1f}",
                    "" if line.left is None else duration(line.left),
                )
                for line in status.broadcasts
            ),
        ),
        _table(
            "Deliveries put aside",
            ("id", "community", "plugin", "chat", "state", "why", "age"),
            (
                (line.id, line.community, line.plugin, line.chat, line.state, line.reason, duration(line.age))
                for line in status.put_aside
            ),
            status.put_aside_total,
        ),
        _table(
            "Messages that do not look as they should",
            ("community", "plugin", "message", "chat", "why"),
            ((line.community, line.plugin, line.key, line.chat, line.reason) for line in status.not_shown),
            status.not_shown_total,
        ),
    ]


def _plugins(status: Status, zones: dict[str, ZoneInfo]) -> list[Table]:
    def local(community: str, at: datetime) -> str:
        return at.astimezone(zones.get(community)).strftime("%a %Y-%m-%d %H:%M")

    return [
        _table(
            "Timers",
            ("community", "plugin", "timer", "due there", "in"),
            (
                (line.community, line.plugin, line.job, local(line.community, line.due), duration(line.seconds))
                for line in status.timers
            ),
            status.timers_waiting,
        ),
        _table(
            "Faults of plugins",
            ("community", "plugin", "last at", "error", "age", "in 30 days"),
            (
                (line.community, line.plugin, line.what, line.error, duration(line.age), line.total)
                for line in status.faults
            ),
        ),
    ]
