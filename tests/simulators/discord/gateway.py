"""The gateway: sessions, what they are told in which order, and what is told again after a lost connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntFlag
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web
from tests.simulators.discord.described import EVENTS
from tests.simulators.discord.shapes import problems
from tests.simulators.discord.world import Json

HEARTBEAT = 41250
"""Milliseconds between heartbeats, as Discord asks for them."""

KNOWN_INTENTS = 0b11_0011_0001_1111_1111_1111_1111
FIRST = ("READY", "GUILD_CREATE", "RESUMED")
"""What begins a session, or ends a replay; it is not told again."""


class Intent(IntFlag):
    """The intents that the simulator looks at (Discord docs, List of Intents)."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_INVITES = 1 << 6
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    GUILD_MESSAGE_REACTIONS = 1 << 10
    DIRECT_MESSAGES = 1 << 12
    DIRECT_MESSAGE_REACTIONS = 1 << 13
    MESSAGE_CONTENT = 1 << 15


ALWAYS = Intent(0)
Make = Callable[[bool], Json]
"""Makes what an event says, for a session that may or may not read what people write."""


@dataclass
class Closing:
    """The connection ends after what was sent before."""

    code: int


class Connection:
    """One WebSocket; what is sent goes out in order, unless the line is silent.

    Args:
        request: the handshake.
        socket: the WebSocket.
        loud: set while the server says anything at all.
    """

    def __init__(self, request: web.Request, socket: web.WebSocketResponse, loud: asyncio.Event) -> None:
        self._request = request
        self._socket = socket
        self._loud = loud
        self._out: asyncio.Queue[Json | Closing] = asyncio.Queue()
        self.session: Session | None = None
        self.ended = False

    def send(self, op: int, data: Any = None, sequence: int | None = None, event: str | None = None) -> None:
        """Send a payload (Discord docs, Payload Structure)."""
        self._out.put_nowait({"op": op, "d": data, "s": sequence, "t": event})

    def close(self, code: int) -> None:
        """End it with a code, after what was sent before."""
        self.leave()
        self._out.put_nowait(Closing(code))

    def abort(self) -> None:
        """End it without a word."""
        self.leave()
        if self._request.transport is not None:
            self._request.transport.abort()

    def leave(self) -> None:
        """Let the session go on without it."""
        self.ended = True
        if self.session is not None and self.session.connection is self:
            self.session.connection = None

    async def write(self) -> None:
        """Send what waits, until the connection ends."""
        while True:
            payload = await self._out.get()
            await self._loud.wait()
            try:
                if isinstance(payload, Closing):
                    await self._socket.close(code=payload.code)
                    return
                await self._socket.send_str(json.dumps(payload))
            except ConnectionError:
                return


@dataclass(eq=False)
class Session:
    """What one IDENTIFY began; it outlives its connections."""

    id: str
    intents: int
    log: list[tuple[int, str, Json]] = field(default_factory=lambda: [])
    sequence: int = 0
    connection: Connection | None = None

    def dispatch(self, event: str, data: Json) -> None:
        """Tell an event, or keep it until the client resumes."""
        self.sequence += 1
        self.log.append((self.sequence, event, data))
        if self.connection is not None:
            self.connection.send(0, data, self.sequence, event)

    def replay(self, after: int) -> None:
        """Tell what came after a sequence number, in order, and that this was all (Discord docs, Resuming)."""
        if self.connection is not None:
            for sequence, event, data in self.log:
                if sequence > after:
                    self.connection.send(0, data, sequence, event)
        self.dispatch("RESUMED", {"_trace": []})


