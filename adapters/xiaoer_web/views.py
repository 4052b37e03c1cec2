"""How things look: templates filled for one person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec
from jinja2 import Environment, PackageLoader, select_autoescape

from xiaoer import Bold, Community, Content, Host, Link, Mention, Row
from xiaoer_web.files import LARGEST, shown_as
from xiaoer_web.invites import Known
from xiaoer_web.people import OWNERS, ROLES, STAFF, People, Person
from xiaoer_web.standing import Standing
from xiaoer_web.stream import Changes, Notice

EMOJI = ("👍", "❤️", "😂", "🎉")
KINDS = ("photo", "video", "voice", "sticker", "file", "forward", "poll")


State: TypeAlias = Literal["in", "shut", "waiting", "out"]
"""Whether somebody sees a chat: no chat is open to them, they wait to be let in, or they are not here."""


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
        standing: how they stand there.
    """

    def __init__(self, host: Host, people: People, standing: Standing) -> None:
        self._host = host
        self._people = people
        self._standing = standing
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
        """Return the chats of the room that a person sees: (chat, what it is for); none for who is not here."""
        gates = self._standing.gates
        return [one for one in self._places(person) if person.here and gates.opens(person, one[0])]

    def sees(self, person: Person, chat: str) -> bool:
        """Return whether a person sees a chat."""
        return any(chat == one for one, _ in self.chats(person))

    def home(self, person: Person) -> str:
        """Return where a person reads what only they are told while they see no chat."""
        return self._places(person)[0][0]

    def state(self, person: Person) -> State:
        """Return what keeps a person from all chats, if anything does."""
        if self.chats(person):
            return "in"
        if person.here:
            return "shut"
        return "waiting" if self._standing.entry.waits(person.space, person.id) else "out"

    def _places(self, person: Person) -> list[tuple[str, str]]:
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
        entry = self._standing.entry
        rooms = [
            (space, community, self._people.of(space), entry.on_request(space) and invite is None)
            for space, community in self.rooms()
        ]
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
        return self._fill(
            "room.html",
            **self._company(person),
            community=community,
            chat=chat,
            state=self.state(person),
            chats=self._named(person),
            messages=[self._message(row, person) for row in rows],
            roles=ROLES,
            kinds=KINDS,
            largest=LARGEST,
            rev=rev,
            clock=self.clock(),
            next_timer=self._host.next_timer(),
        )

    def look(self, person: Person, row: Row) -> str | None:
        """Return the page of a message's picture in its own size, with its words; None when it shows none."""
        community, message = self.community(person.space), self._message(row, person)
        if community is None or message["picture"] is None:
            return None
        return self._fill("look.html", m=message, me=person, t=self._says(person), community=community)

    def _company(self, person: Person) -> dict[str, Any]:
        """Return what templates need to show a person the others."""
        return {
            "t": self._says(person),
            "me": person,
            "people": self._people.of(person.space),
            "standing": self._standing,
            "rules": person.here and person.role in OWNERS,
        }

    def _named(self, person: Person) -> list[tuple[str, str]]:
        """Return the chats that a person sees, with what they are called: the second of a kind by its own name."""
        says, named, had = self._says(person), list[tuple[str, str]](), set[str]()
        for chat, purpose in self.chats(person):
            named.append((chat, chat.rpartition("/")[2] if purpose in had else says(f"chat.{purpose}")))
            had.add(purpose)
        return named

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
            found += self._room_notices(person)
        if chats:
            seen = [row for row in changes.messages if row.chat in chats and row.only_to in (None, person.id)]
        else:
            seen = [row for row in changes.messages if row.space == space and row.only_to == person.id]
        return found + [self._message_notice(row, person, row.chat if chats else self.home(person)) for row in seen]

    def _room_notices(self, person: Person) -> list[Notice]:
        people = self._fill("people.html", **self._company(person))
        chats = self._fill("chats.html", me=person, chat="", chats=self._named(person))
        return [
            Notice(person.place, "people", person.space, people),
            Notice(person.place, "chats", self.state(person), chats),
        ]

    def _message_notice(self, row: Row, person: Person, chat: str) -> Notice:
        if row.deleted:
            return Notice(person.place, "gone", row.id, chat=chat)
        html = self._fill("message.html", m=self._message(row, person), t=self._says(person), me=person)
        return Notice(person.place, "message", row.id, html, chat, row.pinned)

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
            "worn": [worn for worn in self._standing.badges.of(row.space, row.author or "") if not worn.plain],
            "through": f"?as={person.id}" if self._standing.gates.gated(row.chat) else "",
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
