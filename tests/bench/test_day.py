import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import discord
import pytest
from aiogram.types import TelegramObject, Update
from tests.bench.day import SHARES, Happening, Town
from tests.bench.day_discord import Discord, guild, ready
from tests.bench.day_telegram import Telegram

OLD = {"new_chat_participant", "new_chat_member", "left_chat_participant"}
"""Fields that Telegram still sends and the Bot API does not describe any more."""

EVENTS = {
    "write": ["message"],
    "edit": ["raw_message_edit"],
    "react": ["raw_reaction_add", "raw_reaction_remove"],
    "join": ["member_join"],
    "leave": ["raw_member_remove"],
}


@pytest.fixture(scope="module")
def day() -> list[Happening]:
    return Town().day()


def unknown(thing: Any) -> Iterator[str]:
    if isinstance(thing, TelegramObject):
        yield from (thing.model_extra or {}).keys() - OLD
        for name in thing.model_fields_set:
            yield from unknown(getattr(thing, name, None))
    elif isinstance(thing, list):
        for one in thing:
            yield from unknown(one)


def test_a_day_is_the_same_every_time() -> None:
    first, second = Town().day(), Town().day()
    assert Telegram().tell(first) == Telegram().tell(second)
    assert Discord().tell(first) == Discord().tell(second)


def test_everything_happens_in_its_share(day: list[Happening]) -> None:
    counted = Counter(happening.deed for happening in day)
    assert {deed: counted[deed] / len(day) for deed in SHARES} == pytest.approx(SHARES, abs=0.02)


def test_most_happens_in_the_morning_at_noon_and_in_the_evening(day: list[Happening]) -> None:
    hours = Counter(int(happening.at // 3600) for happening in day)
    assert min(hours[8], hours[12], hours[21]) > 2 * max(hours[4], hours[10], hours[16])


def test_every_update_has_nothing_that_aiogram_does_not_know(day: list[Happening]) -> None:
    updates = [Update.model_validate_json(update) for update in Telegram().tell(day)]
    assert {name for update in updates for name in unknown(update)} == set()


def test_every_update_is_read_as_what_happened(day: list[Happening]) -> None:
    kinds = Counter(Update.model_validate_json(update).event_type for update in Telegram().tell(day))
    deeds = Counter(happening.deed for happening in day)
    moves = deeds["join"] + deeds["leave"]
    assert kinds == {
        "message": deeds["write"] + moves,
        "edited_message": deeds["edit"],
        "message_reaction": deeds["react"],
        "chat_member": moves,
    }


async def test_every_frame_is_read_by_discord_py_as_what_happened() -> None:
    town = Town()
    client, heard = discord.Client(intents=discord.Intents.all()), Counter[str]()
    state = client._connection
    state.dispatch = lambda event, *args: heard.update([event])
    state.parsers["READY"](ready())
    state.parsers["GUILD_CREATE"](guild(town.people))
    day = town.day()
    for frame in Discord().tell(day):
        told = json.loads(frame)
        state.parsers[told["t"]](told["d"])
    deeds = Counter(happening.deed for happening in day)
    assert {deed: sum(heard[event] for event in EVENTS[deed]) for deed in EVENTS} == deeds
    await client.close()
