"""An event that kills the real program each time it is tried: it is set aside, and nothing else is lost or doubled."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from signal import SIGTERM

import httpx
import pytest
from tests.simulators.discord import DiscordServer
from tests.simulators.telegram import BotApi, Group
from tests.zoo.shipping import Visitor, Wild, config, keeper, ship

DEADLY = """
class Animal(Plugin[NoConfig]):
    name = "deadly"

    @on_message
    async def wrote(self, ctx, event):
        if event.text == "exit":
            os._exit(9)
        elif event.text == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif event.text == "crash":
            ctx.transact(crash)

def crash(tx):
    faulthandler.disable()
    ctypes.string_at(0)
"""
PLUGINS = ("before", "deadly", "after")
CONFIG = """
[xiaoer]
database = "town.db"
log = "json"
[adapters.{platform}]
{addresses}
[communities.town]
name = "Town"
locale = "en"
spaces = {spaces}
plugins = ["before", "deadly", "after"]
chats = {{main = ["{main}"], admins = ["{admins}"]}}
"""
EXITED = 9
DEATHS = 4
"""Once before anything is known of it, and three times while it is tried."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("before", "after"):
        keeper(tmp_path / "packages", name)
    ship(tmp_path / "packages", "deadly", DEADLY)
    return tmp_path


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "town.db", timeout=60)
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


def noted(folder: Path) -> list[list[object]]:
    return [[row[0] for row in rows(folder, f"SELECT what FROM {name}_diary ORDER BY id")] for name in PLUGINS[::2]]


def set_aside(folder: Path) -> list[tuple[object, ...]]:
    return rows(folder, "SELECT key, set_aside FROM xr_inbox")


async def died_or(wild: Wild, true: object) -> bool:
    """Wait until the program has died, or something is true; return whether it died."""
    assert callable(true)
    while wild.process.poll() is None:
        if true():
            return False
        await asyncio.sleep(0.01)
    return True


@pytest.mark.timeout(120)
async def test_telegram_is_told_that_it_is_safe_and_what_came_with_it_is_done_once(folder: Path) -> None:
    async with BotApi() as api:
        town, desk = api.group("Town", number=-1001, admin=True), api.group("Desk", number=-1002, admin=True)
        ann, bob = api.user("Ann", language="en"), api.user("Bob", language="en")
        places = [f"telegram:{town.id}", f"telegram:{desk.id}"]
        text = written("telegram", f'api_base = "{api.base}"', places, *places)
        with await asyncio.to_thread(Wild, folder, text, TELEGRAM_TOKEN=api.token) as wild:
            await died_or(wild, lambda: api.waiting)
            for who, said in ((bob, "one"), (ann, "kill"), (bob, "two"), (bob, "three")):
                api.write(town, who, said)
            last = api.updates[-1]["update_id"]
            assert await until_it_lives(wild, lambda: api.confirmed > last and api.waiting) == DEATHS
            ((key, reason),) = set_aside(folder)
            assert reason == "the program ended 3 times while it was tried"
            await died_or(wild, lambda: said_to(api, desk))
            (told,) = said_to(api, desk)
            assert str(key) in told
            api.redeliver()
            api.write(town, bob, "four")
            await died_or(wild, lambda: noted(folder)[1][-1:] == ["four"])
            assert noted(folder) == [["one", "two", "three", "four"]] * 2
            assert set_aside(folder) == [(key, reason)]
            assert await asyncio.to_thread(wild.end, SIGTERM) == 0


