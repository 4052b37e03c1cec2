"""What an adapter is: it translates, performs and describes one platform."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple, TypeAlias

import msgspec
from pydantic import BaseModel

from xiaoer.badges import Badge
from xiaoer.content import Content
from xiaoer.events import Attachment

if TYPE_CHECKING:
    from xiaoer.host import Host

Capability: TypeAlias = Literal[
    "only_to",
    "direct",
    "private_answer",
    "edit",
    "delete",
    "pin",
    "invite",
    "fetch",
    "badge",
    "gate",
    "join_request",
    "remove",
]
"""What a platform can do.

``only_to`` shows a message in a chat to one person only, ``direct`` writes to one person in private, ``fetch`` hands
out the files that hang on messages, ``gate`` shows a chat only to those who wear a badge, ``join_request`` lets people
ask to be let into a space, ``remove`` removes somebody from a space.
"""


class Send(msgspec.Struct, frozen=True):
    """Post a message; ``id`` is the same at every try, so a platform that can tell repeats apart should be given it.

    Another try may say something else, because something else is wanted by then: the message has to say that.
    With ``only_to`` that account alone may see it: in the chat, else in private.
    """

    id: str
    chat: str
    content: Content
    reply_to: str | None = None
    only_to: str | None = None


class Edit(msgspec.Struct, frozen=True):
    """Change what a message says."""

    id: str
    chat: str
    message: str
    content: Content
    only_to: str | None = None


class Delete(msgspec.Struct, frozen=True):
    """Take a message away; one that is gone already is a success."""

    id: str
    chat: str
    message: str


class Pin(msgspec.Struct, frozen=True):
    """Pin a message, or unpin it."""

    id: str
    chat: str
    message: str
    pinned: bool


class Answer(msgspec.Struct, frozen=True):
    """Answer the command or button press with this handle."""

    id: str
    chat: str
    handle: str
    content: Content
    private: bool
    to: str


class Invite(msgspec.Struct, frozen=True):
    """Make an invite, and give its address back; see :class:`~xiaoer.CreateInvite`."""

    id: str
    chat: str
    name: str = ""
    expires: datetime | None = None
    uses: int | None = None


class Revoke(msgspec.Struct, frozen=True):
    """Make an invite good for nobody any more; one that is so already is a success."""

    id: str
    chat: str
    invite: str


class Fetch(msgspec.Struct, frozen=True):
    """Hand out a file that hangs on a message.

    Args:
        id: the same at every try.
        chat: where it hangs.
        attachment: the file.
        limit: how many bytes it may have.
    """

    id: str
    chat: str
    attachment: Attachment
    limit: int = 0


class Wear(msgspec.Struct, frozen=True):
    """Make somebody wear these badges in a space and no others of the same plugin; see :class:`~xiaoer.WearBadges`.

    Args:
        id: the same at every try.
        chat: the space.
        plugin: whose badges they are; others' kinds may have the same names.
        account: who.
        badges: all that they wear of this plugin, the most important one first.
    """

    id: str
    chat: str
    plugin: str
    account: str
    badges: tuple[Badge, ...]


class Gate(msgspec.Struct, frozen=True):
    """Let only those see a chat who wear a plugin's badge, or take that away; see :class:`~xiaoer.GateChat`."""

    id: str
    chat: str
    plugin: str
    badge: Badge | None


class Decide(msgspec.Struct, frozen=True):
    """Let somebody in who asked for it, or not, and tell them; decided already is a success."""

    id: str
    chat: str
    account: str
    handle: str
    admit: bool
    content: Content | None


class Remove(msgspec.Struct, frozen=True):
    """Remove somebody from a space, for now; one who is not there is a success."""

    id: str
    chat: str
    account: str


Request: TypeAlias = Send | Edit | Delete | Pin | Answer | Invite | Revoke | Fetch | Wear | Gate | Decide | Remove


class Receipt(NamedTuple):
    """What a platform says of a request it performed.

    Args:
        message: the id of the message that now stands, where there is one.
        invite: the address of the invite that was made.
        data: the bytes of a file that was fetched.
    """

    message: str | None = None
    invite: str | None = None
    data: bytes | None = None


class Ids(NamedTuple):
    """How ids look behind the platform's name: regular expressions, and an example for the operator."""

    space: str = r"[^\s/]+"
    chat: str = r"\S+"
    account: str = r"\S+"
    example: str = ""


class Limits(NamedTuple):
    """What a platform takes; what is None or zero is not limited.

    Args:
        per_second: messages a second over all chats.
        chat_pause: seconds between two messages to one chat.
        group_per_minute: messages a minute to one group.
        change_pause: seconds between two changes of messages that stand in one chat already.
    """

    per_second: float | None = None
    chat_pause: float = 0.0
    group_per_minute: int | None = None
    change_pause: float = 0.0


class Adapter(ABC):
    """One platform.

    Args:
        settings: its section ``[adapters.<platform>]``, an instance of the class attribute ``settings``.
        host: what the core gives it.

    Attributes:
        platform: the prefix of its ids.
        settings: the model of its section; a field named ``token_env`` names the environment variable of a token.
        capabilities: what it can do; from them the core chooses the declared next best.
        ids: how its ids look.
        limits: what it takes; delivery keeps to them.
        sandbox: whether its chats are for trying things out; where all are, community time can be moved.
    """

    platform: ClassVar[str]
    settings: ClassVar[type[BaseModel]]
    capabilities: ClassVar[frozenset[Capability]]
    ids: ClassVar[Ids] = Ids()
    limits: ClassVar[Limits] = Limits()
    sandbox: ClassVar[bool] = False

    def __init__(self, settings: BaseModel, host: Host) -> None:
        del settings  # each adapter reads its own
        self.host = host

    def is_group(self, chat: str) -> bool:
        """Return whether the limit of groups holds for a chat."""
        del chat
        return False

    def is_paced(self, request: Request) -> bool:
        """Return whether a request counts towards the limits of messages."""
        return not isinstance(request, Fetch | Wear | Gate | Decide | Remove)

    @abstractmethod
    async def start(self) -> str:
        """Begin to serve and return one line that tells the operator where."""

    @abstractmethod
    async def stop(self) -> None:
        """Stop taking events and release everything."""

    @abstractmethod
    async def perform(self, request: Request) -> Receipt:
        """Do what is asked.

        Raises:
            TryLater: the platform asks to wait.
            Hopeless: trying again cannot help; with the key of a text it says to people why.
            NotPermitted: the bot lacks a right, and the adapter has told the admins which, once.
            Gone: the message or file that it is about is not there any more.
            FileRefused: the file that shall be fetched has too many bytes.
            NotPrivately: it cannot be shown to that person alone.
            Unclear: it may or may not have happened.
        """
