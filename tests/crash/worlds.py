"""The platforms of the crash tests: they live on while the program is killed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from abc import ABC, abstractmethod
from collections import Counter
from pathlib import Path
from typing import Any, Literal, NamedTuple

import httpx
from tests.simulators.discord import DiscordServer, Interaction
from tests.simulators.discord import User as DiscordUser
from tests.simulators.telegram import BotApi
from tests.simulators.telegram import User as TelegramUser
from tests.simulators.telegram.people import Press

TOLD = ("is out, with", "went back to you")
"""Words of what the bot tells somebody in private that does not answer a press."""


class Act(NamedTuple):
    """Something that somebody does.

    Args:
        do: what; a press is on a button of the bot's that stands there, and nothing where there is none.
        who: who does it.
        text: what is written.
        which: which of the buttons, counted from the newest, round and round.
    """

    do: Literal["join", "leave", "write", "press"]
    who: str
    text: str = ""
    which: int = 0


class World(ABC):
    """A platform with one community.

    Args:
        folder: for the configuration and the database.
        plugins: the community's.
        more: more of its section.
    """

    platform: str
    section = ""
    space: str
    chat: str
    repeats = False
    """Whether the platform cannot tell that it is asked for the same message twice."""

    def __init__(self, folder: Path, plugins: tuple[str, ...] = ("crasher",), more: str = "") -> None:
        self.folder = folder
        self.plugins = plugins
        self.more = more
        self.environ: dict[str, str] = {}
        self.address = ""

    @abstractmethod
    async def open(self) -> None:
        """Make the platform ready."""

    @abstractmethod
    async def close(self) -> None:
        """Let it go; nothing that it would not know was asked of it."""

    @abstractmethod
    async def connected(self) -> None:
        """Return when the program listens for the first time."""

    @abstractmethod
    async def act(self, number: int, act: Act) -> None:
        """Let somebody do something, for certain."""

    @abstractmethod
    def said(self) -> Counter[str]:
        """Return what the bot said, as people see it now."""

    @abstractmethod
    def answers(self, stored: set[str]) -> dict[str, int]:
        """Return for each press that was stored, by its event's key, how often the person was answered."""

    def write_config(self) -> None:
        """Write the configuration."""
        (self.folder / "plugins.toml").write_text(
            f'[xiaoer]\ndatabase = "town.db"\n[adapters.{self.platform}]\n{self.section}\n'
            f'[communities.town]\nname = "Town"\nspaces = ["{self.space}"]\nplugins = {json.dumps(self.plugins)}\n'
            f'chats = {{ main = ["{self.chat}"], admins = ["{self.chat}"] }}\n{self.more}',
            encoding="utf-8",
        )

    def rows(self, sql: str) -> list[Any]:
        """Return rows of the database."""
        connection = sqlite3.connect(f"file:{self.folder / 'town.db'}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


async def _until(true: object) -> None:
    while not true():  # type: ignore[operator]  # noqa: ASYNC110 - it happens in another process
        await asyncio.sleep(0.005)


class Web(World):
    """The sandbox, over its HTTP; a request is made again until it is confirmed."""

    platform = "web"
    section = "port = 0"
    space = "web:town"
    chat = "web:town/main"

    async def open(self) -> None:
        self._http = httpx.AsyncClient(timeout=2)
        self._presses: list[str] = []

    async def close(self) -> None:
        await self._http.aclose()

    async def connected(self) -> None:
        self.section = f"port = {self.address.rstrip('/').rpartition(':')[2]}"
        self.write_config()

    async def act(self, number: int, act: Act) -> None:
        body = {"key": f"act-{number:08}", "space": self.space, "chat": self.chat}
        if act.do == "join":
            body |= {"do": "join", "me": "newcomer", "name": act.who}
        elif act.do == "leave":
            body |= {"do": "leave", "me": act.who.lower()}
        elif act.do == "press":
            if (pressed := self._pressed(act.which)) is None:
                return
            body |= {"do": "press", "me": act.who.lower()} | pressed
            self._presses.append(f"web:{body['key']}")
        else:
            body |= {"do": "write", "me": act.who.lower(), "text": act.text}
        base = self.address.rstrip("/")
        while True:
            try:
                answer = await self._http.post(f"{base}/do", json=body, headers={"origin": base})
            except httpx.HTTPError:
                await asyncio.sleep(0.01)
                continue
            assert answer.status_code in (200, 503), answer.text
            if answer.status_code == 200:
                return

    def _pressed(self, which: int) -> dict[str, str] | None:
        sql = (
            "SELECT id, json_extract(content, '$.buttons[0][0].id') FROM web_message"
            " WHERE author IS NULL AND json_array_length(content, '$.buttons') > 0 ORDER BY seq DESC"
        )
        rows = self.rows(sql)
        return dict(zip(("message", "button"), map(str, rows[which % len(rows)]), strict=True)) if rows else None

    def answers(self, stored: set[str]) -> dict[str, int]:
        found = Counter(row[0] for row in self.rows("SELECT reply_to FROM web_message WHERE author IS NULL"))
        return {key: found[key] for key in stored.intersection(self._presses)}

    def said(self) -> Counter[str]:
        sql = "SELECT json_extract(content, '$.text') FROM web_message WHERE author IS NULL AND NOT deleted"
        return Counter(str(row[0]).removeprefix('["').removesuffix('"]') for row in self.rows(sql))


class Telegram(World):
    """A group of the simulated Telegram."""

    platform = "telegram"
    repeats = True

    async def open(self) -> None:
        self._api = BotApi()
        await self._api.__aenter__()
        self._group = self._api.group("Town", number=-1001000000777, admin=True)
        self._people: dict[str, TelegramUser] = {}
        self._presses: dict[str, Press] = {}
        self.space = self.chat = f"telegram:{self._group.id}"
        self.section = f'api_base = "{self._api.base}"'
        self.environ = {"TELEGRAM_TOKEN": self._api.token}

    async def close(self) -> None:
        await self._api.__aexit__()
        assert self._api.refused == []

    async def connected(self) -> None:
        await _until(lambda: self._api.waiting)

    async def act(self, number: int, act: Act) -> None:
        person = self._people.get(act.who) or self._people.setdefault(act.who, self._api.user(act.who))
        person.started = True  # so that the bot may write to them
        if act.do == "join":
            self._api.join(self._group, person)
        elif act.do == "leave":
            self._api.leave(self._group, person)
        elif act.do == "press":
            if there := [message for message in self._group.messages.values() if message.buttons]:
                message = there[::-1][act.which % len(there)]
                press = self._api.press(person, message, message.buttons[0])
                self._presses[f"telegram:{self._api.bot.id}:{self._api.updates[-1]['update_id']}"] = press
        else:
            self._api.write(self._group, person, act.text)

    def answers(self, stored: set[str]) -> dict[str, int]:
        hidden = Counter(message.answers for message in self._group.messages.values() if message.answers is not None)
        presses = {key: press for key, press in self._presses.items() if key in stored}
        return {key: hidden[press.id] + bool(press.text) for key, press in presses.items()}

    def said(self) -> Counter[str]:
        return Counter(message.text for message in self._group.messages.values() if message.author is self._api.bot)


class Discord(World):
    """A channel of the simulated Discord."""

    platform = "discord"

    async def open(self) -> None:
        self._server = DiscordServer()
        await self._server.__aenter__()
        self._guild = self._server.guild("Town")
        self._channel = self._server.channel(self._guild, "tea")
        self._people: dict[str, DiscordUser] = {}
        self._presses: dict[str, Interaction] = {}
        self._watcher = self._server.user("Watcher")
        self.space = f"discord:{self._guild.id}"
        self.chat = f"{self.space}/{self._channel.id}"
        self.section = (
            f'rest_base = "{self._server.rest_base}"\ngateway_url = "{self._server.gateway_url}"\n'
            f'cdn_base = "{self._server.cdn_base}"'
        )
        self.environ = {"DISCORD_TOKEN": self._server.token}

    async def close(self) -> None:
        await self._server.__aexit__(None, None, None)
        assert self._server.refused == []

    async def connected(self) -> None:
        await _until(lambda: self._server.online and self._server.commands(self._guild))

    async def act(self, number: int, act: Act) -> None:
        person = self._people.get(act.who) or self._people.setdefault(act.who, self._server.user(act.who))
        if act.do == "join":
            self._server.join(self._guild, person)
        elif act.do == "leave":
            self._server.leave(self._guild, person)
        elif act.do == "press":
            if there := [message for message in self._server.seen(self._channel, person) if message.buttons]:
                message = there[::-1][act.which % len(there)]
                press = self._server.press(person, message, message.buttons[0])
                self._presses[f"discord:interaction:{press.id}"] = press
        else:
            self._server.write(self._channel, person, act.text)

    def answers(self, stored: set[str]) -> dict[str, int]:
        found = {key: len(press.messages) for key, press in self._presses.items() if key in stored}
        for person in self._people.values():  # who cannot be answered there any more is answered in private
            mine = [key for key in found if self._presses[key].user is person]
            for message in self._server.direct(person):
                if not any(words in message.content for words in TOLD):
                    found[min(mine, key=lambda key: found[key])] += 1
        return found

    def said(self) -> Counter[str]:
        return Counter(message.content for message in self._server.seen(self._channel, self._watcher))


WORLDS: tuple[type[World], ...] = (Web, Telegram, Discord)
