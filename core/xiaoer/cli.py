"""The command line: ``xiaoer run`` and ``xiaoer check``.

Exit codes: 0 ended as asked, 1 ended by a fault, 2 the configuration cannot be used.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from xiaoer.app import App
from xiaoer.building import package_of
from xiaoer.discovery import installed_adapters, installed_plugins
from xiaoer.errors import ConfigError, XiaoerError
from xiaoer.logs import configure
from xiaoer.process import tune_memory
from xiaoer.secrets import Secrets, signing_key
from xiaoer.settings import LoadedSettings, load_settings
from xiaoer.stalls import StallWatch

OK, FAULT, MISCONFIGURED = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="xiaoer", description="Runs communities on Telegram, Discord and in the browser."
    )
    parser.add_argument("do", choices=["run", "check"], help="run the communities, or only check the configuration")
    parser.add_argument("--config", type=Path, default=Path("plugins.toml"), help="the configuration (plugins.toml)")
    options = parser.parse_args(arguments)
    try:
        if options.do == "check":
            return _check(options.config)
        return asyncio.run(_run(options.config))
    except ConfigError as error:
        _complain(*error.lines())
        return MISCONFIGURED
    except XiaoerError as error:
        _complain(str(error))
        return FAULT


def _complain(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr)  # noqa: T201 - the command line's own voice


def _load(config: Path) -> LoadedSettings:
    return load_settings(config, installed_adapters(), installed_plugins(), os.environ)


def _app(settings: LoadedSettings, key: bytes) -> App:
    plugins, adapters = installed_plugins(), installed_adapters()
    return App(
        settings,
        {name: plugins[name] for name in settings.plugin_names},
        {name: adapters[name] for name in settings.adapters},
        key,
    )


def _check(config: Path) -> int:
    settings = _load(config)
    _app(settings, b"").check()
    print(f"{config}: {len(settings.communities)} communities, nothing wrong")  # noqa: T201
    return OK


async def _run(config: Path) -> int:
    settings = _load(config)
    key = signing_key(os.environ, settings.database.parent)
    masked = Secrets([*settings.secrets, key.decode(errors="replace")])
    take_back = configure(settings.xiaoer.log, settings.xiaoer.log_level, masked)
    app = _app(settings, key)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stalls = StallWatch([package_of(kind) for kind in app.extensions()])
    try:
        await app.start()
        tune_memory()
        stalls.start()
        _greet(app, await app.claim_codes())
        await _until(stop, app)
    finally:
        stalls.stop()
        await app.stop()
        take_back()
    return OK if app.failure is None else FAULT


async def _until(stop: asyncio.Event, app: App) -> None:
    waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(app.ended())]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


def _greet(app: App, codes: dict[str, str]) -> None:
    """Say where the communities are and how to become their owner."""
    table = Table.grid(padding=(0, 2))
    for address in app.addresses:
        table.add_row("open" if "://" in address else "on", address)
    for community, code in codes.items():
        table.add_row("own", f"{app.runtimes[community].community.name}: type /claim {code} in the chat")
    table.add_row("stop", "Ctrl-C")
    Console().print(Panel(table, title="小二 Xiaoer", expand=False))
