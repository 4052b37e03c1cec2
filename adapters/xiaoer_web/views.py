"""How things look: templates filled for one person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from jinja2 import Environment, PackageLoader, select_autoescape

from xiaoer import Bold, Community, Content, Host, Link, Mention, Row
from xiaoer_web.files import LARGEST, shown_as
from xiaoer_web.invites import Known
from xiaoer_web.people import ROLES, STAFF, People, Person
from xiaoer_web.stream import Changes, Notice

EMOJI = ("👍", "❤️", "😂", "🎉")
KINDS = ("photo", "video", "voice", "sticker", "file", "forward", "poll")


class Part(NamedTuple):
    """A stretch of text as the template takes it."""

    style: str
    text: str
    url: str = ""


class Views:
    """Fills templates.

    Args:
        host: for texts, communities and time.
        people: who is there.
    """

    def __init__(self, host: Host, people: People) -> None:
        self._host = host
        self._people = people
        self._templates = Environment(
            loader=PackageLoader("xiaoer_web"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def community(self, space: str) -> Community | None:
        """Return the community that a room belongs to."""
        return next((found for found in self._host.communities() if space in found.spaces), None)

    def rooms(self) -> list[tuple[str, Community]]:
        """Return the rooms with their communities."""
        return [
            (space, community)
            for community in self._host.communities()
            for space in community.spaces
            if space.startswith("web:")
        ]

    def chats(self, person: Person) -> list[tuple[str, str]]:
        """Return the chats of the room that a person sees: (chat, what it is for)."""
        community = self.community(person.space)
        found: dict[str, str] = {}
        for purpose, chats in (community.chats if community is not None else {}).items():
            if purpose == "admins" and person.role not in STAFF:
                continue
            for chat in chats:
                if chat.partition("/")[0] == person.space:
                    found.setdefault(chat, purpose)
        return list(found.items()) or [(f"{person.space}/main", "main")]

    def says(self, community: str, locale: str | None) -> Callable[..., str]:
        """Return what looks up the sandbox's own texts in a language."""

        def say(key: str, **values: Any) -> str:
            return self._host.text(community, locale, f"web.{key}", **values)

        return say

    def sentence(self, key: str, locale: str | None) -> str:
        """Return one of the sandbox's texts in a language, else in that of the first room."""
        rooms = self.rooms()
        return self.says(rooms[0][1].id, locale or rooms[0][1].locale)(key) if rooms else ""

    def lobby(self, locale: str | None, inviter: Person | None, invite: Known | None = None) -> str:
        """Return the page where people come in."""
        rooms = [(space, community, self._people.of(space)) for space, community in self.rooms()]
        if inviter is not None:
            rooms = [room for room in rooms if room[0] == inviter.space]
        if invite is not None:
            rooms = [room for room in rooms if room[0] == invite.space]
        first = rooms[0][1] if rooms else None
        says = self.says(first.id, locale or first.locale) if first is not None else str
        code = invite.code if invite is not None else ""
        return self._fill(
            "lobby.html", t=says, rooms=rooms, inviter=inviter, invite=code, locale=locale or "", clock=self.clock()
        )

    def room(self, person: Person, chat: str, rows: list[Row], rev: int) -> str:
        """Return a person's page of one chat."""
        community = self.community(person.space)
        if community is None:
            raise LookupError(person.space)
        says = self.says(community.id, person.locale)
        return self._fill(
            "room.html",
            t=says,
            me=person,
            community=community,
            chat=chat,
            chats=self.chats(person),
            messages=[self._message(row, person) for row in rows],
            people=self._people.of(person.space),
            roles=ROLES,
            kinds=KINDS,
            largest=LARGEST,
            rev=rev,
            clock=self.clock(),
            next_timer=self._host.next_timer(),
        )

    def error(self, sentence: str, locale: str | None) -> str:
        """Return a page that says what went wrong and what to do."""
        return self._fill("error.html", sentence=sentence, locale=locale or "en")

    def clock(self) -> datetime:
        """Return community time."""
        return self._host.clock.now()

    def notices(self, place: str, changes: Changes) -> list[Notice]:
        """Return what changes mean for one person's page."""
        space, _, person_id = place.partition("/")
        person = self._people.find(space, person_id)
        if person is None:
            return []
        chats = {chat for chat, _ in self.chats(person)}
        found = [notice for notice in changes.passing if notice.to in (place, "*")]
        if space in changes.rooms:
            found.append(self._people_notice(person))
        seen = [row for row in changes.messages if row.chat in chats and row.only_to in (None, person.id)]
        return found + [self._message_notice(row, person) for row in seen]

    def _people_notice(self, person: Person) -> Notice:
        community = self.community(person.space)
        says = self.says(community.id if community is not None else "", person.locale)
        html = self._fill("people.html", t=says, me=person, people=self._people.of(person.space))
        return Notice(person.place, "people", person.space, html)

    def _message_notice(self, row: Row, person: Person) -> Notice:
        if row.deleted:
            return Notice(person.place, "gone", row.id, chat=row.chat)
        html = self._fill("message.html", m=self._message(row, person), t=self._says(person), me=person)
        return Notice(person.place, "message", row.id, html, row.chat, row.pinned)

    def _says(self, person: Person) -> Callable[..., str]:
        community = self.community(person.space)
        return self.says(community.id if community is not None else "", person.locale)

    def _message(self, row: Row, person: Person) -> dict[str, Any]:
        """Return a message as the template takes it."""
        content = msgspec.convert(row.content, Content)
        community = self.community(person.space)
        at: datetime = row.at
        if community is not None:
            at = at.astimezone(community.timezone)
        return {
            "row": row,
            "bot": row.author is None,
            "mine": row.author == person.id,
            "private": row.only_to is not None,
            "parts": [_part(part) for part in content.text],
            "plain": content.plain,
            "buttons": content.buttons,
            "picture": content.picture,
            "file": content.file,
            "shows": shown_as(content.file.mime) if content.file is not None else "",
            "time": at.strftime("%H:%M"),
            "reactions": [
                (emoji, len(row.reactions.get(emoji, ())), person.id in row.reactions.get(emoji, ())) for emoji in EMOJI
            ],
        }

    def _fill(self, template: str, **values: Any) -> str:
        return self._templates.get_template(template).render(values)


def _part(part: str | Mention | Bold | Link) -> Part:
    match part:
        case str():
            return Part("plain", part)
        case Mention():
            return Part("mention", part.name)
        case Bold():
            return Part("bold", part.text)
        case Link():
            safe = part.url.startswith(("https://", "http://"))
            return Part("link" if safe else "plain", part.text, part.url)
