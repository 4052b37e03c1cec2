"""A stage for state machines: communities on platforms in memory, with a loop of their own, restarted at will."""

import asyncio
import os
import tempfile
from collections.abc import Coroutine, Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, settings

from xiaoer import CommandUsed, Community, MessagePosted, Plugin, Who
from xiaoer.app import App
from xiaoer.sections import XiaoerSection
from xiaoer.settings import LoadedCommunity, LoadedSettings
from xiaoer.statements import Row, Statement
from xiaoer.testing import START, FakeAdapter, FakePlatform, ManualClock, Town, fresh
from xiaoer.testing.adapter import FakeSettings
from xiaoer.testing.scene import KEY

R = TypeVar("R")


TIMES = int(os.environ.get("XIAOER_EXAMPLES", "1"))
"""How many times the usual number of runs each machine makes, when somebody looks for what is not known yet.

Only then a failure is made smaller too: that takes minutes, so give ``--timeout 1800`` with it.
"""


def bounded(examples: int, steps: int) -> settings:
    """Return the settings of a machine: so many runs of so many steps."""
    phases = [Phase.explicit, Phase.reuse, Phase.generate, Phase.target]
    return settings(
        max_examples=examples * TIMES,
        stateful_step_count=steps,
        deadline=None,
        phases=phases if TIMES == 1 else tuple(Phase),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )


class Stage:
    """What a state machine plays on.

    Args:
        plugins: the plugins of all communities.
        communities: which platforms each community lives on; on each it has one space, ``<platform>:<community>``.
        platforms: by name; one named ``fake`` if none are given.
        timezone: the zone of all communities.
        configs: what their sections say about plugins.
        start: where time begins.
    """

    def __init__(
        self,
        *plugins: type[Plugin[Any]],
        communities: Mapping[str, tuple[str, ...]] | None = None,
        platforms: Mapping[str, FakePlatform] | None = None,
        timezone: str = "UTC",
        configs: Mapping[str, Any] | None = None,
        start: datetime = START,
    ) -> None:
        self.plugins = plugins
        self.communities = communities or {"town": ("fake",)}
        self.platforms = dict(platforms or {"fake": FakePlatform()})
        self.timezone = ZoneInfo(timezone)
        self.configs = configs or {}
        self.clock = ManualClock(start)
        self._folder = tempfile.TemporaryDirectory()
        self._file = Path(self._folder.name) / "stage.db"
        self._runner = asyncio.Runner()
        self._numbers = count(1)
        self.town = Town(self.make(), self.clock, next(iter(self.platforms.values())), self.make)
        self.run(self.town.app.start())
        self.settle()

    @property
    def app(self) -> App:
        """The app that runs."""
        return self.town.app

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Run something in the stage's loop."""
        return self._runner.run(work)

    def settle(self) -> None:
        """Wait until nothing is left to do before time passes."""
        self.run(self.town.settle())

    def pass_time(self, **amount: float) -> None:
        """Let time pass, and all that comes due happen."""
        self.run(self.town.pass_time(**amount))

    def restart(self, *, kill: bool) -> None:
        """End the app, in whichever way, and start another one on the same file."""
        self.run(self.town.restart(kill=kill))

    def stand_still(self, **amount: float) -> None:
        """Let time pass without an app."""
        self.run(self.town.stand_still(**amount))

    def rows(self, statement: Statement, **values: Any) -> list[Row]:
        """Return what the database holds."""
        return self.run(self.town.rows(statement, **values))

    def close(self) -> None:
        """End it all."""
        self.run(self.app.drop())
        self._runner.close()
        self._folder.cleanup()

    def who(self, name: str, platform: str = "fake", role: str = "") -> Who:
        """Return somebody's account."""
        return Who(f"{platform}:{name}", name.capitalize(), role=role)

    def message(self, name: str, text: str, community: str = "town", platform: str = "fake") -> MessagePosted:
        """Return the event that somebody writes; keys follow each other as text, as the platform's numbers do."""
        number = f"{next(self._numbers):06}"
        space = f"{platform}:{community}"
        return MessagePosted(
            key=f"{platform}:{number}",
            at=self.clock.now(),
            space=space,
            chat=f"{space}/main",
            who=self.who(name, platform),
            message=number,
            text=text,
        )

    def command(self, name: str, text: str, community: str = "town", platform: str = "fake") -> CommandUsed:
        """Return the event that somebody uses a command."""
        number = f"{next(self._numbers):06}"
        space = f"{platform}:{community}"
        return CommandUsed(
            key=f"{platform}:{number}",
            at=self.clock.now(),
            space=space,
            chat=f"{space}/main",
            who=self.who(name, platform),
            text=text,
            handle=number,
        )

    def make(self) -> App:
        """Return another app on the same file."""
        platforms = {name: _adapter(name, platform) for name, platform in self.platforms.items()}
        return fresh(self._settings(), {kind.name: kind for kind in self.plugins}, platforms, KEY, self.clock)

    def _settings(self) -> LoadedSettings:
        return LoadedSettings(
            file=self._file,
            xiaoer=XiaoerSection(database=str(self._file), synchronous="NORMAL"),
            adapters={name: FakeSettings() for name in self.platforms},
            communities=tuple(self._community(name, platforms) for name, platforms in self.communities.items()),
        )

    def _community(self, name: str, platforms: tuple[str, ...]) -> LoadedCommunity:
        spaces = tuple(f"{platform}:{name}" for platform in platforms)
        community = Community(
            id=name,
            name=name.capitalize(),
            timezone=self.timezone,
            spaces=spaces,
            owners=("fake:boss",),
            chats={"main": tuple(f"{space}/main" for space in spaces), "admins": (f"{spaces[0]}/admins",)},
        )
        configs = {kind.name: kind.config(**self.configs.get(kind.name, {})) for kind in self.plugins}
        return LoadedCommunity(community, tuple(configs), configs, {})


def _adapter(name: str, platform: FakePlatform) -> type[FakeAdapter]:
    return type("FakeAdapter", (FakeAdapter.on(platform),), {"platform": name, "__module__": FakeAdapter.__module__})
