"""What the bot may do with messages, and how Discord refuses it (Discord docs, Message)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.simulators.discord.client import Client
from tests.simulators.discord.mentions import mention
from tests.simulators.discord.payloads import SYSTEM_TYPES, message_json, stamp
from tests.simulators.discord.rules import (
    ApiError,
    Edit,
    FormError,
    NewMessage,
    Nothing,
    Wrong,
    check_text,
    read,
)
from tests.simulators.discord.uploads import Uploads, attach
from tests.simulators.discord.world import Channel, Json, Message, P, allowed

REMEMBERED = timedelta(minutes=5)
"""How long a nonce is compared: "the past few minutes" (Discord docs, Create Message)."""

PINS = 250
"""How many messages of a channel may be pinned (Discord docs, JSON Error Codes, 30003)."""

SILENT = 1 << 12 | 1 << 2
"""The flags that a bot may set: without a notification, without previews (Discord docs, Create Message)."""


@dataclass
class Ask:
    """A request: its route filled in, what stands behind the question mark, its body, and the files beside it."""

    path: dict[str, str]
    query: dict[str, str] = field(default_factory=lambda: {})
    body: Any = None
    files: Uploads = field(default_factory=lambda: {})

    def number(self, name: str) -> int:
        """Return an id of the route."""
        value = self.path[name]
        if not value.isdigit():
            raise FormError((name, f'Value "{value}" is not snowflake.'), code="NUMBER_TYPE_COERCE")
        return int(value)

    def snowflake(self, name: str) -> int:
        """Return an id from behind the question mark."""
        if not self.query[name].isdigit():
            raise FormError((name, f'Value "{self.query[name]}" is not snowflake.'), code="NUMBER_TYPE_COERCE")
        return int(self.query[name])

    def limit(self, default: int, most: int) -> int:
        """Return how many are asked for."""
        limit = self.query.get("limit", str(default))
        if not limit.isdigit() or not 1 <= int(limit) <= most:
            raise FormError(("limit", f"int value should be between 1 and {most}."))
        return int(limit)


class Messages:
    """The routes about messages.

    Args:
        world: where they stand.
    """

    def __init__(self, world: Client) -> None:
        self._world = world
        self.table = {
            "POST /channels/{channel.id}/messages": self._send,
            "GET /channels/{channel.id}/messages": self._history,
            "GET /channels/{channel.id}/messages/pins": self._pins,
            "PUT /channels/{channel.id}/messages/pins/{message.id}": self._pin,
            "DELETE /channels/{channel.id}/messages/pins/{message.id}": self._unpin,
            "GET /channels/{channel.id}/pins": lambda ask: [one["message"] for one in self._pins(ask)["items"]],
            "PUT /channels/{channel.id}/pins/{message.id}": self._pin,
            "DELETE /channels/{channel.id}/pins/{message.id}": self._unpin,
            "GET /channels/{channel.id}/messages/{message.id}": self._get,
            "PATCH /channels/{channel.id}/messages/{message.id}": self._edit,
            "DELETE /channels/{channel.id}/messages/{message.id}": self._delete,
            "PUT /channels/{channel.id}/messages/{message.id}/reactions/{emoji.id}/@me": self._react,
            "DELETE /channels/{channel.id}/messages/{message.id}/reactions/{emoji.id}/@me": self._unreact,
            "POST /channels/{channel.id}/typing": self._type,
        }

    def json(self, message: Message) -> Json:
        """Return a message as a request is answered with it."""
        content = (
            "MESSAGE_CONTENT" not in self._world.missing_intents
        )  # as configured (Discord docs, HTTP Restrictions)
        return message_json(message, self._world.bot, content=content)

    def channel(self, ask: Ask, needs: int = 0) -> Channel:
        """Return the channel of a request, if the bot sees it and may do there what it wants.

        Raises:
            ApiError: it may not.
        """
        channel = self._world.channels.get(ask.number("channel.id"))
        if channel is None:
            raise ApiError(404, 10003, "Unknown Channel")
        if channel.guild is not None:
            may = allowed(self._world.bot, channel.guild, channel)
            if not may & P.VIEW_CHANNEL:
                raise ApiError(403, 50001, "Missing Access")
            if may & needs != needs:
                raise ApiError(403, 50013, "Missing Permissions")
        return channel

    def _message(self, ask: Ask, needs: int = 0) -> Message:
        found = self.channel(ask, needs).find(ask.number("message.id"))
        if found is None:
            raise ApiError(404, 10008, "Unknown Message")
        return found

    def _send(self, ask: Ask) -> Json:
        body = read(ask.body, NewMessage)
        channel = self._writable(ask)
        check_text(body)
        self._reach(channel)
        if ask.files and channel.guild is not None:
            self.channel(ask, P.ATTACH_FILES)
        nonce = str(body["nonce"]) if body.get("nonce") is not None else None
        if nonce is not None and body.get("enforce_nonce") and (said := self._said(nonce)) is not None:
            return self.json(said) | {"nonce": nonce}
        message = Message(self._world.ids.next(), channel, self._world.bot, self._world.now(), nonce=nonce)
        message.reply_to = self._answered(channel, body.get("message_reference"))
        self.fill(message, body, ask.files)
        self._world.post(message)
        return self.json(message) | ({"nonce": nonce} if nonce is not None else {})

    def _writable(self, ask: Ask) -> Channel:
        thread = self.channel(ask).kind == "thread"
        return self.channel(ask, P.SEND_MESSAGES_IN_THREADS if thread else P.SEND_MESSAGES)

    def _reach(self, channel: Channel) -> None:
        """Look whether somebody can be written to in private."""
        if channel.kind in ("category", "forum"):
            raise ApiError(400, 50008, "Cannot send messages in a non-text channel")
        owner = channel.owner
        if channel.guild is None and owner is not None:
            world = self._world
            if not any(owner.id in guild.members and world.in_guild(guild) for guild in world.guilds.values()):
                words = "Cannot send messages to this user due to having no mutual guilds"
                raise ApiError(403, 50278, words)
            if not owner.accepts_direct:
                raise ApiError(403, 50007, "Cannot send messages to this user")

    def _said(self, nonce: str) -> Message | None:
        """Return what the bot said with a nonce before, wherever that was (Discord docs, Create Message)."""
        since = self._world.now() - REMEMBERED
        for channel in self._world.channels.values():
            for message in channel.messages.values():
                if message.nonce == nonce and message.at >= since:
                    return message
        return None

    def _answered(self, channel: Channel, reference: Json | None) -> Message | None:
        if reference is None:
            return None
        guild = channel.guild
        if guild is not None and not allowed(self._world.bot, guild, channel) & P.READ_MESSAGE_HISTORY:
            raise ApiError(403, 160002, "Cannot reply without permission to read message history")
        found = channel.find(int(reference.get("message_id", 0)))
        if found is not None and found.kind not in SYSTEM_TYPES:
            return found
        if found is None and reference.get("fail_if_not_exists") is False:
            return None
        code, words = ("REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        if found is not None:
            code, words = ("REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE", "Cannot reply to a system message")
        errors = {"message_reference": {"_errors": [{"code": code, "message": words}]}}
        raise ApiError(400, 50035, "Invalid Form Body", errors=errors)

    def fill(self, message: Message, body: Json, files: Uploads) -> None:
        """Write into a message what a request says of it; what it does not name stays.

        Raises:
            ApiError: nothing would be left.
        """
        old = (message.content, message.embeds, message.rows, message.attachments)
        if "content" in body:
            message.content = body["content"] or ""
        if "embeds" in body:
            message.embeds = body["embeds"] or []
        if "components" in body:
            message.rows = [row["components"] for row in body["components"] or ()]
        attach(message, body, files, self._world.ids, self._world.cdn_base)
        nothing = not (message.content.strip() or message.embeds or message.rows or message.attachments)
        if nothing and not body.get("sticker_ids") and not body.get("poll"):
            message.content, message.embeds, message.rows, message.attachments = old
            raise Wrong(400, 50006, "Cannot send an empty message")
        message.flags = (body["flags"] or 0) & SILENT if "flags" in body else message.flags
        message.kind = "poll" if body.get("poll") else message.kind
        if "content" in body:
            mention(message, self._world.users, body.get("allowed_mentions"))

    def change(self, message: Message, body: Json, files: Uploads) -> Json:
        """Edit a message of the bot and tell it.

        Raises:
            ApiError: it says nothing then, or too much.
        """
        check_text(body)
        self.fill(message, body, files)
        message.edits += 1
        message.edited_at = self._world.now()
        self._world.tell_message("MESSAGE_UPDATE", message)
        return self.json(message)

    def _edit(self, ask: Ask) -> Json:
        body, message = read(ask.body, Edit), self._message(ask)
        if message.author is not self._world.bot:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        if ask.files and message.channel.guild is not None:
            self.channel(ask, P.ATTACH_FILES)
        return self.change(message, body, ask.files)

    def _delete(self, ask: Ask) -> None:
        message = self._message(ask)
        if message.author is not self._world.bot:
            if message.channel.guild is None:
                raise ApiError(403, 50003, "Cannot execute action on a DM channel")
            self.channel(ask, P.MANAGE_MESSAGES)
        self._world.delete(message)

    def _get(self, ask: Ask) -> Json:
        return self.json(self._message(ask, P.READ_MESSAGE_HISTORY))

    def _history(self, ask: Ask) -> list[Json]:
        channel, limit = self.channel(ask), ask.limit(50, 100)
        bounds = {name: ask.snowflake(name) for name in ("before", "after", "around") if name in ask.query}
        if len(bounds) > 1:
            raise FormError(*((name, "before, after and around are mutually exclusive") for name in bounds))
        guild = channel.guild
        if guild is not None and not allowed(self._world.bot, guild, channel) & P.READ_MESSAGE_HISTORY:
            return []  # no refusal (Discord docs, Get Channel Messages)
        there = [one for one in channel.messages.values() if channel.find(one.id) is one]
        if "after" in bounds:  # the first ones after it, yet the newest of them first, as all
            found = [one for one in there if one.id > bounds["after"]][:limit]
        elif "around" in bounds:
            found = sorted(there, key=lambda one: abs(one.id - bounds["around"]))[:limit]
            found.sort(key=lambda one: one.id)
        else:
            found = [one for one in there if one.id < bounds.get("before", 1 << 63)][-limit:]
        return [self.json(one) for one in reversed(found)]

    def _pins(self, ask: Ask) -> Json:
        channel, limit = self.channel(ask), ask.limit(50, 50)
        before = datetime.fromisoformat(ask.query["before"]) if "before" in ask.query else None
        pinned = [one for one in channel.messages.values() if one.pinned_at is not None and not one.deleted]
        found = [
            {"pinned_at": stamp(one.pinned_at), "message": self.json(one)}
            for one in sorted(pinned, key=lambda one: one.pinned_at or one.at, reverse=True)
            if one.pinned_at is not None and (before is None or one.pinned_at < before)
        ]
        return {"items": found[:limit], "has_more": len(found) > limit}

    def _pin(self, ask: Ask) -> None:
        """Pin, which a right of its own allows since 2026 (Discord docs, change log, 24 November 2025)."""
        message = self._message(ask, P.PIN_MESSAGES)
        if message.pinned:
            return
        if sum(one.pinned for one in message.channel.messages.values()) >= PINS:
            raise ApiError(400, 30003, f"Maximum number of pins reached for the channel ({PINS})")
        message.pinned_at = self._world.now()
        self._tell_pins(message)
        note = Message(self._world.ids.next(), message.channel, self._world.bot, self._world.now(), kind="pin")
        note.reply_to = message
        self._world.post(note)

    def _unpin(self, ask: Ask) -> None:
        message = self._message(ask, P.PIN_MESSAGES)
        message.pinned_at = None
        self._tell_pins(message)

    def _tell_pins(self, message: Message) -> None:
        self._world.tell_message("MESSAGE_UPDATE", message)
        at = stamp(message.pinned_at) if message.pinned_at is not None else None
        self._world.tell_pins(message, at)

    def _react(self, ask: Ask) -> None:
        read(ask.body, Nothing)
        message = self._message(ask, P.READ_MESSAGE_HISTORY)
        if not message.reactions.get(ask.path["emoji.id"]):
            self.channel(ask, P.ADD_REACTIONS)  # to be the first (Discord docs, Create Reaction)
        self._world.react(self._world.bot, message, ask.path["emoji.id"])

    def _unreact(self, ask: Ask) -> None:
        message, emoji = self._message(ask), ask.path["emoji.id"]
        if self._world.bot in message.reactions.get(emoji, ()):
            self._world.unreact(self._world.bot, message, emoji)

    def _type(self, ask: Ask) -> None:
        self._writable(ask)
