"""From what a browser posts to what happened: pure functions from bytes to events.

A request's ``key`` is made by the browser and stays the same when it asks again, so that nothing happens twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec

from xiaoer import (
    AnyEvent,
    BadgesChanged,
    ButtonPressed,
    CommandUsed,
    JoinRequested,
    JoinSource,
    MemberJoined,
    MemberLeft,
    MessageKind,
    MessagePosted,
    Quoted,
    ReactionChanged,
    Who,
)

Key: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9-]{8,64}$")]
PersonId: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,40}$")]
MessageId: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
Typed: TypeAlias = Annotated[str, msgspec.Meta(max_length=4096)]
Code: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Digest: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
PersonName: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
Place: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^web:[^\s]{1,100}$")]


class Request(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    """Something that a person does.

    Args:
        key: the request's name, made by the browser.
        space: the room.
        chat: where in the room.
        me: the person.
    """

    key: Key
    space: Place
    chat: Place
    me: PersonId


class Join(Request, frozen=True, kw_only=True, tag_field="do", tag="join"):
    """Come in by name, by the link of the person in ``by``, pulled in by that person, or by the bot's ``invite``."""

    name: PersonName
    locale: Literal["zh", "en"] = "en"
    how: Literal["name", "link", "pulled"] = "name"
    by: PersonId | None = None
    invite: Code | None = None


class Leave(Request, frozen=True, kw_only=True, tag_field="do", tag="leave"):
    """Go away."""


class Write(Request, frozen=True, kw_only=True, tag_field="do", tag="write"):
    """Write, reply (``reply_to``), or change one's own words (``edits``); a slash begins a command.

    ``attach`` is a file that was posted before, and ``called`` its name; without one there must be words.
    """

    text: Typed
    kind: MessageKind = "text"
    reply_to: MessageId | None = None
    edits: MessageId | None = None
    attach: Digest | None = None
    called: Annotated[str, msgspec.Meta(max_length=100)] = ""

    def __post_init__(self) -> None:
        if not self.text and self.attach is None:
            raise ValueError("write something, or attach a file")

    @property
    def is_command(self) -> bool:
        """Whether it is a command."""
        return self.text.startswith("/") and self.kind == "text" and self.edits is None


class React(Request, frozen=True, kw_only=True, tag_field="do", tag="react"):
    """Put a reaction under a message, or take it back."""

    message: MessageId
    emoji: Literal["👍", "❤️", "😂", "🎉"]
    on: bool = True


class Press(Request, frozen=True, kw_only=True, tag_field="do", tag="press"):
    """Press a button."""

    message: MessageId
    button: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Strip(Request, frozen=True, kw_only=True, tag_field="do", tag="strip"):
    """Take a badge from somebody by hand."""

    whose: PersonId
    plugin: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]
    kind: Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


AnyRequest: TypeAlias = Join | Leave | Write | React | Press | Strip

_one: msgspec.json.Decoder[AnyRequest] = msgspec.json.Decoder(AnyRequest)
_many: msgspec.json.Decoder[list[AnyRequest]] = msgspec.json.Decoder(list[AnyRequest])

SOURCES: dict[str, Literal["name", "referral", "pulled_in"]] = {
    "name": "name",
    "link": "referral",
    "pulled": "pulled_in",
}


def decode(body: bytes) -> list[AnyRequest]:
    """Return the requests in a body: one, or a list of them in the order in which they were made.

    Raises:
        msgspec.ValidationError: the body is not that.
    """
    return _many.decode(body) if body[:1] == b"[" else [_one.decode(body)]


def translate(
    request: AnyRequest,
    who: Who,
    at: datetime,
    *,
    invite: str | None = None,
    quoted: Quoted | None = None,
    asks: bool = False,
) -> AnyEvent:
    """Return what happened.

    Args:
        request: what the person does.
        who: the person, or the one whose badge is taken.
        at: community time.
        invite: the address of the invite by which they come in.
        quoted: the message that is answered.
        asks: whether who comes has to be let in first.
    """
    key = f"web:{request.key}"
    match request:
        case Write():
            return _written(request, key, who, at, quoted)
        case Press():
            return ButtonPressed(
                key=key,
                at=at,
                space=request.space,
                chat=request.chat,
                who=who,
                message=request.message,
                button=request.button,
                handle=key,
            )
        case React():
            emoji = (request.emoji,)
            return ReactionChanged(
                key=key,
                at=at,
                space=request.space,
                chat=request.chat,
                who=who,
                message=request.message,
                added=emoji if request.on else (),
                removed=() if request.on else emoji,
            )
        case Join():
            source = source_of(request, invite)
            if asks:
                return JoinRequested(
                    key=key, at=at, space=request.space, chat=request.chat, who=who, handle=key, source=source
                )
            return MemberJoined(key=key, at=at, space=request.space, chat=request.chat, who=who, source=source)
        case Leave():
            return MemberLeft(key=key, at=at, space=request.space, chat=request.chat, who=who)
        case Strip():
            return BadgesChanged(key=key, at=at, space=request.space, who=who)


def source_of(request: Join, invite: str | None = None) -> JoinSource:
    """Return how somebody found the door."""
    if invite is not None:
        return JoinSource("referral", "exact", invite=invite)
    return JoinSource(SOURCES[request.how], "exact", by=f"web:{request.by}" if request.by else None)


def _written(request: Write, key: str, who: Who, at: datetime, quoted: Quoted | None) -> MessagePosted | CommandUsed:
    space, chat = request.space, request.chat
    if request.is_command:
        text = request.text[1:]
        return CommandUsed(
            key=key,
            at=at,
            space=space,
            chat=chat,
            who=who,
            text=text,
            handle=key,
            message=key,
            reply_to=request.reply_to,
            quoted=quoted,
        )
    return MessagePosted(
        key=key,
        at=at,
        space=space,
        chat=chat,
        who=who,
        message=request.edits or key,
        kind=request.kind,
        text=request.text,
        reply_to=request.reply_to,
        edited=request.edits is not None,
    )
