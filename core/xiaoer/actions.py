"""What plugins ask platforms to do: requests, stored with the state they belong to and performed after the commit."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias
from zlib import crc32

import msgspec

from xiaoer.content import Content
from xiaoer.events import Attachment

Guarantee: TypeAlias = Literal["at_most_once", "at_least_once"]


class Then(msgspec.Struct, frozen=True):
    """What to tell the plugin when an action has ended.

    Args:
        name: one of the plugin's declared continuations.
        data: small JSON state that comes back with it.
    """

    name: str
    data: dict[str, Any] = {}


class Action(msgspec.Struct, frozen=True, kw_only=True, tag_field="do"):
    """A request to a platform.

    Args:
        chat: where, for instance ``telegram:-1001``.
        then: what to tell the plugin afterwards.
        deadline: after this community time it is not worth doing any more; None for always.
    """

    chat: str
    then: Then | None = None
    deadline: datetime | None = None


class SendMessage(Action, frozen=True, kw_only=True, tag_field="do", tag="send"):
    """Post a message.

    Args:
        content: what it says.
        reply_to: the message it answers.
        only_to: the account that alone should see it.
        public_instead: whether it is posted for everybody where it cannot be shown to that person alone in the chat;
            otherwise it is written to them in private, or not at all.
        guarantee: what a crash in mid-air may do: ``at_most_once`` may lose it (reported), ``at_least_once`` may
            repeat it.
    """

    content: Content
    reply_to: str | None = None
    only_to: str | None = None
    public_instead: bool = False
    guarantee: Guarantee = "at_least_once"


class ShowMessage(Action, frozen=True, kw_only=True, tag_field="do", tag="show"):
    """Say what a message should look like now; delivery sends, edits or waits.

    Args:
        key: the plugin's name for the message, for instance ``envelope:42``.
        content: what it says now; None takes it away.
        pinned: whether it is pinned.
        only_to, public_instead: as for :class:`SendMessage`.
    """

    key: str
    content: Content | None
    pinned: bool = False
    only_to: str | None = None
    public_instead: bool = False


class KeepFile(Action, frozen=True, kw_only=True, tag_field="do", tag="keep"):
    """Keep a copy of a file that hangs on a message; ``then=`` hears under which digest, or why not.

    Args:
        attachment: the file.
    """

    attachment: Attachment


class DeleteMessage(Action, frozen=True, kw_only=True, tag_field="do", tag="delete"):
    """Delete a message by the platform's id."""

    message: str


class AnswerPerson(Action, frozen=True, kw_only=True, tag_field="do", tag="answer"):
    """Answer somebody's command or button press.

    Args:
        handle: the event's handle.
        content: what it says.
        private: whether only that person may see it; never falls back to a public answer.
        to: the account that asked.
    """

    handle: str
    content: Content
    private: bool
    to: str


AnyAction: TypeAlias = SendMessage | ShowMessage | KeepFile | DeleteMessage | AnswerPerson

BESIDE, ANSWER, PROMPT, BROADCAST = 3, 2, 1, 0

BESIDES = 4
"""So many things are done at once on a platform beside its messages."""


def urgency_of(action: AnyAction) -> int:
    """Return how urgent an action is.

    It is 3 for what is done beside the messages, 2 for an answer, 1 for what a person caused, 0 for what goes out to
    many.
    """
    if isinstance(action, KeepFile):
        return BESIDE
    if isinstance(action, AnswerPerson):
        return ANSWER
    many = isinstance(action, SendMessage) and action.guarantee == "at_most_once"
    return BROADCAST if many else PROMPT


def beside(chat: str) -> str:
    """Return where something waits that concerns a chat and must not hold up its messages, as a long download would."""
    return f"{chat.partition(':')[0]}:beside/{crc32(chat.encode()) % BESIDES}"


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyAction] = msgspec.json.Decoder(AnyAction)


def encode_action(action: AnyAction) -> bytes:
    """Return an action as JSON, as the outbox keeps it.

    What a picture looks like is left out, because it is drawn anew, and the bytes of a file, because they are kept.
    """
    content = None if isinstance(action, DeleteMessage | KeepFile) else action.content
    if content is not None and content.picture is not None and content.picture.png:
        picture = msgspec.structs.replace(content.picture, png=b"")
        action = msgspec.structs.replace(action, content=msgspec.structs.replace(content, picture=picture))
    if content is not None and content.file is not None and content.file.data:
        file = msgspec.structs.replace(content.file, data=b"")
        action = msgspec.structs.replace(action, content=msgspec.structs.replace(content, file=file))
    return _encoder.encode(action)


def decode_action(data: bytes) -> AnyAction:
    """Return the action that :func:`encode_action` wrote."""
    return _decoder.decode(data)
