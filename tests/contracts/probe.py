"""The plugin that the contract is tested with: it notes exactly what it is told, and speaks in every way there is."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Literal

from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, insert, select
from tests.png import png

from xiaoer import (
    ActionEnded,
    Button,
    ButtonPressed,
    CommandUsed,
    Content,
    Context,
    KeepFile,
    MemberJoined,
    MemberLeft,
    MessagePosted,
    NoConfig,
    Picture,
    Plugin,
    ReactionChanged,
    Refusal,
    Rest,
    Role,
    Statement,
    Stored,
    Then,
    Transaction,
    button,
    command,
    continuation,
    on_join,
    on_leave,
    on_message,
    on_reaction,
    picture,
)

Here = Context[NoConfig]

notes = Table(
    "probe_note",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("who", String, nullable=False),
    Column("what", String, nullable=False),
    Column("more", String, nullable=False),
)
NOTES = Statement(select(notes).order_by(notes.c.id))
NOTE = Statement(
    insert(notes).values(kind=bindparam("kind"), who=bindparam("who"), what=bindparam("what"), more=bindparam("more"))
)
CARD = (
    (Button("quiet", "quiet", "7"), Button("loud", "loud"), Button("mute", "mute"), Button("slow", "slow")),
    (Button("long", "long"),),
)


COLOURS = {"red": (200, 60, 50), "green": (70, 140, 80), "blue": (60, 100, 170)}


def field(colour: str) -> Picture:
    """Return a picture that is nothing but a colour; one that nobody knows cannot be drawn."""
    return Picture("field", {"colour": colour}, f"a {colour} field")


def make_table(tx: Transaction) -> None:
    """Make the probe's table; a plugin that is installed has migrations instead."""
    tx.execute(
        "CREATE TABLE IF NOT EXISTS probe_note (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, who TEXT NOT NULL, "
        "what TEXT NOT NULL, more TEXT NOT NULL)",
        {},
    )


def note(tx: Transaction, kind: str, who: str, what: str, more: str) -> None:
    """Note a fact, inside the transaction."""
    tx.run(NOTE, kind=kind, who=who, what=what, more=more)


