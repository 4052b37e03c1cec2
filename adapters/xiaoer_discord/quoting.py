"""The message that a command was used on: pure functions from Discord's JSON.

The commands that people type cannot answer a message; those in the menu of a message name it (Discord docs, Application
Commands, Message Commands).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from xiaoer import Attachment, MessageKind, Quoted, Who

MESSAGE_COMMAND = 3
"""(Discord docs, Application Command Types)."""

MEDIA: Mapping[str, MessageKind] = {"image": "photo", "video": "video", "audio": "audio"}
"""What an attachment is, by the first half of its content type."""

VOICE = 1 << 13
"""The flag of a voice message (Discord docs, Message Flags)."""

Json: TypeAlias = Mapping[str, Any]


class _Author(msgspec.Struct):
    """What is read of a user."""

    id: str
    username: str = ""
    global_name: str | None = None
    bot: bool = False


class _File(msgspec.Struct):
    """What is read of an attachment."""

    id: str
    filename: str
    url: str
    content_type: str | None = None
    size: int | None = None


class Said(msgspec.Struct):
    """What is read of a message, and of one that was forwarded, which has neither id nor author."""

    id: str = ""
    channel_id: str = ""
    author: _Author | None = None
    webhook_id: str | None = None
    content: str = ""
    flags: int = 0
    attachments: list[_File] = []
    sticker_items: list[Any] = []
    poll: Any = None
    message_snapshots: list[_Snapshot] = []

    def file(self, number: str) -> _File | None:
        """Return one of its files, by its id."""
        files = [*self.attachments, *(file for one in self.message_snapshots for file in one.message.attachments)]
        return next((file for file in files if file.id == number), None)


class _Snapshot(msgspec.Struct):
    """What is read of a forwarded message (Discord docs, Message Snapshot)."""

    message: Said


def quoted(data: Json) -> Quoted | None:
    """Return the message that a command from a message's menu was used on; None for commands that were typed.

    Args:
        data: the interaction's.
    """
    if data.get("type") != MESSAGE_COMMAND:
        return None
    name = str(data.get("target_id", ""))
    try:
        said = msgspec.convert(data["resolved"]["messages"][name], Said)
    except (LookupError, TypeError, msgspec.ValidationError):
        return Quoted(name, None, "")
    forwarded = said.message_snapshots[0].message if said.message_snapshots else None
    source = forwarded or said
    files = tuple(_attachment(file, said, name) for file in source.attachments)
    return Quoted(name, _who(said), source.content, _kind(said), files)


def _who(said: Said) -> Who | None:
    author = said.author
    if author is None:
        return None
    name, bot = author.global_name or author.username, author.bot or said.webhook_id is not None
    return Who(f"discord:{author.id}", name, bot=bot, handle=author.username)


def _kind(said: Said) -> MessageKind:
    if said.message_snapshots:
        return "forward"
    if said.flags & VOICE:
        return "voice"
    if said.attachments:
        return media(said.attachments[0].content_type or "")
    if said.sticker_items:
        return "sticker"
    return "poll" if said.poll is not None else "text"


def media(mime: str) -> MessageKind:
    """Return what a file is, by its content type."""
    return MEDIA.get(mime.partition("/")[0], "file")


def _attachment(file: _File, said: Said, name: str) -> Attachment:
    mime, handle = file.content_type or "", f"{said.channel_id}/{name}/{file.id} {file.url}"
    return Attachment(media(mime), file.filename, mime, file.size, handle)
