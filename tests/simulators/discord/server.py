"""Discord over HTTP and WebSocket on the loopback."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import unquote

from aiohttp import BodyPartReader, web
from tests.simulators.discord import payloads
from tests.simulators.discord.client import Client
from tests.simulators.discord.gateway import Intent, Session
from tests.simulators.discord.messages import Ask
from tests.simulators.discord.methods import Methods
from tests.simulators.discord.rules import ApiError, Wrong
from tests.simulators.discord.throttle import Throttle
from tests.simulators.discord.uploads import Upload, Uploads
from tests.simulators.discord.world import Clock, Json
from tests.simulators.faults import Call, Fault, Faults

CHUNK = 1000
"""Members in one chunk (Discord docs, Request Guild Members)."""

NOTHING: Mapping[str, str] = {}

BROKEN: Json = {}
"""A body that is no JSON."""


class DiscordServer(Client):
    """Discord with one bot.

    Args:
        token: the bot's.
        now: the time.

    Attributes:
        rest_base: for ``discord.http.Route.BASE``.
        gateway_url: for ``discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY``.
        cdn_base: for ``discord.asset.Asset.BASE``.
        journal: every request and what began a session, in order; requests are named as in the documentation.
        refused: what no correct program would have asked for.
        faults: what goes wrong next.
        audit: requests that gave a reason for the audit log, and which.
        throttle: keeps Discord's limits; None where nobody asks for them.
    """

    def __init__(self, token: str = "bot.TEST", now: Clock | None = None) -> None:
        super().__init__(token, now)
        self.application_id = self.bot.id
        self.journal: list[Call] = []
        self.faults = Faults()
        self.throttle: Throttle | None = None
        self.audit: list[tuple[str, str]] = []
        self.noted = lambda name, data: self.journal.append(Call(name, dict(data), 200))
        self.members = self._chunk
        self._methods = Methods(self)
        self._routes = [(name, *_pattern(name)) for name in self._methods.table]
        self._hanging: set[asyncio.Event] = set()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=50 * 2**20)
        app.router.add_get("/gateway", self.handle)
        app.router.add_get("/cdn/attachments/{channel}/{attachment}/{name}", self._file)
        app.router.add_get("/cdn/{path:.*}", self._picture)
        app.router.add_route("*", "/api/v10/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port = self._runner.addresses[0][1]
        self.rest_base = f"http://127.0.0.1:{port}/api/v10"
        self.gateway_url = f"ws://127.0.0.1:{port}/gateway"
        self.cdn_base = f"http://127.0.0.1:{port}/cdn"
        return self

    def let_go(self) -> None:
        """Answer what hangs."""
        for hanging in self._hanging:
            hanging.set()

    async def __aexit__(self, *_: object) -> None:
        self.let_go()
        self.speak()
        self.disconnect()
        await self._runner.cleanup()

    def calls(self, name: str) -> list[Call]:
        """Return the requests of one route, or what began or resumed sessions: IDENTIFY, RESUME."""
        return [call for call in self.journal if call.method == name]

    def _chunk(self, session: Session, data: Json) -> None:
        """Answer a request for members (Discord docs, Request Guild Members)."""
        guild = self.guilds.get(int(data["guild_id"]))
        if guild is None or not self.in_guild(guild):
            return
        query, wanted = data.get("query"), data.get("user_ids")
        if query == "" and not session.intents & Intent.GUILD_MEMBERS:
            self.refused.append("gateway: all members without the GUILD_MEMBERS intent")
            return
        numbers = {int(one) for one in (wanted if isinstance(wanted, list) else [wanted])} if wanted else None
        found = [
            payloads.member_json(member)
            for number, member in guild.members.items()
            if (number in numbers if numbers is not None else member.user.name.startswith(query or ""))
        ]
        found = found[: data.get("limit") or None] if numbers is None else found[:100]
        chunks = [found[at : at + CHUNK] for at in range(0, len(found), CHUNK)] or [[]]
        for number, members in enumerate(chunks):
            event: Json = {"guild_id": str(guild.id), "members": members}
            event |= {"chunk_index": number, "chunk_count": len(chunks)}
            missing = sorted((numbers or set()) - guild.members.keys())
            event |= {"not_found": [str(one) for one in missing]} if missing else {}
            event |= {"nonce": data["nonce"]} if "nonce" in data else {}
            self.to(session, "GUILD_MEMBERS_CHUNK", event)

    async def _picture(self, request: web.Request) -> web.Response:
        del request
        return web.Response(body=b"\x89PNG\r\n\x1a\n", content_type="image/png")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Answer with an attachment, as long as its address is good (Discord docs, Signed Attachment CDN URLs)."""
        call = Call("GET attachment", dict(request.query))
        self.journal.append(call)
        fault = self.faults.take(call.method)
        if fault is not None and (early := await self._spoil(fault, call, request)) is not None:
            return early
        channel = self.channels.get(int(request.match_info["channel"]))
        for message in channel.messages.values() if channel is not None else ():
            for one in message.attachments:
                if one["url"] == str(request.url) and not message.deleted:
                    call.status = 200
                    return web.Response(body=message.files[one["id"]], content_type=one.get("content_type", "a/b"))
        call.status = 404
        return web.Response(status=404, text="This content is no longer available.")

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        name, path = self._route(request)
        body, files = await _body(request)
        call = Call(name, {**path, **request.query, **(body if isinstance(body, dict) else {"body": body})})
        self.journal.append(call)
        if self.throttle is not None and (refused := self.throttle.refusal(name, path)) is not None:
            call.status, call.words = 429, refused.words
            return _answer(429, refused.body, refused.headers)
        fault = self.faults.take(name)
        if fault is not None and (early := await self._spoil(fault, call, request)) is not None:
            return early
        try:
            answer = self._do(name, Ask(path, dict(request.query), body, files), request)
            call.status = 200 if answer is not None else 204
            if "X-Audit-Log-Reason" in request.headers:
                self.audit.append((name, unquote(request.headers["X-Audit-Log-Reason"])))
        except ApiError as error:
            call.status, call.words = error.status, str(error)
            if isinstance(error, Wrong):
                self.refused.append(f"{name}: {error}")
            answer = {"message": error.words, "code": error.code, **error.more}
        if fault is not None and fault.drop == "after":
            _hang_up(request)
        return _answer(call.status, answer, self.throttle.headers(name, path) if self.throttle is not None else {})

    def _route(self, request: web.Request) -> tuple[str, dict[str, str]]:
        plain = request.rel_url.raw_path.removeprefix("/api/v10")
        for name, method, pattern, names in self._routes:
            found = pattern.fullmatch(plain)
            if method == request.method and found is not None:
                return name, {key: unquote(value) for key, value in zip(names, found.groups(), strict=True)}
        return f"{request.method} {plain}", {}

    def _do(self, name: str, ask: Ask, request: web.Request) -> Any:
        if name not in self._methods.table:
            raise Wrong(404, 0, "404: Not Found")
        known = request.headers.get("Authorization") == f"Bot {self.token}"
        if name not in self._methods.open and (self.revoked or not known):
            raise ApiError(401, 0, "401: Unauthorized")
        if ask.body is BROKEN:
            raise Wrong(400, 50109, "The request body contains invalid JSON.")
        return self._methods.do(name, ask)

    async def _spoil(self, fault: Fault, call: Call, request: web.Request) -> web.Response | None:
        if fault.hang:
            hanging = asyncio.Event()
            self._hanging.add(hanging)
            await hanging.wait()
        if fault.drop == "before":
            _hang_up(request)
        if fault.page:
            call.status = 502
            return web.Response(status=502, text="<html><h1>502 Bad Gateway</h1></html>", content_type="text/html")
        if fault.status == 200:
            return None
        call.status, call.words = fault.status, fault.words
        body: Json = {"message": fault.words or "Error", "code": fault.code}
        if fault.retry_after is not None:
            body = {"message": "You are being rate limited.", "retry_after": fault.retry_after, "global": False}
        return _answer(fault.status, body)


