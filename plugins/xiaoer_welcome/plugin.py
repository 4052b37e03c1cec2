"""The welcome's hooks, commands and buttons: they look and queue, the book decides."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import BaseModel

from xiaoer import (
    ButtonPressed,
    CommandUsed,
    Content,
    Context,
    Cron,
    MemberJoined,
    MessagePosted,
    Misfire,
    Part,
    Plugin,
    Range,
    Rest,
    Role,
    ScheduleDue,
    button,
    command,
    on_join,
    on_message,
    on_schedule,
)
from xiaoer_welcome import book
from xiaoer_welcome.config import WelcomeConfig
from xiaoer_welcome.statements import ACCEPTED, HISTORY, STATS
from xiaoer_welcome.topics import touched

Here = Context[WelcomeConfig]


class Welcome(Plugin[WelcomeConfig]):
    """Greets newcomers with the rules, and keeps who accepted which version."""

    name: ClassVar[str] = "welcome"
    config: ClassVar[type[BaseModel]] = WelcomeConfig
    capabilities: ClassVar[dict[str, Role]] = {"welcome.manage": "secretary"}

    def timers(self, config: WelcomeConfig) -> Iterable[Cron]:
        """Return when the notice is posted and when old joins are forgotten."""
        yield Cron("purge", "17 4 * * *", Misfire("merge"))
        if config.notice:
            yield Cron("notice", config.notice, Misfire("late", timedelta(hours=1)))

    @on_join
    async def greet(self, ctx: Here, event: MemberJoined) -> None:
        """Receive a newcomer."""
        ctx.transact(book.greet, event, ctx.config)

    @on_message
    async def remind(self, ctx: Here, event: MessagePosted) -> None:
        """Ask again whoever accepted rules that were replaced since."""
        if not event.edited:
            ctx.transact(book.remind, event.who, event.chat or event.space, ctx.config)

    @on_schedule
    async def due(self, ctx: Here, event: ScheduleDue) -> None:
        """Post the notice, or forget old joins."""
        if event.job == "notice":
            ctx.transact(book.post_notice, event.due, ctx.config)
        else:
            ctx.transact(book.purge)

    @button("accept")
    async def accept(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Take somebody's word that they accept the rules."""
        ctx.transact(book.accept, event.who, int(data), ctx.config)

    @command("rules show", default=True)
    async def show_rules(self, ctx: Here, event: CommandUsed) -> None:
        """Show the rules."""
        del event
        ctx.transact(book.show_rules, ctx.config)

    @command("rules set", needs="welcome.manage")
    async def set_rules(self, ctx: Here, event: CommandUsed, text: Rest) -> None:
        """Make a new version of the rules."""
        ctx.transact(book.set_rules, event.who, text, ctx.config)

    @command("rules history", needs="welcome.manage")
    async def show_history(self, ctx: Here, event: CommandUsed) -> None:
        """Show the versions, and how many accepted each."""
        del event
        rows = await ctx.read(HISTORY, here=ctx.community.id)
        parts: list[Part] = [*ctx.text("welcome.history.title" if rows else "welcome.history.none")]
        for row in rows:
            by = row.by or "plugins.toml"
            parts += [
                "\n",
                *ctx.text("welcome.history.line", version=row.version, by=by, at=row.at, count=row.accepted),
            ]
        ctx.answer(Content(tuple(parts)))

    @command("rules test")
    async def test_topics(self, ctx: Here, event: CommandUsed, text: Rest) -> None:
        """Say which topics a text would touch."""
        del event
        banned, allowed = touched(text, ctx.config.banned), touched(text, ctx.config.allowed)
        if banned:
            ctx.answer(ctx.content("welcome.topics.is_banned", topics=", ".join(banned)))
        elif allowed:
            ctx.answer(ctx.content("welcome.topics.is_allowed", topics=", ".join(allowed)))
        else:
            ctx.answer(ctx.content("welcome.topics.is_neither"))

    @command("welcome preview", default=True, needs="welcome.manage")
    async def preview(self, ctx: Here, event: CommandUsed) -> None:
        """Show what newcomers see."""
        ctx.transact(book.preview, event.who, ctx.config)

    @command("welcome set", needs="welcome.manage")
    async def set_greeting(self, ctx: Here, event: CommandUsed, text: Rest) -> None:
        """Give the community its own greeting."""
        ctx.transact(book.set_greeting, event.who, text, ctx.config)

    @command("welcome stats", needs="welcome.manage")
    async def stats(self, ctx: Here, event: CommandUsed, days: Annotated[int, Range(1, 30)] = 7) -> None:
        """Say how many came, were greeted and accepted."""
        del event
        since = ctx.now - timedelta(days=days)
        rows = await ctx.read(STATS, here=ctx.community.id, since=since)
        accepted = (await ctx.read(ACCEPTED, here=ctx.community.id, since=since))[0].number
        numbers = {row.received: row.number for row in rows}
        greeted = numbers.get("alone", 0) + numbers.get("together", 0)
        share = round(100 * min(accepted, greeted) / greeted) if greeted else 0
        joined = sum(numbers.values())
        ctx.answer(
            ctx.content("welcome.stats", days=days, joined=joined, greeted=greeted, accepted=accepted, share=share)
        )
