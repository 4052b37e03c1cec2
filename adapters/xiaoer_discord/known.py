"""The invites of guilds as they were last looked at, for the next run."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer import Statement, Store, Transaction
from xiaoer_discord.attribution import Count
from xiaoer_discord.tables import invites

KNOWN = Statement(select(invites.c.known).where(invites.c.guild == bindparam("which")))
_note = upsert(invites).values(guild=bindparam("guild"), known=bindparam("known"))
NOTE = Statement(_note.on_conflict_do_update(index_elements=["guild"], set_={"known": _note.excluded.known}))


async def known_invites(store: Store, guild: int) -> dict[str, Count] | None:
    """Return the invites of a guild as they were when it was last looked at; None when it never was.

    Raises:
        StoreError: they cannot be read.
    """
    rows = await store.read(KNOWN, which=guild)
    if not rows:
        return None
    return {count.code: count for count in msgspec.convert(rows[0].known, list[Count])}


async def note_invites(store: Store, guild: int, counts: Mapping[str, Count]) -> None:
    """Remember the invites of a guild.

    Raises:
        StoreError: they cannot be stored.
    """
    await store.transact(_noted, guild, list(counts.values()))


def _noted(tx: Transaction, guild: int, counts: list[Count]) -> None:
    tx.run(NOTE, guild=guild, known=msgspec.to_builtins(counts))
