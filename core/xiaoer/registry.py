"""Which plugins there are, taken in by pluggy and checked before anything runs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Coroutine
from difflib import get_close_matches
from typing import Any, TypeAlias, cast

import pluggy
from pydantic import BaseModel

from xiaoer.buttons import ButtonTable
from xiaoer.commands import CommandTree
from xiaoer.errors import PluginError
from xiaoer.hookspecs import HOOKS, PROJECT, HookSpecs
from xiaoer.pictures import PictureTable
from xiaoer.plugin import Cron, Misfire, PictureSpec, Plugin, marked
from xiaoer.sections import CommunitySection
from xiaoer.units import describe

Implementation: TypeAlias = Callable[..., Coroutine[Any, Any, Any]]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_ARGUMENTS = ("ctx", "event")
_ORDERS = {"wrapper": "wrapper", "hookwrapper": "hookwrapper", "tryfirst": "tryfirst", "trylast": "trylast"}


class Registry:
    """The plugins of one app; each app has its own."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(HookSpecs)
        self.plugins: dict[str, Plugin[Any]] = {}

    def take(self, name: str, kind: type[Plugin[Any]]) -> Plugin[Any]:
        """Make a plugin, take it in and return it.

        Args:
            name: how ``plugins.toml`` calls it.
            kind: its class.

        Raises:
            PluginError: it cannot be made, or something about it is not as it must be.
        """
        try:
            check_class(name, kind)
            plugin = kind()
            self.register(plugin)
        except PluginError as error:
            raise PluginError(name, error.message) from error
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # bulkhead "hook": its class does what it wants when it is made and looked at
            raise PluginError(name, f"it cannot be made: {describe(error)}") from error
        return plugin

    def register(self, plugin: Plugin[Any]) -> None:
        """Take a plugin in.

        Raises:
            PluginError: its name, its configuration model, or a hook, command, button or picture is not as it must be.
        """
        name = _checked_name(type(plugin))
        if name in self.plugins:
            raise PluginError(name, "there is another plugin with this name: rename one of them")
        for attribute in dir(type(plugin)):
            _check_method(name, attribute, getattr(type(plugin), attribute))
        for function, spec in marked(plugin):
            if isinstance(spec, PictureSpec):
                _check_picture(name, function)
            elif not inspect.iscoroutinefunction(function):
                raise PluginError(name, f"{function.__name__} must be async: write async def {function.__name__}(…)")
        for table in (CommandTree, ButtonTable, PictureTable):
            table([(name, plugin)])
        try:
            self._manager.register(plugin, name)
        except pluggy.PluginValidationError as error:
            raise PluginError(name, _first_line(error)) from error
        self.plugins[name] = plugin

    def implementations(self, hook: str) -> dict[str, Implementation]:
        """Return a hook's implementations by plugin."""
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        return {found.plugin_name: cast("Implementation", found.function) for found in caller.get_hookimpls()}


def check_class(name: str, kind: type[Plugin[Any]]) -> None:
    """Look at a plugin's class without making one.

    Args:
        name: what it is known by.
        kind: the class.

    Raises:
        PluginError: it has another name, one that cannot be, or its configuration is no model.
    """
    if _checked_name(kind) != name:
        raise PluginError(name, f"its class is named {kind.name}: both names must be the same")


def timers_of(plugin: Plugin[Any], config: BaseModel) -> tuple[Cron, ...]:
    """Return the recurring timers of a plugin with one community's configuration.

    Raises:
        PluginError: it fails to tell them, or they are none.
    """
    name = type(plugin).name
    try:
        found = tuple(plugin.timers(config))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # bulkhead "hook": timers() is the plugin's
        raise PluginError(name, f"timers() failed: {describe(error)}") from error
    for cron in cast("tuple[object, ...]", found):
        kinds: list[type[Any]] = [type(getattr(cron, field, None)) for field in ("job", "expression", "misfire")]
        if kinds != [str, str, Misfire]:
            raise PluginError(name, "timers() must return Cron(job, expression, misfire), both of them texts")
    return found


def _checked_name(kind: type[Plugin[Any]]) -> str:
    name = getattr(kind, "name", "")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(
            kind.__name__,
            "give the class a name: small letters, digits and _, at most 32, beginning with a letter",
        )
    if name in CommunitySection.model_fields:
        raise PluginError(name, "this name is a key of every community's section: rename the plugin")
    config: object = getattr(kind, "config", None)
    if not (isinstance(config, type) and issubclass(config, BaseModel)):
        raise PluginError(name, "its config must be a pydantic model, a subclass of xiaoer.Settings")
    return name


def _check_method(plugin: str, attribute: str, function: object) -> None:
    options: dict[str, Any] | None = getattr(function, f"{PROJECT}_impl", None)
    if options is None:
        known = [*HOOKS, "screen"]
        if attribute in known:
            raise PluginError(plugin, f"{attribute} has no marker: write @{attribute} above it")
        if attribute.startswith("on_"):
            near = get_close_matches(attribute, known, n=1)
            advice = f"did you mean @{near[0]}?" if near else f"the hooks are {', '.join(known)}"
            raise PluginError(plugin, f"{attribute} is not a hook: {advice} (other methods do not begin with on_)")
        return
    hook = options.get("specname") or attribute
    for option in _ORDERS:
        if options.get(option):
            raise PluginError(plugin, f"{attribute} asks for {option}: order is the order in plugins = [...], drop it")
    if not inspect.iscoroutinefunction(function):
        raise PluginError(plugin, f"{attribute} must be async: write async def {attribute}(self, ctx, event)")
    arguments = tuple(inspect.signature(function).parameters)[1:]
    if arguments != _ARGUMENTS:
        raise PluginError(
            plugin,
            f"{attribute} takes ({', '.join(arguments)}): write async def {attribute}(self, ctx, event) for {hook}",
        )


def _check_picture(plugin: str, function: Callable[..., Any]) -> None:
    name = function.__name__
    if inspect.iscoroutinefunction(function) or tuple(inspect.signature(function).parameters) != ("data",):
        raise PluginError(plugin, f"{name} draws a picture: write def {name}(self, data), without async")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines)
