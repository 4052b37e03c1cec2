"""From discord.py's objects to what happened: pure functions.

Spaces are ``discord:<guild>``, chats ``discord:<guild>/<channel>`` (threads are channels), accounts ``discord:<user>``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeAlias, cast

import discord
import msgspec

from xiaoer import (
    ButtonPressed,
    CommandUsed,
    JoinSource,
    MemberJoined,
    MemberLeft,
    MessageKind,
    MessagePosted,
    ReactionChanged,
    Who,
)
from xiaoer_discord.quoting import MESSAGE_COMMAND, media, quoted

Person: TypeAlias = discord.User | discord.Member

WRITTEN = frozenset({discord.MessageType.default, discord.MessageType.reply})
"""Messages that people write; the others tell what happened (Discord docs, Message Types)."""

Ranks: TypeAlias = Sequence[tuple[int, str]]
"""Roles of a guild that mean something, the highest right first: their ids, and what an event calls them."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_GROUPS = frozenset({1, 2})
"""Option types that hold options themselves: SUB_COMMAND and SUB_COMMAND_GROUP (Discord docs, Application Commands)."""


class View(Protocol):
    """What is known about the communities' guilds."""

    def space(self, guild: int | None) -> str | None:
        """Return the space that a guild is; None when it is in no community."""
        ...

    def ranks(self, space: str) -> Ranks:
        """Return which roles mean something in the space's community."""
        ...

    def home(self, user: int, button: str) -> str | None:
        """Return the space to which a button in a private chat belongs."""
        ...

    def now(self) -> datetime:
        """Return community time."""
        ...


def chat_of(space: str, channel: int) -> str:
    """Return a channel as events name it."""
    return f"{space}/{channel}"


def who_is(user: Person, ranks: Ranks = ()) -> Who:
    """Return the account of a person, with what they are in the guild.

    Args:
        user: the person; a member where that is known.
        ranks: which roles mean something there.
    """
    return Who(f"discord:{user.id}", user.display_name, None, role_of(user, ranks), bot=user.bot, handle=user.name)


def role_of(user: Person, ranks: Ranks) -> str:
    """Return ``owner``, the highest of some ranks that somebody has, or nothing for an ordinary member."""
    if not isinstance(user, discord.Member):
        return ""
    guild = user.guild
    if guild.owner_id == user.id:
        return "owner"
    # everybody has the role of which the id is the guild's (Discord docs, Permissions)
    return next((rank for role, rank in ranks if role == guild.id or user.get_role(role) is not None), "")


def joined(member: discord.Member, view: View) -> MemberJoined | None:
    """Return that somebody came in; Discord does not say how (Discord docs, Guild Member Add)."""
    space = view.space(member.guild.id)
    if space is None:
        return None
    at = member.joined_at or view.now()
    return MemberJoined(
        key=f"discord:join:{member.guild.id}:{member.id}:{stamp(at)}",
        at=at,
        space=space,
        who=who_is(member, view.ranks(space)),
        source=JoinSource(),
    )


def left(guild: int, who: Who, since: datetime | None, view: View, at: datetime | None = None) -> MemberLeft | None:
    """Return that somebody left, which Discord tells without a moment of its own.

    Args:
        guild: the guild.
        who: who.
        since: when they had come in, as far as that is known; leaving twice without coming back is one fact.
        view: what is known.
        at: when; None for now.
    """
    space = view.space(guild)
    if space is None:
        return None
    key = f"discord:leave:{guild}:{who.account.removeprefix('discord:')}:{stamp(since) if since is not None else 0}"
    return MemberLeft(key=key, at=at or view.now(), space=space, who=who)


def written(message: discord.Message, view: View, author: Person | None = None) -> MessagePosted | None:
    """Return what somebody wrote; nothing for service messages, other bots and webhooks.

    Args:
        message: as it stands.
        view: what is known.
        author: who wrote it, where more is known than the message says.
    """
    space = _space(message, view)
    if space is None:
        return None
    return _posted(message, space, author or message.author, view, message.created_at, "message")


def edited(message: discord.Message, view: View) -> MessagePosted | None:
    """Return how somebody changed what they wrote; nothing when Discord itself changed it (a preview, a pin)."""
    space = _space(message, view)
    if space is None or message.edited_at is None:
        return None
    return _posted(message, space, message.author, view, message.edited_at, "edit")


def _space(message: discord.Message, view: View) -> str | None:
    """Return the space in which a person wrote a message; None if no person did, or nowhere."""
    if message.type not in WRITTEN or message.author.bot or message.webhook_id is not None:
        return None
    return view.space(message.guild.id) if message.guild is not None else None


