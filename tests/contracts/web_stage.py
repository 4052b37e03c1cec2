"""The browser sandbox as a stage: people are pages that post over HTTP."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import httpx
import msgspec
from tests.contracts.stage import Attached, How, Seen, Stage
from tests.png import title

from xiaoer import Content, Plugin
from xiaoer.testing import ManualClock
from xiaoer_web import WebAdapter
from xiaoer_web.rooms import SEEN


class WebStage(Stage):
    """Over the real HTTP of the sandbox."""

    platform = "web"
    adapter = WebAdapter
    section = "port = 0"
    space = "web:town"
    chat = "web:town/main"
    kinds = ("text", "photo", "video", "voice", "sticker", "file")
    joins: ClassVar[dict[How, str]] = {"alone": "name exact", "pulled": "pulled_in exact", "link": "referral exact"}

    def __init__(self, folder: Path, *plugins: type[Plugin[Any]], clock: ManualClock | None = None) -> None:
        super().__init__(folder, *plugins, clock=clock)
        self._ids: dict[str, str] = {}
        self._keys = count(1)
        self._bodies: list[dict[str, Any]] = []
        self._http: httpx.AsyncClient | None = None

    async def open(self) -> None:
        """Nothing has to be there before the app."""

    async def close(self) -> None:
        """Close the browser."""
        if self._http is not None:
            await self._http.aclose()

    async def connected(self) -> None:
        """Open the browser on the new address."""
        if self._http is not None:
            await self._http.aclose()
        base = self.app.addresses[0].rstrip("/")
        self._http = httpx.AsyncClient(base_url=base, headers={"origin": base})
        if "Usher" not in self._ids:
            await self.join("Usher")
        await super().connected()

    def account(self, name: str) -> str:
        """Return the id of a person."""
        return self._ids.get(name, name.lower())

    async def _do(self, name: str, /, **what: Any) -> str:
        key = f"key-{next(self._keys):06}"
        me = self._ids.get(name, "newcomer")
        body = {"key": key, "space": self.space, "chat": self.chat, "me": me, **what}
        self._bodies.append(body)
        assert self._http is not None
        answer = await self._http.post("/do", json=body)
        assert answer.status_code == 200, answer.text
        if what["do"] == "join":
            self._ids[name] = body["me"] = answer.json()[0]["me"]
        return f"web:{key}"

    async def join(self, name: str, how: How = "alone", by: str = "") -> None:
        """Come in by name, by link or pulled in."""
        words = {"alone": "name", "pulled": "pulled", "link": "link"}[how]
        more = {"by": self.account(by)} if by else {}
        await self._do(name, do="join", name=name, how=words, **more)

    async def leave(self, name: str) -> None:
        """Go away."""
        await self._do(name, do="leave")

    async def write(self, name: str, text: str, *, kind: str = "text", reply_to: str | None = None) -> str:
        """Write."""
        return await self._do(name, do="write", text=text or "🍵", kind=kind, reply_to=reply_to)

    async def edit(self, name: str, message: str, text: str) -> None:
        """Change one's words."""
        await self._do(name, do="write", text=text, edits=message)

    async def react(self, name: str, message: str, emoji: str) -> None:
        """React."""
        await self._do(name, do="react", message=message, emoji=emoji)

    async def use(self, name: str, command: str, **options: Any) -> str:
        """Type a command."""
        typed = " ".join([command, *(str(value) for value in options.values())])
        return await self._do(name, do="write", text=f"/{typed}")

    async def use_on(self, name: str, command: str, message: str) -> str:
        """Type a command in answer to a message."""
        return await self._do(name, do="write", text=f"/{command}", reply_to=message)

    async def attach(self, name: str, text: str, file: Attached) -> str:
        """Post a file, and then the message that has it."""
        assert self._http is not None
        answer = await self._http.post(
            "/file",
            params={"space": self.space, "as": self._ids[name], "name": file.name},
            content=file.data,
            headers={"content-type": "application/octet-stream"},
        )
        assert answer.status_code == 200, answer.text
        return await self._do(name, do="write", text=text, **answer.json())

    async def carried(self, name: str) -> list[tuple[str, bytes]]:
        """Read the rows, and fetch what hangs on them."""
        assert self._http is not None
        rows = [(row, msgspec.convert(row.content, Content)) for row in await self._rows(name)]
        files = [(content.plain, content.file.digest) for _, content in rows if content.file is not None]
        return [(words, (await self._http.get(f"/file/{digest}")).content) for words, digest in files]

    async def press(self, name: str, label: str, message: str) -> str:
        """Press a button."""
        rows = await self._rows(name)
        row = next(row for row in rows if row.id == message)
        content = msgspec.convert(row.content, Content)
        button = next(button for line in content.buttons for button in line if button.label == label)
        return await self._do(name, do="press", message=message, button=button.id)

    async def _rows(self, name: str) -> list[Any]:
        rows = await self.app.store.report(SEEN, chat=self.chat, person=self._ids[name])
        return [row for row in rows[::-1] if row.author is None]

    async def _seen(self, row: Any) -> Seen:
        content = msgspec.convert(row.content, Content)
        labels = tuple(button.label for line in content.buttons for button in line)
        picture = ""
        if content.picture is not None:
            assert self._http is not None
            picture = title((await self._http.get(f"/picture/{content.picture.name}")).content)
        return Seen(row.id, content.plain, labels, row.only_to is not None, picture=picture)

    async def seen(self, name: str) -> list[Seen]:
        """Read the rows that the person's page shows."""
        return [await self._seen(row) for row in await self._rows(name)]

    async def answers(self, name: str, handle: str) -> list[Seen]:
        """Read the rows that answer."""
        return [await self._seen(row) for row in await self._rows(name) if row.reply_to == handle]

    async def promote(self, name: str) -> None:
        """Act as somebody else."""
        assert self._http is not None
        body = {"space": self.space, "me": self._ids[name], "role": "owner"}
        assert (await self._http.post("/role", json=body)).status_code == 200

    async def repeat(self) -> None:
        """Post the last requests again."""
        assert self._http is not None
        for body in self._bodies[-6:]:
            assert (await self._http.post("/do", json=body)).status_code == 200
