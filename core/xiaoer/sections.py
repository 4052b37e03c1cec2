"""The sections of ``plugins.toml`` that are the core's own."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from xiaoer.filing import LARGEST
from xiaoer.plugin import Role, Settings

_ID = re.compile(r"[a-z][a-z0-9_]*:\S{1,160}")


def _with_platform(text: str) -> str:
    if not _ID.fullmatch(text) or not text.isprintable():
        raise ValueError("an id has its platform in front, for instance telegram:-1001")
    return text


Id = Annotated[str, AfterValidator(_with_platform)]
"""An id with the platform in front: ``telegram:-1001``."""

Words = Annotated[str, Field(min_length=1, max_length=4000)]


Kind = Literal["png", "jpeg", "gif", "webp", "pdf", "mp4", "text", "other"]


class FilesSection(Settings):
    """``[xiaoer.files]``: copies of files that members post."""

    largest: int = Field(default=LARGEST, ge=1, le=50, description="Megabytes of a file that is kept, at most.")
    kinds: tuple[Kind, ...] = Field(
        default=("png", "jpeg", "gif", "webp", "pdf", "mp4", "text"),
        description="What is kept, as its content says; other is everything else, as a download.",
    )


class XiaoerSection(Settings):
    """``[xiaoer]``: the program itself."""

    database: Annotated[
        str, Field(min_length=1, description="The SQLite file; a relative path begins at this file.")
    ] = "state/xiaoer.db"
    synchronous: Literal["FULL", "NORMAL"] = Field(
        default="FULL",
        description="FULL survives a power cut; NORMAL is faster and survives a crash of the program only.",
    )
    log: Literal["auto", "terminal", "json"] = Field(
        default="auto", description="How the log is written: for people, for machines, or as the terminal suggests."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least level that is logged."
    )
    required: tuple[str, ...] = Field(
        default=(), description="Plugins without which the program does not start; others are left out when they fail."
    )
    files: FilesSection = Field(default=FilesSection(), description="Copies of files that members post.")


class ChatsSection(Settings):
    """``chats``: the chats of a community by what they are for."""

    main: tuple[Id, ...] = Field(default=(), description="Where people talk and newcomers are welcomed.")
    announce: tuple[Id, ...] = Field(default=(), description="Where the community is told things.")
    admins: tuple[Id, ...] = Field(
        default=(), description="Where the bot reports; without one it tells the owners privately."
    )


class CommunitySection(Settings):
    """``[communities.<id>]``: one group of people with one owner and one set of rules."""

    name: Annotated[str, Field(min_length=1, max_length=80, description="What people call it.")]
    locale: Literal["zh", "en"] = Field(default="en", description="The language of what everybody sees.")
    timezone: str = Field(default="UTC", description="The zone of its schedules, for instance Asia/Shanghai.")
    spaces: Annotated[
        tuple[Id, ...], Field(min_length=1, description="The Telegram chats, Discord guilds and sandboxes it lives in.")
    ]
    owners: tuple[Id, ...] = Field(default=(), description="Accounts that own it; a claim code makes others owners.")
    plugins: tuple[str, ...] = Field(default=(), description="Its plugins, in the order in which they hear of events.")
    chats: ChatsSection = Field(default=ChatsSection(), description="Its chats by purpose.")
    roles: dict[str, Role] = Field(default={}, description="What a platform's role means here.")
    grants: dict[str, Role] = Field(
        default={}, description="The least role that has a capability, where it shall differ."
    )
    posts_an_hour: int = Field(
        default=6, ge=1, le=1000, description="Messages an hour and chat that nobody asked for, over all plugins."
    )
    mentions_an_hour: int = Field(default=6, ge=1, le=1000, description="Those of them that mention people.")
    texts: dict[Literal["zh", "en"], dict[str, Words]] = Field(
        default={}, description="Own words for any text, by language."
    )
