"""The message that a command was used on: pure functions."""

from __future__ import annotations

from typing import Any

import msgspec

from xiaoer import MessageKind, Quoted, Who
from xiaoer_telegram.carrying import KINDS, attachments_in, kind_of
from xiaoer_telegram.updates import Chat, Message, User
from xiaoer_telegram.view import View, author_of, clean, nobody, who_is


class _Origin(msgspec.Struct):
    """What is read of Bot API, MessageOrigin."""

    sender_user: User | None = None
    sender_chat: Chat | None = None
    chat: Chat | None = None


class _Elsewhere(msgspec.Struct):
    """What is read of Bot API, ExternalReplyInfo."""

    origin: _Origin


class _Part(msgspec.Struct):
    """What is read of Bot API, TextQuote: ``is_manual`` says that the person chose it."""

    text: str = ""
    is_manual: bool = False


def quoted(message: Message, reply_to: str | None, space: str, view: View) -> Quoted | None:
    """Return the message that a command answers; None when it answers none.

    Args:
        message: the command.
        reply_to: the name of the message that it answers in this chat.
        space: where.
        view: what is known.
    """
    part = _read(message.quote, _Part) or _Part()
    reply = message.reply_to_message
    if reply is not None and reply_to is not None:
        chosen = part.text if part.is_manual else ""
        words = clean(chosen or reply.text or reply.caption or "")
        files = attachments_in(msgspec.structs.asdict(reply))
        return Quoted(reply_to, author_of(reply, space, view), words, kind_of(reply) or "other", files)
    elsewhere = _read(message.external_reply, _Elsewhere)
    if elsewhere is None:
        return None
    files = attachments_in(message.external_reply)
    # its id would name another message here
    return Quoted("", _author(elsewhere.origin), clean(part.text), _kind(message.external_reply), files)


def _read(given: Any, kind: type[Any]) -> Any:
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError:
        return None


def _author(origin: _Origin) -> Who | None:
    if origin.sender_user is not None:
        return who_is(origin.sender_user, "")
    chat = origin.sender_chat or origin.chat
    return nobody(chat, Chat(id=0, type=""), "") if chat is not None else None


def _kind(fields: dict[str, Any]) -> MessageKind:
    for field, kind in KINDS.items():
        if fields.get(field):
            return kind
    return "text"  # of which nothing but the quoted part is told
