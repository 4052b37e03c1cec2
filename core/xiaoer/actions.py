"""What plugins ask platforms to do: requests, stored with the state they belong to and performed after the commit."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias
from zlib import crc32

import msgspec

from xiaoer.badges import Badge
from xiaoer.content import Content
from xiaoer.events import ActionEnded, Attachment

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
        key: the plugin's name for it: what it asked for with the same name in the same chat and is still waiting gives
            way to this.
        batch: the plugin's name for the broadcast that it is part of; see :class:`~xiaoer.Batch`.
    """

    content: Content
    reply_to: str | None = None
    only_to: str | None = None
    public_instead: bool = False
    guarantee: Guarantee = "at_least_once"
    key: str | None = None
    batch: str | None = None


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


class CreateInvite(Action, frozen=True, kw_only=True, tag_field="do", tag="invite"):
    """Make an invite: an address by which people come in; ``then`` hears it.

    A kill in mid-air or a connection that breaks may leave a spare one (at least once), whose address nobody was told.
    Telegram cannot be asked for the links that the bot made, so no request stands in their names to be found by: admins
    see two of one name, and the one that nobody uses is the spare.

    Args:
        chat: the space that it leads into.
        name: what the space's admins see it called; cut to what the platform takes.
        expires: the community time until which it is good; None for always. Discord takes a week at most.
        uses: how many may come in by it; None for any number. Telegram takes 99,999 at most, and there who left makes
            room again; Discord takes 100.
    """

    name: str = ""
    expires: datetime | None = None
    uses: int | None = None


class RevokeInvite(Action, frozen=True, kw_only=True, tag_field="do", tag="revoke"):
    """Make an invite good for nobody any more; one that is good for nobody already is a success.

    Args:
        chat: the space that it leads into.
        invite: its address, as :class:`CreateInvite` gave it.
    """

    invite: str


class WearBadges(Action, frozen=True, kw_only=True, tag_field="do", tag="wear"):
    """Say which badges of this plugin somebody wears in a space now; those that they wore and are not named are taken.

    The platform is asked again at every request, so requesting it once more repairs what somebody changed by hand.
    ``then`` hears in ``why`` what keeps the badges from being seen, in words for people.

    Args:
        chat: the space.
        account: who.
        badges: all that they wear of this plugin, the most important one first.
    """

    account: str
    badges: tuple[Badge, ...]


class GateChat(Action, frozen=True, kw_only=True, tag_field="do", tag="gate"):
    """Let only those see a chat who wear a badge of this plugin; without one everybody who may otherwise.

    Where whole spaces have gates, as on Telegram, join requests are decided instead: see :class:`DecideJoin`.

    Args:
        chat: a chat within a space.
        badge: the badge that lets in; None takes the gate away.
    """

    badge: Badge | None


class DecideJoin(Action, frozen=True, kw_only=True, tag_field="do", tag="decide"):
    """Let somebody in who asked for it, or not; one that was decided already is a success.

    Args:
        chat: the space.
        account: who asked.
        handle: the event's handle.
        admit: whether they are let in.
        content: what they are told, in private, as far as the platform lets a bot write to them.
    """

    account: str
    handle: str
    admit: bool
    content: Content | None = None


class RemoveMember(Action, frozen=True, kw_only=True, tag_field="do", tag="remove"):
    """Remove somebody from a space; they may come back. One who is not there is a success.

    Args:
        chat: the space.
        account: who.
    """

    account: str


MemberAction: TypeAlias = WearBadges | GateChat | DecideJoin | RemoveMember
AnyAction: TypeAlias = (
    SendMessage
    | ShowMessage
    | KeepFile
    | DeleteMessage
    | AnswerPerson
    | CreateInvite
    | RevokeInvite
    | WearBadges
    | GateChat
    | DecideJoin
    | RemoveMember
)

MEMBER, BESIDE, ANSWER, PROMPT, BROADCAST = 4, 3, 2, 1, 0

BESIDES = 4
"""So many things of a kind are done at once on a platform beside its messages."""


def urgency_of(action: AnyAction) -> int:
    """Return how urgent an action is.

    It is 4 for what is done to members and 3 for files, both beside the messages, 2 for an answer, 1 for what a person
    caused, 0 for what goes out to many. Invites are as urgent as answers: somebody waits for them, and no limit of
    messages holds for them.
    """
    if isinstance(action, MemberAction):
        return MEMBER
    if isinstance(action, KeepFile):
        return BESIDE
    if isinstance(action, AnswerPerson | CreateInvite | RevokeInvite):
        return ANSWER
    many = isinstance(action, SendMessage) and (action.guarantee == "at_most_once" or action.batch is not None)
    return BROADCAST if many else PROMPT


class Asked(NamedTuple):
    """An action that was asked for: its number, whose it is, and whether a person caused it."""

    id: int
    community: str
    plugin: str
    prompted: bool


class Gained(NamedTuple):
    """What an action brought beside a message.

    Args:
        invite: the address of the invite that was made.
        file: the digest under which a file is kept.
        why: the text that tells people why it could not be done.
        values: what that text names.
    """

    invite: str | None = None
    file: str | None = None
    why: str | None = None
    values: dict[str, Any] | None = None


NOTHING = Gained()


def conclusion(
    asked: Asked,
    action: AnyAction,
    at: datetime,
    *,
    message: str | None = None,
    error: str | None = None,
    gained: Gained = NOTHING,
) -> ActionEnded | None:
    """Return the fact that an action has ended; None when its plugin does not want to know.

    Args:
        asked: which.
        action: what it was.
        at: when it ended.
        message: the platform's id of what was sent.
        error: why it could not be.
        gained: what it brought beside a message, or what people are told of why it did not.
    """
    then = action.then
    if then is None:
        return None
    return ActionEnded(
        key=f"action:{asked.id}",
        at=at,
        community=asked.community,
        plugin=asked.plugin,
        then=then.name,
        data=then.data,
        message=message,
        error=error,
        prompted=asked.prompted,
        invite=gained.invite,
        file=gained.file,
        why=gained.why,
        values=gained.values or {},
    )


def lane_of(chat: str, urgency: int) -> str:
    """Return where something waits that concerns a chat: behind its messages, or where it does not hold them up.

    What concerns the members of one space is done one after the other, in the order in which it was asked for.
    """
    if urgency not in (MEMBER, BESIDE):
        return chat
    platform, _, place = chat.partition(":")
    kind = "members" if urgency == MEMBER else "beside"
    return f"{platform}:{kind}/{crc32(place.partition('/')[0].encode()) % BESIDES}"


_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyAction] = msgspec.json.Decoder(AnyAction)


def encode_action(action: AnyAction) -> bytes:
    """Return an action as JSON, as the outbox keeps it.

    What a picture looks like is left out, because it is drawn anew, and the bytes of a file, because they are kept.
    """
    content = action.content if isinstance(action, SendMessage | ShowMessage | AnswerPerson) else None
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
