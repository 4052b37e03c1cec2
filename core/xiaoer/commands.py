"""The slash commands of a community: one tree, compiled from its plugins."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

from xiaoer.arguments import Parameter, from_options, parameters_of, parse, usage
from xiaoer.errors import PluginError, Refusal
from xiaoer.plugin import CommandSpec, Plugin, Visibility, marked

MENU_NAME = 32
"""Characters of the name of a command in a message's menu (Discord docs, Application Command Object)."""

_WORD = re.compile(r"[a-z][a-z0-9_-]{0,31}")


@dataclass(frozen=True)
class Command:
    """A slash command.

    Args:
        plugin: whose it is.
        path: one or two words.
        handler: the bound method.
        parameters: what people type behind it.
        answer: who sees the answer.
        needs: the capability it takes; empty for everybody.
        default: whether the first word alone means this one.
        on_message: whether it is used on a message.
    """

    plugin: str
    path: tuple[str, ...]
    handler: Callable[..., Coroutine[Any, Any, None]]
    parameters: tuple[Parameter, ...]
    answer: Visibility
    needs: str
    default: bool
    on_message: bool = False

    @property
    def name(self) -> str:
        """Its path as people type it, without the slash."""
        return " ".join(self.path)

    @property
    def usage(self) -> str:
        """How its parameters are written."""
        return usage(self.parameters)

    @property
    def line(self) -> str:
        """How the whole command is written."""
        return f"/{self.name} {self.usage}".rstrip()

    @property
    def summary(self) -> str:
        """The key of the text that says what it does."""
        return f"{self.plugin}.command.{'.'.join(self.path)}"

    @property
    def title(self) -> str:
        """The key of the text by which it stands in a message's menu; empty where it is not used on messages."""
        return f"{self.summary}.title" if self.on_message else ""


class Resolved(NamedTuple):
    """A command that was used, with the values that were given."""

    command: Command
    arguments: dict[str, Any]


class CommandTree:
    """All commands of a community.

    Args:
        plugins: (name, plugin) in the community's order.

    Raises:
        PluginError: two plugins claim the same first word, a path is written wrongly, or a tree has two defaults.
    """

    def __init__(self, plugins: Iterable[tuple[str, Plugin[Any]]]) -> None:
        self._commands: dict[tuple[str, ...], Command] = {}
        owners: dict[str, str] = {}
        for name, plugin in plugins:
            for function, spec in marked(plugin):
                if isinstance(spec, CommandSpec):
                    self._add(_command(name, function, spec), owners)
        self._defaults = {command.path[0]: command for command in self._commands.values() if command.default}

    def _add(self, command: Command, owners: dict[str, str]) -> None:
        first = command.path[0]
        owner = owners.setdefault(first, command.plugin)
        if owner != command.plugin:
            raise PluginError(
                command.plugin, f"/{first} belongs to plugin {owner} already: leave one of them out of plugins = [...]"
            )
        if command.path in self._commands:
            raise PluginError(command.plugin, f"/{command.name} is declared twice")
        if command.default and any(c.default and c.path[0] == first for c in self._commands.values()):
            raise PluginError(command.plugin, f"/{first} has two defaults: keep one")
        if any(c.path[0] == first and len(c.path) != len(command.path) for c in self._commands.values()):
            raise PluginError(
                command.plugin, f"/{first} is a command and has some below it: write it /{first} <word>, default=True"
            )
        self._commands[command.path] = command

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def resolve(self, text: str, options: dict[str, str] | None = None) -> Resolved:
        """Return which command a text uses, and with which values.

        Args:
            text: what was typed behind the slash.
            options: the values, where the platform has taken them apart.

        Raises:
            Refusal: there is no such command, or its values are not as they must be.
        """
        command, rest = self.find(text)
        if options is not None:
            return Resolved(command, from_options(command.parameters, options, command.line))
        return Resolved(command, parse(command.parameters, rest, command.line))

    def find(self, text: str) -> tuple[Command, str]:
        """Return which command a text uses, and what is typed behind it.

        Raises:
            Refusal: there is no such command.
        """
        words = text.split(maxsplit=2)
        path = tuple(word.casefold() for word in words[:2])
        command = self._commands.get(path)
        if command is not None:
            rest = words[2] if len(words) > 2 else ""
        else:
            command = self._commands.get(path[:1]) or self._defaults.get(path[0] if path else "")
            rest = text.strip()[len(words[0]) :] if words else ""
        if command is None:
            raise self._unknown(" ".join(path))
        return command, rest

    def _unknown(self, text: str) -> Refusal:
        names = [command.name for command in self._commands.values()] + list(self._defaults)
        first = text.partition(" ")[0]
        near = get_close_matches(text, names, n=1, cutoff=0.5) or get_close_matches(first, names, n=1, cutoff=0.5)
        if near:
            return Refusal("xiaoer.command.unknown", text=text[:60], nearest=near[0])
        return Refusal("xiaoer.command.unknown_alone", text=text[:60])


def _command(plugin: str, function: Callable[..., Coroutine[Any, Any, None]], spec: CommandSpec) -> Command:
    if len(spec.path) not in (1, 2) or not all(_WORD.fullmatch(word) for word in spec.path):
        raise PluginError(
            plugin, f"/{' '.join(spec.path)}: a command is one or two words of small letters, digits, - and _"
        )
    if spec.needs and not spec.needs.startswith(f"{plugin}."):
        raise PluginError(plugin, f"/{' '.join(spec.path)} needs {spec.needs}: name it {plugin}.<word>")
    parameters = parameters_of(plugin, function)
    if spec.on_message:
        _check_usable_on_messages(plugin, spec.path, parameters)
    return Command(plugin, spec.path, function, parameters, spec.answer, spec.needs, spec.default, spec.on_message)


def _check_usable_on_messages(plugin: str, path: tuple[str, ...], parameters: tuple[Parameter, ...]) -> None:
    line = f"/{' '.join(path)}"
    needed = next((parameter.name for parameter in parameters if parameter.required), None)
    if needed is not None:
        raise PluginError(
            plugin, f"{line}: in a message's menu nothing can be typed, so give {needed} a default or drop on_message"
        )
    if len(line) - 1 > MENU_NAME:
        raise PluginError(plugin, f"{line}: in a message's menu a name has at most {MENU_NAME} characters: shorten it")
