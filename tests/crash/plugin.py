"""The plugin that is killed with its program: it counts, speaks, sets timers and takes its time."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta
from typing import ClassVar

from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, func, insert, select

from xiaoer import (
    TREASURY,
    Content,
    Context,
    Ledger,
    MemberJoined,
    MemberLeft,
    MessagePosted,
    NoConfig,
    Plugin,
    ScheduleDue,
    Statement,
    Transaction,
    on_join,
    on_leave,
    on_message,
    on_schedule,
)

notes = Table(
    "crasher_note",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("what", String, nullable=False),
)
NOTE = Statement(insert(notes).values(kind=bindparam("kind"), what=bindparam("what")))
COUNT = Statement(select(func.count().label("number")).select_from(notes).where(notes.c.kind == bindparam("of")))
TABLE = "CREATE TABLE crasher_note (id INTEGER PRIMARY KEY, kind VARCHAR NOT NULL, what VARCHAR NOT NULL)"
SLOWNESS = 0.15
"""Seconds that the slow hook takes; longer than an event may take in these tests before it is parked."""


class Crasher(Plugin[NoConfig]):
    """Notes each fact without looking whether it is there, so that a second time would show."""

    name: ClassVar[str] = "crasher"

    @on_message
    async def wrote(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        """Note a message and do what it says."""
        if event.text.startswith("slow"):
            await asyncio.sleep(SLOWNESS)
        ctx.transact(note_message, event.text, event.chat or event.space)

    @on_join
    async def came(self, ctx: Context[NoConfig], event: MemberJoined) -> None:
        """Note a join."""
        ctx.transact(note, "join", event.who.name)

    @on_leave
    async def went(self, ctx: Context[NoConfig], event: MemberLeft) -> None:
        """Note a leave."""
        ctx.transact(note, "leave", event.who.name)

    @on_schedule
    async def due(self, ctx: Context[NoConfig], event: ScheduleDue) -> None:
        """Note a timer."""
        ctx.transact(note, "timer", event.data["what"])


class Bank(Plugin[NoConfig]):
    """Gives out of the treasury what people ask for, each time anew, so that a second time would show."""

    name: ClassVar[str] = "bank"

    @on_message
    async def wrote(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        """Give somebody what they ask for."""
        word, _, points = event.text.partition(" ")
        if word == "earn":
            ctx.transact(give, event.who.account, int(points))


def give(tx: Transaction, account: str, points: int) -> None:
    """Give somebody points under a key that was never used."""
    Ledger(tx).move(TREASURY, account, points, key=secrets.token_hex(), reason="bank.earn")


def note(tx: Transaction, kind: str, what: str) -> None:
    """Note a fact."""
    tx.run(NOTE, kind=kind, what=what)


def note_message(tx: Transaction, text: str, chat: str) -> None:
    """Note a message, show how many there are, and ask for what it says."""
    note(tx, "message", text)
    row = tx.one(COUNT, of="message")
    tx.show("board", chat, Content((f"board {row.number if row is not None else 0}",)))
    word = text.partition(" ")[0]
    if word == "card":
        tx.send(chat, Content((f"for {text}",)))
    elif word == "once":
        tx.send(chat, Content((f"for {text}",)), guarantee="at_most_once")
    elif word == "timer":
        tx.schedule("later", tx.now + timedelta(milliseconds=30), {"what": text})