class Probe(Plugin[NoConfig]):
    """Notes and speaks."""

    name: ClassVar[str] = "probe"
    capabilities: ClassVar[dict[str, Role]] = {"probe.admin": "secretary"}
    gate: ClassVar[asyncio.Event]

    @on_join
    async def joined(self, ctx: Here, event: MemberJoined) -> None:
        """Note who came, and how."""
        source = event.source
        by = (source.by or "").partition(":")[2]
        ctx.transact(note, "join", event.who.name, f"{source.kind} {source.certainty}", by)

    @on_leave
    async def left(self, ctx: Here, event: MemberLeft) -> None:
        """Note who left."""
        ctx.transact(note, "leave", event.who.name, "", (event.by or "").partition(":")[2])

    @on_message
    async def wrote(self, ctx: Here, event: MessagePosted) -> None:
        """Note what was written; a word makes the probe speak."""
        kind = "edit" if event.edited else "message"
        ctx.transact(note, kind, event.who.name, f"{event.kind}: {event.text}", event.reply_to or "")
        chat = event.chat or event.space
        if event.text == "card please":
            ctx.send(chat, Content(("A card",), CARD))
        elif event.text.startswith("card "):
            ctx.show("card", chat, Content((event.text,), CARD[:1]))
        elif event.text.startswith("paint "):
            colour = event.text.partition(" ")[2]
            ctx.show("painting", chat, Content((event.text,), CARD[:1], field(colour)))
        elif event.text.startswith("show "):
            _, digest, words = event.text.split(" ", 2)
            ctx.show("file", chat, Content((words,), CARD[:1], file=Stored(digest, alt="what was kept")))
        elif event.text == "delete that" and event.reply_to is not None:
            ctx.delete(chat, event.reply_to)
        elif event.text.startswith("only me"):
            public = event.text.endswith("or all")
            ctx.send(chat, Content(("Psst",)), only_to=event.who.account, public_instead=public)

    @on_reaction
    async def reacted(self, ctx: Here, event: ReactionChanged) -> None:
        """Note reactions."""
        ctx.transact(note, "reaction", event.who.name, " ".join(event.added), " ".join(event.removed))

    @command("echo")
    async def echo(self, ctx: Here, event: CommandUsed, text: Rest) -> None:
        """Say something back, to one person."""
        ctx.transact(note, "command", event.who.name, "echo", text)
        ctx.answer(Content((f"echo: {text}",)))

    @command("look", on_message=True)
    async def look(self, ctx: Here, event: CommandUsed, mark: str = "-") -> None:
        """Note the message that it is used on."""
        on = event.quoted
        if on is None:
            raise Refusal("xiaoer.command.on_nothing", path="look")
        files = " ".join(f"{one.kind} {one.name} {one.size}" for one in on.attachments)
        ctx.transact(note, "look", on.who.name if on.who is not None else "", f"{on.kind}: {on.text}", files)
        ctx.answer(Content((f"look: {on.message == event.reply_to} {mark}",)))

    @command("keep", on_message=True)
    async def keep(self, ctx: Here, event: CommandUsed) -> None:
        """Keep the files of the message that it is used on."""
        chat = event.chat or event.space
        for file in event.quoted.attachments if event.quoted is not None else ():
            ctx.request(KeepFile(chat=chat, attachment=file, then=Then("kept", {"chat": chat})))
        ctx.answer(Content(("keeping",)))

    @continuation("kept")
    async def kept(self, ctx: Here, event: ActionEnded) -> None:
        """Note what is kept, or say why not."""
        ctx.transact(note, "kept", "", event.file or "", event.why or "")
        if event.why is not None:
            ctx.send(event.data["chat"], Content(ctx.text(event.why, to="all", **event.values)))

    @command("shout", answer="public")
    async def shout(self, ctx: Here, event: CommandUsed, text: Rest) -> None:
        """Say something back, to everybody."""
        ctx.answer(Content((f"shout: {text}",)))

    @command("sum two")
    async def two(self, ctx: Here, event: CommandUsed, one: int, other: int = 1) -> None:
        """Add numbers."""
        ctx.answer(Content((f"sum: {one + other}",)))

    @command("sum mode", default=True)
    async def mode(self, ctx: Here, event: CommandUsed, mode: Literal["fast", "slow"] | None = None) -> None:
        """Choose."""
        ctx.answer(Content((f"mode: {mode}",)))

    @command("sum secret", needs="probe.admin")
    async def secret(self, ctx: Here, event: CommandUsed) -> None:
        """Be for admins."""
        ctx.answer(Content(("the secret",)))

    @command("gaze")
    async def gaze(self, ctx: Here, event: CommandUsed, colour: str) -> None:
        """Answer with a picture, to one person."""
        ctx.answer(Content((f"gaze: {colour}",), (), field(colour)))

    @picture("field")
    def paint(self, data: dict[str, Any]) -> bytes:
        """Draw a field."""
        return png(data["colour"], COLOURS[data["colour"]])

    @command("wait")
    async def wait(self, ctx: Here, event: CommandUsed) -> None:
        """Answer late."""
        await self.gate.wait()
        ctx.answer(Content(("at last",)))

    @command("hurry", answer="public")
    async def hurry(self, ctx: Here, event: CommandUsed) -> None:
        """Answer late, to everybody."""
        await self.gate.wait()
        ctx.answer(Content(("at last, all",)))

    @button("quiet")
    async def quiet(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Answer one person."""
        ctx.transact(note, "press", event.who.name, "quiet", data)
        ctx.answer(Content((f"quiet {data}",)))

    @button("loud", answer="public")
    async def loud(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Answer everybody."""
        ctx.answer(Content((f"loud by {event.who.name}",)))

    @button("mute", answer="none")
    async def mute(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Answer nobody."""
        ctx.transact(note, "press", event.who.name, "mute", data)

    @button("slow")
    async def slow(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Answer late."""
        await self.gate.wait()
        ctx.answer(Content(("slow, at last",)))

    @button("long")
    async def long(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Answer with much, and a button."""
        ctx.answer(Content(("long " * 60,), ((Button("quiet", "quiet", "9"),),)))


def probe(gate: asyncio.Event) -> type[Probe]:
    """Return the plugin, whose late answers wait for a gate."""
    fields: dict[str, Any] = {"gate": gate, "__module__": __name__}
    return type("Probe", (Probe,), fields)
