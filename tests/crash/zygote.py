"""A process that has loaded everything and forks the program, because loading it again for each kill takes seconds.

It reads a JSON object a line: what to run; and writes one: the process id, then that the program is ready, then that it
ended.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import selectors
import signal
import sys
import traceback
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.crash.plugin import TABLE, Bank, Crasher
from tests.crash.points import POINTS

import xiaoer_discord.line
import xiaoer_telegram.line
import xiaoer_web  # noqa: F401 - loaded once for all
from xiaoer import Limits, Plugin, Transaction, pipeline, recovery
from xiaoer.app import App
from xiaoer.discovery import installed_adapters
from xiaoer.logs import configure
from xiaoer.secrets import Secrets
from xiaoer.settings import load_settings
from xiaoer_red_envelope import RedEnvelope, book, cards
from xiaoer_tier_badges import TierBadges

LOADED = (xiaoer_discord.line, xiaoer_telegram.line, cards)
PLUGINS: dict[str, type[Plugin[Any]]] = {kind.name: kind for kind in (Crasher, Bank, RedEnvelope, TierBadges)}


class Brief(timedelta):
    """A time that is as many seconds as it would be hours, so that envelopes end while somebody looks."""

    def __new__(cls, *, hours: float) -> Brief:
        return super().__new__(cls, seconds=hours)


def say(**what: Any) -> None:
    """Write one line at once."""
    os.write(1, (json.dumps(what) + "\n").encode())


async def program(spec: dict[str, Any]) -> None:
    """Run the program until it is asked to end."""
    folder = Path(spec["folder"])
    adapters = installed_adapters()
    kind = adapters[spec["platform"]]
    kind.limits = Limits()  # the clock of these tests is the real one
    pipeline.PARK_AFTER, pipeline.WATCH_EVERY = 0.05, 0.02
    recovery.TRIES = 1_000_000  # here no event is guilty
    setattr(book, "timedelta", Brief)  # noqa: B010 - nobody but this test takes its time
    plugins = {name: PLUGINS[name] for name in spec["plugins"]}
    settings = load_settings(folder / "plugins.toml", adapters, plugins, spec["environ"])
    if spec.get("point"):
        POINTS[spec["point"]](spec["nth"], kind)
    app = App(settings, plugins, {spec["platform"]: kind}, b"a key that only tests sign with!")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await app.start()
    if spec.get("first"):
        await app.store.transact(Transaction.execute, TABLE, {})
    say(ready=os.getpid(), address=app.addresses[0])
    await stop.wait()
    await app.settled()
    await app.stop()


def child(spec: dict[str, Any]) -> None:
    """Be the program, and end with the process that forked it (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    log = os.open(Path(spec["folder"]) / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 2)
    configure("json", "info", Secrets([]), sys.stderr)
    try:
        asyncio.run(program(spec))
    finally:
        if (error := sys.exception()) is not None:
            traceback.print_exception(error)
        os._exit(0 if error is None else 1)  # nothing of the process that forked this one is tidied up here


def main() -> None:
    """Fork a program for each line."""
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    say(loaded=os.getpid())
    while True:
        for key, _ in selector.select():
            if key.fd == 0:
                line = sys.stdin.readline()
                if not line:
                    return
                spec = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    child(spec)
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, pid)
                say(began=pid)
            else:
                _, status = os.waitpid(key.data, 0)
                selector.unregister(key.fd)
                os.close(key.fd)
                say(ended=key.data, code=os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
