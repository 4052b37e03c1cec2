"""The rush for the last seats in small: payloads of three platforms, through their adapters, at the same moment."""

import asyncio
from pathlib import Path

import pytest
from tests.bench.crowd import Crowd
from tests.bench.seats import LAST, Hall, Taken

PEOPLE = 150


async def play(folder: Path) -> Taken:
    hall = Hall(folder / "bench.db", Crowd(PEOPLE))
    async with hall.open():
        return await hall.rush()


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Taken:
    return asyncio.run(play(tmp_path_factory.mktemp("rush")))


def test_the_last_seats_are_given_once_and_the_others_wait(taken: Taken) -> None:
    assert (taken.given, taken.duplicates) == (LAST, 0)


def test_everybody_stands_where_they_asked(taken: Taken) -> None:
    assert taken.misplaced == 0
