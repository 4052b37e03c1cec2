"""Finding adapters and plugins: whatever is installed and says so by an entry point, built-in and third-party alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from xiaoer.adapter import Adapter
from xiaoer.errors import PluginError
from xiaoer.plugin import Plugin
from xiaoer.registry import check_class
from xiaoer.units import describe

Kind = TypeVar("Kind", bound=type[Any])

ADAPTERS = "xiaoer.adapters"
PLUGINS = "xiaoer.plugins"


class Installed(Mapping[str, Kind], Generic[Kind]):
    """The classes that entry points of one group name; each is imported when it is first asked for.

    Args:
        group: the entry points' group.
        base: what each must be a subclass of.
        check: raises a PluginError when a class cannot be what its name says.
    """

    def __init__(self, group: str, base: Kind, check: Callable[[str, Kind], None] | None = None) -> None:
        self._base = base
        self._check = check
        self._points: dict[str, set[EntryPoint]] = {}
        for point in entry_points(group=group):
            self._points.setdefault(point.name, set()).add(point)
        self._loaded: dict[str, Kind] = {}

    def __getitem__(self, name: str) -> Kind:
        """Return the class.

        Raises:
            KeyError: nothing with this name is installed.
            PluginError: it cannot be imported, or is not what it should be.
        """
        if name not in self._loaded:
            point, *others = self._points[name]
            if others:
                brought = " and ".join(sorted(each.value for each in (point, *others)))
                raise PluginError(name, f"several installed packages bring it ({brought}): keep one of them")
            self._loaded[name] = self._load(point)
        return self._loaded[name]

    def _load(self, point: EntryPoint) -> Kind:
        try:
            found: Any = point.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # bulkhead "hook": what a foreign module does at import is not known
            raise PluginError(point.name, f"it cannot be imported: {describe(error)}") from error
        if not (isinstance(found, type) and issubclass(found, self._base)):
            raise PluginError(point.name, f"{point.value} must be a subclass of xiaoer.{self._base.__name__}")
        if self._check is not None:
            self._check(point.name, found)  # type: ignore[arg-type]
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
    return Installed(PLUGINS, Plugin, check_class)