class Gateway:
    """The sessions of one bot.

    Attributes:
        missing_intents: privileged intents that are switched off in the developer portal, by Discord's names.
        revoked: whether the token is not valid any more.
        heartbeat_interval: milliseconds between heartbeats.
        refused: what no correct program would have sent.
    """

    def __init__(self, token: str) -> None:
        self.token = token
        self.gateway_url = ""
        self.missing_intents: set[str] = set()
        self.revoked = False
        self.heartbeat_interval = HEARTBEAT
        self.refused: list[str] = []
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.begin: Callable[[Session], None] = lambda _: None
        self.members: Callable[[Session, Json], None] = lambda *_: None
        self.noted: Callable[[str, Json], None] = lambda *_: None
        self._loud = asyncio.Event()
        self._loud.set()
        self._numbers = count(1)

    @property
    def online(self) -> int:
        """How many sessions are ready and connected."""
        return sum(session.connection is not None for session in self.sessions.values())

    def tell(self, event: str, make: Make, intent: Intent = ALWAYS, also: Intent = ALWAYS) -> None:
        """Tell an event to the sessions that asked for it; what is filtered now never comes.

        Args:
            event: its name.
            make: what it says.
            intent: what a session must have asked for.
            also: another one that is as good.
        """
        for session in self.sessions.values():
            if intent == ALWAYS or session.intents & (intent | also):
                self._dispatch(session, event, make(bool(session.intents & Intent.MESSAGE_CONTENT)))

    def _dispatch(self, session: Session, event: str, data: Json) -> None:
        wrong = list(problems(data, EVENTS[event]))  # an independent description of what Discord sends
        assert not wrong, f"the simulator is wrong about {event}: {wrong}"
        session.dispatch(event, data)

    def to(self, session: Session, event: str, data: Json) -> None:
        """Tell an event to one session."""
        self._dispatch(session, event, data)

    def raw(self, event: str, data: Any) -> None:
        """Tell anything to all, as it is."""
        for session in self.sessions.values():
            session.dispatch(event, data)

    def redeliver(self, count: int = 20) -> None:
        """Tell the last events again, with the sequence numbers that they had."""
        for session in self.sessions.values():
            if session.connection is not None:
                for sequence, event, data in [one for one in session.log if one[1] not in FIRST][-count:]:
                    session.connection.send(0, data, sequence, event)

    def silence(self) -> None:
        """Say nothing more, and acknowledge no heartbeat, as behind a broken line."""
        self._loud.clear()

    def speak(self) -> None:
        """Say what was held back, and go on."""
        self._loud.set()

    def disconnect(self, code: int | None = None) -> None:
        """End all connections: with a code after what was told before, or without a word."""
        for connection in list(self.connections):
            connection.abort() if code is None else connection.close(code)

    def reconnect(self) -> None:
        """Ask all clients to come back with a new connection (Discord docs, Reconnect)."""
        for connection in self.connections:
            connection.send(7)

    def forget_sessions(self) -> None:
        """Know no session any more; a client that wants to resume is told so."""
        for session in self.sessions.values():
            if session.connection is not None:
                session.connection.session = None
        self.sessions.clear()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        connection = Connection(request, socket, self._loud)
        self.connections.add(connection)
        connection.send(10, {"heartbeat_interval": self.heartbeat_interval})
        writing = asyncio.create_task(connection.write())
        try:
            await self._read(connection, socket)
        finally:
            writing.cancel()
            self._end(connection, socket)
        return socket

    async def _read(self, connection: Connection, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                connection.close(4002)
                continue
            try:
                payload = json.loads(message.data)
                op, data = int(payload["op"]), payload.get("d")
            except (ValueError, KeyError, TypeError):
                self.refused.append(f"gateway: {message.data!r} is no payload")
                connection.close(4002)
                continue
            self._take(connection, op, data)

    def _end(self, connection: Connection, socket: web.WebSocketResponse) -> None:
        self.connections.discard(connection)
        session, bye = connection.session, not connection.ended and socket.close_code in (1000, 1001)
        connection.leave()
        if bye and session is not None:  # it cannot be resumed (Discord docs, Initiating a Disconnect)
            self.sessions.pop(session.id, None)

    def _take(self, connection: Connection, op: int, data: Any) -> None:
        if op == 1:
            connection.send(11)
        elif op == 2:
            self.noted("IDENTIFY", data)
            self._identify(connection, data)
        elif op == 6:
            self.noted("RESUME", data)
            self._resume(connection, data)
        elif connection.session is None:
            self.refused.append(f"gateway: {op} before IDENTIFY")
            connection.close(4003)
        elif op == 8:
            self.noted("REQUEST_GUILD_MEMBERS", data)
            self.members(connection.session, data)
        elif op != 3:
            self.refused.append(f"gateway: no opcode {op} in the simulator")
            connection.close(4001)

    def _identify(self, connection: Connection, data: Json) -> None:
        intents = data.get("intents")
        if connection.session is not None:
            connection.close(4005)
        elif self.revoked or data.get("token") != self.token:
            connection.close(4004)
        elif not isinstance(intents, int) or intents & ~KNOWN_INTENTS or "properties" not in data:
            self.refused.append(f"gateway: IDENTIFY with intents {intents}")
            connection.close(4013)
        elif any(intents & Intent[name] for name in self.missing_intents):
            connection.close(4014)
        else:
            session = Session(f"session{next(self._numbers)}", intents, connection=connection)
            connection.session = session
            self.sessions[session.id] = session
            self.begin(session)

    def _resume(self, connection: Connection, data: Json) -> None:
        session = self.sessions.get(str(data.get("session_id")))
        sequence = data.get("seq")
        if self.revoked or data.get("token") != self.token:
            connection.close(4004)
        elif session is None:
            connection.send(9, False)
        elif not isinstance(sequence, int) or sequence > session.sequence:
            connection.close(4007)
        else:
            if session.connection is not None:
                session.connection.close(4000)
            session.connection, connection.session = connection, session
            session.replay(sequence)
