"""Who may do what in a room of the sandbox."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from xiaoer import Quoted, Statement, Store, Who
from xiaoer_web.people import OWNERS, People, Person
from xiaoer_web.quoting import ANSWERED, quoted
from xiaoer_web.standing import Standing
from xiaoer_web.tables import messages
from xiaoer_web.translate import AnyRequest, Join, Leave, Press, React, Strip, Write
from xiaoer_web.views import Views

WHOSE = Statement(select(messages.c.author, messages.c.only_to).where(messages.c.id == bindparam("message")))


class Refused(Exception):
    """A request that cannot be done.

    Args:
        status: of HTTP.
        sentence: why, and what to do.
    """

    def __init__(self, status: int, sentence: str) -> None:
        self.status = status
        self.sentence = sentence
        super().__init__(sentence)


class Rights:
    """Lets people do what they may, and refuses the rest in a sentence.

    Args:
        store: holds the messages.
        people: who is there.
        views: what they see.
        standing: how they stand.
    """

    def __init__(self, store: Store, people: People, views: Views, standing: Standing) -> None:
        self._store = store
        self._people = people
        self._views = views
        self._standing = standing

    def known(self, space: str, person_id: str) -> Person:
        """Return somebody who was ever before the door of a room."""
        person = self._people.find(space, person_id)
        if person is None:
            raise Refused(404, "Nobody with this name is in the room: come in first.")
        return person

    def member(self, space: str, person_id: str) -> Person:
        """Return somebody who is in a room."""
        person = self.known(space, person_id)
        if not person.here:
            raise Refused(409, self._says(person, "not_here"))
        return person

    def owner(self, space: str, person_id: str) -> Person:
        """Return somebody who is in a room and acts as one who runs it."""
        person = self.member(space, person_id)
        if person.role not in OWNERS:
            raise Refused(403, self._says(person, "not_owner"))
        return person

    def about(self, doing: AnyRequest) -> Who:
        """Return who does something, or whose badge is taken."""
        return self.known(doing.space, doing.whose if isinstance(doing, Strip) else doing.me).who

    async def check(self, doing: AnyRequest) -> None:
        """Let somebody do what they may; what they said before they may ask for again wherever they are now.

        Raises:
            Refused: they may not.
        """
        try:
            await self._check(doing)
        except Refused:
            if not await self._is_theirs(doing):
                raise

    async def _check(self, doing: AnyRequest) -> None:
        match doing:
            case Join():
                return
            case Leave():
                self.known(doing.space, doing.me)
            case Strip():
                self.owner(doing.space, doing.me)
            case Write() | React() | Press():
                person, about = self.member(doing.space, doing.me), _about(doing)
                if not self._views.sees(person, doing.chat):
                    raise Refused(403, self._says(person, "not_seen"))
                if about is not None and not await self._standing.gates.shows_message(person, about):
                    raise Refused(403, self._says(person, "not_seen"))

    async def _is_theirs(self, doing: AnyRequest) -> bool:
        """Return whether somebody said this before, or presses a button of what was said to them alone."""
        if isinstance(doing, Press):
            rows = await self._store.read(WHOSE, message=doing.message)
            return bool(rows) and rows[0].only_to == doing.me
        if isinstance(doing, Write) and doing.edits is None:
            rows = await self._store.read(WHOSE, message=f"web:{doing.key}")
            return bool(rows) and rows[0].author == doing.me
        return False

    async def quoted(self, doing: AnyRequest) -> Quoted | None:
        """Return the message that a command answers."""
        if not isinstance(doing, Write) or not doing.is_command or doing.reply_to is None:
            return None
        person = self.known(doing.space, doing.me)
        rows = await self._store.read(ANSWERED, message=doing.reply_to, place=doing.chat)
        return quoted(rows[0], person, self._people.find(doing.space, rows[0].author or "")) if rows else None

    def _says(self, person: Person, key: str) -> str:
        return self._views.sentence(f"refused.{key}", person.locale)


def _about(doing: Write | React | Press) -> str | None:
    return doing.edits or doing.reply_to if isinstance(doing, Write) else doing.message
