"""The programs that are killed: they are forked by a process that has loaded everything."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.crash.worlds import World

KILLS = int(os.environ.get("XIAOER_KILLS", "312"))
"""Over all tests and platforms; ``make crash`` sets more."""

WITH_ENVELOPES = KILLS * 3 // 26
"""So many of them while red envelopes are about."""

WITH_TRANSFERS = KILLS // 39
"""So many of them while a seat is handed on."""

UNKNOWN = "It is not known whether"
"""What admins are told of a message of which nobody can tell whether it was sent."""

ROOT = Path(__file__).parents[2]


class Zygote:
    """The process that forks programs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._began: asyncio.Queue[int] = asyncio.Queue()
        self.ready: dict[int, str] = {}
        self.ended: dict[int, int] = {}
        self._news = asyncio.Event()

    async def listen(self) -> None:
        """Hear what it says."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "began" in said:
                self._began.put_nowait(said["began"])
            elif "ready" in said:
                self.ready[said["ready"]] = said["address"]
            elif "ended" in said:
                self.ended[said["ended"]] = said["code"]
            self._news.set()

    async def start(self, world: World, **spec: Any) -> int:
        """Start a program and return its process id at once."""
        assert self._process.stdin is not None
        spec |= {"folder": str(world.folder), "platform": world.platform, "environ": world.environ}
        spec |= {"plugins": world.plugins}
        self._process.stdin.write((json.dumps(spec) + "\n").encode())
        return await self._began.get()

    async def until(self, pid: int, *, ended: bool = False) -> None:
        """Return when a program is ready, or has ended."""
        while pid not in self.ended and (ended or pid not in self.ready):
            self._news.clear()
            await self._news.wait()


@asynccontextmanager
async def forking() -> AsyncIterator[Zygote]:
    """Have a process that forks programs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.crash.zygote",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
    )
    zygote = Zygote(process)
    listening = asyncio.ensure_future(zygote.listen())
    try:
        yield zygote
    finally:
        process.kill()  # and with it every program that it forked
        await process.wait()
        await listening


@asynccontextmanager
async def opened(world: World) -> AsyncIterator[World]:
    """Make a platform ready, and let it go."""
    await world.open()
    yield world
    await world.close()


async def begin(zygote: Zygote, world: World) -> None:
    """Let the program run once, so that there are tables and the platform knows it."""
    world.write_config()
    pid = await zygote.start(world, first=True)
    await zygote.until(pid)
    world.address = zygote.ready[pid]
    await world.connected()
    await stop(zygote, pid)


async def stop(zygote: Zygote, pid: int) -> None:
    """End a program as an operator does."""
    os.kill(pid, signal.SIGTERM)
    await zygote.until(pid, ended=True)
    assert zygote.ended[pid] == 0


async def kill_one(
    zygote: Zygote, world: World, point: str | None, chance: random.Random, nth: int = 0, *, serves: bool = False
) -> bool:
    """Start the program and let it be killed; return whether that was at the named point.

    Args:
        zygote: forks it.
        world: where.
        point: the named moment; a random one when None.
        chance: chooses.
        nth: at which time that it comes; one of the first few when 0.
        serves: whether a random moment is one after it has begun to serve.
    """
    pid = await zygote.start(world, point=point, nth=nth or chance.randint(1, 4))
    if point is None:
        if serves:
            await zygote.until(pid)
        await asyncio.sleep(chance.uniform(0.05, 0.5))
    else:
        try:
            await asyncio.wait_for(zygote.until(pid, ended=True), 1.5)
        except TimeoutError:
            point = None
    if pid not in zygote.ended:
        with contextlib.suppress(ProcessLookupError):  # it ended by itself at this very moment
            os.kill(pid, signal.SIGKILL)
        await zygote.until(pid, ended=True)
    assert zygote.ended[pid] == -signal.SIGKILL, (world.folder / "log").read_text()[-3000:]
    return point is not None
