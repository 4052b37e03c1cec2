"""Telegram as a stage: the real aiogram against the Bot API of ``tests/simulators``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from tests.contracts.stage import Attached, How, Pace, Seen, Stage
from tests.png import title
from tests.simulators.telegram import BotApi, Group, Message, User

from xiaoer import Plugin
from xiaoer_telegram import TelegramAdapter

MENUS = 6
"""For members and for admins, each in two languages and in the community's own."""


class TelegramStage(Stage):
    """A supergroup in which the bot is an admin."""

    platform = "telegram"
    adapter = TelegramAdapter
    kinds = ("text", "photo", "video", "voice", "audio", "sticker", "document", "forward", "poll", "location", "dice")
    joins: ClassVar[dict[How, str]] = {
        "alone": "unknown unknown",
        "pulled": "pulled_in exact",
        "link": "referral exact",
    }
    admin = True

    def __init__(self, folder: Path, *plugins: type[Plugin[Any]], clock: Pace | None = None) -> None:
        super().__init__(folder, *plugins, clock=clock)
        self.api = BotApi(now=self.clock.now)
        self.people: dict[str, User] = {}
        self._kept: dict[str, Message] = {}

    async def open(self) -> None:
        """Start the Bot API, with one group."""
        await self.api.__aenter__()
        self.group: Group = self.api.group("Town", number=-1001000000777, admin=self.admin)
        self.group.rights = {"can_delete_messages": True, "can_pin_messages": True, "can_invite_users": True}
        self.space = self.chat = f"telegram:{self.group.id}"
        self.section = f'api_base = "{self.api.base}"'
        self.environ = {"TELEGRAM_TOKEN": self.api.token}
        self.group.members[self.person("Usher").id] = "member"

    async def close(self) -> None:
        """Stop the Bot API; nothing that Telegram would not know was asked of it."""
        await self.api.__aexit__()
        assert self.api.refused == []

    async def connected(self) -> None:
        """Return when the bot polls; only what happens from then on is told with its member updates."""
        await self.until(lambda: self.api.waiting and len(self.api.commands) == MENUS)
        await super().connected()

    def person(self, name: str) -> User:
        """Return somebody."""
        if name not in self.people:
            self.people[name] = self.api.user(name, language="en")
        return self.people[name]

    def account(self, name: str) -> str:
        """Return the id of a person."""
        return str(self.person(name).id)

    async def join(self, name: str, how: How = "alone", by: str = "") -> None:
        """Come in."""
        other = self.person(by) if by else None
        self.api.join(
            self.group,
            self.person(name),
            by=other if how == "pulled" else None,
            link=other if how == "link" else None,
        )

    async def leave(self, name: str) -> None:
        """Leave."""
        self.api.leave(self.group, self.person(name))

    async def write(self, name: str, text: str, *, kind: str = "text", reply_to: str | None = None) -> str:
        """Write."""
        reply = self.group.messages[int(reply_to)] if reply_to is not None else None
        forwarded = kind == "forward"
        message = self.api.write(
            self.group,
            self.person(name),
            text,
            kind="text" if forwarded else kind,
            reply_to=reply,
            forwarded=forwarded,
        )
        return str(message.id)

    async def edit(self, name: str, message: str, text: str) -> None:
        """Edit."""
        self.api.edit(self.group.messages[int(message)], text)

    async def react(self, name: str, message: str, emoji: str) -> None:
        """React."""
        self.api.react(self.group, self.person(name), self.group.messages[int(message)], emoji)

    async def use(self, name: str, command: str, **options: Any) -> str:
        """Type a command, so that nobody else sees it where the menu says so."""
        user, typed = self.person(name), " ".join(["/" + command, *(str(value) for value in options.values())])
        if self._is_hidden(command, user):
            return f"m{self.api.whisper(self.group, user, typed).id}"
        return f"m{self.api.write(self.group, user, typed).id}"

    async def use_on(self, name: str, command: str, message: str) -> str:
        """Type a command in answer to a message."""
        user, answered = self.person(name), self.group.messages[int(message)]
        assert not self._is_hidden(command, user), "what is typed for the bot alone need not say what it answers"
        return f"m{self.api.write(self.group, user, f'/{command}', reply_to=answered).id}"

    async def attach(self, name: str, text: str, file: Attached) -> str:
        """Post a file; photos have no names on Telegram."""
        kind = "document" if file.kind == "file" else file.kind
        media = self.api.photos.add(kind, file.data, "" if kind == "photo" else file.name, file.mime)
        return str(self.api.write(self.group, self.person(name), text, media=media).id)

    async def carried(self, name: str) -> list[tuple[str, bytes]]:
        """Look into the group."""
        said = self.api.said(self.group, self.person(name))
        return [(one.text, one.media.data) for one in said if one.media is not None]

    def _is_hidden(self, command: str, user: User) -> bool:
        scope = "chat_administrators" if self.group.members[user.id] == "administrator" else "chat"
        names = (command.replace(" ", "_"), command.partition(" ")[0])
        menu = self.api.menu(scope, self.group, user.language)
        found = {entry["command"]: entry.get("is_ephemeral", False) for entry in menu}
        return any(found.get(word) for word in names)

    async def press(self, name: str, label: str, message: str) -> str:
        """Press a button."""
        found = self.group.messages[int(message.removeprefix("e"))] if message.isdigit() else self._kept[message]
        return f"q{self.api.press(self.person(name), found, label).id}:{self.group.last}"

    def _seen(self, message: Message) -> Seen:
        name = f"e{message.hidden}" if message.hidden else str(message.id)
        self._kept[name] = message
        private, picture = message.only_to is not None, title(message.photo.png) if message.photo is not None else ""
        return Seen(name, message.text, tuple(message.buttons), private, message.edits, picture)

    async def seen(self, name: str) -> list[Seen]:
        """Look into the group, and into the private chat."""
        user = self.person(name)
        said = [self._seen(message) for message in self.api.said(self.group, user)]
        return said + [Seen(f"p{one.id}", one.text, tuple(one.buttons), True) for one in self.api.private(user)]

    async def answers(self, name: str, handle: str) -> list[Seen]:
        """Look at what stands behind a command, and at what was shown over the chat for a pressed button."""
        said = self.api.said(self.group, self.person(name))
        if handle.startswith("m"):
            return [self._seen(one) for one in said if self._answers(one, self.group.messages[int(handle[1:])])]
        query, _, after = handle[1:].partition(":")
        press = self.api.presses[query]
        shown = [Seen(handle, press.text, (), True)] if press.text else []
        return shown + [
            self._seen(one)
            for one in said
            if one.answers == query or (one.id > int(after) and one.reply_to == press.message.id)
        ]

    def _answers(self, one: Message, asked: Message) -> bool:
        if asked.hidden:
            return one.answers == asked.hidden
        return one.reply_to == asked.id or (one.id > asked.id and one.only_to is not None and one.answers is None)

    async def promote(self, name: str) -> None:
        """Make somebody an admin."""
        self.api.promote(self.group, self.person(name))

    async def repeat(self) -> None:
        """Tell everything again."""
        self.api.redeliver()

    async def noticed(self, handle: str) -> bool:
        """Look whether the waiting mark of a pressed button is gone."""
        return not handle.startswith("q") or self.api.presses[handle[1:].partition(":")[0]].answered