def _pattern(name: str) -> tuple[str, re.Pattern[str], list[str]]:
    method, _, path = name.partition(" ")
    names = re.findall(r"\{([a-z.]+)\}", path)
    pieces = re.split(r"\{[a-z.]+\}", path)
    return method, re.compile("([^/]+)".join(re.escape(piece) for piece in pieces)), names


def _answer(status: int, body: Any, more: Mapping[str, str] = NOTHING) -> web.Response:
    """Return an answer whose headers discord.py understands.

    It takes ``application/json`` only without a charset, and a 429 only with ``Via`` for one of Discord's.
    """
    if body is None:
        return web.Response(status=204, headers=more)
    headers = {"Content-Type": "application/json"}
    if status == 429:
        after = float(body.get("retry_after", 0))
        headers |= {"Via": "1.1 google", "Retry-After": str(math.ceil(after)), "X-RateLimit-Scope": "shared"}
    return web.Response(status=status, body=json.dumps(body).encode(), headers={**headers, **more})


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError


async def _body(request: web.Request) -> tuple[Any, Uploads]:
    if request.content_type == "application/json":
        try:
            return await request.json(), {}
        except ValueError:
            return BROKEN, {}
    if not request.content_type.startswith("multipart/"):
        return None, {}
    body: Any = None
    files: Uploads = {}
    async for part in await request.multipart():
        if isinstance(part, BodyPartReader):
            data = bytes(await part.read())
            if part.name == "payload_json":
                body = json.loads(data)
            else:
                files[part.name or ""] = Upload(part.filename or "f", data)
    return body, files
