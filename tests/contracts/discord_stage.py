"""Discord as a stage: the real discord.py against the gateway and REST API of ``tests/simulators``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from tests.contracts.stage import Attached, How, Pace, Seen, Stage
from tests.png import title
from tests.simulators.discord import DiscordServer, Interaction, Message, User
from tests.simulators.discord.uploads import Upload

from xiaoer import Plugin
from xiaoer_discord import DiscordAdapter


class DiscordStage(Stage):
    """A server with one channel, in which the bot may do what it is invited for."""

    platform = "discord"
    adapter = DiscordAdapter
    kinds = ("text", "photo", "video", "voice", "audio", "sticker", "document", "forward", "poll")
    takes_any_words: ClassVar[bool] = False
    joins: ClassVar[dict[How, str]] = dict.fromkeys(("alone", "pulled", "link"), "unknown unknown")

    def __init__(self, folder: Path, *plugins: type[Plugin[Any]], clock: Pace | None = None) -> None:
        super().__init__(folder, *plugins, clock=clock)
        self.server = DiscordServer(now=self.clock.now)
        self.users: dict[str, User] = {}
        self._kept: dict[str, Message] = {}
        self._written: dict[str, Message] = {}
        self._asked: dict[str, Interaction] = {}

    async def open(self) -> None:
        """Start Discord, with one server."""
        await self.server.__aenter__()
        self.guild = self.server.guild("Town")
        self.channel = self.server.channel(self.guild, "tea")
        self.space = f"discord:{self.guild.id}"
        self.chat = f"{self.space}/{self.channel.id}"
        self.section = (
            f'rest_base = "{self.server.rest_base}"\n'
            f'gateway_url = "{self.server.gateway_url}"\n'
            f'cdn_base = "{self.server.cdn_base}"'
        )
        self.environ = {"DISCORD_TOKEN": self.server.token}
        self.server.join(self.guild, self.person("Usher"))

    async def close(self) -> None:
        """Stop Discord; nothing that it would not know was asked of it."""
        await self.server.__aexit__(None, None, None)
        assert self.server.refused == []

    async def connected(self) -> None:
        """Return when the bot listens and its commands are there."""
        await self.until(lambda: self.server.online and self.server.commands(self.guild))
        await super().connected()

    def person(self, name: str) -> User:
        """Return somebody."""
        if name not in self.users:
            self.users[name] = self.server.user(name)
        return self.users[name]

    def account(self, name: str) -> str:
        """Return the id of a person."""
        return str(self.person(name).id)

    async def join(self, name: str, how: How = "alone", by: str = "") -> None:
        """Come in; Discord does not tell how."""
        self.server.join(self.guild, self.person(name))

    async def leave(self, name: str) -> None:
        """Leave."""
        self.server.leave(self.guild, self.person(name))

    async def write(self, name: str, text: str, *, kind: str = "text", reply_to: str | None = None) -> str:
        """Write."""
        reply = (self._kept | self._written)[reply_to] if reply_to is not None else None
        message = self.server.write(self.channel, self.person(name), text, kind=kind, reply_to=reply)
        self._written[str(message.id)] = message
        return str(message.id)

    async def edit(self, name: str, message: str, text: str) -> None:
        """Edit."""
        self.server.edit(self._written[message], text)

    async def react(self, name: str, message: str, emoji: str) -> None:
        """React."""
        self.server.react(self.person(name), self._written[message], emoji)

    async def use(self, name: str, command: str, **options: Any) -> str:
        """Use a command that Discord shows."""
        return self._ask(self.server.use(self.channel, self.person(name), command, **options))

    async def use_on(self, name: str, command: str, message: str) -> str:
        """Choose a command in the menu of a message, where it stands by its title."""
        title = f"probe.command.{command.replace(' ', '.')}.title"
        found = (self._kept | self._written)[message]
        return self._ask(self.server.use_on(found, self.person(name), title))

    async def attach(self, name: str, text: str, file: Attached) -> str:
        """Post a file."""
        message = self.server.write(self.channel, self.person(name), text, file=Upload(file.name, file.data))
        self._written[str(message.id)] = message
        return str(message.id)

    async def carried(self, name: str) -> list[tuple[str, bytes]]:
        """Look into the channel."""
        seen = self.server.seen(self.channel, self.person(name))
        return [(shown(one.content), data) for one in seen for data in one.files.values()]

    async def press(self, name: str, label: str, message: str) -> str:
        """Press a button."""
        return self._ask(self.server.press(self.person(name), self._kept[message], label))

    def _ask(self, interaction: Interaction) -> str:
        self._asked[str(interaction.id)] = interaction
        return str(interaction.id)

    def _seen(self, message: Message) -> Seen:
        self._kept[str(message.id)] = message
        private = message.ephemeral or message.channel is not self.channel
        pictures = " and ".join(title(message.files[one["id"]]) for one in message.attachments if message.files)
        return Seen(str(message.id), shown(message.content), tuple(message.buttons), private, message.edits, pictures)

    async def seen(self, name: str) -> list[Seen]:
        """Look into the channel, and into the private one."""
        user = self.person(name)
        found = [*self.server.seen(self.channel, user), *self.server.direct(user)]
        return [self._seen(message) for message in found]

    async def answers(self, name: str, handle: str) -> list[Seen]:
        """Look at what answered."""
        return [self._seen(message) for message in self._asked[handle].messages]

    async def promote(self, name: str) -> None:
        """Make somebody an administrator."""
        self.server.promote(self.guild, self.person(name))

    async def repeat(self) -> None:
        """Tell the last events again."""
        self.server.redeliver()

    async def noticed(self, handle: str) -> bool:
        """Look whether the person sees that the bot is at it."""
        return self._asked[handle].acknowledged


def shown(content: str) -> str:
    """Return what people see of a text that Discord reads as Markdown, as far as the bot uses it."""
    bare = re.sub(r"(?<!\\)\*\*", "", content)
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", bare)
