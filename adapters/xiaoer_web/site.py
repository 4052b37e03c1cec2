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
from xiaoer_web.quoting import ANSWERED, quoted
from xiaoer_web.rooms import SEEN, act_as, store
from xiaoer_web.stream import Hub, Notice
from xiaoer_web.translate import AnyRequest, Join, PersonId, Press, Write, decode, translate
from xiaoer_web.views import Views

SLOW = 2.0
"""Seconds after which a page says that an answer takes a while."""


KEEP_FOR_EVER = "private, max-age=31536000, immutable"


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


class ActAs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Take another role in the room."""

    space: str
    me: PersonId
    role: Literal["owner", "secretary", "xiaoer", "member"]


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
    """

    def __init__(self, host: Host, people: People, views: Views, hub: Hub, invites: Invites) -> None:
        self._host = host
        self._people = people
        self._views = views
        self._hub = hub
        self._invites = invites
        self._slow: dict[str, asyncio.TimerHandle] = {}

    def app(self) -> Starlette:
        """Return the pages as an ASGI app."""
        return Starlette(
            routes=[
                Route("/", self.lobby),
                Route("/join/{by}", self.lobby),
                Route("/as/{id}", self.room),
                Route("/stream", self.stream),
                Route("/commands", self.commands),
                Route("/picture/{name}", self.picture),
                Route("/file/{digest}", self.file),
                Route("/file", self.upload, methods=["POST"]),
                Route("/do", self.do, methods=["POST"]),
                Route("/role", self.role, methods=["POST"]),
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
        chat = chat if chat in chats else chats[0]
        rev = self._hub.rev  # before the rows: what comes between is told again, which harms nothing
        rows = await self._host.store.read(SEEN, chat=chat, person=person.id)
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
        person = self._person(request.query_params.get("space", ""), request.query_params.get("as", ""))
        community = self._views.community(person.space)
        found = await self._host.commands(community.id, person.who) if community is not None else []
        return JSONResponse([command._asdict() for command in found])

    async def picture(self, request: Request) -> Response:
        """Return the picture of a message, which is the same for ever, as its name says what it looks like."""
        rows = await self._host.store.report(LOOK, wanted=request.path_params["name"])
        if not rows:
            return Response(status_code=404)
        return Response(rows[0].png, media_type="image/png", headers={"cache-control": KEEP_FOR_EVER})

    async def file(self, request: Request) -> Response:
        """Return the file of a message, so that nothing in it runs."""
        rows = await self._host.store.report(files.LOOK, wanted=request.path_params["digest"])
        if not rows:
            return Response(status_code=404)
        headers = files.headers_of(rows[0].mime, rows[0].name)
        return Response(rows[0].data, headers={"cache-control": KEEP_FOR_EVER, **headers})

    async def upload(self, request: Request) -> Response:
        """Take a file in that somebody is about to post, and return what a message with it is."""
        query = request.query_params
        self._person(query.get("space", ""), query.get("as", ""))
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
        quotes = [await self._quoted(doing) for doing in doings]
        pending = [self._take(doing, on, answers) for doing, on in zip(doings, quotes, strict=True)]
        outcomes = await asyncio.gather(*pending)
        await self._hub.refresh()
        return JSONResponse(
            [{**answer, "outcome": outcome.value} for answer, outcome in zip(answers, outcomes, strict=True)]
        )

    async def _quoted(self, doing: AnyRequest) -> Quoted | None:
        """Return the message that a command answers."""
        if not isinstance(doing, Write) or not doing.is_command or doing.reply_to is None:
            return None
        reader = self._person(doing.space, doing.me)
        rows = await self._host.store.read(ANSWERED, message=doing.reply_to, place=doing.chat)
        return quoted(rows[0], reader, self._people.find(doing.space, rows[0].author or "")) if rows else None

    def _take(self, doing: AnyRequest, on: Quoted | None, answers: list[dict[str, str]]) -> Awaitable[Outcome]:
        invite: str | None = None
        if isinstance(doing, Join):
            invite = self._invited(doing)
            doing, who = self._newcomer(doing)
        else:
            who = self._person(doing.space, doing.me).who
        if isinstance(doing, Press | Write):
            self._watch(doing)
        answers.append({"key": doing.key, "me": doing.me})
        at = self._host.clock.now()
        told = translate(doing, who, at, invite=invite, quoted=on)
        stored = self._host.submit(told, lambda tx: self._store(tx, doing, who.name, at))
        if isinstance(doing, Join) and doing.invite is not None:
            self._invites.enter(doing.invite, doing.key, stored)
        return stored

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

    def _store(self, tx: Transaction, doing: AnyRequest, name: str, at: datetime) -> None:
        store(tx, doing, name, at)
        if isinstance(doing, Join) and doing.invite is not None:
            note_entry(tx, doing.invite, doing.key)
        tx.after(self._hub.changed)

    def _newcomer(self, doing: Join) -> tuple[Join, Who]:
        known = self._people.find(doing.space, doing.me)
        if known is not None:
            return doing, known.who
        me = self._people.new_id(doing.name)
        return msgspec.structs.replace(doing, me=me), Who(f"web:{me}", doing.name, doing.locale)

    def _person(self, space: str, person_id: str) -> Person:
        person = self._people.find(space, person_id)
        if person is None:
            raise Refused(404, "Nobody with this name is in the room: come in first.")
        return person

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
        self._person(wish.space, wish.me)
        await self._host.store.transact(act_as, wish.space, wish.me, wish.role)
        await self._hub.refresh()
        return JSONResponse({"role": wish.role})

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
