"""The pages and what they post."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Annotated, Literal

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from xiaoer import Host, Outcome, Quoted, Refusal, StoreError, Transaction, Who, XiaoerError
from xiaoer_web import files
from xiaoer_web.gallery import LOOK
from xiaoer_web.invites import Invites, note_entry
from xiaoer_web.people import People, Person
from xiaoer_web.rights import Refused, Rights
from xiaoer_web.rooms import OWN, SEEN, SEEN_ALONE, act_as, store
from xiaoer_web.standing import Standing
from xiaoer_web.stream import Hub, Notice
from xiaoer_web.translate import AnyRequest, Join, Leave, PersonId, Press, Strip, Write, decode, translate
from xiaoer_web.views import Views

SLOW = 2.0
"""Seconds after which a page says that an answer takes a while."""


KEEP_FOR_EVER = "private, max-age=31536000, immutable"


class ActAs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take another role in the room."""

    space: str
    me: PersonId
    role: Literal["owner", "secretary", "xiaoer", "member"]


class TurnDoor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Let people come in by themselves, or only when somebody lets them in."""

    space: str
    me: PersonId
    on_request: bool


class Jump(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Move community time: to the next timer, or on by some minutes."""

    minutes: Annotated[int, msgspec.Meta(ge=0, le=60 * 24 * 31)] = 0


