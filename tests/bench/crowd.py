"""The crowd that opens an envelope: who they are, how they came in, and what each platform tells when one presses."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

from tests.bench import day_discord, day_telegram
from tests.bench.day import Person
from tests.bench.words import NAMES

Platform: TypeAlias = Literal["telegram", "discord", "web"]
PLATFORMS: tuple[Platform, ...] = ("telegram", "discord", "web")
TWO_HOMES = 10
"""One in so many has an account on a second platform, linked with the first."""

ROOM = "web:town"
CHANNEL = day_discord.CHANNELS[0]
TELEGRAM_SPACE, DISCORD_SPACE = f"telegram:{day_telegram.GROUP}", f"discord:{day_discord.GUILD}"
CHATS: dict[Platform, str] = {
    "telegram": TELEGRAM_SPACE,
    "discord": f"{DISCORD_SPACE}/{CHANNEL}",
    "web": f"{ROOM}/main",
}

Json: TypeAlias = day_telegram.Json


class Account(NamedTuple):
    """An account of somebody.

    Args:
        platform: where.
        who: whose, as that platform tells it.
        owner: the number of the person.
    """

    platform: Platform
    who: Person
    owner: int

    @property
    def name(self) -> str:
        """The account as the core names it."""
        match self.platform:
            case "telegram":
                return f"telegram:{day_telegram.user(self.who)['id']}"
            case "discord":
                return f"discord:{day_discord.user_id(self.who)}"
            case "web":
                return f"web:{self.who.username}"


class Press(NamedTuple):
    """A pressed button.

    Args:
        account: who pressed it.
        handle: what its answer is told to the platform with.
        body: what the platform tells.
    """

    account: Account
    handle: str
    body: bytes


class Card(NamedTuple):
    """An envelope's message in one chat.

    Args:
        message: its id.
        shown: the message as the platform tells it again with each press.
    """

    message: str
    shown: Json


class Crowd:
    """People on three platforms.

    Args:
        people: how many.
        seed: of their order.
    """

    def __init__(self, people: int, seed: int = 5) -> None:
        self._random = random.Random(seed)  # noqa: S311 - makes a load, guards nothing
        self._told = Counter[Platform]()
        self.people: list[list[Account]] = []
        numbers = iter(range(1, 2 * people + 1))
        for owner in range(people):
            homes = 2 if owner % TWO_HOMES == 0 else 1
            self.people.append(
                [_account(PLATFORMS[(owner + home) % len(PLATFORMS)], next(numbers), owner) for home in range(homes)]
            )

    @property
    def accounts(self) -> list[Account]:
        """All their accounts."""
        return [account for person in self.people for account in person]

    def join(self, account: Account) -> bytes:
        """Return what a platform tells when somebody comes in."""
        number = self._next(account.platform)
        match account.platform:
            case "telegram":
                return _telegram_join(account.who, number)
            case "discord":
                joined = day_discord.member(account.who, day_discord.moment(day_discord.DAY + number))
                data = {**joined, "user": day_discord.user(account.who), "guild_id": str(day_discord.GUILD)}
                return day_discord.frame("GUILD_MEMBER_ADD", data, number).encode()
            case "web":
                place = {"space": ROOM, "chat": CHATS["web"], "me": "newcomer"}
                come = {"do": "join", "key": f"join-{number:08}", "name": account.who.username, "locale": "zh"}
                return json.dumps(place | come).encode()

    def presses(self, button: str, cards: dict[Platform, Card]) -> list[Press]:
        """Return two presses of each, from both accounts where somebody has two, in an order of chance."""
        pressing = [account for person in self.people for account in (person[0], person[-1])]
        self._random.shuffle(pressing)
        return [self._press(account, button, cards[account.platform]) for account in pressing]

    def _press(self, account: Account, button: str, card: Card) -> Press:
        number = self._next(account.platform)
        match account.platform:
            case "telegram":
                query = str(4_382_000_000_000_000_000 + number)
                return Press(account, query, _telegram_press(account.who, number, query, button, card))
            case "discord":
                name = day_discord.snowflake(day_discord.DAY * 1000 + number, number)
                return Press(account, str(name), _discord_press(account.who, number, name, button, card))
            case "web":
                key = f"press-{number:08}"
                press = {"do": "press", "key": key, "space": ROOM, "chat": CHATS["web"], "me": account.who.username}
                body = json.dumps({**press, "message": card.message, "button": button}).encode()
                return Press(account, f"web:{key}", body)

    def _next(self, platform: Platform) -> int:
        """Return the number of what a platform tells next; Telegram's have no gaps."""
        self._told[platform] += 1
        return self._told[platform]


def of(platform: Platform, presses: Iterable[Press]) -> list[Press]:
    """Return those of one platform, in their order."""
    return [press for press in presses if press.account.platform == platform]


def _account(platform: Platform, number: int, owner: int) -> Account:
    locale, name = NAMES[number % len(NAMES)]
    return Account(platform, Person(number, name, f"person{number}", locale), owner)


def _telegram_join(who: Person, number: int) -> bytes:
    change = {
        "chat": day_telegram.CHAT,
        "from": day_telegram.user(who),
        "date": day_telegram.DAY + number,
        "old_chat_member": {"user": day_telegram.user(who), "status": "left"},
        "new_chat_member": day_telegram.member(who),
    }
    return json.dumps({"update_id": day_telegram.FIRST_UPDATE + number, "chat_member": change}).encode()


def _telegram_press(who: Person, number: int, query: str, button: str, card: Card) -> bytes:
    pressed = {
        "id": query,
        "from": day_telegram.user(who),
        "message": card.shown,
        "chat_instance": "-3141592653589793238",
        "data": button,
    }
    update = {"update_id": day_telegram.FIRST_UPDATE + number, "callback_query": pressed}
    return json.dumps(update, ensure_ascii=False).encode()


def _discord_press(who: Person, number: int, name: int, button: str, card: Card) -> bytes:
    """Return it as Discord docs, Interaction."""
    may = {"permissions": "1125899906842623"}
    data = {
        "id": str(name),
        "application_id": str(day_discord.BOT),
        "type": 3,
        "data": {"custom_id": button, "component_type": 2, "id": 2},
        "token": f"aW50ZXJhY3Rpb246{name}{'x' * 120}",
        "version": 1,
        "channel_id": str(CHANNEL),
        "channel": {"id": str(CHANNEL), "type": 0, "name": "channel-0", "guild_id": str(day_discord.GUILD), **may},
        "guild_id": str(day_discord.GUILD),
        "guild": {"id": str(day_discord.GUILD), "locale": "zh-CN", "features": []},
        "guild_locale": "zh-CN",
        "locale": "zh-CN",
        "member": {**day_discord.member(who), "user": day_discord.user(who), **may},
        "message": card.shown,
        "entitlements": [],
        "authorizing_integration_owners": {"0": str(day_discord.GUILD)},
        "context": 0,
        "attachment_size_limit": 10 * 2**20,
        "app_permissions": "1125899906842623",
    }
    return day_discord.frame("INTERACTION_CREATE", data, number).encode()
