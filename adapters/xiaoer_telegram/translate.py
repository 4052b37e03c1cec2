"""From Telegram's updates to what happened: pure functions.

Chats are ``telegram:<chat id>``, topics of forums ``telegram:<chat id>/<topic>``, accounts ``telegram:<user id>``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from xiaoer import (
    AnyEvent,
    ButtonPressed,
    CommandUsed,
    MessageKind,
    MessagePosted,
    ReactionChanged,
    Who,
)
from xiaoer_telegram.carrying import kind_of
from xiaoer_telegram.membership import announced, asked, changed
from xiaoer_telegram.quoting import quoted
from xiaoer_telegram.updates import CallbackQuery, Message, MessageReactionUpdated, Reaction, Update, User
from xiaoer_telegram.view import Place, View, author_of, clean, nobody, who_is

_SPACE = re.compile(r"\s+")


def translate(update: Update, view: View) -> list[AnyEvent]:
    """Return what an update tells; nothing when it concerns no community or nothing that people did."""
    key = f"telegram:{view.bot}:{update.update_id}"
    if update.message is not None:
        return _message(update.message, key, view)
    if update.edited_message is not None:
        return _edited(update.edited_message, key, view)
    if update.callback_query is not None:
        return _pressed(update.callback_query, key, view)
    if update.chat_member is not None:
        return changed(update.chat_member, key, view)
    if update.chat_join_request is not None:
        return asked(update.chat_join_request, key, view)
    if update.message_reaction is not None:
        return _reacted(update.message_reaction, key, view)
    return []


def _message(message: Message, key: str, view: View) -> list[AnyEvent]:
    if message.new_chat_members or message.left_chat_member or message.community_chat_joined:
        return announced(message, key, view)
    kind = kind_of(message)
    place = view.place(message.chat, _topic(message)) if kind is not None else None
    who = author_of(message, place.space, view) if place is not None else None
    if kind is None or place is None or who is None:
        return []
    command = command_in(message, place, view)
    if command is not None:
        return [_command(message, key, place, who, command, view)]
    return [] if place.private else [_posted(message, key, place, who, kind)]


def _edited(message: Message, key: str, view: View) -> list[AnyEvent]:
    kind = kind_of(message)
    place = view.place(message.chat, _topic(message))
    if kind is None or place is None or place.private:
        return []
    who = author_of(message, place.space, view)
    return [_posted(message, key, place, who, kind, edited=True)] if who is not None else []


def _posted(
    message: Message, key: str, place: Place, who: Who, kind: MessageKind, *, edited: bool = False
) -> MessagePosted:
    at = datetime.fromtimestamp(message.edit_date, UTC) if edited and message.edit_date else message.date
    return MessagePosted(
        key=key,
        at=at,
        space=place.space,
        chat=place.chat,
        who=who,
        message=name_of(message, message.from_user),
        kind=kind,
        text=clean(message.text or message.caption or ""),
        reply_to=_replied(message),
        edited=edited,
    )


def _replied(message: Message) -> str | None:
    reply = message.reply_to_message
    if reply is None:
        return None
    if message.is_topic_message and reply.message_id == message.message_thread_id:
        return None  # whatever is written in a topic "replies" to the message that opened it
    return name_of(reply, message.from_user)


def name_of(message: Message, reader: User | None) -> str:
    """Return how a message is named to the core: ``17``, and ``e9@5`` for what one person alone sees.

    Args:
        message: the message.
        reader: the person beside the bot who sees it, where nobody else does.
    """
    hidden = message.ephemeral_message_id
    return f"e{hidden}@{reader.id if reader is not None else 0}" if hidden else str(message.message_id)


def command_in(message: Message, place: Place, view: View) -> str | None:
    """Return the command that a message is, without its slash; None when it is none of ours.

    In a group, ``/word@another_bot`` and commands that nobody here knows are left to other bots.
    """
    text = clean(_named(message))
    if not text.startswith("/") or message.forward_origin is not None:
        return "help" if place.private else None
    word, _, rest = _SPACE.sub(" ", text[1:], count=1).partition(" ")
    name, _, bot = word.partition("@")
    if bot and bot.casefold() != view.username.casefold():
        return None
    if place.private and name in ("", "start"):
        return "help"
    known = view.command(place.space, name.casefold())
    if known is None and not (bot or place.private or message.ephemeral_message_id):
        return None
    return f"{known or name} {rest}".strip()


def _named(message: Message) -> str:
    """Return the text with people who are mentioned without an @ written as accounts: their names name nobody."""
    text = message.text or ""
    mentions = [entity for entity in message.entities if entity.type == "text_mention" and entity.user is not None]
    if not mentions or not text.startswith("/"):
        return text
    units = text.encode("utf-16-le")
    for entity in sorted(mentions, key=lambda one: one.offset, reverse=True):
        assert entity.user is not None  # noqa: S101 - for the type checkers
        account = f"telegram:{entity.user.id}".encode("utf-16-le")
        units = units[: 2 * entity.offset] + account + units[2 * (entity.offset + entity.length) :]
    return units.decode("utf-16-le", "replace")


def _command(message: Message, key: str, place: Place, who: Who, text: str, view: View) -> CommandUsed:
    name, reply_to = name_of(message, message.from_user), _replied(message)
    on = quoted(message, reply_to, place.space, view)
    return CommandUsed(
        key=key,
        at=message.date,
        space=place.space,
        chat=place.chat,
        who=who,
        text=text,
        handle=name,
        message=name,
        reply_to=reply_to,
        quoted=on,
    )


def _pressed(query: CallbackQuery, key: str, view: View) -> list[AnyEvent]:
    message = query.message
    if message is None or query.data is None:
        return []
    place = view.place(message.chat, _topic(message), query.data)
    if place is None:
        return []
    name = name_of(message, query.from_user)
    return [
        ButtonPressed(
            key=key,
            at=view.now(),
            space=place.space,
            chat=place.chat,
            who=who_is(query.from_user, view.role(place.space, query.from_user.id)),
            message=name,
            button=query.data,
            handle=f"q{query.id}/{name}",
        )
    ]


def _reacted(change: MessageReactionUpdated, key: str, view: View) -> list[AnyEvent]:
    place = view.place(change.chat, None)
    if place is None:
        return []
    if change.user is not None:
        who = who_is(change.user, view.role(place.space, change.user.id))
    elif change.actor_chat is not None:
        who = nobody(change.actor_chat, change.chat, place.space)
    else:
        return []
    before, after = _emoji(change.old_reaction), _emoji(change.new_reaction)
    if before == after:
        return []  # a paid one, which says nothing
    return [
        ReactionChanged(
            key=key,
            at=change.date,
            space=place.space,
            chat=place.chat,
            who=who,
            message=str(change.message_id),
            added=tuple(mark for mark in after if mark not in before),
            removed=tuple(mark for mark in before if mark not in after),
        )
    ]


def _emoji(reactions: Iterable[Reaction]) -> tuple[str, ...]:
    marks = (r.emoji or (f"custom:{r.custom_emoji_id}" if r.custom_emoji_id else None) for r in reactions)
    return tuple(mark for mark in marks if mark is not None)


def _topic(message: Message) -> int | None:
    return message.message_thread_id if message.is_topic_message else None
