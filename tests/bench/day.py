"""A community's day: who writes, answers, reacts, comes and goes; made by a seeded random, so always the same.

Three times a day most of it happens. How it looks on a platform is said in ``day_telegram`` and ``day_discord``.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tests.bench.words import EMOJI, LINES, NAMES, QUESTIONS

PEOPLE = 500
HAPPENINGS = 3_000
ASKS_EVERY = 20
"""One text in so many ends as those that the plugin ``speaker`` answers."""

NEAR, FAR = 80, 120
"""So many messages back people answer and react; and edit, but not the nearest.

discord.py changes a message of its cache before the handler that was called for it has run, so a quick edit would be
read twice by the usual bot.
"""

PEAKS = ((8.5, 0.8, 0.22), (12.75, 0.7, 0.28), (21.0, 1.3, 0.40))
"""Breakfast, lunch and the evening: hour, spread in hours, share; the rest is spread over the day."""

Deed: TypeAlias = Literal["write", "edit", "react", "join", "leave"]
SHARES: dict[Deed, float] = {"write": 0.84, "react": 0.105, "edit": 0.035, "join": 0.012, "leave": 0.008}

Carries: TypeAlias = Literal["text", "photo", "sticker", "voice", "file", "forward"]
KINDS: dict[Carries, float] = {
    "text": 0.83,
    "photo": 0.07,
    "sticker": 0.06,
    "voice": 0.015,
    "file": 0.005,
    "forward": 0.02,
}


@dataclass(frozen=True)
class Person:
    """Somebody.

    Args:
        number: from 1 on.
        name: first and last name; the last one may be empty.
        username: empty when they have none.
        locale: what their app is set to.
        role: ``owner``, ``administrator`` or nothing.
    """

    number: int
    name: tuple[str, str]
    username: str
    locale: str
    role: str = ""


@dataclass(frozen=True)
class Mention:
    """Where a text names somebody."""

    person: Person


@dataclass(frozen=True)
class Link:
    """Where a text names a page."""

    address: str


Text: TypeAlias = tuple[str | Mention | Link, ...]


@dataclass(frozen=True)
class Happening:
    """Something that happened.

    Args:
        deed: what.
        at: when, in seconds since the day began.
        who: who did it.
        message: the number of the message: the new one, the edited one, or the one that somebody reacts to.
        carries: what the message carries.
        text: what it says.
        reply_to: the number of the message that it answers.
        marks: somebody's reactions to it, before and after.
        by: who brought the newcomer.
    """

    deed: Deed
    at: float
    who: Person
    message: int = 0
    carries: Carries = "text"
    text: Text = ()
    reply_to: int | None = None
    marks: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    by: Person | None = None

    @property
    def told(self) -> bool:
        """Whether plugins hear of it as a message."""
        return self.deed in ("write", "edit")

    @property
    def asks(self) -> bool:
        """Whether the plugin ``speaker`` answers it."""
        return bool(self.text) and isinstance(self.text[-1], str) and self.text[-1].endswith("!")


class Town:
    """A community that goes on from day to day.

    Args:
        seed: of its random; the same seed gives the same days.
    """

    def __init__(self, seed: int = 20260302) -> None:
        self._random = random.Random(seed)  # noqa: S311 - makes a load, guards nothing
        self._met = 0
        self._messages = 0
        self.people = [self._person() for _ in range(PEOPLE)]
        self._latest: deque[Happening] = deque(maxlen=FAR)
        self._marks: dict[tuple[int, int], tuple[str, ...]] = {}
        self._gone: set[int] = set()

    def _person(self) -> Person:
        draw = self._random
        self._met += 1
        number = self._met
        locale, name = draw.choice(NAMES)
        username = f"{name[0].lower()}{number}" if locale == "en" else f"friend{number}" if number % 3 == 0 else ""
        role = "owner" if number == 1 else "administrator" if number <= 6 else ""
        return Person(number, name, username, locale, role)

    def day(self, happenings: int = HAPPENINGS) -> list[Happening]:
        """Return the next day, in order."""
        deeds, shares = list(SHARES), list(SHARES.values())
        moments = sorted(self._moment() for _ in range(happenings))
        return [self._happen(self._random.choices(deeds, shares)[0], at) for at in moments]

    def _moment(self) -> float:
        draw = self._random
        chosen = draw.random()
        for hour, spread, share in PEAKS:
            if chosen < share:
                return min(max(draw.gauss(hour, spread), 0.0), 23.999) * 3600
            chosen -= share
        return draw.uniform(0.0, 24.0) * 3600

    def _happen(self, deed: Deed, at: float) -> Happening:
        if deed == "join":
            return self._join(at)
        if deed == "leave":
            return self._leave(at)
        if deed == "react" and self._latest:
            return self._react(at)
        if deed == "edit":
            older = list(self._latest)[: FAR - NEAR]
            mine = [one for one in older if one.carries == "text" and one.who.number not in self._gone]
            if mine and len(self._latest) == FAR:
                return self._edit(at, self._random.choice(mine))
        return self._write(at)

    def _anybody(self) -> Person:
        # few write much and many little: the n-th of them about 1/n as much as the first
        rank = int(len(self.people) ** self._random.random()) - 1
        return self.people[rank]

    def _join(self, at: float) -> Happening:
        newcomer = self._person()
        by = self._anybody() if self._random.random() < 0.6 else None
        self.people.append(newcomer)
        return Happening("join", at, newcomer, by=by)

    def _leave(self, at: float) -> Happening:
        leaver = self._random.choice([person for person in self.people if not person.role])
        self.people.remove(leaver)
        self._gone.add(leaver.number)
        return Happening("leave", at, leaver)

    def _react(self, at: float) -> Happening:
        who, message = self._anybody(), self._recent().message
        before = self._marks.get((who.number, message), ())
        after = () if before else (self._random.choice(EMOJI),)
        self._marks[who.number, message] = after
        return Happening("react", at, who, message, marks=(before, after))

    def _recent(self) -> Happening:
        return self._random.choice(list(self._latest)[-NEAR:])

    def _edit(self, at: float, first: Happening) -> Happening:
        edited = Happening("edit", at, first.who, first.message, "text", self._text(), first.reply_to)
        self._latest.append(edited)
        return edited

    def _write(self, at: float) -> Happening:
        draw = self._random
        self._messages += 1
        (carries,) = draw.choices(list(KINDS), list(KINDS.values()))
        bare = carries in ("sticker", "voice") or (carries == "photo" and draw.random() < 0.5)
        answers = self._latest and carries != "forward" and draw.random() < 0.25
        reply_to = self._recent().message if answers else None
        text = () if bare else self._text()
        written = Happening("write", at, self._anybody(), self._messages, carries, text, reply_to)
        self._latest.append(written)
        return written

    def _text(self) -> Text:
        draw = self._random
        locale = draw.choice(("zh", "zh", "en"))
        (sentences,) = draw.choices((1, 2, 5), (0.72, 0.22, 0.06))
        parts: list[str | Mention | Link] = []
        if draw.random() < 0.08:
            parts += [Mention(draw.choice(self.people)), " "]
        parts.append(" ".join(self._line(locale) for _ in range(sentences)))
        if draw.random() < 0.05:
            parts += [
                " ",
                Link(f"https://example.org/{draw.choice(('map', 'photos', 'menu'))}/{draw.randrange(10**6)}"),
            ]
        parts.append(draw.choice(QUESTIONS[locale]))
        if draw.randrange(ASKS_EVERY) == 0:
            parts.append("!")
        return tuple(parts)

    def _line(self, locale: str) -> str:
        draw = self._random
        return draw.choice(LINES[locale]).format(n=draw.randrange(2, 60), who=draw.choice(self.people).name[0])


def count(happenings: Sequence[Happening]) -> tuple[int, int, int]:
    """Return how many facts a day has, how many of them are messages, and how many of those ask for one."""
    told = [one for one in happenings if one.told]
    return len(happenings), len(told), sum(one.asks for one in told)
