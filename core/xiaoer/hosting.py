"""What an adapter sees of an app."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import bindparam, select

from xiaoer.communities import Community
from xiaoer.content import plain
from xiaoer.errors import AdapterError, DeliveryError, Refusal
from xiaoer.events import AnyEvent, ButtonPressed, CommandUsed, PlatformEvent, Who
from xiaoer.host import CommandForm, CommandHelp, Membership
from xiaoer.plugin import Visibility
from xiaoer.recovery import keep
from xiaoer.roles import least_role
from xiaoer.statements import Statement
from xiaoer.tables import accounts, members
from xiaoer.transaction import Transaction
from xiaoer.units import Outcome
from xiaoer.values import CLOCK_OFFSET, put_value

if TYPE_CHECKING:
    from xiaoer.app import App
    from xiaoer.buttons import ButtonSigner
    from xiaoer.commands import Command
    from xiaoer.runtime import CommunityRuntime

FIRST_PAUSE, LAST_PAUSE = 1.0, 300.0
"""Seconds of platform time before failed work of an adapter is begun again: doubled from the first to the last."""

STEADY = 60.0
"""Seconds of platform time after which work counts as having gone well."""

_HOMES = Statement(
    select(members.c.space)
    .where(members.c.account == bindparam("person"), members.c.left.is_(None))
    .order_by(members.c.space)
)
_HERE = Statement(
    select(members.c.account, members.c.joined, accounts.c.name)
    .join(accounts, accounts.c.account == members.c.account)
    .where(members.c.space == bindparam("place"), members.c.left.is_(None))
)


class AppHost:
    """What one adapter sees of an app; see :class:`~xiaoer.Host`.

    Args:
        app: the app.
        platform: the adapter's.
        signer: opens the ids of pressed buttons.
    """

    def __init__(self, app: App, platform: str, signer: ButtonSigner) -> None:
        self._app = app
        self._platform = platform
        self._prefix = f"{platform}:"
        self._signer = signer
        self.clock = app.clock
        self.store = app.store

    def communities(self) -> tuple[Community, ...]:
        """Return the communities that have a space on this adapter's platform."""
        return tuple(
            runtime.community
            for runtime in self._app.runtimes.values()
            if any(space.startswith(self._prefix) for space in runtime.community.spaces)
        )

    def token(self, variable: str) -> str:
        """Return the token in an environment variable that the adapter's section names."""
        return self._app.settings.tokens[variable]

    def submit(
        self, event: AnyEvent, *writes: Callable[[Transaction], None], park: bool = False, kept: bool = False
    ) -> asyncio.Future[Outcome]:
        """Take an event in."""
        return self._app.pipeline.submit(event, writes, park=park, parked=kept)

    async def keep(self, event: PlatformEvent) -> bool:
        """Make an event safe that is submitted later."""
        home = next((found.id for found in self.communities() if event.space in found.spaces), None)
        return home is not None and await self.store.transact(keep, home, event)

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Keep a background task."""
        return self._app.spawn(work, name)

    def supervise(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> asyncio.Task[None]:
        """Keep a background task that may fail."""
        return self._app.spawn(self._supervised(work, name), name)

    async def _supervised(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        clock, log = self.clock.platform, structlog.get_logger()
        tries = 0
        while True:
            began = clock.monotonic()
            try:
                return await work()
            except AdapterError as error:
                log.error("adapter ended", platform=self._platform, reason=str(error))
                self.report("xiaoer.adapter.ended", platform=self._platform, reason=str(error))
                return None
            except DeliveryError as error:
                log.warning("adapter waits", platform=self._platform, task=name, reason=error.reason)
            except Exception as error:
                log.error("adapter failed", platform=self._platform, task=name, exc_info=error)
            tries = 1 if clock.monotonic() - began > STEADY else tries + 1
            await clock.sleep(min(LAST_PAUSE, FIRST_PAUSE * 2 ** (tries - 1)))

    def report(self, key: str, community: str | None = None, **values: Any) -> None:
        """Tell the admins of a community, or of all that are on this platform."""
        for found in self.communities():
            if community in (None, found.id):
                self._app.reports.tell(found.id, key, values)

    def next_timer(self) -> datetime | None:
        """Return when the next timer is due."""
        return self._app.scheduler.next_due()

    async def move_clock(self, by: timedelta) -> None:
        """Move community time and remember by how much."""
        app = self._app
        if not app.all_sandboxes:
            raise Refusal("xiaoer.not_a_sandbox")
        offset = app.clock.offset + by
        await put_value(app.store, CLOCK_OFFSET, offset.total_seconds())
        app.clock.move(offset)

    def text(self, community: str, locale: str | None, key: str, **values: Any) -> str:
        """Return one of the adapter's own texts, plain."""
        app = self._app
        return plain(app.texts.text(locale, app.runtimes[community].community, key, values))

    async def commands(self, community: str, who: Who) -> list[CommandHelp]:
        """Return the commands that a person may use, in their language."""
        found = await self._app.commands(community, who)
        return [CommandHelp(command.name, command.usage, self._summary(community, who, command)) for command in found]

    def _summary(self, community: str, who: Who, command: Command) -> str:
        keys = [command.summary, "xiaoer.help.on_message"] if command.on_message else [command.summary]
        return " ".join(self.text(community, who.locale, key) for key in keys)

    def command_forms(self, community: str) -> tuple[CommandForm, ...]:
        """Return all commands of a community."""
        runtime = self._app.runtimes[community]
        return tuple(_form(runtime, command) for command in runtime.tree)

    def answered(self, community: str, event: CommandUsed | ButtonPressed) -> Visibility:
        """Return who will see the answer to a command or a pressed button."""
        runtime = self._app.runtimes[community]
        try:
            if isinstance(event, CommandUsed):
                return runtime.tree.find(event.text)[0].answer
            plugin, name, _ = self._signer.open(community, event.button)
            return runtime.buttons.find(plugin, name)[1]
        except Refusal:
            return "private"

    def community_of(self, button: str, among: Iterable[str]) -> str | None:
        """Return the community, among some, whose button it is."""
        for community in among:
            try:
                self._signer.open(community, button)
            except Refusal:
                continue
            return community
        return None

    async def homes(self, account: str) -> list[str]:
        """Return the spaces of this platform in which an account is known to be a member."""
        rows = await self.store.read(_HOMES, person=account)
        spaces = {space for community in self.communities() for space in community.spaces}
        return [row.space for row in rows if row.space in spaces]

    async def members(self, space: str) -> dict[str, Membership]:
        """Return who is known to be a member of a space, by account."""
        rows = await self.store.report(_HERE, place=space)
        return {row.account: Membership(row.name, row.joined) for row in rows}


def _form(runtime: CommunityRuntime, command: Command) -> CommandForm:
    role = None
    if command.needs:
        declared = runtime.plugins[command.plugin].plugin.capabilities
        role = least_role(command.needs, declared, runtime.community.grants)
    path, parameters, summary = command.path, command.parameters, command.summary
    return CommandForm(path, parameters, summary, command.default, role, command.answer, command.title)
