"""Apps for tests on a file that need not be migrated: its empty tables are made once and copied."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from xiaoer.adapter import Adapter
from xiaoer.app import App
from xiaoer.building import package_of
from xiaoer.clocks import Clock
from xiaoer.migration import migrate
from xiaoer.plugin import Plugin
from xiaoer.settings import LoadedSettings


def fresh(
    settings: LoadedSettings,
    plugins: Mapping[str, type[Plugin[Any]]],
    adapters: Mapping[str, type[Adapter]],
    key: bytes,
    clock: Clock,
) -> App:
    """Return an app whose file, if there was none, has all tables already; arguments are those of the app."""
    file = settings.database
    if not file.exists():
        kinds: list[tuple[str, type[Any]]] = [*adapters.items(), *plugins.items()]
        empty = _empty((("xiaoer", "xiaoer"), *((name, package_of(kind)) for name, kind in kinds)))
        if empty is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(empty)
    return App(settings, plugins, adapters, key, clock)


@cache
def _empty(packages: tuple[tuple[str, str], ...]) -> bytes | None:
    """Return a file with the tables of these packages; None where the app has to say what is wrong with one."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        return None if migrate(file, packages) else file.read_bytes()
