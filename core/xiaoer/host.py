"""What the core gives an adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from xiaoer.arguments import Parameter
from xiaoer.clocks import CommunityClock
from xiaoer.communities import Community
from xiaoer.events import AnyEvent, ButtonPressed, CommandUsed, PlatformEvent, Who
from xiaoer.plugin import Role, Visibility
from xiaoer.store import Store
from xiaoer.transaction import Transaction
from xiaoer.units import Outcome


class CommandHelp(NamedTuple):
    """A command as a person may see it: its path, how its parameters are written, and what it does, in words."""

    path: str
    usage: str
    summary: str


class CommandForm(NamedTuple):
    """A command as a platform's menu needs it.

    Args:
        path: one or two words.
        parameters: what it takes.
        summary: the key of the text that says what it does.
        default: whether the first word alone means this one.
        role: the least role that may use it; None when everybody may.
        answer: who sees the answer.
        title: the key of the text by which it stands in a message's menu; empty where it is not used on messages.
    """

    path: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    summary: str
    default: bool
    role: Role | None
    answer: Visibility
    title: str = ""

    @property
    def on_message(self) -> bool:
        """Whether it is used on a message."""
        return bool(self.title)


class Membership(NamedTuple):
    """A member of a space: their name, and since when they are there; None when nobody saw them come."""

    name: str
    since: datetime | None


class Host(Protocol):
    """The core, as adapters see it."""

    clock: CommunityClock
    store: Store

    def communities(self) -> tuple[Community, ...]:
        """Return the communities that have a space on this adapter's platform."""
        ...

    def token(self, variable: str) -> str:
        """Return the token in an environment variable that the adapter's section names by a ``token_env``."""
        ...

    def submit(
        self, event: AnyEvent, *writes: Callable[[Transaction], None], park: bool = False, kept: bool = False
    ) -> asyncio.Future[Outcome]:
        """Take an event in.

        Args:
            event: what happened.
            writes: what the adapter itself must store with the event; committed with the event's other effects.
            park: whether the event itself is stored while it is tried: for platforms that tell nothing twice.
            kept: whether :meth:`keep` has stored it already.

        Returns:
            A future that is done once the event is safe and may be acknowledged to the platform.

        Raises (in the future):
            StoreError: it could not be made safe; do not acknowledge it, and tell it again later.
        """
        ...

    async def keep(self, event: PlatformEvent) -> bool:
        """Make an event safe that is submitted with ``kept`` once more is known of it, under the same key.

        When the program ends before that, the next run takes it in as it was kept.

        Returns:
            Whether it is kept; an event that was dealt with before need not be.

        Raises:
            StoreError: it could not be made safe.
        """
        ...

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Keep a background task; when it dies by an error the app ends and says so."""
        ...

    def report(self, key: str, community: str | None = None, **values: Any) -> None:
        """Tell the admins of one community, or of all that are on this platform, a text."""
        ...

    async def commands(self, community: str, who: Who) -> list[CommandHelp]:
        """Return the commands that a person may use, in their language."""
        ...

    def supervise(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> asyncio.Task[None]:
        """Keep a background task that may fail: it is begun again after a growing pause, and the app goes on.

        An :class:`~xiaoer.AdapterError` says that beginning again cannot help: it ends the work and is told to admins.
        A :class:`~xiaoer.DeliveryError` says what the platform does, so that one line of the log is enough.
        """
        ...

    def next_timer(self) -> datetime | None:
        """Return when the next timer is due, in community time; None when none waits."""
        ...

    async def move_clock(self, by: timedelta) -> None:
        """Move community time.

        Raises:
            Refusal: not every chat is a sandbox.
        """
        ...

    def text(self, community: str, locale: str | None, key: str, **values: Any) -> str:
        """Return one of the adapter's own texts in a language, as plain text."""
        ...

    def command_forms(self, community: str) -> tuple[CommandForm, ...]:
        """Return all commands of a community, for the platform's menu."""
        ...

    def answered(self, community: str, event: CommandUsed | ButtonPressed) -> Visibility:
        """Return who will see the answer to a command or a pressed button, for platforms that must know beforehand."""
        ...

    def community_of(self, button: str, among: Iterable[str]) -> str | None:
        """Return the community, among some, whose button it is; None when it is of none of them."""
        ...

    async def homes(self, account: str) -> list[str]:
        """Return the spaces of this platform in which an account is known to be a member."""
        ...

    async def members(self, space: str) -> dict[str, Membership]:
        """Return who is known to be a member of a space, by account."""
        ...
