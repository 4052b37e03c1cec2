"""Making an app's parts from its settings: plugins taken in, texts read, communities compiled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog

from xiaoer.buttons import ButtonSigner, ButtonTable
from xiaoer.commands import CommandTree
from xiaoer.errors import PluginError
from xiaoer.plugin import NoConfig, Plugin
from xiaoer.registry import Registry
from xiaoer.runtime import CommunityRuntime
from xiaoer.settings import LoadedCommunity
from xiaoer.texts import Texts


@dataclass(frozen=True)
class Compiler:
    """What communities are compiled from.

    Args:
        registry: the plugins that were taken in, the built-in one among them.
        texts: the translations of all of them.
        signer: signs buttons.
        builtin: the plugin that every community has, first in order.
    """

    registry: Registry
    texts: Texts
    signer: ButtonSigner
    builtin: Plugin[Any]

    def compile(self, communities: Iterable[LoadedCommunity]) -> dict[str, CommunityRuntime]:
        """Return the communities, ready to take events.

        Communities with the same plugins share their commands and buttons, so ten thousand of them stay small.

        Raises:
            PluginError: two plugins of one community claim the same command.
        """
        shared: dict[tuple[str, ...], tuple[CommandTree, ButtonTable]] = {}
        compiled: dict[str, CommunityRuntime] = {}
        for loaded in communities:
            plugins = self._plugins(loaded)
            names = tuple(type(plugin).name for plugin, _ in plugins)
            if names not in shared:
                pairs = [(type(plugin).name, plugin) for plugin, _ in plugins]
                shared[names] = CommandTree(pairs), ButtonTable(pairs)
            self.texts.override(loaded.community.id, loaded.texts)
            compiled[loaded.community.id] = CommunityRuntime(
                loaded.community, self.registry, plugins, self.texts, self.signer, *shared[names]
            )
        return compiled

    def _plugins(self, loaded: LoadedCommunity) -> list[tuple[Plugin[Any], Any]]:
        there = self.registry.plugins
        chosen = [(there[name], loaded.configs[name]) for name in loaded.plugins if name in there]
        return [(self.builtin, NoConfig()), *chosen]


def take_in(registry: Registry, plugins: Mapping[str, type[Plugin[Any]]], names: Iterable[str]) -> None:
    """Make and register the named plugins; one that is at fault is left out, unless it is required.

    Raises:
        PluginError: a required plugin is at fault.
    """
    for name in names:
        try:
            registry.register(plugins[name]())
        except PluginError as error:
            if plugins[name].required:
                raise
            structlog.get_logger().error("plugin left out", plugin=name, reason=error.message)


def package_of(thing: type[Any]) -> str:
    """Return the package that a plugin's or adapter's texts and migrations are in."""
    return thing.__module__.partition(".")[0]
