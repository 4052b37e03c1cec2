"""The command line: ``xiaoer run``, ``check``, ``status``, ``backup`` and ``restore``.

Exit codes: 0 ended as asked, 1 ended by a fault, 2 the configuration cannot be used, 130 interrupted
and 143 ended by SIGTERM before it served.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from xiaoer.app import App
from xiaoer.backup import backup
from xiaoer.board import board
from xiaoer.building import package_of
from xiaoer.clocks import SystemClock
from xiaoer.copying import Progress as Told
from xiaoer.copying import in_words
from xiaoer.discovery import installed_adapters, installed_plugins
from xiaoer.errors import ConfigError, XiaoerError
from xiaoer.interrupts import hear
from xiaoer.logs import Redactor, configure
from xiaoer.process import tune_memory
from xiaoer.restore import restore
from xiaoer.secrets import KEY_VARIABLE, Secrets, signing_key
from xiaoer.settings import LoadedSettings, load_settings
from xiaoer.stalls import StallWatch
from xiaoer.survey import survey

OK, FAULT, MISCONFIGURED, INTERRUPTED = 0, 1, 2, 130

PATIENCE = 3.0
"""Seconds after which a start that stands still, because of a plugin's revision for instance, is told where it is."""

LARGE = 50_000_000
"""Bytes from which a copy shows how far it is."""


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says and return the exit code."""
    try:
        hear()
        options = _parser().parse_args(arguments)
        do: Callable[[argparse.Namespace], int] = options.do
        return do(options)
    except ConfigError as error:
        _complain(*error.lines())
        return MISCONFIGURED
    except XiaoerError as error:
        _complain(str(error))
        return FAULT
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # who reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="xiaoer", description="Runs communities on Telegram, Discord and in the browser."
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", type=Path, default=Path("plugins.toml"), help="the configuration (plugins.toml)")
    commands = parser.add_subparsers(required=True, metavar="run | check | status | backup | restore")

    def command(name: str, do: Callable[[argparse.Namespace], int], what: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=what, description=what, parents=[common])
        added.set_defaults(do=do)
        return added

    command("run", lambda options: asyncio.run(_run(options.config)), "Run the communities until Ctrl-C.")
    command("check", _check, "Say what is wrong in the configuration.")
    shown = command("status", _status, "Say how everything is: what waits, what was put aside, what failed.")
    shown.add_argument("--json", action="store_true", help="for machines")
    saving = command("backup", _backup, "Copy the database and the key, also while the program runs.")
    saving.add_argument("file", type=Path, help="the copy, or a folder in which it gets a name with the date")
    restoring = command("restore", _restore, "Put a copy in the place of the database, which is kept.")
    restoring.add_argument("file", type=Path, help="what xiaoer backup made, or a snapshot")
    return parser


def _complain(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr)  # noqa: T201 - the command line's own voice


def _say(*lines: str) -> None:
    console = Console()
    for line in lines:
        console.print(line, soft_wrap=True, markup=False, highlight=False)


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


def _packages(settings: LoadedSettings) -> list[tuple[str, str]]:
    plugins, adapters = installed_plugins(), installed_adapters()
    named: list[tuple[str, type[Any]]] = [(name, adapters[name]) for name in settings.adapters]
    named += [(name, plugins[name]) for name in settings.plugin_names]
    return [("xiaoer", "xiaoer"), *[(name, package_of(kind)) for name, kind in named]]


def _check(options: argparse.Namespace) -> int:
    settings = _load(options.config)
    _app(settings, b"").check()
    _say(f"{options.config}: {len(settings.communities)} communities, nothing wrong")
    return OK


def _status(options: argparse.Namespace) -> int:
    settings = _load(options.config)
    redact = Redactor(Secrets([*settings.secrets, os.environ.get(KEY_VARIABLE, "")]))
    found = survey(settings, _packages(settings), SystemClock().now(), redact)
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(found)).decode())  # noqa: T201 - not a table
    else:
        Console().print(
            board(found, {loaded.community.id: loaded.community.timezone for loaded in settings.communities})
        )
    return OK if found.problem is None or not settings.database.exists() else FAULT


def _backup(options: argparse.Namespace) -> int:
    settings = _load(options.config)
    with _progress("copying") as progress:
        saved = backup(settings.database, options.file, SystemClock().now(), progress)
    lines = [f"saved  {saved.file}", f"size   {in_words(saved.size)} in {saved.seconds:.1f} s"]
    if saved.key is not None:
        lines.append(f"key    {saved.key}")
    secret = f", {KEY_VARIABLE}" if KEY_VARIABLE in os.environ else ""
    _say(*lines, f"keep   {options.config}{secret} and the tokens too: they are not in it")
    return OK


def _restore(options: argparse.Namespace) -> int:
    settings = _load(options.config)
    with _progress("putting back") as progress:
        done = restore(settings.database, options.file, _packages(settings), SystemClock().now(), progress)
    lines = [f"put back  {options.file}, {in_words(done.size)}, as {settings.database}"]
    if done.kept is not None:
        lines.append(f"kept      {done.kept}: what stood there; delete it when all is well")
    if done.key:
        lines.append("key       put back too: buttons and claim codes are those of the copy")
    if done.held_back:
        lines.append(
            f"not sent  {done.held_back} messages that may have been sent since the copy was made: "
            "xiaoer status lists them"
        )
    if done.older:
        lines.append("older     the next start brings its tables up to date")
    _say(*lines, f"next      xiaoer run --config {options.config}")
    return OK


@contextlib.contextmanager
def _progress(what: str) -> Generator[Told]:
    """Show how far a large copy is, in a terminal."""
    columns = TextColumn(what), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        task = shown.add_task(what, visible=False)
        yield lambda done, total: shown.update(task, completed=done, total=total, visible=total >= LARGE)


async def _run(config: Path) -> int:
    settings = _load(config)
    key = signing_key(os.environ, settings.database.parent)
    masked = Secrets([*settings.secrets, key.decode(errors="replace")])
    take_back = configure(settings.xiaoer.log, settings.xiaoer.log_level, masked)
    app = _app(settings, key)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    packages = [package_of(kind) for kind in app.extensions()]
    stalls = StallWatch(packages, writing=lambda: app.store.writing)
    starting = StallWatch(packages, limit=PATIENCE)
    try:
        starting.start()
        await app.start()
        starting.stop()
        # not before, because a revision that hangs keeps the loop from hearing Ctrl-C
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
        tune_memory()
        stalls.start()
        _greet(app, await app.claim_codes())
        await _until(stop, app)
    finally:
        starting.stop()
        stalls.stop()
        await app.stop()
        take_back()
    if isinstance(app.failure, XiaoerError):
        raise app.failure
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