def _posted(message: discord.Message, space: str, author: Person, view: View, at: datetime, what: str) -> MessagePosted:
    name = f"discord:{what}:{message.channel.id}:{message.id}"
    reference = message.reference
    answers = message.type is discord.MessageType.reply and reference is not None and reference.message_id
    return MessagePosted(
        key=name if what == "message" else f"{name}:{stamp(at)}",
        at=at,
        space=space,
        chat=chat_of(space, message.channel.id),
        who=who_is(author, view.ranks(space)),
        message=str(message.id),
        kind=kind_of(message),
        text=_words(message),
        reply_to=str(answers) if answers else None,
        edited=what == "edit",
    )


def _words(message: discord.Message) -> str:
    if message.message_snapshots:
        return message.message_snapshots[0].content
    return message.content


def kind_of(message: discord.Message) -> MessageKind:
    """Return what a message carries."""
    if message.message_snapshots:
        return "forward"
    if message.flags.voice:
        return "voice"
    if message.attachments:
        return media(message.attachments[0].content_type or "")
    if message.stickers:
        return "sticker"
    return "poll" if message.poll is not None else "text"


def reacted(change: discord.RawReactionActionEvent, key: str, view: View) -> ReactionChanged | None:
    """Return how somebody changed their reactions.

    Args:
        change: what Discord tells, which has no name of its own.
        key: the name of the dispatch that told it.
        view: what is known.
    """
    space = view.space(change.guild_id)
    if space is None:
        return None
    user = change.member
    who = who_is(user, view.ranks(space)) if user is not None else Who(f"discord:{change.user_id}", "")
    emoji = (change.emoji.name or "" if change.emoji.id is None else f"custom:{change.emoji.id}",)
    added = change.event_type == "REACTION_ADD"
    return ReactionChanged(
        key=key,
        at=view.now(),
        space=space,
        chat=chat_of(space, change.channel_id),
        who=who,
        message=str(change.message_id),
        added=emoji if added else (),
        removed=() if added else emoji,
    )


def asked(interaction: discord.Interaction[Any], view: View) -> CommandUsed | ButtonPressed | None:
    """Return which command somebody used or which button they pressed."""
    if interaction.type is discord.InteractionType.application_command:
        return _command(interaction, view)
    if interaction.type is discord.InteractionType.component:
        return _pressed(interaction, view)
    return None


def _asker(interaction: discord.Interaction[Any], space: str, view: View) -> Who:
    who = who_is(interaction.user, view.ranks(space))
    return msgspec.structs.replace(who, locale=interaction.locale.value)


def _command(interaction: discord.Interaction[Any], view: View) -> CommandUsed | None:
    space = view.space(interaction.guild_id)
    if space is None or interaction.channel_id is None:
        return None
    data = cast("Mapping[str, Any]", interaction.data)
    path, options = path_of(data)
    on = quoted(data)
    return CommandUsed(
        key=f"discord:interaction:{interaction.id}",
        at=view.now(),
        space=space,
        chat=chat_of(space, interaction.channel_id),
        who=_asker(interaction, space, view),
        text=" ".join(path),
        options=options,
        handle=f"c{interaction.id}/{interaction.token}",
        reply_to=on.message if on is not None else None,
        quoted=on,
    )


def path_of(data: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
    """Return the words of a command and its options, as text; one in the menu of a message is named by its path."""
    if data.get("type") == MESSAGE_COMMAND:
        return str(data["name"]).split(), {}
    path, options = [str(data["name"])], data.get("options", [])
    while options and options[0]["type"] in _GROUPS:
        path.append(str(options[0]["name"]))
        options = options[0].get("options", [])
    return path, {str(option["name"]): str(option["value"]) for option in options}


def _pressed(interaction: discord.Interaction[Any], view: View) -> ButtonPressed | None:
    data = cast("Mapping[str, Any]", interaction.data)
    message, button = interaction.message, data.get("custom_id")
    if message is None or not isinstance(button, str) or interaction.channel_id is None:
        return None
    private = interaction.guild_id is None
    space = view.home(interaction.user.id, button) if private else view.space(interaction.guild_id)
    if space is None:
        return None
    return ButtonPressed(
        key=f"discord:interaction:{interaction.id}",
        at=view.now(),
        space=space,
        chat=chat_of(space, interaction.channel_id),
        who=_asker(interaction, space, view),
        message=f"{message.id}@{interaction.channel_id}" if private else str(message.id),
        button=button,
        handle=f"b{interaction.id}/{interaction.token}",
    )


def stamp(moment: datetime) -> int:
    """Return a moment in milliseconds since 1970, as keys name it.

    The gateway tells when somebody came in to the microsecond, the REST API only to the millisecond (serenity 68).
    """
    return (moment - EPOCH) // timedelta(milliseconds=1)
