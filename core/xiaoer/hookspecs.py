"""What a plugin can hear of: the hooks, in the order in which they fire for one event.

Every hook is ``async def name(self, ctx, event)``. It looks at the event and queues effects on its context; nothing it
queues happens before all hooks of the event have ended, then all of it commits together. What is new comes on the
event, so these signatures never grow.

A plugin marks its implementation with the hook's marker, which lets mypy and pyright check it::

    class Greeter(Plugin[NoConfig]):
        @on_join
        async def greet(self, ctx: Context[NoConfig], event: MemberJoined) -> None:
            ctx.send(event.chat, ctx.content("greeter.hello", name=event.who.name))
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

import pluggy

from xiaoer.events import (
    BadgesChanged,
    ButtonPressed,
    CommandUsed,
    JoinRequested,
    MemberJoined,
    MemberLeft,
    MessagePosted,
    PlatformEvent,
    ReactionChanged,
    ReferralConfirmed,
    ScheduleDue,
)

if TYPE_CHECKING:
    from xiaoer.context import Context

PROJECT = "xiaoer"

_spec = pluggy.HookspecMarker(PROJECT)
_impl = pluggy.HookimplMarker(PROJECT)

E = TypeVar("E")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])
P = TypeVar("P")
C = TypeVar("C")
Result = Coroutine[Any, Any, R]


class Veto(NamedTuple):
    """A screener's word that an event goes no further; the reason is logged."""

    reason: str


class HookSpecs:
    """The hooks, as pluggy knows them."""

    @_spec
    async def screen(self, ctx: Context[Any], event: PlatformEvent) -> Veto | None:
        """Fires first, for every event of a platform; the first veto keeps it from all other hooks and commands.

        The core's own bookkeeping (who is a member, what was delivered) goes on. When a screener raises, the event
        passes, unless its plugin says ``fail_closed = True``.
        """

    @_spec
    async def on_join(self, ctx: Context[Any], event: MemberJoined) -> None:
        """Fires when somebody came into a space, with how they came and how surely that is known."""

    @_spec
    async def on_join_request(self, ctx: Context[Any], event: JoinRequested) -> None:
        """Fires when somebody asks to be let into a space; whoever is in charge of it requests a ``DecideJoin``."""

    @_spec
    async def on_badges(self, ctx: Context[Any], event: BadgesChanged) -> None:
        """Fires when the badges that somebody wears were changed, by hand or by the bot itself."""

    @_spec
    async def on_leave(self, ctx: Context[Any], event: MemberLeft) -> None:
        """Fires when somebody left a space or was removed."""

    @_spec
    async def on_message(self, ctx: Context[Any], event: MessagePosted) -> None:
        """Fires when somebody wrote or edited a message; commands come to ``on_command`` instead."""

    @_spec
    async def on_reaction(self, ctx: Context[Any], event: ReactionChanged) -> None:
        """Fires when somebody changed their reactions to a message."""

    @_spec
    async def on_button(self, ctx: Context[Any], event: ButtonPressed) -> None:
        """Fires when any plugin's button was pressed, after the function that declared it."""

    @_spec
    async def on_command(self, ctx: Context[Any], event: CommandUsed) -> None:
        """Fires when any plugin's command was used, after the function that declared it."""

    @_spec
    async def on_schedule(self, ctx: Context[Any], event: ScheduleDue) -> None:
        """Fires when a timer of this plugin came due; other plugins do not hear of it."""

    @_spec
    async def on_referral(self, ctx: Context[Any], event: ReferralConfirmed) -> None:
        """Fires when a plugin has settled that somebody brought somebody; every plugin of the community hears of it.

        Nobody caused it at that moment, so what is posted then counts towards the notification budget.
        """


class HookMarker(Generic[E, R]):
    """Marks a method as the implementation of one hook.

    Args:
        name: the hook.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, function: Callable[[P, Context[C], E], Result[R]]) -> Callable[[P, Context[C], E], Result[R]]:
        """Return the method, marked; its own name is free."""
        return _impl(function, specname=self.name)


def _marker(spec: Callable[[HookSpecs, Context[Any], E], Result[R]]) -> HookMarker[E, R]:
    return HookMarker(spec.__name__)


screen = _marker(HookSpecs.screen)
on_join = _marker(HookSpecs.on_join)
on_join_request = _marker(HookSpecs.on_join_request)
on_badges = _marker(HookSpecs.on_badges)
on_leave = _marker(HookSpecs.on_leave)
on_message = _marker(HookSpecs.on_message)
on_reaction = _marker(HookSpecs.on_reaction)
on_button = _marker(HookSpecs.on_button)
on_command = _marker(HookSpecs.on_command)
on_schedule = _marker(HookSpecs.on_schedule)
on_referral = _marker(HookSpecs.on_referral)

HOOKS: dict[str, type] = {
    "on_join": MemberJoined,
    "on_join_request": JoinRequested,
    "on_badges": BadgesChanged,
    "on_leave": MemberLeft,
    "on_message": MessagePosted,
    "on_reaction": ReactionChanged,
    "on_button": ButtonPressed,
    "on_command": CommandUsed,
    "on_schedule": ScheduleDue,
    "on_referral": ReferralConfirmed,
}
"""Which event each hook hears of."""
