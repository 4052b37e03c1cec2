"""The plugin that every community has: help, the claim of the owner's seat, linked accounts, the posts of the hour."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from xiaoer import linking
from xiaoer.arguments import Rest
from xiaoer.attempts import count_try, may_try
from xiaoer.budget import HOUR, POSTS, UNPROMPTED, next_free
from xiaoer.content import Bold, Content, Part, Text
from xiaoer.context import Context
from xiaoer.errors import Refusal
from xiaoer.events import CommandUsed, PlatformEvent
from xiaoer.plugin import NoConfig, Plugin, command
from xiaoer.roles import GIVE_ROLE, GIVEN_ROLE, OWNERS
from xiaoer.transaction import Transaction

if TYPE_CHECKING:
    from xiaoer.commands import Command

CHATS = 10
"""So many chats are told of."""

IsCode = Callable[[str, int, str], bool]
Available = Callable[[str, PlatformEvent], "Awaitable[list[Command]]"]


class Xiaoer(Plugin[NoConfig]):
    """Help, claim, link and budget.

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
            if found.on_message:
                parts += [" ", *ctx.text("xiaoer.help.on_message")]
        ctx.answer(Content(tuple(parts)))

    @command("claim")
    async def claim(self, ctx: Context[NoConfig], event: CommandUsed, code: Rest) -> None:
        """Make the person an owner, if they know the code."""
        ctx.transact(claim, event.who.account, code, self._is_code)

    @command("link")
    async def link(self, ctx: Context[NoConfig], event: CommandUsed, code: Rest | None = None) -> None:
        """Show a code, or link the account with the one that was shown the code."""
        if code is None:
            ctx.transact(linking.offer, event.who, linking.new_code())
        else:
            ctx.transact(linking.accept, event.who, code)

    @command("unlink")
    async def unlink(self, ctx: Context[NoConfig], event: CommandUsed) -> None:
        """Undo the linking."""
        ctx.transact(linking.part, event.who)

    @command("budget")
    async def budget(self, ctx: Context[NoConfig], event: CommandUsed) -> None:
        """Show how many posts each chat was given this hour that nobody asked for, and how many wait."""
        del event
        chats = [chat for purpose in ("main", "announce") for chat in ctx.community.chats.get(purpose, ())]
        waiting = {row.chat: row.number for row in await ctx.report(UNPROMPTED, here=ctx.community.id)}
        parts: list[Part] = [*ctx.text("xiaoer.budget.title" if chats else "xiaoer.budget.none")]
        for chat in chats[:CHATS]:
            parts += ["\n", *await _spent(ctx, chat, waiting.get(chat, 0))]
        if len(chats) > CHATS:
            parts += ["\n", *ctx.text("xiaoer.budget.more", count=len(chats) - CHATS)]
        ctx.answer(Content(tuple(parts)))


async def _spent(ctx: Context[NoConfig], chat: str, waiting: int) -> Text:
    budget, since = ctx.community.budget, ctx.now - HOUR
    posts = [row.at for row in await ctx.report(POSTS, place=chat, sort="post", since=since)]
    mentions = [row.at for row in await ctx.report(POSTS, place=chat, sort="mention", since=since)]
    free = next_free(posts, ctx.now, budget.posts)
    full = "waiting" if waiting else "full"  # what waits while there is room waits for something else
    return ctx.text(
        f"xiaoer.budget.{full if free > ctx.now else 'line'}",
        chat=chat,
        posts=len(posts),
        most=budget.posts,
        mentions=len(mentions),
        most_mentions=budget.mentions,
        waiting=waiting,
        free=free,
    )


def claim(tx: Transaction, account: str, code: str, is_code: IsCode) -> None:
    """Give an account the role of owner, or count a wrong try."""
    community = tx.community.id
    given = tx.one(GIVEN_ROLE, community=community, account=account)
    if given is not None and given.role == "owner":
        raise Refusal("xiaoer.claim.already")
    tries = f"claim.{community}.{account}"
    claims = len(tx.all(OWNERS, community=community))
    if not (may_try(tx, tries) and is_code(community, claims, code)):
        if may_try(tx, tries):
            count_try(tx, tries)
        tx.refuse("xiaoer.claim.wrong", {})  # not raised, because the count must stay
        return
    tx.run(GIVE_ROLE, community=community, account=account, role="owner", at=tx.now)
    role = tx.text("xiaoer.role.owner")
    tx.answer(tx.content("xiaoer.claim.done", role=role, community=Bold(tx.community.name)))
