"""How people, guilds, channels and messages look in Discord's JSON."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from tests.simulators.discord.world import Channel, Guild, Interaction, Json, Member, Message, Role, User, allowed

CHANNEL_TYPES = {"text": 0, "dm": 1, "voice": 2, "category": 4, "news": 5, "thread": 11, "stage": 13, "forum": 15}
"""(Discord docs, Channel Types)."""

EPHEMERAL, LOADING, VOICE, SNAPSHOT = 1 << 6, 1 << 7, 1 << 13, 1 << 14
"""(Discord docs, Message Flags)."""

SYSTEM_TYPES = {"pin": 6, "system": 7}
"""A pinned message, and somebody who came in (Discord docs, Message Types)."""

LARGE = 250
"""The ``large_threshold`` that discord.py asks for."""

FILE = {"id": "1", "filename": "f", "size": 9, "url": "http://127.0.0.1/f", "proxy_url": "http://127.0.0.1/f"}
EXTRAS: dict[str, Json] = {
    "photo": {"attachments": [FILE | {"content_type": "image/png", "width": 9, "height": 9}]},
    "video": {"attachments": [FILE | {"content_type": "video/mp4", "width": 9, "height": 9}]},
    "audio": {"attachments": [FILE | {"content_type": "audio/mpeg"}]},
    "voice": {
        "attachments": [FILE | {"content_type": "audio/ogg", "duration_secs": 1.0, "waveform": "AA=="}],
        "flags": VOICE,
    },
    "document": {"attachments": [FILE | {"content_type": "application/pdf"}]},
    "sticker": {"sticker_items": [{"id": "1", "name": "wave", "format_type": 1}]},
    "poll": {
        "poll": {
            "question": {"text": "?"},
            "answers": [{"answer_id": 1, "poll_media": {"text": "!"}}],
            "expiry": "2030-01-01T00:00:00+00:00",
            "allow_multiselect": False,
            "layout_type": 1,
            "results": {"is_finalized": False, "answer_counts": []},
        }
    },
}
"""What a message carries beside text (Discord docs, Message)."""


def stamp(moment: datetime) -> str:
    """Return a moment as Discord writes it."""
    return moment.isoformat(timespec="microseconds")


def user_json(user: User) -> Json:
    """Return it as Discord docs, User; only people have a global name, only bots a discriminator."""
    plain = re.sub(r"[^a-z0-9_.]", "", user.name.lower()) or f"user{user.id % 10000}"
    return {
        "id": str(user.id),
        "username": user.name if user.bot else plain,
        "discriminator": "1234" if user.bot else "0",
        "global_name": None if user.bot else user.name,
        "avatar": None,
        "bot": user.bot,
        "public_flags": 0,
    }


def member_json(member: Member, *, user: bool = True, exact: bool = True) -> Json:
    """Return it as Discord docs, Guild Member.

    Args:
        member: it.
        user: whether its user is named, which is not so inside a message.
        exact: whether microseconds are told, which the REST API leaves out (serenity 68).
    """
    joined = (
        member.joined_at if exact else member.joined_at.replace(microsecond=member.joined_at.microsecond // 1000 * 1000)
    )
    found: Json = {
        "roles": [str(role.id) for role in member.roles],
        "joined_at": stamp(joined),
        "premium_since": None,
        "deaf": False,
        "mute": False,
        "flags": 0,
        "pending": False,
    }
    if member.nick is not None:
        found["nick"] = member.nick
    return found | ({"user": user_json(member.user)} if user else {})


def role_json(role: Role) -> Json:
    """Return it as Discord docs, Role; permissions are text, because they need more than 53 bits one day."""
    return {
        "id": str(role.id),
        "name": role.name,
        "color": role.colour,
        "colors": {"primary_color": role.colour, "secondary_color": None, "tertiary_color": None},
        "hoist": role.hoist,
        "position": role.position,
        "permissions": str(int(role.permissions)),
        "managed": role.managed,
        "mentionable": role.mentionable,
        "flags": 0,
    }


def channel_json(channel: Channel) -> Json:
    """Return it as Discord docs, Channel."""
    last = channel.last
    found: Json = {
        "id": str(channel.id),
        "type": CHANNEL_TYPES[channel.kind],
        "last_message_id": str(last.id) if last is not None else None,
    }
    if channel.guild is None:
        return found | {"recipients": [user_json(channel.owner)] if channel.owner is not None else []}
    parent = str(channel.parent.id) if channel.parent is not None else None
    found |= {"guild_id": str(channel.guild.id), "name": channel.name, "nsfw": False, "parent_id": parent}
    if channel.kind == "thread":
        return found | _thread(channel)
    return found | {
        "position": channel.guild.channels.index(channel) if channel in channel.guild.channels else 0,
        "permission_overwrites": [
            {"id": str(number), "type": kind, "allow": str(allow), "deny": str(deny)}
            for number, (kind, allow, deny) in channel.overwrites.items()
        ],
        "topic": "",
        "rate_limit_per_user": 0,
        **({"bitrate": 64000, "user_limit": 0} if channel.kind in ("voice", "stage") else {}),
    }


def _thread(channel: Channel) -> Json:
    return {
        "owner_id": str(channel.owner.id) if channel.owner is not None else "0",
        "message_count": len(channel.messages),
        "total_message_sent": len(channel.messages),
        "member_count": 1,
        "rate_limit_per_user": 0,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 1440,
            "archive_timestamp": stamp(channel.at),
            "locked": False,
            "create_timestamp": stamp(channel.at),
        },
    }


def guild_json(guild: Guild) -> Json:
    """Return it as Discord docs, Guild."""
    nothing = (
        "icon splash discovery_splash banner description afk_channel_id application_id rules_channel_id "
        "vanity_url_code public_updates_channel_id incidents_data"
    )
    return {
        **dict.fromkeys(nothing.split()),
        "id": str(guild.id),
        "name": guild.name,
        "vanity_url_code": guild.vanity,
        "owner_id": str(guild.owner.id),
        "region": "deprecated",
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 1,
        "explicit_content_filter": 0,
        "roles": [role_json(role) for role in (guild.everyone, *guild.roles)],
        "emojis": [],
        "stickers": [],
        "features": [],
        "mfa_level": 0,
        "nsfw_level": 0,
        "system_channel_id": str(guild.system.id) if guild.system is not None else None,
        "system_channel_flags": 0 if guild.greets else 1,
        "premium_tier": 0,
        "premium_subscription_count": 0,
        "preferred_locale": "en-US",
        "stage_instances": [],
        "guild_scheduled_events": [],
    }


def guild_create_json(guild: Guild, bot: User, *, presences: bool = False) -> Json:
    """Return what a session is told of a guild first: all its channels, hidden ones too.

    Of its members that is the bot alone, unless the session has the presences intent (Discord docs, Guild Create).
    """
    large = len(guild.members) > LARGE
    members = [one for one in guild.members.values() if one.user is bot or (presences and not large)]
    return guild_json(guild) | {
        "joined_at": stamp(guild.members[bot.id].joined_at),
        "large": large,
        "unavailable": False,
        "member_count": len(guild.members),
        "members": [member_json(one) for one in members],
        "channels": [channel_json(one) for one in guild.channels if one.kind != "thread"],
        "threads": [channel_json(one) for one in guild.channels if one.kind == "thread"],
        "voice_states": [],
        "presences": [],
        "soundboard_sounds": [],
    }


def readable(message: Message, bot: User) -> bool:
    """Whether a bot without the message content intent is told what a message says (Discord docs, Message Content)."""
    return message.author is bot or message.channel.guild is None or bot in message.mentioned_users


def message_json(message: Message, bot: User, *, content: bool = True, nested: bool = False) -> Json:
    """Return it as Discord docs, Message.

    Args:
        message: it.
        bot: for whom.
        content: whether the bot may read what others say.
        nested: whether it is inside the message that answers it, where the one that it answers is left out.
    """
    found: Json = {
        "id": str(message.id),
        "channel_id": str(message.channel.id),
        "author": user_json(message.author),
        "content": message.content,
        "timestamp": stamp(message.at),
        "edited_timestamp": stamp(message.edited_at) if message.edited_at is not None else None,
        "tts": False,
        "mention_everyone": message.mentioned_everyone,
        "mentions": [user_json(user) for user in message.mentioned_users],
        "mention_roles": [str(role.id) for role in message.mentioned_roles],
        "attachments": message.attachments,
        "embeds": message.embeds,
        "pinned": message.pinned,
        "type": _type(message),
        "flags": message.flags | (EPHEMERAL if message.ephemeral else 0) | (LOADING if message.loading else 0),
        "components": [{"type": 1, "id": 10 * n, "components": row} for n, row in enumerate(message.rows, start=1)],
    }
    if message.reactions:
        found["reactions"] = [_reaction(emoji, users, bot) for emoji, users in message.reactions.items() if users]
    if message.kind in EXTRAS:
        found |= EXTRAS[message.kind]
    if message.kind == "forward":
        found |= _forward(message)
    if message.reply_to is not None:
        found |= _reply(message, message.reply_to, bot, content, nested)
    if message.caused_by is not None:
        found |= _caused(message.caused_by, bot)
    if not (content or readable(message, bot)):
        found |= {"content": "", "embeds": [], "attachments": [], "components": []}
        found.pop("poll", None)
        found.pop("message_snapshots", None)
    return found


def _type(message: Message) -> int:
    if message.kind in SYSTEM_TYPES:
        return SYSTEM_TYPES[message.kind]
    if message.caused_by is not None and message.caused_by.type == 2:
        return 20
    return 19 if message.reply_to is not None else 0


def _reaction(emoji: str, users: list[User], bot: User) -> Json:
    return {
        "emoji": {"id": None, "name": emoji},
        "count": len(users),
        "count_details": {"burst": 0, "normal": len(users)},
        "me": bot in users,
        "me_burst": False,
        "burst_colors": [],
    }


def _reference(message: Message, kind: int) -> Json:
    found: Json = {"type": kind, "message_id": str(message.id), "channel_id": str(message.channel.id)}
    return found | ({"guild_id": str(message.channel.guild.id)} if message.channel.guild is not None else {})


def _reply(message: Message, answered: Message, bot: User, content: bool, nested: bool) -> Json:
    found: Json = {"message_reference": _reference(answered, 0)}
    if message.kind in SYSTEM_TYPES or nested:
        return found
    gone = answered.deleted  # null says that it was deleted, absence that nobody looked (Discord docs, Message)
    return found | {"referenced_message": None if gone else message_json(answered, bot, content=content, nested=True)}


def _forward(message: Message) -> Json:
    elsewhere: Json = {"type": 1, "message_id": str(message.id - 1), "channel_id": str(message.channel.id - 1)}
    snapshot: Json = {
        "type": 0,
        "content": message.content,
        "embeds": [],
        "attachments": message.attachments,
        "timestamp": stamp(message.at),
        "edited_timestamp": None,
        "flags": 0,
        "mentions": [],
        "mention_roles": [],
    }
    return {
        "content": "",
        "attachments": [],
        "flags": SNAPSHOT,
        "message_reference": elsewhere,
        "message_snapshots": [{"message": snapshot}],
    }


def owners(interaction: Interaction) -> Json:
    """Return what authorized it: the guild, or the bot's direct channel (Discord docs, Authorizing Integration)."""
    return {"0": str(interaction.channel.guild.id) if interaction.channel.guild is not None else "0"}