@pytest.mark.timeout(120)
async def test_discord_tells_nothing_twice_and_yet_it_is_fetched_counted_and_set_aside(folder: Path) -> None:
    async with DiscordServer() as server:
        guild = server.guild("Town")
        town, desk = server.channel(guild, "town"), server.channel(guild, "desk")
        bob = server.user("Bob")
        server.join(guild, bob)
        addresses = (
            f'rest_base = "{server.rest_base}"\ngateway_url = "{server.gateway_url}"\ncdn_base = "{server.cdn_base}"'
        )
        space = f"discord:{guild.id}"
        text = written("discord", addresses, [space], f"{space}/{town.id}", f"{space}/{desk.id}")
        with await asyncio.to_thread(Wild, folder, text, DISCORD_TOKEN=server.token) as wild:
            await died_or(wild, lambda: server.online and server.commands(guild))
            for said in ("one", "crash", "two", "three"):
                server.write(town, bob, said)
            deaths = await until_it_lives(wild, lambda: all(len(lines) == 3 for lines in noted(folder)))
            assert 3 <= deaths <= DEATHS  # it is parked in time at once, or when it is fetched
            ((key, reason),) = set_aside(folder)
            assert reason == "the program ended 3 times while it was tried"
            await died_or(wild, lambda: server.seen(desk, bob))
            (told,) = server.seen(desk, bob)
            assert str(key) in told.content
            assert [sorted(map(str, lines)) for lines in noted(folder)] == [["one", "three", "two"]] * 2
            assert await asyncio.to_thread(wild.end, SIGTERM) == 0


def written(platform: str, addresses: str, spaces: list[str], main: str, admins: str) -> str:
    """Return a configuration as it is written, for what fills in the port."""
    text = CONFIG.format(platform=platform, addresses=addresses, spaces=json.dumps(spaces), main=main, admins=admins)
    return escaped(text)


def escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


async def until_it_lives(wild: Wild, true: object) -> int:
    """Start the program again until something is true, and return how often it died."""
    deaths = 0
    while await died_or(wild, true):
        wild.buried()
        deaths += 1 + await asyncio.to_thread(start_again, wild)
    return deaths


def said_to(api: BotApi, group: Group) -> list[str]:
    return [message.text for message in group.messages.values() if message.author is api.bot]


def keep_writing(wild: Wild, ann: Visitor, text: str) -> int:
    """Write until it is confirmed, as a browser does, and return how often the program died of it."""
    deaths = 0
    request = {"do": "write", "space": "web:town", "chat": "web:town/main", "key": "the-deadly-one", "me": ann.me}
    while True:
        try:
            answer = ann.http.post("/do", json={**request, "text": text})
        except httpx.HTTPError:
            deaths += 1
            assert wild.buried() == EXITED
            deaths += start_again(wild)
            continue
        assert answer.status_code == 200
        return deaths


def start_again(wild: Wild) -> int:
    """Start it, and return how often it died of what it had parked before it could say where it is."""
    for deaths in range(DEATHS):
        try:
            wild.start()
        except AssertionError:
            wild.buried()
        else:
            return deaths
    raise AssertionError("it does not live")


@pytest.mark.timeout(60)
def test_it_is_set_aside_told_and_shown_by_status_and_the_program_lives(folder: Path) -> None:
    with Wild(folder, config(*PLUGINS)) as wild, Visitor(wild, "ann") as ann:
        ann.write("one")
        assert keep_writing(wild, ann, "exit") == DEATHS
        ann.write("two")
        assert wild.end(SIGTERM) == 0
    assert noted(folder) == [["one", "two"]] * 2
    ((key, reason),) = set_aside(folder)
    assert key == "web:the-deadly-one"
    told = [str(row[0]) for row in rows(folder, "SELECT content FROM web_message WHERE chat = 'web:town/admins'")]
    assert len([text for text in told if "web:the-deadly-one" in text]) == 1
    (shown,) = status(wild)["set_aside"]
    assert (shown["key"], shown["reason"]) == (key, reason)


def status(wild: Wild) -> dict[str, list[dict[str, str]]]:
    ended = subprocess.run(
        [sys.executable, "-m", "xiaoer", "status", "--json", "--config", str(wild.config)],
        env={**wild.environ, "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    found: dict[str, list[dict[str, str]]] = json.loads(ended.stdout)
    return found
