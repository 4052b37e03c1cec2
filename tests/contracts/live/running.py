"""A run of the suite on the real platforms."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from rich.console import Console
from tests.contracts.live.doors import knock
from tests.contracts.live.settings import Mistake, Place, people, read, table
from tests.contracts.live.terminal import RULES, Terminal, Tester

from xiaoer.logs import configure
from xiaoer.secrets import Secrets

SUITE = Path(__file__).parents[1] / "test_contract.py"
KNOWN = "ignore:Module already imported so cannot be rewritten:pytest.PytestAssertRewriteWarning"
"""Knocking has loaded libraries that bring plugins of pytest along."""


class Play:
    """A plugin of pytest that has the suite played for real, one platform after the other.

    Args:
        places: where.
        tester: acts there.
        number: with so many accounts.
    """

    def __init__(self, places: Sequence[Place], tester: Tester, number: int) -> None:
        self._places = places
        self._tester = tester
        self._number = number
        self._order: list[object] = []

    def pytest_configure(self, config: pytest.Config) -> None:
        """Say where the suite is played; the platforms' libraries take seconds to load, so that is done only now."""
        from tests.contracts.live.stages import STAGES
        from tests.contracts.stage import PLAYED

        kinds = tuple(STAGES[place.platform].of(place, self._tester, self._number) for place in self._places)
        config.stash[PLAYED] = kinds
        self._order = list(kinds)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Finish one platform before the next."""
        items.sort(key=self._platform)

    def _platform(self, item: pytest.Item) -> int:
        values = item.callspec.params.values() if isinstance(item, pytest.Function) else ()
        return next((self._order.index(value) for value in values if value in self._order), 0)

    @pytest.fixture(autouse=True)
    def _quiet_logs(self, _plain_logs: None) -> Iterator[None]:
        take_back = configure("terminal", "error", Secrets([place.token for place in self._places]))
        yield
        take_back()


def run(environ: Mapping[str, str], chosen: Sequence[str]) -> int:
    """Play the suite and return the exit code: 2 when something has to be set first.

    Args:
        environ: the environment.
        chosen: words of the tests' names; all tests when empty.
    """
    console = Console()
    try:
        places, number = read(environ), people(environ)
        if not places:
            console.print(table())
            raise Mistake("Nothing is set: give the token and the chat of at least one platform.")
        places = [asyncio.run(knock(place)) for place in places]
        if not sys.stdin.isatty():
            raise Mistake("The tester needs a keyboard: start it in a terminal.")
    except Mistake as mistake:
        console.print(str(mistake), markup=False, highlight=False, soft_wrap=True)
        return 2
    for place in places:
        console.print(f"{place.title}: {place.called} ({place.chat})", markup=False, highlight=False, soft_wrap=True)
    console.print(RULES, markup=False, highlight=False)
    play = Play(places, Terminal(console, sys.stdin.fileno()), number)
    only = ["-k", " or ".join(chosen)] if chosen else []
    return int(pytest.main([str(SUITE), "-s", "--timeout", "0", "-W", KNOWN, *only], plugins=[play]))
