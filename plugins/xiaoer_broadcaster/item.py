"""What an item of the library is, what may become of it, and which one goes out: pure rules."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from xiaoer import Refusal, one_line
from xiaoer_broadcaster.slot import parse_day

Kind: TypeAlias = Literal["article", "picture", "video", "case", "lecture", "product", "topic"]
Cadence: TypeAlias = Literal["once", "daily", "weekly", "monthly", "yearly"]
State: TypeAlias = Literal["draft", "edited", "approved", "scheduled", "posted", "measured", "rejected", "withdrawn"]
Act: TypeAlias = Literal["edit", "approve", "reject", "schedule", "withdraw"]
Field: TypeAlias = Literal["text", "title", "kind", "slot", "cadence", "tags", "expires", "most", "teasers"]

KINDS: tuple[str, ...] = get_args(Kind)
CADENCES: tuple[str, ...] = get_args(Cadence)
STATES: tuple[str, ...] = get_args(State)
READY = ("approved", "scheduled", "posted", "measured")
"""States in which somebody has approved an item, so that it may go out."""

SAID: tuple[str, ...] = ("text", "title", "kind")
"""Fields that change what is said: an item has to be approved again then."""

ANY = "any"
"""The slot of an item that fits every slot."""

TEXT_LIMIT, TITLE_LIMIT, NAME_LIMIT, TAG_LIMIT, TAGS = 3_500, 80, 24, 24, 10
"""Characters of a text, of a title, of a name and of a tag, and tags of one item."""

USES = 1_000
"""So often an item may be said to go out at most."""

TEASERS, EARLIEST = 5, 1_440
"""Teasers of one post, and how many minutes before it the first may be."""

NEVER = datetime.min.replace(tzinfo=UTC)
_CLEAR = ("", "-", "none", "never", "无", "不")
_SLOT = re.compile(r"[a-z][a-z0-9_-]{0,15}")


class Item(NamedTuple):
    """An item of the library.

    Args:
        number: how people call it.
        title: its title; empty when it is the text's first line.
        text: what it says.
        kind: what it is.
        slot: the slot it is meant for, or :data:`ANY`.
        cadence: how often it may come again.
        tags: words to find it by.
        expires: the last day on which it may go out.
        most: how often it may go out in all; 0 for always again.
        teasers: minutes before its post at which it is announced; None for the community's own.
        author: the account of whoever wrote it; empty when they have none here.
        author_name: what they are called.
        state: how far it has come.
        day: for which day it is scheduled.
        at_slot: for which slot it is scheduled.
        uses: how often it went out.
        last: for which day it last did.
        last_at: when it last did.
        digest: the file that goes with it, in our own copy.
        file_name: what that file is called.
        mime: what that file is.
        source: the name of the Markdown file it was read from.
    """

    number: int
    title: str = ""
    text: str = ""
    kind: str = "article"
    slot: str = ANY
    cadence: str = "once"
    tags: tuple[str, ...] = ()
    expires: date | None = None
    most: int = 0
    teasers: tuple[int, ...] | None = None
    author: str = ""
    author_name: str = ""
    state: str = "draft"
    day: date | None = None
    at_slot: str = ""
    uses: int = 0
    last: date | None = None
    last_at: datetime | None = None
    digest: str = ""
    file_name: str = ""
    mime: str = ""
    source: str = ""

    @property
    def headline(self) -> str:
        """What it is called in lists: its title, or the beginning of its text."""
        return one_line(self.title or self.text.partition("\n")[0] or self.file_name, TITLE_LIMIT // 2)

    @property
    def left(self) -> int | None:
        """How often it may still go out; None for always again."""
        limit = 1 if self.cadence == "once" else self.most
        return max(0, limit - self.uses) if limit else None


def clean(text: str) -> str:
    """Return a text as the library keeps it: with plain line ends, and nothing around it."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    seen = (letter for letter in plain if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))
    return "".join(seen).strip()


def become(item: Item, act: Act) -> State:
    """Return the state to which an act leads.

    Raises:
        Refusal: an item in this state cannot be treated so.
    """
    if item.state == "withdrawn" or (item.state == "rejected" and act != "edit"):
        raise Refusal("broadcaster.refused.closed", number=item.number)
    if act == "approve" and item.state in READY:
        raise Refusal("broadcaster.refused.approved_already", number=item.number)
    if act == "schedule" and item.state not in READY:
        raise Refusal("broadcaster.refused.not_approved", number=item.number)
    states: dict[Act, State] = {
        "edit": "edited",
        "approve": "approved",
        "reject": "rejected",
        "schedule": "scheduled",
        "withdraw": "withdrawn",
    }
    return states[act]


def free_from(item: Item) -> date:
    """Return the first day on which an item may go out by its cadence."""
    if item.last is None:
        return date.min
    match item.cadence:
        case "daily":
            return item.last + timedelta(days=1)
        case "weekly":
            return item.last + timedelta(days=7)
        case "monthly":
            return _months_on(item.last, 1)
        case "yearly":
            return _months_on(item.last, 12)
        case _:
            return date.max


