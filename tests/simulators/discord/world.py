"""People, guilds, channels and messages as Discord keeps them, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntFlag
from typing import Any, Literal

Json = dict[str, Any]
Clock = Callable[[], datetime]
EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
"""When snowflakes begin (Discord docs, Snowflakes)."""


class Permission(IntFlag):
    """The permissions that the simulator looks at (Discord docs, Permissions)."""

    CREATE_INSTANT_INVITE = 1 << 0
    KICK_MEMBERS = 1 << 1
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_ROLES = 1 << 28
    USE_APPLICATION_COMMANDS = 1 << 31
    SEND_MESSAGES_IN_THREADS = 1 << 38
    PIN_MESSAGES = 1 << 51


P = Permission
ALL = (1 << 53) - 1
EVERYBODY = int(
    P.ADD_REACTIONS
    | P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.EMBED_LINKS
    | P.ATTACH_FILES
    | P.READ_MESSAGE_HISTORY
    | P.USE_APPLICATION_COMMANDS
    | P.SEND_MESSAGES_IN_THREADS
)
"""What ``@everyone`` may in a new guild, without pinging everybody."""

OF_THE_BOT = EVERYBODY | P.MANAGE_MESSAGES | P.PIN_MESSAGES | P.MENTION_EVERYONE
"""What the role of a bot usually gives, beside what everybody may."""


class Named:
    """Something whose place in the world is too large to be shown with it."""

    def __repr__(self) -> str:
        words = vars(self).get("name") or vars(self).get("content") or ""
        return f"<{type(self).__name__} {vars(self).get('id', '')} {words!r}>"


class Snowflakes:
    """Ids that ascend and are unique even when time stands still.

    Args:
        now: the time.
    """

    def __init__(self, now: Clock) -> None:
        self._now = now
        self._last = 0

    def next(self) -> int:
        """Return a new one."""
        self._last = max(self._last + 1, (self._now() - EPOCH) // timedelta(milliseconds=1) << 22)
        return self._last


@dataclass(eq=False, repr=False)
class User(Named):
    """Somebody with an account.

    Attributes:
        accepts_direct: whether they let members of their guilds write to them.
    """

    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    accepts_direct: bool = True


@dataclass(eq=False, repr=False)
class Role(Named):
    """A role of a guild."""

    id: int
    name: str
    position: int
    permissions: int
    managed: bool = False
    colour: int = 0
    hoist: bool = False
    mentionable: bool = False

    @property
    def height(self) -> tuple[int, int]:
        """Where it stands: of equal positions the older one is above (discord.js 3175, discord.py Role.__lt__)."""
        return self.position, -self.id


@dataclass(eq=False)
class Member:
    """Somebody in a guild."""

    user: User
    joined_at: datetime
    roles: list[Role] = field(default_factory=lambda: [])
    nick: str | None = None


@dataclass(eq=False, repr=False)
class Guild(Named):
    """A guild, which people call a server.

    Attributes:
        greets: whether joins are announced in the system channel.
        commands: the application commands that the bot registered here.
        vanity: the code of the guild's own address.
    """

    id: int
    name: str
    owner: User
    everyone: Role
    members: dict[int, Member] = field(default_factory=lambda: {})
    roles: list[Role] = field(default_factory=lambda: [])
    channels: list[Channel] = field(default_factory=lambda: [])
    system: Channel | None = None
    greets: bool = True
    commands: list[Json] = field(default_factory=lambda: [])
    vanity: str | None = None

    @property
    def general(self) -> Channel:
        """The first channel."""
        return self.channels[0]


@dataclass(eq=False, repr=False)
class Channel(Named):
    """A channel of a guild, a thread in one, or the direct channel of one person with the bot.

    Attributes:
        overwrites: by id of a role or member, whose kind (0, 1) it is, and what is allowed and denied there.
    """

    id: int
    name: str
    kind: Literal["text", "dm", "voice", "category", "news", "thread", "stage", "forum"]
    guild: Guild | None = None
    parent: Channel | None = None
    owner: User | None = None
    at: datetime = EPOCH
    messages: dict[int, Message] = field(default_factory=lambda: {})
    overwrites: dict[int, tuple[int, int, int]] = field(default_factory=lambda: {})

    @property
    def last(self) -> Message | None:
        """The last message that all see; Discord tells its id even after it was deleted."""
        return next((one for one in reversed(self.messages.values()) if one.only_to is None), None)

    def find(self, number: int) -> Message | None:
        """Return a message that all see."""
        found = self.messages.get(number)
        return None if found is None or found.deleted or found.only_to else found


@dataclass(eq=False, repr=False)
class Message(Named):
    """A message where it stands.

    Attributes:
        only_to: the one person who sees it.
        loading: whether it says that the bot is thinking.
        caused_by: the interaction that it answers.
        files: the bytes of its attachments, by their ids.
        mentioned_users: who is pinged by it.
    """

    id: int
    channel: Channel
    author: User
    at: datetime
    content: str = ""
    kind: str = "text"
    rows: list[list[Json]] = field(default_factory=lambda: [])
    embeds: list[Json] = field(default_factory=lambda: [])
    attachments: list[Json] = field(default_factory=lambda: [])
    files: dict[str, bytes] = field(default_factory=lambda: {})
    reply_to: Message | None = None
    flags: int = 0
    nonce: str | None = None
    only_to: User | None = None
    loading: bool = False
    caused_by: Interaction | None = None
    mentioned_users: list[User] = field(default_factory=lambda: [])
    mentioned_roles: list[Role] = field(default_factory=lambda: [])
    mentioned_everyone: bool = False
    reactions: dict[str, list[User]] = field(default_factory=lambda: {})
    edits: int = 0
    edited_at: datetime | None = None
    pinned_at: datetime | None = None
    deleted: bool = False

    @property
    def buttons(self) -> list[str]:
        """What its buttons say."""
        return [button.get("label", "") for row in self.rows for button in row]

    @property
    def ephemeral(self) -> bool:
        """Whether one person alone sees it."""
        return self.only_to is not None

    @property
    def pinned(self) -> bool:
        """Whether it is pinned."""
        return self.pinned_at is not None


@dataclass(eq=False, repr=False)
class Interaction(Named):
    """A command that somebody used or a button that somebody pressed, and what they were shown for it.

    Attributes:
        message: where the button is.
        ephemeral: whether the deferral promised an answer for one person.
        original: what ``@original`` is.
        messages: what answered it, in order; a deferred one from when it says something.
    """

    id: int
    token: str
    user: User
    channel: Channel
    at: datetime
    type: Literal[2, 3]
    data: Json
    message: Message | None = None
    acknowledged: bool = False
    deferred: Literal["message", "update"] | None = None
    ephemeral: bool = False
    original: Message | None = None
    messages: list[Message] = field(default_factory=lambda: [])


def allowed(user: User, guild: Guild, channel: Channel | None = None) -> int:
    """Return what somebody may (Discord docs, Permission Overwrites); threads are as their channel."""
    member = guild.members.get(user.id)
    if member is None:
        return 0
    found = guild.everyone.permissions
    for role in member.roles:
        found |= role.permissions
    if guild.owner is user or found & P.ADMINISTRATOR:
        return ALL
    place = channel.parent if channel is not None and channel.kind == "thread" else channel
    if place is None:
        return found
    groups = [[guild.everyone.id], [role.id for role in member.roles], [user.id]]
    for ids in groups:
        told = [place.overwrites[number] for number in ids if number in place.overwrites]
        for _, _, deny in told:
            found &= ~deny
        for _, allow, _ in told:
            found |= allow
    return found if found & P.VIEW_CHANNEL else 0


def highest(user: User, guild: Guild) -> tuple[int, int]:
    """Return how high somebody's highest role stands; nobody stands above the owner."""
    if guild.owner is user:
        return max(role.position for role in (guild.everyone, *guild.roles)) + 1, 0
    return max(role.height for role in (guild.everyone, *guild.members[user.id].roles))
