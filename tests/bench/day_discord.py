"""The day as Discord's gateway tells it: dispatches, each as the text of one frame (Discord docs, Gateway Events)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.bench.day import Deed, Happening, Link, Mention, Person, Text

Json = dict[str, Any]

EPOCH = 1_420_070_400_000
DAY = 1_772_409_600
"""The second in which the first day begins: 2 March 2026, UTC."""


def snowflake(milliseconds: int, number: int) -> int:
    """Return an id that tells its moment (Discord docs, Snowflakes)."""
    return (milliseconds - EPOCH) << 22 | number & 0x3FFFFF


BOT = snowflake(DAY * 1000 - 400_000_000, 1)
ME: Json = {
    "id": str(BOT),
    "username": "xiaoer",
    "global_name": None,
    "discriminator": "0",
    "avatar": None,
    "bot": True,
}
GUILD = snowflake(DAY * 1000 - 500_000_000, 2)
CHANNELS = tuple(snowflake(DAY * 1000 - 490_000_000, number) for number in range(3, 8))
ADMINS = snowflake(DAY * 1000 - 480_000_000, 9)
REGULARS = snowflake(DAY * 1000 - 480_000_000, 10)
SNAPSHOT = (
    "type", "content", "mentions", "mention_roles", "attachments", "embeds", "components", "flags", "timestamp",
    "edited_timestamp",
)  # fmt: skip
"""What a forwarded message keeps (Discord docs, Message Snapshot Object)."""

COME = "2025-11-05T09:30:00.000000+00:00"


def moment(seconds: float) -> str:
    """Return a moment as Discord writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def user(person: Person) -> Json:
    """Return somebody (Discord docs, User Object)."""
    return {
        "id": str(user_id(person)),
        "username": person.username or f"person{person.number}",
        "global_name": " ".join(filter(None, person.name)),
        "discriminator": "0",
        "avatar": f"{person.number:032x}" if person.number % 3 else None,
        "avatar_decoration_data": None,
        "collectibles": None,
        "display_name_styles": None,
        "primary_guild": None,
        "clan": None,
        "public_flags": 0,
    }


def user_id(person: Person) -> int:
    """Return the id of somebody."""
    return snowflake(DAY * 1000 - 300_000_000 + person.number * 1000, person.number)


def member(person: Person, joined: str = COME) -> Json:
    """Return what somebody is in the server (Discord docs, Guild Member Object)."""
    roles = [str(ADMINS)] if person.role == "administrator" else []
    return {
        "roles": [*roles, str(REGULARS)] if person.number % 4 == 0 else roles,
        "nick": None,
        "joined_at": joined,
        "premium_since": None,
        "communication_disabled_until": None,
        "pending": False,
        "mute": False,
        "deaf": False,
        "flags": 0,
        "avatar": None,
        "banner": None,
    }


def ready() -> Json:
    """Return how a session begins (Discord docs, Ready)."""
    return {
        "v": 10,
        "user": {**ME, "verified": True, "mfa_enabled": False, "flags": 0, "email": None},
        "guilds": [{"id": str(GUILD), "unavailable": True}],
        "private_channels": [],
        "session_id": "a" * 32,
        "session_type": "normal",
        "resume_gateway_url": "wss://gateway.example.org",
        "shard": [0, 1],
        "application": {"id": str(BOT), "flags": 0},
        "_trace": [],
    }


def guild(people: list[Person]) -> Json:
    """Return the server as a session is told it (Discord docs, Guild Create), with all who are in it."""
    return {
        "id": str(GUILD),
        "name": "Riverside 河畔",
        "owner_id": str(user_id(people[0])),
        "system_channel_id": str(CHANNELS[0]),
        "roles": [_role(GUILD, "@everyone", 104_324_673), _role(ADMINS, "Admins", 8), _role(REGULARS, "Regulars", 0)],
        "channels": [_channel(channel, place) for place, channel in enumerate(CHANNELS)],
        "members": [{**member(people[1]), "user": ME}, *({**member(one), "user": user(one)} for one in people)],
        "member_count": len(people) + 1,
        "joined_at": COME,
        "unavailable": False,
        "large": False,
        "threads": [],
        "presences": [],
        "voice_states": [],
        "emojis": [],
        "stickers": [],
        "features": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "preferred_locale": "zh-CN",
        "premium_tier": 0,
        "verification_level": 1,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "afk_timeout": 300,
        "system_channel_flags": 0,
        "premium_progress_bar_enabled": False,
        "hub_type": None,
        "icon": None,
        "banner": None,
        "description": None,
    }