def _months_on(day: date, months: int) -> date:
    """Return the same day so many months later, or the last of that month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def usable(item: Item, day: date) -> bool:
    """Say whether an item may go out on a day: it is approved, not expired, not used up, and its cadence allows it."""
    within = item.expires is None or day <= item.expires
    return item.state in READY and within and item.left != 0 and free_from(item) <= day


def fits(item: Item, slot: str) -> bool:
    """Say whether an item is meant for a slot."""
    return item.slot in (ANY, slot)


def choose(items: Iterable[Item], day: date, slot: str) -> Item | None:
    """Return what goes out: what is scheduled for this day and slot, else what went out least recently of all that fit.

    Args:
        items: the library.
        day: the day.
        slot: the slot.
    """
    ready = [item for item in items if usable(item, day)]
    planned = [item for item in ready if item.state == "scheduled" and (item.day, item.at_slot) == (day, slot)]
    free = [item for item in ready if item.state != "scheduled" and fits(item, slot)]
    return min(planned or free, key=lambda item: (item.last_at or NEVER, item.number), default=None)


def went_out(item: Item, day: date, at: datetime) -> Item:
    """Return an item as it is once it went out, for a day and at a moment."""
    return item._replace(state="posted", day=None, at_slot="", uses=item.uses + 1, last=day, last_at=at)


def refuse_word(key: str, value: str, allowed: Iterable[object]) -> Refusal:
    """Return the refusal of a word that is none of those which may stand there."""
    return Refusal(f"broadcaster.refused.{key}", value=one_line(value, 40), allowed=", ".join(map(str, allowed)))


def edited(item: Item, field: str, value: str, slots: Sequence[str], today: date) -> Item:
    """Return an item with another value of a field, as people type it.

    Args:
        item: the item.
        field: which.
        value: what was typed.
        slots: the names of the slots that there are.
        today: the community's day.

    Raises:
        Refusal: the value is none; it says what is.
    """
    changes: dict[str, Any] = {field: read(field, value, slots, today)}
    return item._replace(**changes)


def read(field: str, value: str, slots: Sequence[str], today: date) -> Any:
    """Return what a typed value of a field means; see :func:`edited`."""
    word = value.strip()
    match field:
        case "text":
            return checked_text(value)
        case "title":
            return "" if word in _CLEAR else one_line(word, TITLE_LIMIT)
        case "kind":
            return _one_of("kind", word, KINDS)
        case "slot":
            return _one_of("slot", word, (ANY, *slots))
        case "cadence":
            return _one_of("cadence", word, CADENCES)
        case "tags":
            return checked_tags(() if word in _CLEAR else re.split(r"[\s,，、]+", word))
        case "expires":
            return None if word in _CLEAR else _day(word, today)
        case "most":
            return 0 if word in _CLEAR else _number(word)
        case _:
            return _teasers(word)


def _one_of(key: str, word: str, allowed: Sequence[str]) -> str:
    if word.casefold() not in allowed:
        raise refuse_word(key, word, allowed)
    return word.casefold()


def checked_text(text: str) -> str:
    """Return a text as the library keeps it.

    Raises:
        Refusal: it is empty or too long.
    """
    kept = clean(text)
    if not kept:
        raise Refusal("broadcaster.refused.no_text")
    if len(kept) > TEXT_LIMIT:
        raise Refusal("broadcaster.refused.long_text", count=len(kept), most=TEXT_LIMIT)
    return kept


def checked_tags(words: Iterable[str]) -> tuple[str, ...]:
    """Return tags, each once.

    Raises:
        Refusal: there are too many, or one is too long.
    """
    tags = tuple(dict.fromkeys(tag for word in words if (tag := one_line(word, TAG_LIMIT + 2).lstrip("# "))))
    if len(tags) > TAGS or any(len(tag) > TAG_LIMIT for tag in tags):
        raise Refusal("broadcaster.refused.tags", most=TAGS, longest=TAG_LIMIT)
    return tags


def _day(word: str, today: date) -> date:
    day = parse_day(word, today)
    if day is None:
        raise Refusal("broadcaster.refused.day", value=one_line(word, 40))
    return day


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit()) or len(word) > 4 or int(word) > USES:
        raise Refusal("broadcaster.refused.most", value=one_line(word, 40), most=USES)
    return int(word)


def _teasers(word: str) -> tuple[int, ...] | None:
    if word in ("default", "默认"):
        return None
    words = [] if word in _CLEAR else [part for part in re.split(r"[\s,，、]+", word) if part]
    minutes = [int(part) for part in words if part.isascii() and part.isdigit() and len(part) <= 4]
    if len(minutes) != len(words) or len(minutes) > TEASERS or not all(1 <= n <= EARLIEST for n in minutes):
        raise Refusal("broadcaster.refused.teasers", value=one_line(word, 40), most=TEASERS, earliest=EARLIEST)
    return tuple(sorted(set(minutes), reverse=True))


def is_slot_name(text: str) -> bool:
    """Say whether a text can name a slot."""
    return _SLOT.fullmatch(text) is not None and text != ANY
