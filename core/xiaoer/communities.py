"""What a community is to its plugins: its names, places and time zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

Purpose: TypeAlias = Literal["main", "announce", "admins"]


class Budget(NamedTuple):
    """How many messages an hour a chat is given that nobody asked for, over all plugins.

    Args:
        posts: those that mention nobody.
        mentions: those that do.
    """

    posts: int = 6
    mentions: int = 6


@dataclass(frozen=True)
class Community:
    """One group of people with one owner, one set of rules and one ledger, in several chats on several platforms.

    Args:
        id: its key in ``plugins.toml``.
        name: what people call it.
        locale: ``zh`` or ``en``, the language of what everybody sees.
        timezone: the zone of its schedules.
        spaces: the Telegram chats, Discord guilds and sandboxes it lives in.
        chats: its chats by purpose.
        owners: the accounts named as owners in the file.
        grants: the least role that has a capability, where the community's own table says so.
        role_map: what a platform's role means here, for instance ``telegram:administrator`` → ``secretary``.
        budget: how many messages an hour its chats are given that nobody asked for.
    """

    id: str
    name: str
    locale: str = "en"
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    spaces: tuple[str, ...] = ()
    chats: dict[Purpose, tuple[str, ...]] = field(default_factory=lambda: {})
    owners: tuple[str, ...] = ()
    grants: dict[str, str] = field(default_factory=lambda: {})
    role_map: dict[str, str] = field(default_factory=lambda: {})
    budget: Budget = field(default_factory=Budget)