def _role(number: int, name: str, permissions: int) -> Json:
    return {
        "id": str(number),
        "name": name,
        "permissions": str(permissions),
        "position": 0 if number == GUILD else 1,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def _channel(number: int, place: int) -> Json:
    return {
        "id": str(number),
        "type": 0,
        "name": f"channel-{place}",
        "position": place,
        "permission_overwrites": [],
        "parent_id": None,
        "topic": None,
        "nsfw": False,
        "last_message_id": None,
        "rate_limit_per_user": 0,
        "flags": 0,
    }


def frame(event: str, data: Json, number: int) -> str:
    """Return a dispatch as the text of a frame."""
    return json.dumps({"t": event, "s": number, "op": 0, "d": data}, ensure_ascii=False)


class Discord:
    """Tells days."""

    def __init__(self) -> None:
        self._day = 0
        self._told = 2
        self._messages: dict[int, Json] = {}

    def tell(self, happenings: list[Happening]) -> list[bytes]:
        """Return a day's dispatches, each as it comes in a frame."""
        tellers: dict[Deed, Callable[[Happening, float], tuple[str, Json]]] = {
            "write": self._write,
            "edit": self._edit,
            "react": self._react,
            "join": self._join,
            "leave": self._leave,
        }
        begin = DAY + self._day * 86_400
        self._day += 1
        frames: list[bytes] = []
        for happening in happenings:
            event, data = tellers[happening.deed](happening, begin + happening.at)
            self._told += 1
            frames.append(frame(event, data, self._told).encode())
        return frames

    def _write(self, happening: Happening, at: float) -> tuple[str, Json]:
        number, who = happening.message, happening.who
        message: Json = {
            "id": str(snowflake(int(at * 1000), number)),
            "channel_id": str(CHANNELS[who.number % len(CHANNELS)]),
            "author": user(who),
            "timestamp": moment(at),
            "edited_timestamp": None,
            "type": 0,
            "flags": 0,
            "nonce": str(snowflake(int(at * 1000) - 150, number)),
            "tts": False,
            "pinned": False,
            "mention_everyone": False,
            "mention_roles": [],
            "embeds": [],
            "attachments": [],
            "components": [],
            **_worded(happening.text),
        }
        first = self._messages.get(happening.reply_to or 0)
        if first is not None:
            place = {"type": 0, "guild_id": str(GUILD)}
            message["channel_id"] = first["channel_id"]
            message["type"] = 19
            message["message_reference"] = {**place, "channel_id": first["channel_id"], "message_id": first["id"]}
        message |= self._carried(happening, message)
        self._messages[number] = message
        return "MESSAGE_CREATE", self._whole(message, happening)

    def _whole(self, message: Json, happening: Happening) -> Json:
        whole = {**message, "guild_id": str(GUILD), "member": member(happening.who)}
        first = self._messages.get(happening.reply_to or 0)
        return whole if first is None else {**whole, "referenced_message": first}

    def _edit(self, happening: Happening, at: float) -> tuple[str, Json]:
        first = self._messages[happening.message]
        message = {**first, "edited_timestamp": moment(at), **_worded(happening.text)}
        self._messages[happening.message] = message
        return "MESSAGE_UPDATE", self._whole(message, happening)

    def _carried(self, happening: Happening, message: Json) -> Json:
        number = int(message["id"]) + 1
        match happening.carries:
            case "text":
                return {}
            case "forward":
                origin = {"type": 1, "channel_id": str(CHANNELS[4]), "message_id": str(number), "guild_id": str(GUILD)}
                shared = (
                    "type",
                    "content",
                    "mentions",
                    "mention_roles",
                    "attachments",
                    "embeds",
                    "components",
                    "flags",
                )
                kept = {name: message[name] for name in (*shared, "timestamp", "edited_timestamp")}
                forwarded = {"message_reference": origin, "message_snapshots": [{"message": {**kept, "type": 0}}]}
                return {**forwarded, "type": 0, "content": "", "mentions": [], "flags": 1 << 14}
            case "sticker":
                return {"sticker_items": [{"id": str(number), "name": "riverside", "format_type": 1}]}
            case "photo":
                return {"attachments": [attachment(number, "photo.jpg", "image/jpeg", {"width": 1280, "height": 960})]}
            case "voice":
                spoken = {"duration_secs": 7.2, "waveform": "AAAEFxEQDxIZHSMmJSQjISAfHhwbGhkYFxYVFBMS"}
                return {"flags": 1 << 13, "attachments": [attachment(number, "voice.ogg", "audio/ogg", spoken)]}
            case "file":
                return {"attachments": [attachment(number, "menu.pdf", "application/pdf", {})]}

    def _react(self, happening: Happening, at: float) -> tuple[str, Json]:
        message, who = self._messages[happening.message], happening.who
        before, after = happening.marks
        change: Json = {
            "user_id": str(user_id(who)),
            "type": 0,
            "message_id": message["id"],
            "channel_id": message["channel_id"],
            "guild_id": str(GUILD),
            "emoji": {"id": None, "name": (after or before)[0]},
            "burst": False,
        }
        if not after:
            return "MESSAGE_REACTION_REMOVE", change
        added = {"member": {**member(who), "user": user(who)}, "message_author_id": message["author"]["id"]}
        return "MESSAGE_REACTION_ADD", change | added

    def _join(self, happening: Happening, at: float) -> tuple[str, Json]:
        who = happening.who
        return "GUILD_MEMBER_ADD", {**member(who, moment(at)), "roles": [], "user": user(who), "guild_id": str(GUILD)}

    def _leave(self, happening: Happening, at: float) -> tuple[str, Json]:
        return "GUILD_MEMBER_REMOVE", {"user": user(happening.who), "guild_id": str(GUILD)}


def attachment(number: int, name: str, kind: str, more: Json) -> Json:
    """Return a file of a message (Discord docs, Attachment Object)."""
    place = f"attachments/{CHANNELS[0]}/{number}/{name}?ex=69a6e100&is=69a58f80&hm={number:064x}&"
    return {
        "id": str(number),
        "filename": name,
        "size": 90_000 + number % 50_000,
        "url": f"https://cdn.example.org/{place}",
        "proxy_url": f"https://media.example.org/{place}",
        "content_type": kind,
        "content_scan_version": 2,
        "placeholder": "3vcRJYAniHhwiHh4",
        "placeholder_version": 1,
        **more,
    }


def _worded(text: Text) -> Json:
    words, mentions = "", {}
    for part in text:
        if isinstance(part, Mention):
            mentions[part.person.number] = {**user(part.person), "member": member(part.person)}
            words += f"<@{user_id(part.person)}>"
        else:
            words += part.address if isinstance(part, Link) else part
    return {"content": words, "mentions": list(mentions.values())}