def _caused(interaction: Interaction, bot: User) -> Json:
    metadata: Json = {
        "id": str(interaction.id),
        "type": interaction.type,
        "user": user_json(interaction.user),
        "authorizing_integration_owners": owners(interaction),
    }
    if interaction.message is not None:
        metadata["interacted_message_id"] = str(interaction.message.id)
    return {"interaction_metadata": metadata, "webhook_id": str(bot.id), "application_id": str(bot.id)}


def interaction_json(interaction: Interaction, bot: User) -> Json:
    """Return it as Discord docs, Interaction."""
    channel, guild = interaction.channel, interaction.channel.guild
    found: Json = {
        "id": str(interaction.id),
        "application_id": str(bot.id),
        "type": interaction.type,
        "data": interaction.data,
        "token": interaction.token,
        "version": 1,
        "channel_id": str(channel.id),
        "channel": channel_json(channel),
        "locale": interaction.user.locale,
        "entitlements": [],
        "authorizing_integration_owners": owners(interaction),
        "context": 0 if guild is not None else 1,
        "attachment_size_limit": 10 * 2**20,
        "app_permissions": str(allowed(bot, guild, channel)) if guild is not None else "0",
    }
    if interaction.message is not None:
        found["message"] = message_json(interaction.message, bot)
    if guild is None:
        return found | {"user": user_json(interaction.user)}
    may = str(allowed(interaction.user, guild, channel))
    found["channel"]["permissions"] = may
    place: dict[str, Any] = {"id": str(guild.id), "locale": "en-US", "features": []}
    member = member_json(guild.members[interaction.user.id]) | {"permissions": may}
    return found | {"guild_id": str(guild.id), "guild": place, "guild_locale": "en-US", "member": member}
