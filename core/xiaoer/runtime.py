"""A community made ready: for each kind of event, which functions of which plugins hear of it, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from xiaoer.buttons import ButtonTable
from xiaoer.commands import CommandTree
from xiaoer.communities import Community
from xiaoer.events import ActionEnded, PlatformEvent, ReferralConfirmed, ScheduleDue
from xiaoer.health import Health
from xiaoer.hookspecs import HOOKS
from xiaoer.plugin import ContinuationSpec, Plugin, marked
from xiaoer.registry import Registry
from xiaoer.scene import Scene, Signer, Words

if TYPE_CHECKING:
    from xiaoer.units import Unit

Hook: TypeAlias = Callable[..., Coroutine[Any, Any, Any]]


class PluginRuntime:
    """One plugin in one community.

    Args:
        plugin: the plugin.
        config: the community's configuration of it.
        scene: its part of events that nobody is answered for.
        alone: its part of events that nobody caused.
    """

    __slots__ = ("alone", "config", "health", "name", "plugin", "scene")

    def __init__(self, plugin: Plugin[Any], config: Any, scene: Scene, alone: Scene) -> None:
        self.name = type(plugin).name
        self.plugin = plugin
        self.config = config
        self.scene = scene
        self.alone = alone
        self.health = Health()


class Step(NamedTuple):
    """One function to call for an event."""

    plugin: PluginRuntime
    scene: Scene
    function: Hook
    arguments: dict[str, Any]
    screens: bool


_NOTHING: dict[str, Any] = {}


class CommunityRuntime:
    """One community, compiled from its plugins in their order.

    Args:
        community: what it is.
        registry: all plugins.
        plugins: its plugins, in order, each with its configuration; the built-in one first.
        words: the translations.
        signer: signs buttons.
        tree: its commands.
        buttons: its buttons.
    """

    def __init__(
        self,
        community: Community,
        registry: Registry,
        plugins: list[tuple[Plugin[Any], Any]],
        words: Words,
        signer: Signer,
        tree: CommandTree,
        buttons: ButtonTable,
    ) -> None:
        self.community = community
        self.tree = tree
        self.buttons = buttons
        self.lane: deque[Unit] = deque()
        self.troubled = False
        self.core = Scene(community, "xiaoer", words, signer)
        self.plugins = {
            type(plugin).name: PluginRuntime(
                plugin,
                config,
                Scene(community, type(plugin).name, words, signer),
                Scene(community, type(plugin).name, words, signer, prompted=False),
            )
            for plugin, config in plugins
        }
        self.continuations = {
            (name, spec.name): function
            for name, runtime in self.plugins.items()
            for function, spec in marked(runtime.plugin)
            if isinstance(spec, ContinuationSpec)
        }
        screens = self._steps(registry, "screen")
        self.steps: dict[type, tuple[Step, ...]] = {
            event: screens + self._steps(registry, hook)
            for hook, event in HOOKS.items()
            if issubclass(event, PlatformEvent)
        }
        self.steps[ReferralConfirmed] = self._unprompted(registry, "on_referral")
        self.screens = len(screens)
        self.own: dict[tuple[type, str], tuple[Step, ...]] = {
            (ScheduleDue, step.plugin.name): (step,) for step in self._unprompted(registry, "on_schedule")
        }

    def _steps(self, registry: Registry, hook: str) -> tuple[Step, ...]:
        found = registry.implementations(hook)
        return tuple(
            Step(plugin, plugin.scene, found[name], _NOTHING, hook == "screen")
            for name, plugin in self.plugins.items()
            if name in found
        )

    def _unprompted(self, registry: Registry, hook: str) -> tuple[Step, ...]:
        return tuple(step._replace(scene=step.plugin.alone) for step in self._steps(registry, hook))

    def continuation(self, event: ActionEnded) -> tuple[Step, ...]:
        """Return the step that hears how an action ended; none when its plugin does not declare it any more."""
        plugin = self.plugins.get(event.plugin)
        function = self.continuations.get((event.plugin, event.then))
        if plugin is None or function is None:
            return ()
        scene = plugin.scene if event.prompted else plugin.alone
        return (Step(plugin, scene, function, _NOTHING, False),)
