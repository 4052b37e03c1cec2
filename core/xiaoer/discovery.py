"""Finding adapters and plugins: whatever is installed and says so by an entry point, built-in and third-party alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from xiaoer.adapter import Adapter
from xiaoer.errors import PluginError
from xiaoer.plugin import Plugin

Kind = TypeVar("Kind", bound=type[Any])

ADAPTERS = "xiaoer.adapters"
PLUGINS = "xiaoer.plugins"


class Installed(Mapping[str, Kind], Generic[Kind]):
    """The classes that entry points of one group name; each is imported when it is first asked for.

    Args:
        group: the entry points' group.
        base: what each must be a subclass of.
    """

    def __init__(self, group: str, base: Kind) -> None:
        self._base = base
        self._points: dict[str, EntryPoint] = {point.name: point for point in entry_points(group=group)}
        self._loaded: dict[str, Kind] = {}

    def __getitem__(self, name: str) -> Kind:
        """Return the class.

        Raises:
            KeyError: nothing with this name is installed.
            PluginError: it cannot be imported, or is not what it should be.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(self._points[name])
        return self._loaded[name]

    def _load(self, point: EntryPoint) -> Kind:
        try:
            found: Any = point.load()
        except Exception as error:  # bulkhead "hook": what a foreign module does at import is not known
            raise PluginError(point.name, f"it cannot be imported: {type(error).__name__}: {error}") from error
        if not (isinstance(found, type) and issubclass(found, self._base)):
            raise PluginError(point.name, f"{point.value} must be a subclass of xiaoer.{self._base.__name__}")
        return found  # type: ignore[return-value]

    def __contains__(self, name: object) -> bool:
        return name in self._points

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._points))

    def __len__(self) -> int:
        return len(self._points)


def installed_adapters() -> Installed[type[Adapter]]:
    """Return the adapters that are installed, by platform."""
    return Installed(ADAPTERS, Adapter)


def installed_plugins() -> Installed[type[Plugin[Any]]]:
    """Return the plugins that are installed, by name."""
    return Installed(PLUGINS, Plugin)
