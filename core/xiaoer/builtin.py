"""The plugin that every community has: help, and the claim of the owner's seat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from xiaoer.arguments import Rest
from xiaoer.content import Bold, Content, Part
from xiaoer.context import Context
from xiaoer.errors import Refusal
from xiaoer.events import CommandUsed, PlatformEvent
from xiaoer.plugin import NoConfig, Plugin, command
from xiaoer.roles import GIVE_ROLE, GIVEN_ROLE, OWNERS
from xiaoer.statements import Statement
from xiaoer.tables import values
from xiaoer.transaction import Transaction

if TYPE_CHECKING:
    from xiaoer.commands import Command

CLAIMS = 5
"""So many wrong codes may one account try within an hour."""

_ATTEMPTS = Statement(select(values.c.value).where(values.c.name == bindparam("wanted")))
_note = upsert(values).values(name=bindparam("name"), value=bindparam("value"))
_NOTE = Statement(_note.on_conflict_do_update(index_elements=["name"], set_={"value": _note.excluded.value}))

IsCode = Callable[[str, int, str], bool]
Available = Callable[[str, PlatformEvent], "Awaitable[list[Command]]"]


class Xiaoer(Plugin[NoConfig]):
    """Help and claim.

    Args:
        is_code: whether a code is a community's claim code (community, claims so far, code).
        commands: the commands that the person behind an event may use (community, event).
    """

    name = "xiaoer"

    def __init__(self, is_code: IsCode, commands: Available) -> None:
        self._is_code = is_code
        self._commands = commands

    @command("help")
    async def help(self, ctx: Context[NoConfig], event: CommandUsed) -> None:
        """Say what the person may use."""
        parts: list[Part] = [*ctx.text("xiaoer.help.title")]
        for found in await self._commands(ctx.community.id, event):
            summary = ctx.text(found.summary)
            parts += ["\n", *ctx.text("xiaoer.help.line", path=found.name, usage=found.usage, summary=summary)]
        ctx.answer(Content(tuple(parts)))

    @command("claim")
    async def claim(self, ctx: Context[NoConfig], event: CommandUsed, code: Rest) -> None:
        """Make the person an owner, if they know the code."""
        ctx.transact(claim, event.who.account, code, self._is_code)


def claim(tx: Transaction, account: str, code: str, is_code: IsCode) -> None:
    """Give an account the role of owner, or count a wrong try."""
    community = tx.community.id
    given = tx.one(GIVEN_ROLE, community=community, account=account)
    if given is not None and given.role == "owner":
        raise Refusal("xiaoer.claim.already")
    name = f"claim.{community}.{account}"
    row = tx.one(_ATTEMPTS, wanted=name)
    since = (tx.now - timedelta(hours=1)).timestamp()
    tries: list[float] = row.value if row is not None else []
    recent = [moment for moment in tries if moment > since]
    claims = len(tx.all(OWNERS, community=community))
    if len(recent) >= CLAIMS or not is_code(community, claims, code):
        if len(recent) < CLAIMS:
            tx.run(_NOTE, name=name, value=[*recent, tx.now.timestamp()])
        tx.refuse("xiaoer.claim.wrong", {})
        return
    tx.run(GIVE_ROLE, community=community, account=account, role="owner", at=tx.now)
    role = tx.text("xiaoer.role.owner")
    tx.answer(tx.content("xiaoer.claim.done", role=role, community=Bold(tx.community.name)))
