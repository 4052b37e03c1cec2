"""The Bot API over HTTP on the loopback."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

from aiogram import Bot
from aiogram.methods import GetUpdates, TelegramMethod
from aiohttp import web
from tests.simulators.faults import Call, Fault, Faults
from tests.simulators.telegram.methods import Methods
from tests.simulators.telegram.people import DEFAULTS, People
from tests.simulators.telegram.photos import Upload
from tests.simulators.telegram.rules import ApiError, read
from tests.simulators.telegram.throttle import Throttle
from tests.simulators.telegram.world import Group, User

LONGEST_POLL = 50
"""Seconds (Bot API server's source)."""

MISTAKES = (
    "unknown parameter",
    "required",
    "can't parse",
    "too long",
    "TOO_LONG",
    "is empty",
    "BUTTON_DATA",
    "BOT_COMMAND",
    "TAG_INVALID",
    "TAG_EMOJI",
    " in the request",
    "media not found",
)
"""What Telegram says to requests that no correct program would have sent."""

PAGE = "<html><h1>502 网关错误</h1></html>".encode("gbk")
"""What a proxy says; few of them say in which encoding."""


class BotApi(People):
    """A Bot API server with one bot.

    Args:
        token: the bot's.
        now: the time.

    Attributes:
        journal: every request, in order.
        refused: what no correct program would have asked for.
        faults: what goes wrong next.
        confirmed: the updates up to here are not told again.
        waiting: how many requests for updates wait now.
        throttle: keeps Telegram's limits; None where nobody asks for them.
    """

    def __init__(self, token: str = "42:TEST", now: Callable[[], datetime] | None = None) -> None:
        super().__init__(User(42, "Xiaoer", bot=True, username="xiaoer_bot"), now or (lambda: datetime.now(UTC)))
        self.token = token
        self.journal: list[Call] = []
        self.refused: list[str] = []
        self.faults = Faults()
        self.confirmed = 0
        self.revoked = False
        self.polls = 0
        self.waiting = 0
        self.throttle: Throttle | None = None
        self._news = asyncio.Event()
        self.on_update = self._news.set
        self._methods = Methods(self)
        self._bot = Bot("42:TEST")
        self._hanging: set[asyncio.Event] = set()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=50 * 2**20)
        app.router.add_get("/file/bot{token}/f/{number}", self._file)
        app.router.add_route("*", "/bot{token}/{method}", self._handle)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.base = f"http://127.0.0.1:{port}"
        return self

    async def stop_listening(self) -> None:
        """Be there no more."""
        await self._runner.cleanup()

    def let_go(self) -> None:
        """Answer what hangs."""
        for hanging in self._hanging:
            hanging.set()

    async def __aexit__(self, *_: object) -> None:
        self.let_go()
        self._news.set()
        await self.stop_listening()

    def calls(self, method: str) -> list[Call]:
        """Return the requests of one method."""
        return [call for call in self.journal if call.method == method]

    def redeliver(self) -> None:
        """Tell everything again, as after a lost confirmation."""
        self.confirmed = 0
        self._news.set()

    @property
    def commands(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        """The menus by scope and language."""
        return self._methods.commands

    def menu(self, scope: str, group: Group, language: str | None) -> list[dict[str, Any]]:
        """Return the menu that somebody sees: in their language, else the one for everybody.

        Args:
            scope: ``chat`` or ``chat_administrators``.
            group: where.
            language: theirs.
        """
        name = json.dumps({"type": scope, "chat_id": group.id}, separators=(",", ":"))
        return self.commands.get((name, language or ""), self.commands.get((name, ""), []))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """Answer with a file by the path that ``getFile`` told (Bot API, getFile)."""
        call = Call("file", {"number": request.match_info["number"]})
        self.journal.append(call)
        fault = self.faults.take("file")
        if fault is not None and (early := await self._spoil(fault, call, request)) is not None:
            return early
        filed = self.photos.uploaded.get(request.match_info["number"])
        if filed is None or self.photos.forgotten or request.match_info["token"] != self.token:
            call.status = 404
            return web.json_response({"ok": False, "error_code": 404, "description": "Not Found"}, status=404)
        call.status = 200
        return web.Response(body=filed.data, content_type="application/octet-stream")

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        params, files = await _params(request)
        call = Call(name, dict(params))
        self.journal.append(call)
        fault = self.faults.take(name)
        if fault is not None and (early := await self._spoil(fault, call, request)) is not None:
            return early
        try:
            if self.revoked or request.match_info["token"] != self.token:
                raise ApiError(401, "Unauthorized")
            if self.throttle is not None:
                self.throttle.check(name, params.get("chat_id", ""))
            result = await self._answer(name, params, files)
            answer: dict[str, Any] = {"ok": True, "result": result}
            call.status = 200
        except ApiError as error:
            call.status, call.words = error.status, error.words
            if error.status in (400, 404) and self._is_our_fault(error):
                self.refused.append(f"{name}: {error.words}")
            answer = {"ok": False, "error_code": error.status, "description": error.words}
            if error.parameters:
                answer["parameters"] = error.parameters
        if fault is not None and fault.drop == "after":
            _hang_up(request)
        return web.json_response(answer, status=call.status)

    def _is_our_fault(self, error: ApiError) -> bool:
        if "method not found" in error.words:
            return self.hides != "never"  # of an old server it may be asked whether it knows a method
        return any(words in error.words for words in MISTAKES)

    async def _spoil(self, fault: Fault, call: Call, request: web.Request) -> web.Response | None:
        if fault.hang:
            hanging = asyncio.Event()
            self._hanging.add(hanging)
            await hanging.wait()
        if fault.drop == "before":
            _hang_up(request)
        if fault.page:
            call.status = 502
            return web.Response(status=502, body=PAGE, content_type="text/html")
        if fault.status == 200:
            return None
        if 300 <= fault.status < 400:
            raise web.HTTPFound(request.url)
        call.status, call.words = fault.status, fault.words
        body: dict[str, Any] = {"ok": False, "error_code": fault.status, "description": fault.words}
        if fault.retry_after is not None:
            body["description"] = f"Too Many Requests: retry after {fault.retry_after:g}"
            body["parameters"] = {"retry_after": fault.retry_after}
        return web.json_response(body, status=fault.status)

    async def _answer(self, name: str, params: dict[str, str], files: dict[str, Upload]) -> Any:
        if name == "getUpdates":
            if self.webhook:
                raise ApiError(
                    409,
                    "Conflict: can't use getUpdates method while webhook is active; "
                    "use deleteWebhook to delete the webhook first",
                )
            return await self._get_updates(read(name, params, self._bot))
        return self._methods.call(read(name, params, self._bot), files)

    async def _get_updates(self, method: TelegramMethod[Any]) -> list[dict[str, Any]]:
        assert isinstance(method, GetUpdates)
        if method.allowed_updates is not None:  # an absent list keeps the stored one, an empty one resets it (source)
            self.allowed = frozenset(method.allowed_updates) or DEFAULTS
        offset = method.offset or 0
        if offset < 0:
            offset = self.updates[offset]["update_id"] if self.updates else 0
        self.confirmed = max(self.confirmed, offset)
        self.polls += 1
        mine = self.polls
        self._news.set()  # an older poll ends at once
        limit = min(max(method.limit or 100, 1), 100)
        while not (found := [update for update in self.updates if update["update_id"] >= self.confirmed]):
            self._news.clear()
            self.waiting += 1
            try:
                await asyncio.wait_for(self._news.wait(), min(method.timeout or 0, LONGEST_POLL))
            except TimeoutError:
                return []
            finally:
                self.waiting -= 1
            if mine != self.polls:  # the older of two polls is ended (server's source)
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
        return found[:limit]


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError


async def _params(request: web.Request) -> tuple[dict[str, str], dict[str, Upload]]:
    """Return parameters and files; those stand beside each other in one form (Bot API, Sending files)."""
    if request.content_type == "application/json":
        body = await request.json()
        return {key: value if isinstance(value, str) else json.dumps(value) for key, value in body.items()}, {}
    found = {key: str(value) for key, value in request.query.items()}
    files: dict[str, Upload] = {}
    for key, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            files[key] = value.filename, value.file.read()
        else:
            found[key] = str(value)
    return found, files
