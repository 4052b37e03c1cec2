"""The background tasks of an app: kept, ended, and missed loudly when one dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

PATIENCE = 2.0
"""Seconds that cancelled tasks have to end."""


class Tasks:
    """Background tasks that live until they are stopped.

    Args:
        on_crash: hears when one ends by an error, which means that the app has a fault and must stop.

    Attributes:
        stopping: whether they are being cancelled.
    """

    def __init__(self, on_crash: Callable[[BaseException], None]) -> None:
        self._on_crash = on_crash
        self._tasks: set[asyncio.Task[Any]] = set()
        self.stopping = False

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Start a task and keep it."""
        task: asyncio.Task[Any] = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or task.exception() is None:
            return
        error = task.exception()
        assert error is not None  # noqa: S101 - for the type checkers
        structlog.get_logger().critical("background task died", task=task.get_name(), exc_info=error)
        self._on_crash(error)

    async def stop(self) -> None:
        """Cancel all tasks and wait until they have ended; one that will not end is left behind."""
        self.stopping = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=PATIENCE)
        for task in self._tasks:
            structlog.get_logger().warning("background task would not end", task=task.get_name())
