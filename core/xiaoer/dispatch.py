"""How one event meets the plugins: each step called in order, each on its own, none able to harm the others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog

from xiaoer.buttons import ButtonSigner
from xiaoer.context import Context
from xiaoer.errors import Refusal, StoreError
from xiaoer.events import ActionEnded, AnyEvent, ButtonPressed, CommandUsed, PlatformEvent, ScheduleDue, Who
from xiaoer.hookspecs import Veto
from xiaoer.roles import GIVEN_ROLE, least_role, may, role_of
from xiaoer.runtime import CommunityRuntime, PluginRuntime, Step
from xiaoer.scene import Asker, Scene
from xiaoer.transaction import Transaction
from xiaoer.units import Part, Unit, describe, refuse

if TYPE_CHECKING:
    from xiaoer.clocks import Clock
    from xiaoer.plugin import Role
    from xiaoer.store import Store

Report = Callable[[str, str, dict[str, Any]], None]
"""Tells the admins of a community (its id) a text (its key) with these values."""


class Visit:
    """An event on its way through the steps; a worker that hangs leaves it to another one at the next step.

    Args:
        unit: the event's unit of work.
        steps: what is to be called; None when that is not known yet.
        number: which of the steps comes next.

    Attributes:
        ctx: the context of the step that runs.
        cut: whether the watchdog has cancelled that step.
        left: whether another worker has taken over, because the step ate the cancellation.
    """

    __slots__ = ("ctx", "cut", "left", "number", "steps", "unit")

    def __init__(self, unit: Unit, steps: tuple[Step, ...] | None = None, number: int = 0) -> None:
        self.unit = unit
        self.steps = steps
        self.number = number
        self.ctx: Context[Any] | None = None
        self.cut = False
        self.left = False


class Dispatcher:
    """Calls the plugins' functions.

    Args:
        store: for the reads of hooks.
        clock: platform time, for pauses.
        signer: opens the ids of pressed buttons.
        report: tells a community's admins.
    """

    def __init__(self, store: Store, clock: Clock, signer: ButtonSigner, report: Report) -> None:
        self._store = store
        self._clock = clock
        self._signer = signer
        self._report = report

    async def steps(self, unit: Unit) -> tuple[Step, ...]:
        """Return what is to be called for an event."""
        event, runtime = unit.event, unit.runtime
        if isinstance(event, CommandUsed):
            return _inserted(runtime, event, await self._command(runtime, event))
        if isinstance(event, ButtonPressed):
            return _inserted(runtime, event, self._button(runtime, event))
        if isinstance(event, ScheduleDue):
            return runtime.own.get((ScheduleDue, event.plugin), ())
        if isinstance(event, ActionEnded):
            return runtime.continuation(event)
        return runtime.steps[type(event)]

    def resting(self, unit: Unit) -> PluginRuntime | None:
        """Return the plugin whose own timer or continuation an event is, if it rests now: the event waits for it."""
        event = unit.event
        if not isinstance(event, ScheduleDue | ActionEnded):
            return None
        plugin = unit.runtime.plugins.get(event.plugin)
        if plugin is None or not plugin.health.resting_until:
            return None
        return plugin if plugin.health.rests(self._clock.monotonic(), event.key) else None

    async def visit(self, visit: Visit) -> None:
        """Call the steps that are left; what a step queued becomes its part of the unit."""
        unit = visit.unit
        steps = visit.steps
        if steps is None:
            steps = visit.steps = await self.steps(unit)
        event, now, parts, store = unit.event, unit.now, unit.parts, self._store
        while visit.number < len(steps):
            plugin, scene, function, arguments, screens = step = steps[visit.number]
            visit.number += 1
            if plugin.health.resting_until and self._rests(visit, step):
                continue
            ctx = visit.ctx = Context(scene, plugin.config, now, store)
            try:
                result = await function(ctx, event, **arguments)
                if screens and result is not None and not isinstance(result, Veto):
                    raise TypeError(f"screen returned {type(result).__name__}, not a Veto or None")
            except BaseException as error:  # bulkhead "hook"
                ctx.close()
                if visit.left:
                    return
                if isinstance(error, GeneratorExit) or (isinstance(error, asyncio.CancelledError) and not visit.cut):
                    raise  # it may be meant for the worker, which knows
                if ctx.unread is not None and not visit.cut:
                    unit.unread = ctx.unread
                    return
                self._failed(visit, step, error)
                continue
            ctx.close()
            if visit.left:
                return
            if visit.cut:
                _end_cut(visit)
            if ctx.effects:
                parts.append(Part(scene, ctx.effects))
            if plugin.health.troubled:
                unit.well = (*unit.well, plugin)
            if screens and result is not None:
                self._vetoed(visit, plugin, result)

    def take_over(self, visit: Visit, error: BaseException) -> Visit:
        """Return a visit that goes on behind the step that failed with an error; that step's context is closed."""
        visit.left = True
        unit, steps = visit.unit, visit.steps
        if visit.ctx is None or steps is None:  # it took too long to find out what a person may do
            return Visit(unit, _without_answer(unit.runtime, unit.event))
        visit.ctx.close()
        rest = Visit(unit, steps, visit.number)
        self._failed(rest, steps[visit.number - 1], error)
        return rest

    def succeeded(self, runtime: CommunityRuntime, plugin: PluginRuntime) -> None:
        """Note that all went well that a plugin did for an event."""
        back = plugin.health.succeeded()
        runtime.troubled = any(other.health.troubled for other in runtime.plugins.values())
        if back:
            self._report(runtime.community.id, "xiaoer.plugin.back", {"plugin": plugin.name})

    def failed(self, unit: Unit, plugin: PluginRuntime, error: BaseException) -> None:
        """Note that a plugin's part of an event failed: in the log, in its health, and for the admins when it rests."""
        event, runtime = unit.event, unit.runtime
        runtime.troubled = True
        structlog.get_logger().error(
            "plugin failed",
            plugin=plugin.name,
            community=runtime.community.id,
            hook=type(event).__name__,
            event_key=event.key,
            exc_info=error,
        )
        cause = event.who.account if isinstance(event, PlatformEvent) else event.key
        if plugin.health.failed(cause, self._clock.monotonic()):
            self._report(
                runtime.community.id, "xiaoer.plugin.paused", {"plugin": plugin.name, "reason": describe(error)}
            )

    def _failed(self, visit: Visit, step: Step, error: BaseException) -> None:
        unit, plugin, scene = visit.unit, step.plugin, step.scene
        if isinstance(error, Refusal) and scene.asker is not None:
            unit.parts.append(Part(scene, [(refuse, (error,), {})]))
            unit.well = (*unit.well, plugin)
            return
        if visit.cut:
            _end_cut(visit)
            if isinstance(error, asyncio.CancelledError):
                error = TimeoutError("it took too long and was cut off")
        self.failed(unit, plugin, error)
        unit.faults.append((plugin.name, describe(error)))
        if scene.asker is not None:
            unit.parts.append(Part(scene, [(Transaction.refuse, ("xiaoer.failed", {}), {})]))
        if step.screens and plugin.plugin.fail_closed:
            self._closed(visit, plugin, "xiaoer.failed", f"its screener failed: {describe(error)}")

    def _closed(self, visit: Visit, plugin: PluginRuntime, key: str, reason: str) -> None:
        """Stop an event that a screener of safety could not look at; who asked for something hears a text (its key)."""
        unit = visit.unit
        if isinstance(unit.event, CommandUsed | ButtonPressed):
            scene = _asking(unit.runtime.core, unit.event, private=True)
            unit.parts.append(Part(scene, [(Transaction.refuse, (key, {}), {})]))
        self._vetoed(visit, plugin, Veto(reason))

    def _vetoed(self, visit: Visit, plugin: PluginRuntime, veto: Veto) -> None:
        visit.number = len(visit.steps or ())
        structlog.get_logger().info(
            "event vetoed",
            plugin=plugin.name,
            community=visit.unit.runtime.community.id,
            event_key=visit.unit.event.key,
            reason=veto.reason,
        )

    def _rests(self, visit: Visit, step: Step) -> bool:
        plugin, scene = step.plugin, step.scene
        if not plugin.health.rests(self._clock.monotonic(), visit.unit.event.key):
            return False
        if scene.asker is not None:
            visit.unit.parts.append(Part(scene, [(Transaction.refuse, ("xiaoer.button.off", {}), {})]))
        if step.screens and plugin.plugin.fail_closed:
            self._closed(visit, plugin, "xiaoer.button.off", "its screener is paused")
        return True

    async def _command(self, runtime: CommunityRuntime, event: CommandUsed) -> Step:
        core = runtime.plugins["xiaoer"]
        try:
            command, _ = runtime.tree.find(event.text)
            if command.needs:
                role = await self.role(runtime, event.who)
                plugin = runtime.plugins[command.plugin]
                if not may(role, command.needs, plugin.plugin.capabilities, runtime.community.grants):
                    raise _not_allowed(runtime, event, command.needs, plugin)
            arguments = runtime.tree.resolve(event.text, event.options).arguments
        except Refusal as refusal:
            return _refusing(core, _asking(core.scene, event, private=True), refusal)
        except StoreError:
            return _refusing(core, _asking(core.scene, event, private=True), Refusal("xiaoer.store.failed"))
        plugin = runtime.plugins[command.plugin]
        scene = _asking(plugin.scene, event, private=command.answer != "public")
        return Step(plugin, scene, command.handler, arguments, False)

    async def role(self, runtime: CommunityRuntime, who: Who) -> Role:
        """Return a person's role."""
        rows = await self._store.read(GIVEN_ROLE, community=runtime.community.id, account=who.account)
        given = rows[0].role if rows else None
        return role_of(runtime.community, who.account, who.role, given)

    def _button(self, runtime: CommunityRuntime, event: ButtonPressed) -> Step:
        core = runtime.plugins["xiaoer"]
        try:
            name, button, data = self._signer.open(runtime.community.id, event.button)
            plugin = runtime.plugins.get(name)
            if plugin is None:
                raise Refusal("xiaoer.button.off")
            function, answer = runtime.buttons.find(name, button)
        except Refusal as refusal:
            return _refusing(core, _asking(core.scene, event, private=True), refusal)
        return Step(plugin, _asking(plugin.scene, event, private=answer != "public"), function, {"data": data}, False)


