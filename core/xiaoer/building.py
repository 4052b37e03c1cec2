"""Making an app's parts from its settings: plugins taken in, texts read, communities compiled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from xiaoer.buttons import ButtonSigner, ButtonTable
from xiaoer.commands import CommandTree
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
    _shared: dict[tuple[str, ...], tuple[CommandTree, ButtonTable]] = field(default_factory=lambda: {})

    def compile(self, loaded: LoadedCommunity) -> CommunityRuntime:
        """Return a community, ready to take events.

        Communities with the same plugins share their commands and buttons, so ten thousand of them stay small.

        Raises:
            PluginError: two of its plugins claim the same command.
        """
        plugins = self._plugins(loaded)
        names = tuple(type(plugin).name for plugin, _ in plugins)
        if names not in self._shared:
            pairs = [(type(plugin).name, plugin) for plugin, _ in plugins]
            self._shared[names] = CommandTree(pairs), ButtonTable(pairs)
        self.texts.override(loaded.community.id, loaded.texts)
        tree, buttons = self._shared[names]
        return CommunityRuntime(loaded.community, self.registry, plugins, self.texts, self.signer, tree, buttons)

    def _plugins(self, loaded: LoadedCommunity) -> list[tuple[Plugin[Any], Any]]:
        there = self.registry.plugins
        chosen = [(there[name], loaded.configs[name]) for name in loaded.plugins if name in there]
        return [(self.builtin, NoConfig()), *chosen]


def package_of(thing: type[Any]) -> str:
    """Return the package that a plugin's or adapter's texts and migrations are in."""
    return thing.__module__.partition(".")[0]
