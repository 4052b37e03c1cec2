"""What people do on the simulated Discord; each act tells the bot what Discord would tell it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from tests.simulators.discord import payloads
from tests.simulators.discord.gateway import ALWAYS, Gateway, Intent, Make, Session
from tests.simulators.discord.invites import Doors
from tests.simulators.discord.mentions import DEFAULT, mention
from tests.simulators.discord.uploads import PAID, Upload, attach, sign
from tests.simulators.discord.world import (
    EPOCH,
    EVERYBODY,
    OF_THE_BOT,
    Channel,
    Clock,
    Guild,
    Interaction,
    Json,
    Member,
    Message,
    P,
    Role,
    Snowflakes,
    User,
    allowed,
)

GUILD_AND_DIRECT = (Intent.GUILD_MESSAGES, Intent.DIRECT_MESSAGES)
REACTIONS = (Intent.GUILD_MESSAGE_REACTIONS, Intent.DIRECT_MESSAGE_REACTIONS)


class People(Gateway):
    """The people and guilds of one bot.

    Args:
        token: the bot's.
        now: the time.

    Attributes:
        doors: the invites of all guilds.
    """

    def __init__(self, token: str, now: Clock | None = None) -> None:
        super().__init__(token)
        self.now: Clock = now or (lambda: datetime.now(UTC))
        self.ids = Snowflakes(self.now)
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.interactions: dict[str, Interaction] = {}
        self.doors = Doors(self)
        self.cdn_base = ""
        self._last_join = EPOCH
        self.bot = self.user("Xiaoer", bot=True)
        self.begin = self._begin

    def _begin(self, session: Session) -> None:
        mine = [guild for guild in self.guilds.values() if self.bot.id in guild.members]
        self.to(
            session,
            "READY",
            {
                "v": 10,
                "user": payloads.user_json(self.bot),
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in mine],
                "session_id": session.id,
                "resume_gateway_url": self.gateway_url,
                "shard": [0, 1],
                "application": {"id": str(self.bot.id), "flags": 0},
            },
        )
        if session.intents & Intent.GUILDS:
            for guild in mine:
                presences = bool(session.intents & Intent.GUILD_PRESENCES)
                self.to(session, "GUILD_CREATE", payloads.guild_create_json(guild, self.bot, presences=presences))

    def user(self, name: str, *, bot: bool = False) -> User:
        """Return a new person, or another bot."""
        user = User(self.ids.next(), name, bot)
        self.users[user.id] = user
        return user

    def guild(
        self, name: str = "Town", *, owner: User | None = None, number: int | None = None, bot: bool = True
    ) -> Guild:
        """Return a new guild; with ``bot`` the bot is in it already."""
        found = number or self.ids.next()
        lead = owner or self.user(f"{name} owner")
        guild = Guild(found, name, lead, Role(found, "@everyone", 0, EVERYBODY))  # both have the same id (Permissions)
        self.guilds[guild.id] = guild
        guild.members[lead.id] = Member(lead, self.now() - timedelta(days=30))
        guild.system = self.channel(guild, "general")
        if bot:
            self.invite(guild)
        return guild

    def invite(self, guild: Guild, permissions: int = OF_THE_BOT) -> None:
        """Let the bot come in, with a role of its own."""
        role = Role(self.ids.next(), self.bot.name, len(guild.roles) + 1, permissions, managed=True)
        guild.roles.append(role)
        guild.members[self.bot.id] = Member(self.bot, self._moment(), [role])
        # only what was unavailable says that it is not any more (discord.py, parse_guild_create)
        event = payloads.guild_create_json(guild, self.bot)
        del event["unavailable"]
        self.tell("GUILD_CREATE", lambda _: event, Intent.GUILDS)

    def expel(self, guild: Guild) -> None:
        """Let the bot be removed; its commands go with it (discord.js issue 10321)."""
        self.tell("GUILD_DELETE", lambda _: {"id": str(guild.id)}, Intent.GUILDS)
        guild.commands = []
        del guild.members[self.bot.id]

    def in_guild(self, guild: Guild) -> bool:
        """Whether the bot is in a guild."""
        return self.bot.id in guild.members

    def channel(
        self,
        guild: Guild,
        name: str,
        *,
        kind: Literal["text", "voice", "category", "news", "stage", "forum"] = "text",
        readable: bool = True,
    ) -> Channel:
        """Return a new channel, which the bot may not see unless it is ``readable``."""
        channel = Channel(self.ids.next(), name, kind, guild, at=self.now())
        if not readable:
            channel.overwrites[self.bot.id] = (1, 0, int(P.VIEW_CHANNEL))
        guild.channels.append(channel)
        self.channels[channel.id] = channel
        if self.in_guild(guild):
            self.tell("CHANNEL_CREATE", lambda _: payloads.channel_json(channel), Intent.GUILDS)
        return channel

    def overwrite(self, channel: Channel, of: Role | User, *, allow: int = 0, deny: int = 0) -> None:
        """Change what a role or somebody may in a channel."""
        channel.overwrites[of.id] = (0 if isinstance(of, Role) else 1, allow, deny)
        self.tell("CHANNEL_UPDATE", lambda _: payloads.channel_json(channel), Intent.GUILDS)

    def thread(self, channel: Channel, name: str, *, owner: User | None = None) -> Channel:
        """Return a new public thread of a channel."""
        assert channel.guild is not None, "a direct channel has no threads"
        thread = Channel(self.ids.next(), name, "thread", channel.guild, channel, owner or channel.guild.owner)
        thread.at = self.now()
        channel.guild.channels.append(thread)
        self.channels[thread.id] = thread
        self.tell("THREAD_CREATE", lambda _: payloads.channel_json(thread) | {"newly_created": True}, Intent.GUILDS)
        return thread

    def direct_channel(self, user: User) -> Channel:
        """Return the channel that somebody shares with the bot alone."""
        for channel in self.channels.values():
            if channel.kind == "dm" and channel.owner is user:
                return channel
        channel = Channel(self.ids.next(), "", "dm", owner=user, at=self.now())
        self.channels[channel.id] = channel
        return channel

    def join(self, guild: Guild, user: User, roles: Sequence[Role] = ()) -> None:
        """Let somebody come in, with some roles; the system channel says so (Discord docs, System Channel Flags)."""
        member = Member(user, self._moment(), [role for role in roles if role in guild.roles])
        guild.members[user.id] = member
        if self.in_guild(guild):
            event = payloads.member_json(member) | {"guild_id": str(guild.id)}
            self.tell("GUILD_MEMBER_ADD", lambda _: event, Intent.GUILD_MEMBERS)
        if guild.greets and guild.system is not None:
            self.write(guild.system, user, kind="system")

    def _moment(self) -> datetime:
        """Return when somebody comes in: no two at the same moment, though time may stand still."""
        self._last_join = max(self.now(), self._last_join + timedelta(milliseconds=1))
        return self._last_join

    def leave(self, guild: Guild, user: User, *, removed_by: User | None = None) -> None:
        """Let somebody leave, or be removed: the bot is told the same (Discord docs, Guild Member Remove)."""
        del removed_by
        del guild.members[user.id]
        event = {"guild_id": str(guild.id), "user": payloads.user_json(user)}
        if self.in_guild(guild):
            self.tell("GUILD_MEMBER_REMOVE", lambda _: event, Intent.GUILD_MEMBERS)

    def role(self, guild: Guild, name: str, position: int = 1, permissions: int = 0) -> Role:
        """Return a new role."""
        role = Role(self.ids.next(), name, position, permissions)
        guild.roles.append(role)
        self.tell_role("GUILD_ROLE_CREATE", guild, role)
        return role

    def permit(self, guild: Guild, role: Role, permissions: int) -> None:
        """Change what a role gives."""
        role.permissions = permissions
        self.tell_role("GUILD_ROLE_UPDATE", guild, role)

    def tell_role(self, event: str, guild: Guild, role: Role) -> None:
        """Tell of a role."""
        if self.in_guild(guild):
            self.tell(event, lambda _: {"guild_id": str(guild.id), "role": payloads.role_json(role)}, Intent.GUILDS)

    def grant(self, guild: Guild, user: User, role: Role) -> None:
        """Give somebody a role."""
        member = guild.members[user.id]
        member.roles.append(role)
        self.tell_member(guild, member)

    def tell_member(self, guild: Guild, member: Member) -> None:
        """Tell how a member is now."""
        event = payloads.member_json(member) | {"guild_id": str(guild.id), "avatar": None}
        # about itself the bot is told always (Discord docs, Gateway, Caveats)
        self.tell("GUILD_MEMBER_UPDATE", lambda _: event, ALWAYS if member.user is self.bot else Intent.GUILD_MEMBERS)

    def promote(self, guild: Guild, user: User) -> None:
        """Make somebody an administrator."""
        self.grant(guild, user, self.role(guild, "Admin", len(guild.roles) + 1, int(P.ADMINISTRATOR)))

    def write(
        self,
        channel: Channel,
        user: User,
        text: str = "",
        *,
        kind: str = "text",
        reply_to: Message | None = None,
        forwarded: bool = False,
        ping: bool = True,
        file: Upload | None = None,
    ) -> Message:
        """Let somebody write.

        Args:
            channel: where; somebody's direct channel too.
            user: who.
            text: what.
            kind: text, photo, video, audio, voice, document, sticker, poll, forward or system.
            reply_to: what it answers.
            forwarded: the same as the kind.
            ping: whether the one who is answered is mentioned, as the client offers.
            file: what hangs on it.
        """
        here = channel.guild is None or user.id in channel.guild.members
        assert here or kind == "system", f"{user.name} is not in {channel.guild}"
        message = Message(self.ids.next(), channel, user, self.now(), text, "forward" if forwarded else kind)
        message.reply_to = reply_to
        if file is not None:
            attach(message, {}, {"files[0]": file}, self.ids, self.cdn_base, PAID)
        mention(message, self.users, DEFAULT | {"replied_user": ping})
        self.post(message)
        return message

    def post(self, message: Message) -> None:
        """Keep a message and tell it, also to the bot that wrote it."""
        message.channel.messages[message.id] = message
        self.tell_message("MESSAGE_CREATE", message)

    def tell_message(self, event: str, message: Message) -> None:
        """Tell about a message, with the guild and the member that only events name (Discord docs, Message Create)."""

        def make(content: bool) -> Json:
            found = payloads.message_json(message, self.bot, content=content)
            if event == "MESSAGE_CREATE" and message.nonce is not None:  # it is not kept (discord.py, Message.nonce)
                found["nonce"] = message.nonce
            guild = message.channel.guild
            if guild is None or message.ephemeral:
                return found
            found["guild_id"] = str(guild.id)
            member = guild.members.get(message.author.id)
            return found | ({"member": payloads.member_json(member, user=False)} if member is not None else {})

        self.tell_about(message, event, make, GUILD_AND_DIRECT)

    def tell_about(self, message: Message, event: str, make: Make, intents: tuple[Intent, Intent]) -> None:
        """Tell something about a message, if the bot sees its channel.

        An ephemeral one counts as direct and names no guild (discord-api-docs issue 4557).
        """
        guild = message.channel.guild
        if guild is None or message.ephemeral:
            self.tell(event, make, intents[1])
        elif allowed(self.bot, guild, message.channel) & P.VIEW_CHANNEL:
            self.tell(event, make, intents[0])

    def tell_pins(self, message: Message, at: str | None) -> None:
        """Tell that the pins of a channel changed."""
        event = self.place(message) | {"last_pin_timestamp": at}
        self.tell_about(message, "CHANNEL_PINS_UPDATE", lambda _: event, (Intent.GUILDS, Intent.DIRECT_MESSAGES))

    def place(self, message: Message) -> Json:
        """Return where a message is."""
        found = {"channel_id": str(message.channel.id)}
        guild = message.channel.guild
        return found if guild is None or message.ephemeral else found | {"guild_id": str(guild.id)}

    def edit(self, message: Message, text: str) -> None:
        """Let somebody change what they wrote."""
        message.content, message.edits, message.edited_at = text, message.edits + 1, self.now()
        mention(message, self.users, DEFAULT)
        self.tell_message("MESSAGE_UPDATE", message)

    def delete(self, message: Message) -> None:
        """Let somebody delete a message."""
        message.deleted = True
        event = {"id": str(message.id), **self.place(message)}
        self.tell_about(message, "MESSAGE_DELETE", lambda _: event, GUILD_AND_DIRECT)

    def react(self, user: User, message: Message, emoji: str) -> None:
        """Let somebody put a reaction under a message."""
        users = message.reactions.setdefault(emoji, [])
        if user in users:
            return
        users.append(user)
        event = self._reaction(user, message, emoji) | {"message_author_id": str(message.author.id)}
        guild = message.channel.guild
        if guild is not None and user.id in guild.members:
            event["member"] = payloads.member_json(guild.members[user.id])
        self.tell_about(message, "MESSAGE_REACTION_ADD", lambda _: event, REACTIONS)

    def unreact(self, user: User, message: Message, emoji: str) -> None:
        """Let somebody take a reaction back."""
        message.reactions[emoji].remove(user)
        event = self._reaction(user, message, emoji)
        self.tell_about(message, "MESSAGE_REACTION_REMOVE", lambda _: event, REACTIONS)

    def _reaction(self, user: User, message: Message, emoji: str) -> Json:
        return {
            "user_id": str(user.id),
            "message_id": str(message.id),
            "emoji": {"id": None, "name": emoji},
            "burst": False,
            "type": 0,
            **self.place(message),
        }

    def expire(self) -> None:
        """Let the addresses of all attachments end, as they do after a day; a message that is fetched has new ones."""
        for channel in self.channels.values():
            for one in [one for message in channel.messages.values() for one in message.attachments]:
                sign(one, one["url"].partition("?")[0], self.ids)

    def seen(self, channel: Channel, user: User) -> list[Message]:
        """Return what somebody sees of the bot in a channel; that it thinks or pins is nothing that it says."""
        return [
            one
            for one in channel.messages.values()
            if one.author is self.bot
            and one.kind not in payloads.SYSTEM_TYPES
            and not one.deleted
            and not one.loading
            and one.only_to in (None, user)
        ]

    def direct(self, user: User) -> list[Message]:
        """Return what the bot wrote to somebody in private."""
        return self.seen(self.direct_channel(user), user)
