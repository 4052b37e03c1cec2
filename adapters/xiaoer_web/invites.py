"""Invites of the sandbox: addresses of its first page, by which people come in until they are used up or over."""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import Hopeless, Invite, Outcome, Row, Statement, Store, Transaction
from xiaoer_web.tables import entries, invites

Closed = Literal["unknown", "revoked", "expired", "used_up"]
"""Why an invite lets nobody in."""

INVITES = Statement(select(invites))
ENTRIES = Statement(select(entries))
OF_REQUEST = Statement(select(invites).where(invites.c.request == bindparam("asked")))
MAKE = Statement(
    upsert(invites)
    .values(
        code=bindparam("code"),
        request=bindparam("request"),
        space=bindparam("space"),
        address=bindparam("address"),
        name=bindparam("name"),
        expires=bindparam("expires"),
        uses=bindparam("uses"),
        revoked=False,
    )
    .on_conflict_do_nothing()
)
REVOKE = Statement(update(invites).values(revoked=True).where(invites.c.code == bindparam("which")))
ENTER = Statement(upsert(entries).values(key=bindparam("key"), code=bindparam("code")).on_conflict_do_nothing())


class Known(NamedTuple):
    """An invite as the database has it."""

    code: str
    space: str
    address: str
    expires: datetime | None
    uses: int | None
    revoked: bool


class Invites:
    """All invites, known without asking the database.

    Args:
        store: keeps them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[str, Known] = {}
        self._entered: dict[str, set[str]] = {}

    async def load(self) -> None:
        """Learn what the database has."""
        for row in await self._store.read(INVITES):
            self._learn(row)
        for row in await self._store.read(ENTRIES):
            self._entered.setdefault(row.code, set()).add(row.key)

    def _learn(self, row: Row) -> Known:
        known = Known(row.code, row.space, row.address, row.expires, row.uses, row.revoked)
        self._known[known.code] = known
        return known

    async def make(self, request: Invite, base: str) -> str:
        """Make an invite and return its address; the same request makes it once, however often it is asked for.

        Args:
            request: what was asked for.
            base: where the pages are.
        """
        code = secrets.token_urlsafe(9)
        row = await self._store.transact(_make, request, code, f"{base}?invite={code}")
        return self._learn(row).address

    async def revoke(self, address: str) -> None:
        """Let nobody in by an invite any more.

        Raises:
            Hopeless: there is no such invite.
        """
        code = (parse_qs(urlsplit(address).query).get("invite") or [""])[0]
        if code not in self._known:
            raise Hopeless(f"there is no invite {address}")
        await self._store.transact(_revoke, code)
        self._known[code] = self._known[code]._replace(revoked=True)

    def find(self, code: str) -> Known | None:
        """Return an invite."""
        return self._known.get(code)

    def closed(self, code: str, space: str | None, now: datetime, key: str = "") -> Closed | None:
        """Return why somebody cannot come in by an invite; None if they can.

        Args:
            code: of the invite.
            space: the room that they want to come into; None for the one that it leads into.
            now: community time.
            key: the request by which they come; one that is asked again is let in again.
        """
        known, entered = self._known.get(code), self._entered.get(code, set())
        if known is None or space not in (None, known.space):
            return "unknown"
        if key in entered:
            return None
        if known.revoked:
            return "revoked"
        if known.expires is not None and now >= known.expires:
            return "expired"
        return "used_up" if known.uses is not None and len(entered) >= known.uses else None

    def enter(self, code: str, key: str, stored: asyncio.Future[Outcome]) -> None:
        """Count that somebody comes in, before anybody else is looked at, unless it cannot be stored.

        Args:
            code: of the invite.
            key: the request by which they come.
            stored: hears whether it is stored.
        """
        entered = self._entered.setdefault(code, set())
        entered.add(key)

        def turned_back(done: asyncio.Future[Outcome]) -> None:
            if done.cancelled() or done.exception() is not None:
                entered.discard(key)

        stored.add_done_callback(turned_back)


def note_entry(tx: Transaction, code: str, key: str) -> None:
    """Store that somebody came in by an invite, with the event that it is."""
    tx.run(ENTER, code=code, key=key)


def _make(tx: Transaction, request: Invite, code: str, address: str) -> Row:
    tx.run(
        MAKE,
        code=code,
        request=request.id,
        space=request.chat.partition("/")[0],
        address=address,
        name=request.name,
        expires=request.expires,
        uses=request.uses,
    )
    row = tx.one(OF_REQUEST, asked=request.id)
    if row is None:
        raise AssertionError("an invite that was stored is gone")
    return row


def _revoke(tx: Transaction, code: str) -> None:
    tx.run(REVOKE, which=code)
