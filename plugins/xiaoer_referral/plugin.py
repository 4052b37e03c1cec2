"""The referrals' hooks, commands, buttons and pictures: they look and queue, book, witness, desk and auditor decide."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel

from xiaoer import (
    ActionEnded,
    ButtonPressed,
    CommandUsed,
    Content,
    Context,
    Cron,
    MemberJoined,
    MemberLeft,
    MessagePosted,
    Misfire,
    Part,
    Picture,
    Plugin,
    Range,
    Refusal,
    Rest,
    Role,
    ScheduleDue,
    button,
    command,
    continuation,
    on_join,
    on_leave,
    on_message,
    on_schedule,
    one_line,
    picture,
    plain,
)
from xiaoer_referral import auditor, book, chain, desk, drawing, witness
from xiaoer_referral.auditor import Decision
from xiaoer_referral.book import NAME_LIMIT
from xiaoer_referral.config import ReferralConfig
from xiaoer_referral.lineage import Branch, Pair, Tree
from xiaoer_referral.scruple import is_real
from xiaoer_referral.statements import PAIRS, PERSON, SOURCES, TOP
from xiaoer_referral.tally import CERTAINTIES, KINDS, Came, Tally

Here = Context[ReferralConfig]
MOST_PAIRS = 20_000
LINES = 30
"""Lines of the tree, at most."""


class Referral(Plugin[ReferralConfig]):
    """Personal invite links, who brought whom and how surely that is known, and rewards that mature."""

    name: ClassVar[str] = "referral"
    config: ClassVar[type[BaseModel]] = ReferralConfig
    capabilities: ClassVar[dict[str, Role]] = {"referral.manage": "secretary"}

    def timers(self, config: ReferralConfig) -> Iterable[Cron]:
        """Return when rewards are looked at again, because accounts may have been linked since."""
        del config
        yield Cron("review", "23 4 * * *", Misfire("merge"))

    @picture("tree")
    def draw_tree(self, data: dict[str, Any]) -> bytes:
        """Draw who came by whom."""
        return drawing.tree(data)

    @picture("growth")
    def draw_growth(self, data: dict[str, Any]) -> bytes:
        """Draw how people came, day by day."""
        return drawing.growth(data)

    @on_join
    async def arrive(self, ctx: Here, event: MemberJoined) -> None:
        """Note how somebody came."""
        before = await ctx.was_here(event.who.account, event.at)
        names: dict[str, str] = {}
        for account in {event.source.by, *(one.by for one in event.source.candidates)} - {None}:
            names[str(account)] = await self._name(ctx, str(account))
        ctx.transact(book.arrive, event, before, names, ctx.config)

    async def _name(self, ctx: Here, account: str) -> str:
        try:
            return one_line((await ctx.find(account)).name, NAME_LIMIT) or account
        except Refusal:  # they are no member any more, or are not known yet
            return account

    @on_leave
    async def depart(self, ctx: Here, event: MemberLeft) -> None:
        """Take back what waits for somebody who left."""
        ctx.transact(book.depart, event)

    @on_message
    async def hear(self, ctx: Here, event: MessagePosted) -> None:
        """Count what a newcomer writes; what it says is not kept."""
        if is_real(event):
            ctx.transact(book.count, event.who, ctx.config)

    @on_schedule
    async def due(self, ctx: Here, event: ScheduleDue) -> None:
        """Settle a referral, or look at all rewards again."""
        if event.job == "review":
            ctx.transact(auditor.review)
        else:
            ctx.transact(book.check, event.data["join"], ctx.config)

    @continuation("linked")
    async def linked(self, ctx: Here, event: ActionEnded) -> None:
        """Give somebody the link that was made."""
        ctx.transact(desk.linked, event.data["link"], event.invite)

    @button("brought")
    async def brought(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Take a newcomer's word for who brought them."""
        ctx.transact(witness.press, event.who, data, ctx.config)

    @button("yes")
    async def agree(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Take somebody's word that they brought a newcomer."""
        ctx.transact(witness.agree, event.who, int(data), True, ctx.config)

    @button("no")
    async def deny(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Take somebody's word that they did not."""
        ctx.transact(witness.agree, event.who, int(data), False, ctx.config)

    @command("invite me", default=True)
    async def mine(self, ctx: Here, event: CommandUsed) -> None:
        """Show your links and what came of them."""
        ctx.transact(desk.mine, event.who, ctx.config)

    @command("invite renew")
    async def renew(self, ctx: Here, event: CommandUsed) -> None:
        """Revoke your links and make new ones."""
        ctx.transact(desk.renew, event.who, ctx.config)

    @command("invite who")
    async def say_who(self, ctx: Here, event: CommandUsed, person: Rest | None = None) -> None:
        """Say who brought you."""
        if person is None:
            ctx.transact(witness.show, event.who, ctx.config)
        else:
            ctx.transact(witness.declare, event.who, await ctx.find(person), ctx.config)

    @command("invite why")
    async def why(self, ctx: Here, event: CommandUsed, person: Rest | None = None) -> None:
        """Say how somebody came and what was decided."""
        account, name = (event.who.account, event.who.name) if person is None else await ctx.find(person)
        ctx.transact(chain.why, account, name, ctx.config)

    @command("invite top")
    async def top(self, ctx: Here, event: CommandUsed, count: Annotated[int, Range(1, 50)] = 10) -> None:
        """Show who brought most."""
        del event
        rows = await ctx.report(TOP, here=ctx.community.id, most=count)
        parts: list[Part] = [*ctx.text("referral.top.title" if rows else "referral.top.nobody")]
        for rank, row in enumerate(rows, 1):
            values: dict[str, Any] = {"rank": rank, "name": row.name, "count": row.number, "points": row.points}
            parts += ["\n", *ctx.text("referral.top.line", **values)]
        ctx.answer(Content(tuple(parts)))

    @command("invite tree")
    async def tree(self, ctx: Here, event: CommandUsed, person: Rest | None = None) -> None:
        """Show who came by whom."""
        del event
        rows = await ctx.report(PAIRS, here=ctx.community.id, most=MOST_PAIRS)
        tree = Tree(Pair(*row) for row in rows)
        root = None if person is None else await self._root(ctx, person)
        lines, more = tree.branches(LINES, root)
        if not lines:
            raise Refusal("referral.refused.no_tree")
        ctx.answer(self._tree(ctx, lines, more))

    async def _root(self, ctx: Here, word: str) -> str:
        account, _ = await ctx.find(word)
        (row,) = await ctx.read(PERSON, account=account)
        person: str = row.person
        return person

    def _tree(self, ctx: Here, lines: list[Branch], more: int) -> Content:
        title = ctx.text("referral.tree.title")
        rest = ctx.text("referral.more", count=more) if more else ()
        parts: list[Part] = [*title]
        for line in lines:
            below = f" ({line.below})" if line.below else ""
            parts.append(f"\n{'　' * line.depth}{'└ ' if line.depth else '• '}{line.name}{below}")
        if more:
            parts += ["\n", *rest]
        drawn = [[line.depth, line.name, f"+{line.below}" if line.below else ""] for line in lines]
        data = {"title": plain(title), "more": plain(rest), "lines": drawn}
        return Content(tuple(parts), picture=Picture("tree", data, plain(title)))

    @command("invite audit", needs="referral.manage")
    async def audit(
        self, ctx: Here, event: CommandUsed, number: int | None = None, decision: Decision | None = None
    ) -> None:
        """Show what looks strange, and decide about it."""
        if number is None:
            ctx.transact(auditor.listing)
        else:
            ctx.transact(auditor.decide, event.who, number, decision, ctx.config)

    @command("invite revoke", needs="referral.manage")
    async def revoke(self, ctx: Here, event: CommandUsed, person: Rest) -> None:
        """Revoke somebody's links."""
        del event
        ctx.transact(desk.revoke, await ctx.find(person))

    @command("source report", default=True, needs="referral.manage")
    async def report(self, ctx: Here, event: CommandUsed, days: Annotated[int, Range(1, 90)] = 7) -> None:
        """Show how people came."""
        del event
        today = ctx.now.replace(hour=0, minute=0, second=0, microsecond=0)
        since = today - timedelta(days=days - 1)
        rows = await ctx.report(SOURCES, here=ctx.community.id, since=since)
        ctx.answer(self._report(ctx, Tally((Came(*row) for row in rows), ctx.timezone), days))

    def _report(self, ctx: Here, tally: Tally, days: int) -> Content:
        title = ctx.text("referral.report.title", count=tally.total, days=days)
        parts: list[Part] = [*title]
        kinds: list[str] = []
        for kind in KINDS:
            name = plain(ctx.text(f"referral.kind.{kind}"))
            kinds.append(f"{name} {tally.kind(kind)}")
            if tally.kind(kind):
                sure = ", ".join(
                    f"{plain(ctx.text(f'referral.certainty.{one}'))} {tally.ways[kind, one]}"
                    for one in CERTAINTIES
                    if tally.ways[kind, one]
                )
                values: dict[str, Any] = {"kind": name, "number": tally.kind(kind), "sure": sure}
                parts += ["\n", *ctx.text("referral.report.line", **values)]
        bars = [[f"{day:%m-%d}", numbers] for day, numbers in tally.bars(ctx.now.date(), days)]
        data = {"title": plain(title), "kinds": kinds, "bars": bars}
        return Content(tuple(parts), picture=Picture("growth", data, plain(title)))