class Site:
    """The pages.

    Args:
        host: takes events in.
        people: who is there.
        views: how it looks.
        hub: tells open pages what changes.
        invites: by which people come in.
        standing: how they stand.
    """

    def __init__(
        self, host: Host, people: People, views: Views, hub: Hub, invites: Invites, standing: Standing
    ) -> None:
        self._host = host
        self._people = people
        self._views = views
        self._hub = hub
        self._invites = invites
        self._standing = standing
        self._rights = Rights(host.store, people, views, standing)
        self._slow: dict[str, asyncio.TimerHandle] = {}

    def app(self) -> Starlette:
        """Return the pages as an ASGI app."""
        return Starlette(
            routes=[
                Route("/do", self.do, methods=["POST"]),  # first, because a crowd comes by it
                Route("/", self.lobby),
                Route("/join/{by}", self.lobby),
                Route("/as/{id}", self.room),
                Route("/stream", self.stream),
                Route("/commands", self.commands),
                Route("/picture/{name}", self.picture),
                Route("/look/{message:path}", self.look),
                Route("/file/{digest}", self.file),
                Route("/file", self.upload, methods=["POST"]),
                Route("/role", self.role, methods=["POST"]),
                Route("/entry", self.entry, methods=["POST"]),
                Route("/clock", self.clock, methods=["POST"]),
                Mount("/static", StaticFiles(packages=[("xiaoer_web", "static")])),
            ],
            exception_handlers={
                Refused: _refused,
                msgspec.MsgspecError: _malformed,
                XiaoerError: _failed,
                404: self.missing,
            },
        )

    async def lobby(self, request: Request) -> Response:
        """Show where people come in; with a personal link or an invite, into which room and by whom."""
        by = request.path_params.get("by")
        inviter = self._people.anywhere(by) if by is not None else None
        locale = request.query_params.get("lang") or _language(request)
        if by is not None and inviter is None:
            return self._page(
                self._views.error("There is no such link: ask the person who gave it to you.", locale), 404
            )
        code = request.query_params.get("invite")
        if code is not None and (sentence := self._closed(code, locale)):
            return self._page(self._views.error(sentence, locale), 410)
        invite = self._invites.find(code) if code is not None else None
        return self._page(self._views.lobby(locale, inviter, invite))

    def _closed(self, code: str, locale: str | None, space: str | None = None, key: str = "") -> str:
        """Return why an invite lets nobody in, and what to do; nothing if it does."""
        why = self._invites.closed(code, space, self._host.clock.now(), key)
        return self._views.sentence(f"invite.{why}", locale) if why is not None else ""

    async def room(self, request: Request) -> Response:
        """Show a chat to a person."""
        person = self._people.anywhere(request.path_params["id"])
        if person is None or self._views.community(person.space) is None:
            return RedirectResponse("/", 303)
        chats = [chat for chat, _ in self._views.chats(person)]
        chat = request.query_params.get("chat", "")
        rev = self._hub.rev  # before the rows: what comes between is told again, which harms nothing
        if chats:
            chat = chat if chat in chats else chats[0]
            rows = await self._host.store.read(SEEN, chat=chat, person=person.id)
        else:
            chat = self._views.home(person)
            rows = await self._host.store.read(OWN, room=person.space, person=person.id)
        return self._page(self._views.room(person, chat, rows[::-1], rev))

    async def missing(self, request: Request, error: Exception) -> Response:
        """Say that there is no such page."""
        del error
        return self._page(self._views.error("There is no such page: begin at the first one.", _language(request)), 404)

    async def stream(self, request: Request) -> Response:
        """Tell a browser what changes for the people whose pages it shows."""
        people = tuple(request.query_params.getlist("as"))[:64]
        since = request.headers.get("last-event-id") or request.query_params.get("since", "")
        start = int(since) if since.isdigit() else self._hub.rev
        body = self._hub.stream(people, start, self._views.notices)
        return StreamingResponse(body, media_type="text/event-stream", headers={"cache-control": "no-store"})

    async def commands(self, request: Request) -> Response:
        """Return the commands that a person may use."""
        person = self._rights.known(request.query_params.get("space", ""), request.query_params.get("as", ""))
        community = self._views.community(person.space)
        found = await self._host.commands(community.id, person.who) if community is not None else []
        return JSONResponse([command._asdict() for command in found])

    async def picture(self, request: Request) -> Response:
        """Return the picture of a message, which is the same for ever, as its name says what it looks like."""
        name, (person, keep) = request.path_params["name"], self._onlooker(request)
        rows = await self._host.store.report(LOOK, wanted=name)
        if not rows or not await self._standing.gates.shows_picture(person, name):
            return Response(status_code=404)
        return Response(rows[0].png, media_type="image/png", headers={"cache-control": keep})

    async def look(self, request: Request) -> Response:
        """Show the picture of a message alone, in its own size, to somebody who sees the message."""
        person = self._people.anywhere(request.query_params.get("as", ""))
        if person is None:
            return RedirectResponse("/", 303)
        rows = await self._host.store.read(SEEN_ALONE, message=request.path_params["message"], person=person.id)
        seen = [row for row in rows if row.only_to == person.id or self._views.sees(person, row.chat)]
        page = self._views.look(person, seen[0]) if seen else None
        if page is None:
            sentence = self._views.sentence("no_picture", person.locale)
            return self._page(self._views.error(sentence, person.locale), 404)
        return self._page(page)

    def _onlooker(self, request: Request) -> tuple[Person | None, str]:
        """Return who looks at what is behind a gate, and how long their browser may keep it."""
        looks = request.query_params.get("as")
        return (self._people.anywhere(looks), "no-store") if looks is not None else (None, KEEP_FOR_EVER)

    async def file(self, request: Request) -> Response:
        """Return the file of a message, so that nothing in it runs."""
        digest, (person, keep) = request.path_params["digest"], self._onlooker(request)
        rows = await self._host.store.report(files.LOOK, wanted=digest)
        if not rows or not await self._standing.gates.shows_file(person, digest):
            return Response(status_code=404)
        headers = files.headers_of(rows[0].mime, rows[0].name)
        return Response(rows[0].data, headers={"cache-control": keep, **headers})

    async def upload(self, request: Request) -> Response:
        """Take a file in that somebody is about to post, and return what a message with it is."""
        query = request.query_params
        self._rights.member(query.get("space", ""), query.get("as", ""))
        data = await request.body()
        if not data:
            raise Refused(400, "The file is empty: choose another one.")
        upload = await asyncio.to_thread(files.read, data, query.get("name", ""))
        await self._host.store.transact(files.lay, upload, self._host.clock.now())
        return JSONResponse({"attach": upload.digest, "called": upload.name, "kind": upload.kind})

    async def do(self, request: Request) -> Response:
        """Take in what a person does, one thing or several in their order, and answer when it is safe."""
        doings = decode(await request.body())
        answers: list[dict[str, str]] = []
        for doing in doings:
            await self._rights.check(doing)
        quotes = [await self._rights.quoted(doing) for doing in doings]
        pending = [self._take(doing, on, answers) for doing, on in zip(doings, quotes, strict=True)]
        outcomes = await asyncio.gather(*pending)
        await self._hub.refresh()
        return JSONResponse(
            [{**answer, "outcome": outcome.value} for answer, outcome in zip(answers, outcomes, strict=True)]
        )

    def _take(self, doing: AnyRequest, on: Quoted | None, answers: list[dict[str, str]]) -> Awaitable[Outcome]:
        invite: str | None = None
        asks = False
        if isinstance(doing, Join):
            invite = self._invited(doing)
            person, by = (self._people.find(doing.space, one or "") for one in (doing.me, doing.by))
            asks = self._standing.entry.asks(doing, person, by)
            doing, who = self._newcomer(doing)
        else:
            who = self._rights.about(doing)
        answers.append({"key": doing.key, "me": doing.me})
        if self._is_so(doing, asks):
            return _settled()
        if isinstance(doing, Press | Write):
            self._watch(doing)
        at = self._host.clock.now()
        told = translate(doing, who, at, invite=invite, quoted=on, asks=asks)
        stored = self._host.submit(told, lambda tx: self._store(tx, doing, who.name, at, asks))
        if isinstance(doing, Join):
            self._arriving(doing, stored, asks)
        return stored

    def _is_so(self, doing: AnyRequest, asks: bool) -> bool:
        """Return whether somebody asks who waits already, or leaves who is gone."""
        if isinstance(doing, Leave):
            return not self._rights.known(doing.space, doing.me).here
        asked = self._standing.entry.waits(doing.space, doing.me)
        return asks and asked is not None and asked.handle != f"web:{doing.key}"

    def _arriving(self, doing: Join, stored: asyncio.Future[Outcome], asks: bool) -> None:
        if asks:
            self._standing.entry.asking(doing, stored)
        if doing.invite is not None:
            self._invites.enter(doing.invite, doing.key, stored)

    def _invited(self, doing: Join) -> str | None:
        """Return the address of the invite by which somebody comes in; None for none.

        Raises:
            Refused: it lets nobody in any more.
        """
        if doing.invite is None:
            return None
        if sentence := self._closed(doing.invite, doing.locale, doing.space, doing.key):
            raise Refused(410, sentence)
        found = self._invites.find(doing.invite)
        return found.address if found is not None else None

    def _store(self, tx: Transaction, doing: AnyRequest, name: str, at: datetime, asks: bool) -> None:
        entry, badges = self._standing.entry, self._standing.badges
        if isinstance(doing, Join) and asks:
            entry.note(tx, doing)
        else:
            store(tx, doing, name, at)
        match doing:
            case Join() if not asks:
                entry.came(tx, doing.space, doing.me)
                if doing.invite is not None:
                    note_entry(tx, doing.invite, doing.key)
            case Leave():
                badges.strip_all(tx, doing.space, doing.me)
            case Strip():
                badges.strip(tx, doing.space, doing.whose, doing.plugin, doing.kind)
            case _:
                pass
        tx.after(self._hub.changed)

    def _newcomer(self, doing: Join) -> tuple[Join, Who]:
        known = self._people.find(doing.space, doing.me)
        if known is not None:
            return doing, known.who
        again = self._people.came_by(doing.space, doing.key)  # the answer to their first asking was lost
        if again is not None:
            return msgspec.structs.replace(doing, me=again.id), again.who
        me = self._people.new_id(doing.name)
        return msgspec.structs.replace(doing, me=me), Who(f"web:{me}", doing.name, doing.locale)

    def _watch(self, doing: Press | Write) -> None:
        """Let the page say so when the answer takes a while."""
        if isinstance(doing, Write) and not doing.text.startswith("/"):
            return
        handle = f"web:{doing.key}"
        about = doing.message if isinstance(doing, Press) else handle
        notice = Notice(f"{doing.space}/{doing.me}", "working", about, chat=doing.chat)
        self._slow[handle] = asyncio.get_running_loop().call_later(SLOW, self._hub.tell, notice)

    def answered(self, handle: str) -> None:
        """Hear that a command or button press was answered."""
        timer = self._slow.pop(handle, None)
        if timer is not None:
            timer.cancel()

    async def role(self, request: Request) -> Response:
        """Let a person act as something else."""
        wish = msgspec.json.decode(await request.body(), type=ActAs)
        self._rights.known(wish.space, wish.me)
        await self._host.store.transact(act_as, wish.space, wish.me, wish.role)
        await self._hub.refresh()
        return JSONResponse({"role": wish.role})

    async def entry(self, request: Request) -> Response:
        """Let people come in by themselves or not."""
        wish = msgspec.json.decode(await request.body(), type=TurnDoor)
        self._rights.owner(wish.space, wish.me)
        await self._host.store.transact(self._standing.entry.turn, wish.space, wish.on_request)
        await self._hub.refresh()
        return JSONResponse({"on_request": wish.on_request})

    async def clock(self, request: Request) -> Response:
        """Move community time."""
        jump = msgspec.json.decode(await request.body(), type=Jump)
        by = timedelta(minutes=jump.minutes)
        if not jump.minutes:
            due = self._host.next_timer()
            if due is None:
                raise Refused(409, "No timer waits: there is nothing to jump to.")
            by = max(timedelta(0), due - self._host.clock.now())
        await self._host.move_clock(by)
        now = self._host.clock.now()
        self._hub.tell(Notice("*", "clock", now.isoformat()))
        return JSONResponse({"now": now.isoformat()})

    def _page(self, html: str, status: int = 200) -> Response:
        return HTMLResponse(html, status, headers={"cache-control": "no-store"})


def _settled() -> asyncio.Future[Outcome]:
    done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
    done.set_result(Outcome.DUPLICATE)
    return done


def _language(request: Request) -> str | None:
    accepted = request.headers.get("accept-language", "").lower()
    first = accepted.partition(",")[0].strip()
    return "zh" if first.startswith("zh") else "en" if first.startswith("en") else None


async def _refused(request: Request, error: Exception) -> Response:
    del request
    status = error.status if isinstance(error, Refused) else 400
    return JSONResponse({"error": str(error)}, status)


async def _malformed(request: Request, error: Exception) -> Response:
    del request
    return JSONResponse({"error": f"This is not a request that the sandbox knows: {error}"}, 400)


async def _failed(request: Request, error: Exception) -> Response:
    del request
    status = 503 if isinstance(error, StoreError) else 409
    sentence = "Only a community that lives in sandboxes alone can move its clock."
    return JSONResponse({"error": sentence if isinstance(error, Refusal) else str(error)}, status)
