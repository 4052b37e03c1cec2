"""A town on the simulated Telegram, as a test wants it: which group, which rights, which other communities."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, Self
from unittest.mock import patch

from tests.contracts.probe import NOTES, make_table
from tests.contracts.stage import KEY
from tests.contracts.telegram_stage import MENUS, TelegramStage
from tests.simulators.telegram import Group

from xiaoer import Adapter, Receipt, Request
from xiaoer.app import App
from xiaoer.reports import Reports
from xiaoer.settings import load_settings
from xiaoer.testing import FakeAdapter, FakePlatform, fresh


class Town(TelegramStage):
    """One bot in one group, or in more.

    Args:
        folder: for the database and the configuration.
        admin: whether the bot is an admin.
        hears_all: whether it hears everything where it is none.
        kind: of the group.
        forum: whether the group has topics.
        others: how many more communities the bot has, each with a group.

    Attributes:
        other: their groups.
        reports: what admins were told: keys.
        renamed: the communities' own words for what ``/help`` does.
    """

    def __init__(
        self,
        folder: Path,
        *,
        admin: bool = True,
        hears_all: bool = True,
        kind: Literal["group", "supergroup"] = "supergroup",
        forum: bool = False,
        others: int = 0,
    ) -> None:
        super().__init__(folder)
        self.admin = admin
        self.api.reads_all = hears_all
        self._kind, self._forum, self._others = kind, forum, others
        self.other: list[Group] = []
        self.reports: list[str] = []
        self.renamed = ""

    async def open(self) -> None:
        """Start the Bot API with the groups."""
        await super().open()
        tell, reports = Reports.tell, self.reports

        def told(self: Reports, community: str, key: str, values: dict[str, Any]) -> None:
            reports.append(key)
            tell(self, community, key, values)

        self._patch = patch.object(Reports, "tell", told)
        self._patch.start()
        if self._kind == "group":
            del self.api.groups[self.group.id]
            self.group = self.api.group("Town", kind="group", number=-777, admin=self.admin)
            self.group.members[self.person("Usher").id] = "member"
            self.space = self.chat = f"telegram:{self.group.id}"
        self.group.forum = self._forum
        for number in range(self._others):
            self.other.append(self.api.group(f"Other {number}", number=-1002000000000 - number, admin=True))

    async def close(self) -> None:
        """Stop the Bot API."""
        self._patch.stop()
        await super().close()

    def _make(self) -> App:
        places = [self.space, *(f"telegram:{group.id}" for group in self.other)]
        own = f'texts.en."xiaoer.command.help" = "{self.renamed}"\n' if self.renamed else ""
        return self._made(
            f'[communities.town{number}]\nname = "Town {number}"\nspaces = ["{space}"]\n'
            f'plugins = ["probe"]\nchats = {{main = ["{space}"]}}\n{own}'
            for number, space in enumerate(places)
        )

    def homeless(self) -> App:
        """Return an app whose only community is on another platform."""
        elsewhere = '[adapters.fake]\n[communities.elsewhere]\nname = "Elsewhere"\nspaces = ["fake:elsewhere"]\n'
        return self._made([elsewhere], fake=FakeAdapter.on(FakePlatform()))

    def _made(self, communities: Iterable[str], **others: type[Adapter]) -> App:
        adapters: dict[str, type[Adapter]] = {"telegram": self.adapter, **others}
        file = self.folder / "plugins.toml"
        telegram = f'[xiaoer]\ndatabase = "town.db"\n[adapters.telegram]\n{self.section}\n'
        file.write_text(telegram + "".join(communities), encoding="utf-8")
        settings = load_settings(file, adapters, self.plugins, self.environ)
        return fresh(settings, self.plugins, adapters, KEY, self.clock)

    async def begin(self) -> None:
        """Start the app, without waiting for the line."""
        self.app = self._make()
        await self.app.start()
        await self.app.store.transact(make_table)

    async def __aenter__(self) -> Self:
        await self.open()
        await self.begin()
        await self.connected()
        return self

    async def connected(self) -> None:
        """Return when the bot polls and its menus are there."""
        await self.until(lambda: self.api.waiting and len(self.api.commands) >= MENUS * (1 + self._others))
        await self.app.settled()

    async def perform(self, request: Request) -> Receipt:
        """Let the adapter do something."""
        return await self.app._adapters["telegram"].perform(request)

    async def told(self, number: int, *kinds: str) -> list[tuple[str, str, str, str]]:
        """Return what the probe noted as soon as there are so many notes."""
        while True:
            rows = [
                (row.kind, row.who, row.what, row.more)
                for row in await self.app.store.report(NOTES)
                if not kinds or row.kind in kinds
            ]
            if len(rows) >= number:
                await self.app.settled()
                return rows
            await asyncio.sleep(0.002)

    async def later(self, true: Callable[[], Any]) -> None:
        """Let platform time pass until something is true."""
        while not true():
            await self.clock.advance(0.25)
            await asyncio.sleep(0.001)

    async def pass_time(self, seconds: float) -> None:
        """Let platform time pass, and what is due reach Telegram and come back."""
        await self.clock.advance(seconds)
        await self.app.settled()
