"""The plugins that members are kept with, and the sandbox as a door that people stand before and are sent out by.

A door is a stage with more: what the platform itself says of its members. Those of other platforms say the same.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from contextlib import closing
from typing import Any, ClassVar

import msgspec
from tests.contracts.probe import note
from tests.contracts.web_stage import WebStage

from xiaoer import (
    ActionEnded,
    AnyAction,
    Badge,
    BadgesChanged,
    Content,
    Context,
    DecideJoin,
    GateChat,
    JoinRequested,
    MessagePosted,
    NoConfig,
    Plugin,
    RemoveMember,
    Then,
    WearBadges,
    continuation,
    on_badges,
    on_join_request,
    on_message,
)

Here = Context[NoConfig]

GOLD, JADE, NIGHT = "创始", "伙伴", "巡夜"
"""What badges are called, and their tags too, so that they look the same where only tags are seen."""


class Keeper(Plugin[NoConfig]):
    """Does to members what somebody writes, and notes what it hears of them.

    ``keeper wear web:ann gold``, ``keeper wear web:ann``, ``keeper gate web:town/room gold``, ``keeper gate
    web:town/room``, ``keeper admit <account> <handle> <words>``, ``keeper refuse <account> <handle> <words>``, ``keeper
    remove <account>``.
    """

    name: ClassVar[str] = "keeper"
    badges: ClassVar[dict[str, Badge]] = {
        "gold": Badge("gold", GOLD, GOLD, 0xD4A017, 1),
        "jade": Badge("jade", JADE, JADE, 0x2F8F6B, 2),
    }

    @on_message
    async def wrote(self, ctx: Here, event: MessagePosted) -> None:
        """Do what is said to this plugin."""
        plugin, _, rest = event.text.partition(" ")
        if plugin == self.name:
            ctx.request(self._asked(event.space, *rest.split(" ", 2)))

    def _asked(self, space: str, word: str, what: str, rest: str = "") -> AnyAction:
        then = Then("ended", {"for": word})
        worn = tuple(self.badges[kind] for kind in rest.split()) if word in ("wear", "gate") else ()
        if word == "wear":
            return WearBadges(chat=space, account=what, badges=worn, then=then)
        if word == "gate":
            return GateChat(chat=what, badge=worn[0] if worn else None, then=then)
        if word == "remove":
            return RemoveMember(chat=space, account=what, then=then)
        handle, _, words = rest.partition(" ")
        content = Content((words,)) if words else None
        return DecideJoin(chat=space, account=what, handle=handle, admit=word == "admit", content=content, then=then)

    @continuation("ended")
    async def ended(self, ctx: Here, event: ActionEnded) -> None:
        """Note why something could not be."""
        ctx.transact(note, "ended", event.data["for"], event.error or "", event.why or "")

    @on_join_request
    async def asked_in(self, ctx: Here, event: JoinRequested) -> None:
        """Note who wants to be let in."""
        ctx.transact(note, "request", event.who.name, event.handle, event.who.account)

    @on_badges
    async def changed(self, ctx: Here, event: BadgesChanged) -> None:
        """Note whose badges were changed."""
        ctx.transact(note, "badges", event.who.name, "", "")


class Rival(Keeper):
    """Has a badge of the same kind, and does as it is told under its own name."""

    name: ClassVar[str] = "rival"
    badges: ClassVar[dict[str, Badge]] = {"gold": Badge("gold", NIGHT, NIGHT, 0x7A6A9C)}

    @continuation("ended")
    async def ended(self, ctx: Here, event: ActionEnded) -> None:
        """Note nothing."""

    @on_join_request
    async def asked_in(self, ctx: Here, event: JoinRequested) -> None:
        """Note nothing."""

    @on_badges
    async def changed(self, ctx: Here, event: BadgesChanged) -> None:
        """Note nothing."""


class Keep(ABC):
    """What a stage has beside what every stage has, so that members can be kept on it.

    Attributes:
        room: a chat in the space that a gate can be put before; empty where none can.
        untold: why a badge that is taken by hand is not told there; empty where it is.
    """

    room: str = ""
    untold: ClassVar[str] = ""

    @abstractmethod
    async def ask_in(self, name: str) -> None:
        """Let somebody ask to be let in."""

    @abstractmethod
    def inside(self, name: str) -> bool:
        """Return whether somebody is in the platform's own list of members."""

    @abstractmethod
    def worn(self, name: str) -> list[str]:
        """Return what people see beside somebody's name."""

    @abstractmethod
    async def strip(self, name: str) -> None:
        """Let somebody of the platform take by hand what a person wears."""

    @abstractmethod
    def told(self, name: str) -> list[str]:
        """Return what the bot told somebody in private."""

    @abstractmethod
    async def sees(self, name: str, chat: str) -> bool:
        """Return whether somebody sees a chat."""


class WebKeep(WebStage, Keep):
    """The sandbox, as its own tables and pages say."""

    room = "web:town/founders"
    rooms = (room,)

    def _ask(self, query: str, *values: str) -> list[Any]:
        with closing(sqlite3.connect(self.folder / "town.db")) as database:
            return database.execute(query, values).fetchall()

    async def _entry(self, on_request: bool) -> None:
        assert self._http is not None
        await self.promote("Usher")
        body = {"space": self.space, "me": self._ids["Usher"], "on_request": on_request}
        answer = await self._http.post("/entry", json=body)
        assert answer.status_code == 200, answer.text

    async def ask_in(self, name: str) -> None:
        """Come to the door while nobody comes in unasked."""
        await self._entry(True)
        await self.join(name)
        await self._entry(False)

    def inside(self, name: str) -> bool:
        """Read the list of members."""
        return self._ask("SELECT here FROM web_member WHERE id = ?", self.account(name)) == [(1,)]

    def worn(self, name: str) -> list[str]:
        """Read the list of badges."""
        found = self._ask("SELECT name, tag FROM web_badge WHERE person = ? ORDER BY place", self.account(name))
        return [tag or called for called, tag in found]

    async def strip(self, name: str) -> None:
        """Let an owner take all badges, one by one."""
        await self.promote("Usher")
        for plugin, kind in self._ask("SELECT plugin, kind FROM web_badge WHERE person = ?", self.account(name)):
            await self._do("Usher", do="strip", whose=self.account(name), plugin=plugin, kind=kind)

    def told(self, name: str) -> list[str]:
        """Read what only this person sees."""
        rows = self._ask(
            "SELECT content FROM web_message WHERE author IS NULL AND only_to = ? ORDER BY seq", self.account(name)
        )
        return [msgspec.convert(msgspec.json.decode(row), Content).plain for (row,) in rows]

    async def sees(self, name: str, chat: str) -> bool:
        """Open the chat's page, and see whether it is that."""
        assert self._http is not None
        page = await self._http.get(f"/as/{self._ids[name]}", params={"chat": chat})
        return f'data-chat="{chat}"' in page.text
