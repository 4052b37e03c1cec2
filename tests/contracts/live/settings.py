"""What `make live` is told by the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from rich.table import Table

PEOPLE = "XIAOER_LIVE_PEOPLE"
MOST_PEOPLE = 3
"""So many act in the suite at once."""


class Variable(NamedTuple):
    """A setting.

    Args:
        name: of the variable.
        what: what it is for.
        where: where one gets it.
        form: how its value looks, as a regular expression.
        example: a value.
    """

    name: str
    what: str
    where: str
    form: str = r".+"
    example: str = ""


class Kind(NamedTuple):
    """The settings of a platform.

    Args:
        platform: which.
        title: what people call it.
        token: the bot's.
        chat: where it is played.
        addresses: the adapter's own settings of addresses, by their names.
    """

    platform: str
    title: str
    token: Variable
    chat: Variable
    addresses: dict[str, Variable]


ADDRESS = r"(http|ws)s?://\S+"
KINDS = (
    Kind(
        "telegram",
        "Telegram",
        Variable("XIAOER_LIVE_TELEGRAM_TOKEN", "a bot for tests", "@BotFather: /newbot", r"\S+"),
        Variable(
            "XIAOER_LIVE_TELEGRAM_CHAT",
            "a supergroup (-100…), in which the bot is an admin",
            "docs/telegram.md, step 4",
            r"-\d{1,19}",
            "-1001234567890",
        ),
        {
            "api_base": Variable(
                "XIAOER_LIVE_TELEGRAM_API", "your own Bot API server", "optional", ADDRESS, "http://localhost:8081"
            )
        },
    ),
    Kind(
        "discord",
        "Discord",
        Variable("XIAOER_LIVE_DISCORD_TOKEN", "a bot for tests", "developer portal: Bot, Reset Token", r"\S+"),
        Variable(
            "XIAOER_LIVE_DISCORD_CHANNEL",
            "server/channel: a text channel for tests",
            "docs/discord.md, step 4",
            r"\d{15,20}/\d{15,20}",
            "81384788765712384/381870553235193857",
        ),
        {
            "rest_base": Variable(
                "XIAOER_LIVE_DISCORD_REST", "your own REST proxy", "optional", ADDRESS, "http://localhost:8082/api/v10"
            ),
            "gateway_url": Variable(
                "XIAOER_LIVE_DISCORD_GATEWAY", "your own gateway proxy", "optional", ADDRESS, "ws://localhost:8083"
            ),
        },
    ),
)


class Mistake(Exception):
    """Something is set wrongly, or not at all: one sentence that says what to do."""


@dataclass(frozen=True)
class Place:
    """Where a platform is played for real.

    Args:
        platform: which.
        title: what people call it.
        token: the bot's, which is never printed.
        chat: the id of the chat, without the platform.
        addresses: the adapter's settings of addresses.
        called: what the chat is called.
    """

    platform: str
    title: str
    token: str = field(repr=False)
    chat: str
    addresses: dict[str, str] = field(default_factory=dict[str, str])
    called: str = "Town"


def read(environ: Mapping[str, str]) -> list[Place]:
    """Return where to play; nothing when nothing is set.

    Raises:
        Mistake: half of what a platform needs is set, or it does not look as it should.
    """
    return [place for kind in KINDS if (place := _read(kind, environ)) is not None]


def people(environ: Mapping[str, str]) -> int:
    """Return with how many accounts the tester acts.

    Raises:
        Mistake: that is no such number.
    """
    text = environ.get(PEOPLE, "").strip() or "1"
    if text.isdecimal() and 1 <= int(text) <= MOST_PEOPLE:
        return int(text)
    raise Mistake(f"{PEOPLE} is with how many accounts you act, from 1 to {MOST_PEOPLE}, not {text!r}.")


def _read(kind: Kind, environ: Mapping[str, str]) -> Place | None:
    found = {variable: environ.get(variable.name, "").strip() for variable in (kind.token, kind.chat)}
    if not any(found.values()):
        return None
    for variable, value in found.items():
        if not value:
            raise Mistake(f"{variable.name} is not set: {variable.what} ({variable.where}).")
    if not re.fullmatch(kind.token.form, found[kind.token]):
        raise Mistake(f"{kind.token.name} holds no token: there are blanks in it.")
    addresses = {name: environ.get(variable.name, "").strip() for name, variable in kind.addresses.items()}
    given = {name: value for name, value in addresses.items() if value}
    for variable, value in [(kind.chat, found[kind.chat]), *((kind.addresses[name], given[name]) for name in given)]:
        if not re.fullmatch(variable.form, value):
            raise Mistake(f"{variable.name} looks like {variable.example}, not like {value!r}.")
    return Place(kind.platform, kind.title, found[kind.token], found[kind.chat], given)


def table() -> Table:
    """Return what can be set."""
    found = Table(title="What `make live` needs", title_justify="left")
    found.add_column("set this", no_wrap=True)
    found.add_column("what for", overflow="fold")
    found.add_column("where to get it", overflow="fold")
    for kind in KINDS:
        for variable in (kind.token, kind.chat, *kind.addresses.values()):
            found.add_row(variable.name, f"{kind.title}: {variable.what}", variable.where)
        found.add_section()
    found.add_row(PEOPLE, f"with how many accounts you act, 1 to {MOST_PEOPLE}", "optional; more accounts, more tests")
    return found
