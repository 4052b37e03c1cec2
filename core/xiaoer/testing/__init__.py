"""The kit for tests of plugins and adapters: time that stands still, a platform in memory, scenes in three lines.

::

    async with play(Welcome) as town:
        await town.join("ann")
        assert "Ann" in town.last("ann").text
"""

from xiaoer.testing.adapter import FakeAdapter, FakeInvite, FakeMessage, FakePlatform
from xiaoer.testing.clock import START, ManualClock, rest
from xiaoer.testing.scene import Town, play
from xiaoer.testing.template import fresh

__all__ = [
    "START",
    "FakeAdapter",
    "FakeInvite",
    "FakeMessage",
    "FakePlatform",
    "ManualClock",
    "Town",
    "fresh",
    "play",
    "rest",
]
