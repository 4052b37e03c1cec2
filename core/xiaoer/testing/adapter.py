"""A platform in memory: it shows what people would see and fails when a test says so."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from typing import ClassVar

from pydantic import BaseModel

from xiaoer.adapter import (
    Adapter,
    Answer,
    Capability,
    Decide,
    Delete,
    Edit,
    Fetch,
    Gate,
    Invite,
    Limits,
    Pin,
    Receipt,
    Remove,
    Request,
    Revoke,
    Send,
    Wear,
)
from xiaoer.badges import Badge
from xiaoer.content import Button, Content, Picture, Stored
from xiaoer.errors import FileRefused, Gone, Hopeless
from xiaoer.events import Attachment, MessageKind
from xiaoer.host import Host
from xiaoer.plugin import Settings


class FakeSettings(Settings):
    """The fake platform has no settings."""


@dataclass(frozen=True)
class FakeMessage:
    """A message as it stands in a chat.

    Args:
        id: the platform's id.
        chat: where.
        content: what it says now.
        only_to: the account that alone sees it; None for everybody.
        answers: the handle of the command or button press that it answers.
        reply_to: the message it replies to.
        pinned: whether it is pinned.
        edits: how often it was changed.
    """

    id: str
    chat: str
    content: Content
    only_to: str | None = None
    answers: str | None = None
    reply_to: str | None = None
    pinned: bool = False
    edits: int = 0

    @property
    def text(self) -> str:
        """What it says, plain."""
        return self.content.plain

    @property
    def buttons(self) -> list[Button]:
        """Its buttons, row after row."""
        return [button for row in self.content.buttons for button in row]

    @property
    def picture(self) -> Picture | None:
        """Its picture as it was drawn, with the name and the data that it was drawn from."""
        return self.content.picture

    @property
    def file(self) -> Stored | None:
        """Its file, with its bytes."""
        return self.content.file


@dataclass(frozen=True)
class FakeInvite:
    """An invite as it was asked for; people come in by it with ``JoinSource("referral", "exact", invite=address)``."""

    address: str
    asked: Invite
    revoked: bool = False


@dataclass
class FakePlatform:
    """What is left of the platform when the app restarts.

    Attributes:
        messages: by id, in the order they came.
        invites: by address, in the order they were made.
        badges: what accounts wear, by space, account and the plugin that gave it.
        gates: the badges that chats are only seen with, by chat.
        decided: the newest decision on who asked to be let in, by space and account.
        removed: who was removed, by space and account, in that order.
        requests: everything that was asked of it, repeats included.
        failures: what the next requests fail with, one each; None lets one pass.
        hang: whether requests are heard and never answered.
        limits: what it takes; every chat is a group.
        files: what hangs on messages, by the handle of the attachment.
    """

    messages: dict[str, FakeMessage] = field(default_factory=lambda: {})
    invites: dict[str, FakeInvite] = field(default_factory=lambda: {})
    badges: dict[tuple[str, str, str], tuple[Badge, ...]] = field(default_factory=lambda: {})
    gates: dict[str, Badge] = field(default_factory=lambda: {})
    decided: dict[tuple[str, str], Decide] = field(default_factory=lambda: {})
    removed: list[tuple[str, str]] = field(default_factory=lambda: [])
    requests: list[Request] = field(default_factory=lambda: [])
    failures: deque[Exception | None] = field(default_factory=lambda: deque())
    hang: bool = False
    limits: Limits = field(default_factory=Limits)
    files: dict[str, bytes] = field(default_factory=lambda: {})
    capabilities: frozenset[Capability] = frozenset(
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

    def attach(self, data: bytes, name: str = "", *, kind: MessageKind = "file", mime: str = "") -> Attachment:
        """Let a file hang on a message that somebody posts, and return how events name it."""
        handle = f"f{len(self.files) + 1}"
        self.files[handle] = data
        return Attachment(kind, name, mime, len(data), handle)

    def perform(self, request: Request) -> Receipt:
        """Do what is asked, or fail as the test says."""
        self.requests.append(request)
        if self.hang:
            return Receipt()
        failure = self.failures.popleft() if self.failures else None
        if failure is not None:
            raise failure
        match request:
            case Send():
                return self._post(request.chat, request.content, request.only_to, None, request.reply_to)
            case Answer():
                return self._post(
                    request.chat, request.content, request.to if request.private else None, request.handle
                )
            case Edit():
                found = self._find(request.message)
                self.messages[found.id] = replace(found, content=request.content, edits=found.edits + 1)
            case Delete():
                self.messages.pop(request.message, None)
            case Pin():
                found = self._find(request.message)
                self.messages[found.id] = replace(found, pinned=request.pinned)
            case Invite():
                address = f"https://fake.example/+{len(self.requests)}"
                self.invites[address] = FakeInvite(address, request)
                return Receipt(invite=address)
            case Revoke() if request.invite in self.invites:
                self.invites[request.invite] = replace(self.invites[request.invite], revoked=True)
            case Revoke():
                raise Hopeless("there is no such invite")
            case Fetch():
                return Receipt(data=self._hand_out(request))
            case Wear() | Gate() | Decide() | Remove():
                self._keep(request)
        return Receipt()

    def _keep(self, request: Wear | Gate | Decide | Remove) -> None:
        match request:
            case Wear():
                self.badges[request.chat, request.account, request.plugin] = request.badges
            case Gate():
                self.gates.pop(request.chat, None)
                if request.badge is not None:
                    self.gates[request.chat] = request.badge
            case Decide():
                self.decided[request.chat, request.account] = request
            case Remove():
                self.removed.append((request.chat, request.account))

    def _hand_out(self, request: Fetch) -> bytes:
        data = self.files.get(request.attachment.handle)
        if data is None:
            raise Gone("the file is not there any more")
        if len(data) > request.limit:
            raise FileRefused
        return data

    def _post(
        self, chat: str, content: Content, only_to: str | None, answers: str | None, reply_to: str | None = None
    ) -> Receipt:
        message = FakeMessage(f"m{len(self.requests)}", chat, content, only_to, answers, reply_to)
        self.messages[message.id] = message
        return Receipt(message.id)

    def _find(self, message: str) -> FakeMessage:
        if message not in self.messages:
            raise Gone("message to edit not found")
        return self.messages[message]


class FakeAdapter(Adapter):
    """The adapter of the platform in memory; each test makes its own subclass with :meth:`on`."""

    platform: ClassVar[str] = "fake"
    settings: ClassVar[type[BaseModel]] = FakeSettings
    sandbox: ClassVar[bool] = True
    fake: ClassVar[FakePlatform]

    def __init__(self, settings: BaseModel, host: Host) -> None:
        super().__init__(settings, host)

    @classmethod
    def on(cls, fake: FakePlatform) -> type[FakeAdapter]:
        """Return an adapter class for one platform in memory."""
        fields = {"fake": fake, "capabilities": fake.capabilities, "limits": fake.limits, "__module__": __name__}
        return type("FakeAdapter", (cls,), fields)

    def is_group(self, chat: str) -> bool:
        """Return True."""
        del chat
        return True

    async def start(self) -> str:
        """Begin; there is nothing to tell."""
        return ""

    async def stop(self) -> None:
        """End; there is nothing to release."""

    async def perform(self, request: Request) -> Receipt:
        """Do what is asked."""
        receipt = self.fake.perform(request)
        if self.fake.hang:
            await asyncio.get_running_loop().create_future()
        return receipt
