"""What happened: facts in the past, as adapters translate them and hooks receive them.

Ids are text with the platform in front: a space or chat ``telegram:-1001``, an account ``discord:42``. An event's key
names the fact for ever: the same fact delivered twice has the same key and changes state once.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

SourceKind: TypeAlias = Literal["unknown", "pulled_in", "event", "referral", "public_link", "name"]
Certainty: TypeAlias = Literal["exact", "inferred", "ambiguous", "declared", "unknown"]
MessageKind: TypeAlias = Literal[
    "text", "photo", "video", "voice", "audio", "sticker", "file", "forward", "poll", "location", "other"
]


class Who(msgspec.Struct, frozen=True):
    """The account that did something.

    Args:
        account: platform and user id, for instance ``telegram:123``.
        name: the name people see; empty when the platform does not tell it with this event.
        locale: what the platform tells of the person's language, for instance ``zh-hans``; None when it does not.
        role: what the person is on the platform (``owner``, ``admin``, a role's name), which the community's table
            maps to a role of Xiaoer; empty for an ordinary member.
        bot: whether it is a bot; bots' events are ignored.
        handle: the name by which others write to them, without the @; empty where there is none.
    """

    account: str
    name: str
    locale: str | None = None
    role: str = ""
    bot: bool = False
    handle: str = ""


class Candidate(msgspec.Struct, frozen=True):
    """An invite by which somebody may have come in, and the account that made it; None when the bot did."""

    invite: str
    by: str | None = None


class JoinSource(msgspec.Struct, frozen=True):
    """How somebody came in, and how surely that is known.

    Args:
        kind: the way they came.
        certainty: ``exact`` when the platform leaves no other answer, ``inferred`` when only one way is left that is
            known of, ``ambiguous`` when several are, ``declared`` when the newcomer says so.
        by: the account that pulled them in or made the invite, where known. None when the bot made it: then whoever
            asked for it by :class:`~xiaoer.CreateInvite` knows by ``invite`` whom it is for.
        invite: the invite's address, where known: the same that :class:`~xiaoer.ActionEnded` told when the bot made it.
            Of links that others made Telegram hides the end.
        candidates: when ambiguous, the invites that it may have been; it may have been none of them as well.
    """

    kind: SourceKind = "unknown"
    certainty: Certainty = "unknown"
    by: str | None = None
    invite: str | None = None
    candidates: tuple[Candidate, ...] = ()


class Attachment(msgspec.Struct, frozen=True):
    """A file that hangs on a message, as its platform names and describes it; :class:`~xiaoer.KeepFile` copies it.

    Args:
        kind: what it is.
        name: what it is called; empty where it has no name.
        mime: what the platform takes it for, for instance ``image/png``; empty where it does not say.
        size: bytes; None where the platform does not say.
        handle: how the adapter finds it again; the adapter's own.
    """

    kind: MessageKind
    name: str
    mime: str
    size: int | None
    handle: str


class Quoted(msgspec.Struct, frozen=True):
    """The message that a command was used on.

    Args:
        message: the platform's id of it.
        who: who wrote it; None where the platform does not tell.
        text: what it says, or the part of it that was marked; data, never markup.
        kind: what it carries.
        attachments: the files that hang on it.
    """

    message: str
    who: Who | None
    text: str
    kind: MessageKind = "text"
    attachments: tuple[Attachment, ...] = ()


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """A fact.

    Args:
        key: names the fact for ever, with the platform in front.
        at: when it happened, in community time, with a time zone.
    """

    key: str
    at: datetime


class PlatformEvent(Event, frozen=True, kw_only=True, tag_field="type"):
    """A fact that a platform told.

    Args:
        space: the Telegram chat, Discord guild or sandbox it happened in; it decides the community.
        who: the account that did it.
        chat: where in the space, None for what is space-wide.
    """

    space: str
    who: Who
    chat: str | None = None


class MemberJoined(PlatformEvent, frozen=True, kw_only=True, tag_field="type", tag="join"):
    """Somebody came into a space."""

    source: JoinSource = JoinSource()


class JoinRequested(PlatformEvent, frozen=True, kw_only=True, tag_field="type", tag="request"):
    """Somebody asked to be let into a space; they are no member before it is decided.

    Args:
        handle: what :class:`~xiaoer.DecideJoin` needs; the adapter's own.
        source: how they found it.
    """

    handle: str
    source: JoinSource = JoinSource()


class BadgesChanged(PlatformEvent, frozen=True, kw_only=True, tag_field="type", tag="badges"):
    """What somebody wears in a space of the badges that were given was changed, by the bot itself or by hand."""


class MemberLeft(PlatformEvent, frozen=True, kw_only=True, tag_field="type", tag="leave"):
    """Somebody left a space, or was removed by the account in ``by``."""

    by: str | None = None


class MessagePosted(PlatformEvent, frozen=True, kw_only=True, tag_field="type", tag="message"):
    """Somebody wrote, or edited what they had written.

    Args:
        message: the platform's id of the message.
        kind: what it carries.
        text: what they typed, or the caption; data, never markup.
        reply_to: the message it answers.
        edited: whether this is the new wording of a message told before.
    """

    message: str
    kind: MessageKind = "text"
    text: str = ""
    reply_to: str | None = None
    edited: bool = False


class ReactionChanged(PlatformEvent, frozen=True, kw_only=True, tag_field="type", tag="reaction"):
    """Somebody changed their reactions to a message; both tuples hold emoji or the platform's names."""

    message: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class ButtonPressed(PlatformEvent, frozen=True, kw_only=True, tag_field="type", tag="button"):
    """Somebody pressed a button.

    Args:
        message: the message it is under.
        button: the signed id that came back.
        handle: where the answer to this press goes; the adapter's own, valid for a limited time.
    """

    message: str
    button: str
    handle: str


class CommandUsed(PlatformEvent, frozen=True, kw_only=True, tag_field="type", tag="command"):
    """Somebody used a slash command.

    Args:
        text: what was typed behind the slash, for instance ``rules set Be kind``; on platforms with structured
            commands the path alone.
        options: the values by parameter name, where the platform has taken the command apart; else None.
        handle: where the answer goes; the adapter's own, valid for a limited time.
        message: the platform's id of the message that held it, where there is one.
        reply_to: the message it was written in answer to, where there is one.
        quoted: the message it was used on: the one it answers, as far as the platform tells it with the command.
    """

    text: str
    handle: str
    options: dict[str, str] | None = None
    message: str | None = None
    reply_to: str | None = None
    quoted: Quoted | None = None


class ScheduleDue(Event, frozen=True, kw_only=True, tag_field="type", tag="schedule"):
    """A timer of a plugin came due; only that plugin hears of it.

    Args:
        community: the community it belongs to.
        plugin: the plugin that set it.
        job: the plugin's name for it.
        due: when it was due, in community time; ``at`` is when it fired.
        data: what the plugin stored with it.
        merged: how many due times this one stands for.
    """

    community: str
    plugin: str
    job: str
    due: datetime
    data: dict[str, Any] = {}
    merged: int = 1


class ActionEnded(Event, frozen=True, kw_only=True, tag_field="type", tag="action"):
    """An action that was requested with ``then=`` was performed, or cannot be; only its plugin hears of it.

    Args:
        community: the community it belongs to.
        plugin: the plugin that asked for it.
        then: the declared continuation.
        data: what the plugin stored with it.
        message: the platform's id of what was sent; None when nothing was.
        error: why it cannot be; None when it was performed.
        invite: the address of the invite that was made, on which people can click; None when none was.
        file: the digest under which a file is kept; None when none is.
        why: the key of the text that tells people why it cannot be; None when there is none.
        values: what that text names.
        prompted: whether a person caused it; what a timer causes counts towards the notification budget.
    """

    community: str
    plugin: str
    then: str
    data: dict[str, Any] = {}
    message: str | None = None
    error: str | None = None
    invite: str | None = None
    file: str | None = None
    why: str | None = None
    values: dict[str, Any] = {}
    prompted: bool = True


class ReferralConfirmed(Event, frozen=True, kw_only=True, tag_field="type", tag="referral"):
    """It is settled that somebody brought somebody: the newcomer stayed and took part; every plugin hears of it.

    Args:
        community: the community it belongs to.
        inviter: the account that brought them.
        newcomer: the account that came.
        space: where they came in.
        certainty: how surely it is known who brought them; ``declared`` when both say so.
    """

    community: str
    inviter: str
    newcomer: str
    space: str
    certainty: Certainty


AnyEvent: TypeAlias = (
    MemberJoined
    | JoinRequested
    | BadgesChanged
    | MemberLeft
    | MessagePosted
    | ReactionChanged
    | ButtonPressed
    | CommandUsed
    | ScheduleDue
    | ActionEnded
    | ReferralConfirmed
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode_event(event: Event) -> bytes:
    """Return an event as JSON, as the inbox keeps it."""
    return _encoder.encode(event)


def decode_event(data: bytes) -> AnyEvent:
    """Return the event that :func:`encode_event` wrote.

    Raises:
        msgspec.ValidationError: the data is not such an event.
    """
    return _decoder.decode(data)
