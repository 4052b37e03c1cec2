"""How a program and its communities are, as ``xiaoer status`` tells it: no word that anybody wrote, no secret."""

from __future__ import annotations

from datetime import datetime

import msgspec

from xiaoer.migration import State


class CommunityState(msgspec.Struct, frozen=True):
    """A community as the configuration has it; ``left_out`` are plugins of it that cannot be imported."""

    id: str
    name: str
    spaces: list[str]
    plugins: list[str]
    left_out: list[str]


class SchemaState(msgspec.Struct, frozen=True):
    """What the file has of one package's tables."""

    name: str
    revision: str
    state: State


class Database(msgspec.Struct, frozen=True):
    """The file; ``log_size`` is the part of it that stands in the log beside it, both in bytes."""

    file: str
    size: int
    log_size: int
    schema: list[SchemaState]


class Parked(msgspec.Struct, frozen=True):
    """Events of a community that are safe in the inbox and whose effects are not stored yet."""

    community: str
    events: int
    oldest: datetime
    age: float


class SetAside(msgspec.Struct, frozen=True):
    """An event that is not tried again."""

    community: str
    kind: str
    key: str
    reason: str
    tries: int
    at: datetime
    age: float


class Waiting(msgspec.Struct, frozen=True):
    """What waits for a platform: actions, those of them in mid-air, and messages that do not look as they should."""

    platform: str
    actions: int
    in_mid_air: int
    messages: int
    oldest: datetime | None
    age: float | None


class Broadcast(msgspec.Struct, frozen=True):
    """A broadcast that is under way: its messages by how they stand, ``rate`` a second, ``left`` in seconds."""

    community: str
    plugin: str
    name: str
    total: int
    waiting: int
    held: int
    done: int
    failed: int
    unknown: int
    rate: float
    left: float | None


class PutAside(msgspec.Struct, frozen=True):
    """An action that failed for good, or of which nobody can tell whether it was performed."""

    id: int
    community: str
    plugin: str
    chat: str
    state: str
    reason: str
    at: datetime
    age: float


class NotShown(msgspec.Struct, frozen=True):
    """A message that could not be made to look as it should."""

    community: str
    plugin: str
    key: str
    chat: str
    reason: str


class Timer(msgspec.Struct, frozen=True):
    """A timer that waits; ``cron`` is a recurring one's expression with its zone."""

    community: str
    plugin: str
    job: str
    due: datetime
    seconds: float
    cron: str | None


class Faults(msgspec.Struct, frozen=True):
    """What a plugin failed at last: at which kind of event, and the kind of error; the log has its words."""

    community: str
    plugin: str
    what: str
    error: str
    at: datetime
    age: float
    total: int


class Status(msgspec.Struct, kw_only=True):
    """How a program and its communities are; ages and times to come are in seconds of community time.

    ``running`` is None when this user may not look. ``problem`` says why the rest is missing when the database cannot
    be read, or has tables of another version.
    """

    config: str
    running: bool | None
    at: datetime
    adapters: list[str]
    communities: list[CommunityState]
    database: Database | None = None
    problem: str | None = None
    parked: list[Parked] = []
    set_aside: list[SetAside] = []
    set_aside_total: int = 0
    waiting: list[Waiting] = []
    broadcasts: list[Broadcast] = []
    put_aside: list[PutAside] = []
    put_aside_total: int = 0
    not_shown: list[NotShown] = []
    not_shown_total: int = 0
    timers: list[Timer] = []
    timers_waiting: int = 0
    timers_off: int = 0
    faults: list[Faults] = []