def _end_cut(visit: Visit) -> None:
    visit.cut = False
    task = asyncio.current_task()
    if task is not None:
        task.uncancel()


def _asking(scene: Scene, event: CommandUsed | ButtonPressed, *, private: bool) -> Scene:
    asker = Asker(event.who, event.chat or event.space, event.handle, private)
    return Scene(scene.community, scene.plugin, scene.words, scene.signer, asker)


def _not_allowed(runtime: CommunityRuntime, event: CommandUsed, needs: str, plugin: PluginRuntime) -> Refusal:
    least = least_role(needs, plugin.plugin.capabilities, runtime.community.grants)
    role = runtime.core.words.text(event.who.locale, runtime.community, f"xiaoer.role.{least}", {})
    return Refusal("xiaoer.command.not_allowed", role=role)


def _inserted(runtime: CommunityRuntime, event: CommandUsed | ButtonPressed, declared: Step) -> tuple[Step, ...]:
    steps = runtime.steps[type(event)]
    return (*steps[: runtime.screens], declared, *steps[runtime.screens :])


def _without_answer(runtime: CommunityRuntime, event: AnyEvent) -> tuple[Step, ...]:
    if not isinstance(event, CommandUsed):
        return ()
    core = runtime.plugins["xiaoer"]
    return _inserted(
        runtime, event, _refusing(core, _asking(core.scene, event, private=True), Refusal("xiaoer.store.failed"))
    )


def _refusing(core: PluginRuntime, scene: Scene, refusal: Refusal) -> Step:
    async def refuse(ctx: Context[Any], event: PlatformEvent) -> None:
        del ctx, event
        raise refusal

    return Step(core, scene, refuse, {}, False)
