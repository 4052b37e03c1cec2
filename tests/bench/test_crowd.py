import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import discord
import pytest
from aiogram.types import Update
from tests.bench import claiming
from tests.bench.crowd import CHANNEL, CHATS, Card, Crowd, Platform, Press, of
from tests.bench.day_discord import guild, ready
from tests.bench.day_telegram import CHAT, DAY, ME
from tests.bench.edges import DiscordEdge
from tests.bench.test_day import unknown

from xiaoer_web.translate import Press as WebPress
from xiaoer_web.translate import decode

BUTTON = "red_envelope.open:1~abcdefghijkl"


@pytest.fixture(scope="module")
def presses() -> list[Press]:
    crowd = Crowd(60)
    for account in crowd.accounts:
        crowd.join(account)
    shown = DiscordEdge(guild([person[0].who for person in Crowd(3).people]))._posted({"components": []})
    telegram = {"message_id": 7, "date": DAY, "chat": CHAT, "from": ME, "text": "an envelope"}
    cards: dict[Platform, Card] = {
        "telegram": Card("7", telegram),
        "discord": Card(shown["id"], shown),
        "web": Card("show/red_envelope", {}),
    }
    return crowd.presses(BUTTON, cards)


def test_everybody_presses_twice_and_some_from_two_platforms(presses: list[Press]) -> None:
    pressed = Counter(press.account.owner for press in presses)
    assert set(pressed.values()) == {2}
    platforms = {(press.account.owner, press.account.platform) for press in presses}
    assert Counter(Counter(owner for owner, _ in platforms).values()) == {1: 54, 2: 6}


def test_every_update_of_a_press_is_known_to_aiogram(presses: list[Press]) -> None:
    updates = [Update.model_validate_json(press.body) for press in of("telegram", presses)]
    assert {name for update in updates for name in unknown(update)} == set()
    assert {update.callback_query.data for update in updates if update.callback_query is not None} == {BUTTON}


async def test_every_frame_of_a_press_is_read_by_discord_py_as_a_pressed_button(presses: list[Press]) -> None:
    client, heard = discord.Client(intents=discord.Intents.all()), list[Any]()
    state = client._connection
    state.dispatch = lambda event, *args: heard.extend(args if event == "interaction" else ())
    state.parsers["READY"](ready())
    state.parsers["GUILD_CREATE"](guild([person[0].who for person in Crowd(3).people]))
    pressed = of("discord", presses)
    for press in pressed:
        told = json.loads(press.body)
        state.parsers[told["t"]](told["d"])
    assert [(one.type.name, one.data["custom_id"], one.channel_id) for one in heard] == [
        ("component", BUTTON, CHANNEL)
    ] * len(pressed)
    await client.close()


def test_every_body_of_a_press_is_what_the_sandbox_reads_as_one(presses: list[Press]) -> None:
    bodies = [decode(press.body) for press in of("web", presses)]
    assert {type(body) for (body,) in bodies} == {WebPress}


def test_the_rivals_read_who_pressed_and_where(presses: list[Press]) -> None:
    read = [claiming.read(press.account.platform, press.body) for press in presses]
    assert [asked.account for asked in read] == [press.account.name for press in presses]
    assert [asked.chat for asked in read] == [CHATS[press.account.platform] for press in presses]
    assert len({asked.key for asked in read}) == len(presses)


def test_a_copy_has_what_was_committed_last(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "ours.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE word (said TEXT)")
        connection.execute("INSERT INTO word VALUES ('hello')")
        connection.commit()
        copy = claiming.copy(tmp_path / "ours.db", tmp_path / "copy.db")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT said FROM word").fetchall() == [("hello",)]
