"""The sandbox as a platform: serves pages, tells what people do, performs what the bot is asked."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Generator
from typing import ClassVar

import uvicorn
from pydantic import BaseModel, Field, field_validator

from xiaoer import (
    Adapter,
    AdapterError,
    Answer,
    Capability,
    Decide,
    Delete,
    Edit,
    Fetch,
    Gate,
    Gone,
    Host,
    Invite,
    Pin,
    Receipt,
    Remove,
    Request,
    Revoke,
    Send,
    Settings,
    Wear,
)
from xiaoer_web.files import fetch
from xiaoer_web.guard import Guard
from xiaoer_web.invites import Invites
from xiaoer_web.keeping import Keeping
from xiaoer_web.people import People
from xiaoer_web.rooms import MEMBERS, change, pin, remove, speak
from xiaoer_web.site import Site
from xiaoer_web.standing import Standing
from xiaoer_web.stream import Hub
from xiaoer_web.views import Views


class WebSettings(Settings):
    """``[adapters.web]``: the browser sandbox."""

    host: str = Field(default="127.0.0.1", description="Where it listens: an address of this machine alone.")
    port: int = Field(default=8765, ge=0, le=65535, description="Where it listens; 0 takes any port that is free.")

    @field_validator("host")
    @classmethod
    def _loopback(cls, host: str) -> str:
        with contextlib.suppress(ValueError):
            if ipaddress.ip_address("127.0.0.1" if host == "localhost" else host).is_loopback:
                return host
        raise ValueError("must be localhost, 127.0.0.1 or ::1: the sandbox lets everybody be anybody")


class _Server(uvicorn.Server):
    """A server that leaves signals to the program it runs in."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


class WebAdapter(Adapter):
    """The browser sandbox.

    Args:
        settings: where it listens.
        host: the core.
    """

    platform: ClassVar[str] = "web"
    settings: ClassVar[type[BaseModel]] = WebSettings
    capabilities: ClassVar[frozenset[Capability]] = frozenset(
        {
            "only_to",
            "private_answer",
            "edit",
            "delete",
            "pin",
            "invite",
            "fetch",
            "badge",
            "gate",
            "join_request",
            "remove",
        }
    )
    sandbox: ClassVar[bool] = True

    def __init__(self, settings: BaseModel, host: Host) -> None:
        super().__init__(settings, host)
        self._settings = settings if isinstance(settings, WebSettings) else WebSettings()
        self._people = People()
        self._hub = Hub(host.store, self._people.learn)
        self._invites = Invites(host.store)
        self._standing = Standing(host.store)
        self._keeping = Keeping(host, self._standing)
        views = Views(host, self._people, self._standing)
        self._site = Site(host, self._people, views, self._hub, self._invites, self._standing)
        self._base = ""
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._listener: socket.socket | None = None

    def is_paced(self, request: Request) -> bool:
        """Return whether a request has to keep its place in a chat; answers to several people need not."""
        return not isinstance(request, Answer)

    async def start(self) -> str:
        """Begin to serve and return the address."""
        listener = self._listener = self._listen()
        port = listener.getsockname()[1]
        self._base = f"http://localhost:{port}/"
        self._people.learn(await self.host.store.read(MEMBERS))
        await self._invites.load()
        await self._standing.load()
        await self._hub.start()
        config = uvicorn.Config(
            Guard(self._site.app(), port),
            log_config=None,
            log_level=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config)
        self._serving = self.host.spawn(self._server.serve([listener]), "web server")
        self.host.spawn(self._hub.run(), "web hub")
        return self._base

    def _listen(self) -> socket.socket:
        host, port = self._settings.host, self._settings.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            listener.close()
            raise AdapterError(
                f"the sandbox cannot listen on {host}:{port} ({error.strerror}): "
                "stop the program that does, or choose another port in [adapters.web]"
            ) from error
        listener.listen(128)
        return listener

    async def stop(self) -> None:
        """End all streams and stop to serve."""
        self._hub.close()
        if self._server is not None and self._serving is not None:
            self._server.should_exit = True
            await asyncio.wait([self._serving])
        if self._listener is not None:
            self._listener.close()

    async def perform(self, request: Request) -> Receipt:
        """Show what the bot is asked to show."""
        receipt = await self._perform(request)
        await self._hub.refresh()
        return receipt

    async def _perform(self, request: Request) -> Receipt:
        transact, at = self.host.store.transact, self.host.clock.now()
        match request:
            case Send():
                only_to = None if request.only_to is None else request.only_to.removeprefix("web:")
                await transact(speak, request.id, request.chat, request.content, at, only_to, request.reply_to)
                return Receipt(request.id)
            case Answer():
                self._site.answered(request.handle)
                only_to = request.to.removeprefix("web:") if request.private else None
                await transact(speak, request.id, request.chat, request.content, at, only_to, request.handle)
                return Receipt(request.id)
            case Edit():
                if not await transact(change, request.message, request.content, at):
                    raise Gone("message to edit not found")
            case Delete():
                await transact(remove, request.message)
            case Pin():
                await transact(pin, request.message, request.pinned)
            case Invite():
                return Receipt(invite=await self._invites.make(request, self._base))
            case Revoke():
                await self._invites.revoke(request.invite)
            case Fetch():
                return await fetch(self.host.store, request)
            case Wear() | Gate() | Decide() | Remove():
                await self._keeping.perform(request)
        return Receipt()
