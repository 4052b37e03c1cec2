"""Application commands as a bot registers them (Discord docs, Application Commands)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Literal, NotRequired, TypedDict

from tests.simulators.discord.client import KINDS, Client
from tests.simulators.discord.rules import ApiError, FormError
from tests.simulators.discord.shapes import Problem, problems
from tests.simulators.discord.world import Guild, Json

from discord import Locale

NAME = re.compile(r"[-_'\w]{1,32}")
"""Roughly; the documented pattern is in another dialect (Discord docs, Application Command Naming)."""

KINDS_OF_COMMANDS = {1: 100, 3: 15}
"""How many there may be: typed ones, and those in the menus of messages (Discord docs, Registering a Command)."""

A_DAY = 200
"""How many commands may be new in a guild on one day (Discord docs, Registering a Command)."""

ALTOGETHER = 8000
"""Characters in all names, descriptions and values of one command (Discord docs, Registering a Command)."""

Localized = dict[str, str] | None


class Choice(TypedDict):
    """(Discord docs, Application Command Option Choice)."""

    name: str
    name_localizations: NotRequired[Localized]
    value: str | int | float


class Option(TypedDict):
    """(Discord docs, Application Command Option)."""

    type: Literal[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    name: str
    description: str
    name_localizations: NotRequired[Localized]
    description_localizations: NotRequired[Localized]
    required: NotRequired[bool]
    options: NotRequired[list[Option]]
    choices: NotRequired[list[Choice]]
    channel_types: NotRequired[list[int]]
    min_value: NotRequired[int | float]
    max_value: NotRequired[int | float]
    min_length: NotRequired[int]
    max_length: NotRequired[int]
    autocomplete: NotRequired[bool]


class Command(TypedDict):
    """(Discord docs, Bulk Overwrite Guild Application Commands); the contexts are for global ones, and ignored."""

    id: NotRequired[str | int]
    type: NotRequired[Literal[1, 3]]
    name: str
    description: NotRequired[str]
    name_localizations: NotRequired[Localized]
    description_localizations: NotRequired[Localized]
    options: NotRequired[list[Option] | None]
    default_member_permissions: NotRequired[str | int | None]
    dm_permission: NotRequired[bool | None]
    nsfw: NotRequired[bool]
    contexts: NotRequired[list[int] | None]
    integration_types: NotRequired[list[int] | None]


class Registry:
    """The commands of the bot.

    Args:
        world: the guilds that have them.
    """

    def __init__(self, world: Client) -> None:
        self._world = world
        self._new: dict[tuple[int, date], int] = {}

    def overwrite(self, guild: Guild, body: Any) -> list[Json]:
        """Register these commands and no others.

        Raises:
            ApiError: one of them is no good, or too many are new today.
        """
        found = list(problems(body, list[Command], strict=True)) or list(_wrong(body))
        if found:
            raise FormError(*found)
        old = {_identity(command): command["id"] for command in guild.commands}
        self._count(guild, sum(_identity(command) not in old for command in body))
        guild.commands = [self._registered(guild, command, old.get(_identity(command))) for command in body]
        return guild.commands

    def _count(self, guild: Guild, new: int) -> None:
        now = self._world.now()
        today = (guild.id, now.date())
        if self._new.get(today, 0) + new > A_DAY:
            # a rate limit with a code of its own (discord.js issue 10458)
            left = timedelta(days=1) - timedelta(hours=now.hour, minutes=now.minute, seconds=now.second)
            words = f"Max number of daily application command creates has been reached ({A_DAY})"
            raise ApiError(429, 30034, words, retry_after=left.total_seconds())
        self._new[today] = self._new.get(today, 0) + new

    def _registered(self, guild: Guild, command: Json, number: str | None) -> Json:
        needs = command.get("default_member_permissions")
        return {
            "type": 1,
            "description": "",
            "options": [],
            "nsfw": False,
            "name_localizations": None,
            "description_localizations": None,
            **command,
            "default_member_permissions": str(needs) if needs is not None else None,
            "id": number or str(self._world.ids.next()),
            "application_id": str(self._world.bot.id),
            "guild_id": str(guild.id),
            "version": str(self._world.ids.next()),
            "contexts": [0],
            "integration_types": [0],
        }


def _identity(command: Json) -> tuple[int, str]:
    return command.get("type", 1), command["name"]


def _wrong(body: list[Json]) -> Iterator[Problem]:
    for kind, most in KINDS_OF_COMMANDS.items():
        if sum(command.get("type", 1) == kind for command in body) > most:
            yield "", f"Maximum number of application commands reached ({most})."
    names = [_identity(command) for command in body]
    for number, command in enumerate(body):
        if names.count(_identity(command)) > 1:
            yield f"{number}.name", "Application command names must be unique"
        if command.get("type") == 3:
            yield from _in_menu(command, body, str(number))
            continue
        if _size(command) > ALTOGETHER:
            yield str(number), f"Command exceeds maximum size ({ALTOGETHER})"
        yield from _named(command, str(number))
        yield from _options(command.get("options") or [], f"{number}.options", (1, 2))


def _in_menu(command: Json, body: list[Json], at: str) -> Iterator[Problem]:
    """Look at a command in the menu of a message, which may be mixed case and has nothing but names."""
    shown: dict[str, str] = command.get("name_localizations") or {}
    for name in (command["name"], *shown.values()):
        if not 1 <= len(name.strip()) <= 32 or name != name.strip():
            yield f"{at}.name", "Must be between 1 and 32 in length."
    if command.get("description") or command.get("description_localizations"):
        yield f"{at}.description", "Context menu commands cannot have description"
    if command.get("options"):
        yield f"{at}.options", "Context menu commands cannot have options"
    unknown = shown.keys() - {locale.value for locale in Locale}
    if unknown:
        yield f"{at}.name_localizations", f"Unknown locales {sorted(unknown)}"
    others = [one.get("name_localizations") or {} for one in body if one is not command and one.get("type") == 3]
    if any(other.get(code) == name for other in others for code, name in shown.items()):
        yield f"{at}.name_localizations", "Application command names must be unique"


def _named(thing: Json, at: str) -> Iterator[Problem]:
    name: str = thing["name"]
    if not NAME.fullmatch(name) or name != name.lower():
        yield f"{at}.name", "Command name is invalid"
    if not 1 <= len(thing.get("description", "")) <= 100:
        yield f"{at}.description", "Must be between 1 and 100 in length."


def _options(options: list[Json], at: str, nests: tuple[int, ...]) -> Iterator[Problem]:
    if len(options) > 25:
        yield at, "Must be 25 or fewer in length."
    names = [option["name"] for option in options]
    needed = [bool(option.get("required")) for option in options]
    if sorted(needed, reverse=True) != needed:
        yield at, "Required options must be placed before non-required options"
    if len({option["type"] in (1, 2) for option in options}) > 1:
        yield at, "Sub-command and sub-command group option types are mutually exclusive to all other types"
    for number, option in enumerate(options):
        where = f"{at}.{number}"
        if names.count(option["name"]) > 1:
            yield f"{where}.name", "Option name must be unique"
        yield from _named(option, where)
        if option["type"] in (1, 2):
            if option["type"] not in nests:
                yield f"{where}.type", "Sub-commands cannot be nested any deeper"
            yield from _options(option.get("options") or [], f"{where}.options", (1,) if option["type"] == 2 else ())
        else:
            yield from _value(option, where)


def _value(option: Json, at: str) -> Iterator[Problem]:
    choices: list[Json] = option.get("choices") or []
    if len(choices) > 25:
        yield f"{at}.choices", "Must be 25 or fewer in length."
    if choices and (option["type"] not in (3, 4, 10) or option.get("autocomplete")):
        yield f"{at}.choices", "Choices are for text and numbers without autocomplete"
    for number, choice in enumerate(choices):
        if not 1 <= len(choice["name"]) <= 100:
            yield f"{at}.choices.{number}.name", "Must be between 1 and 100 in length."
        right = isinstance(choice["value"], KINDS.get(option["type"], ())) and choice["value"] not in ("",)
        if not right or len(str(choice["value"])) > 100:
            yield f"{at}.choices.{number}.value", "Could not interpret value as its option's type"
    allowed = {3: ("min_length", "max_length"), 4: ("min_value", "max_value"), 10: ("min_value", "max_value")}
    for name in ("min_length", "max_length", "min_value", "max_value"):
        if name in option and name not in allowed.get(option["type"], ()):
            yield f"{at}.{name}", "This option type has no such limit"


def _size(thing: Json) -> int:
    own = len(thing["name"]) + len(thing["description"])
    choices = sum(len(one["name"]) + len(str(one["value"])) for one in thing.get("choices") or ())
    return own + choices + sum(_size(one) for one in thing.get("options") or ())
