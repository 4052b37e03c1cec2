"""The red envelopes' hooks, commands, buttons and pictures: they look and queue, book and counter decide."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, cast

from pydantic import BaseModel

from xiaoer import (
    POINTS_HISTORY,
    POINTS_TOP,
    ButtonPressed,
    CommandUsed,
    Context,
    MessagePosted,
    Part,
    Plugin,
    Range,
    Refusal,
    Rest,
    Role,
    Row,
    ScheduleDue,
    button,
    command,
    on_message,
    on_schedule,
    one_line,
    picture,
)
from xiaoer_red_envelope import book, cards, counter, notary
from xiaoer_red_envelope.config import RedEnvelopeConfig
from xiaoer_red_envelope.counter import Gift
from xiaoer_red_envelope.envelope import NAME_LIMIT, WORD_LIMIT, Wish, in_words, opening, words_in
from xiaoer_red_envelope.notary import listed

Here = Context[RedEnvelopeConfig]
SHOWN = 10
"""Lines that lists have at most, unless more are asked for."""


class RedEnvelope(Plugin[RedEnvelopeConfig]):
    """Points that people earn, give, and put into red envelopes for others to open."""

    name: ClassVar[str] = "red_envelope"
    config: ClassVar[type[BaseModel]] = RedEnvelopeConfig
    capabilities: ClassVar[dict[str, Role]] = {"red_envelope.grant": "secretary"}

    @picture("cover")
    def cover(self, data: dict[str, Any]) -> bytes:
        """Draw a closed envelope."""
        return cards.cover(cast("cards.CoverData", data))

    @picture("result")
    def result(self, data: dict[str, Any]) -> bytes:
        """Draw who got what."""
        return cards.result(cast("cards.ResultData", data))

    @on_message
    async def hear(self, ctx: Here, event: MessagePosted) -> None:
        """Take a message for a password, or for an envelope that is sent in plain words."""
        if event.edited or event.kind != "text":
            return
        chat = event.chat or event.space
        typed = in_words(event.text, ctx.config.words) if ctx.config.words else None
        if typed is not None and typed.points is not None and typed.shares is not None:
            wish = Wish("lucky", typed.points, typed.shares, typed.greeting)
            ctx.transact(book.told, event.who, chat, book.make, wish, (), ctx.config)
        elif typed is not None:
            how = ctx.content("red_envelope.in_words", to=event.who, word=ctx.config.words[0])
            ctx.send(chat, how, only_to=event.who.account)
        elif len(event.text) <= WORD_LIMIT:
            ctx.transact(book.say, event.who, chat, event.text, ctx.config)

    @on_schedule
    async def due(self, ctx: Here, event: ScheduleDue) -> None:
        """Open an envelope whose time has come, or give back what is left of one."""
        if event.job.startswith("open."):
            ctx.transact(book.open_now, event.data["envelope"])
        else:
            ctx.transact(book.expire, event.data["envelope"])

    @button("open")
    async def open(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Take a share."""
        ctx.transact(book.claim, event.who, event.chat or event.space, int(data), ctx.config)

    @command("hongbao send", default=True)
    async def send(self, ctx: Here, event: CommandUsed, points: int, shares: int, greeting: Rest | None = None) -> None:
        """Send an envelope that is split by luck."""
        self._make(ctx, event, Wish("lucky", points, shares, greeting or ""))

    @command("hongbao equal")
    async def send_equal(
        self, ctx: Here, event: CommandUsed, points: int, shares: int, greeting: Rest | None = None
    ) -> None:
        """Send an envelope of equal shares."""
        self._make(ctx, event, Wish("equal", points, shares, greeting or ""))

    @command("hongbao password")
    async def send_password(
        self, ctx: Here, event: CommandUsed, points: int, shares: int, word: str, greeting: Rest | None = None
    ) -> None:
        """Send an envelope for those who say a word."""
        self._make(ctx, event, Wish("password", points, shares, greeting or "", word))

    @command("hongbao schedule")
    async def send_later(
        self, ctx: Here, event: CommandUsed, time: str, points: int, shares: int, greeting: Rest | None = None
    ) -> None:
        """Send an envelope that opens at a time of day."""
        self._make(ctx, event, Wish("lucky", points, shares, greeting or "", opens=opening(time, ctx.now)))

    @command("hongbao exclusive")
    async def send_exclusive(self, ctx: Here, event: CommandUsed, points: int, people: Rest) -> None:
        """Send an envelope for the people who are named."""
        named = dict([await ctx.find(word) for word in words_in(people)])
        if not named:
            raise Refusal("red_envelope.refused.nobody")
        self._make(ctx, event, Wish("exclusive", points, len(named)), tuple(named.items()))

    def _make(self, ctx: Here, event: CommandUsed, wish: Wish, guests: tuple[tuple[str, str], ...] = ()) -> None:
        ctx.transact(book.make, event.who, event.chat or event.space, wish, guests, ctx.config)

    @command("hongbao say")
    async def say(self, ctx: Here, event: CommandUsed, word: Rest) -> None:
        """Say the word of an envelope."""
        ctx.transact(book.say_word, event.who, event.chat or event.space, word, ctx.config)

    @command("hongbao verify")
    async def verify(self, ctx: Here, event: CommandUsed, number: int) -> None:
        """Show that the split of a closed envelope was not changed."""
        del event
        ctx.transact(notary.verify, number)

    @command("hongbao cancel")
    async def cancel(self, ctx: Here, event: CommandUsed, number: int) -> None:
        """Take an envelope back of which nobody has anything."""
        ctx.transact(book.cancel, event.who, event.chat or event.space, number)

    @command("hongbao status")
    async def status(self, ctx: Here, event: CommandUsed, number: int | None = None) -> None:
        """Show an envelope, or those that are open."""
        del event
        ctx.transact(notary.status, number)

    @command("points show", default=True)
    async def show_points(self, ctx: Here, event: CommandUsed) -> None:
        """Show what you have."""
        ctx.transact(counter.show_points, event.who)

    @command("points top")
    async def top(self, ctx: Here, event: CommandUsed, count: Annotated[int, Range(1, 50)] = SHOWN) -> None:
        """Show who has most."""
        del event
        rows = await ctx.report(POINTS_TOP, here=ctx.community.id, most=count)
        lines = [
            ctx.text(
                "red_envelope.points.rank",
                rank=rank,
                name=one_line(row.name or row.person, NAME_LIMIT),
                points=row.points,
            )
            for rank, row in enumerate(rows, 1)
        ]
        title = "red_envelope.points.top" if rows else "red_envelope.points.nobody"
        ctx.answer(listed(ctx.text(title), lines))

    @command("points history")
    async def history(self, ctx: Here, event: CommandUsed, count: Annotated[int, Range(1, 50)] = SHOWN) -> None:
        """Show where your points came from and went."""
        rows = await ctx.report(POINTS_HISTORY, here=ctx.community.id, who=event.who.account, most=count)
        title = "red_envelope.points.history" if rows else "red_envelope.points.no_history"
        ctx.answer(listed(ctx.text(title), [self._entry(ctx, row) for row in rows]))

    def _entry(self, ctx: Here, row: Row) -> tuple[Part, ...]:
        key = "came" if row.came else "went"
        other = row.source_name if row.came else row.target_name
        about = [plain_word for plain_word in (one_line(other, NAME_LIMIT), row.note) if plain_word]
        why = "".join(str(part) for part in ctx.text(row.reason))
        return ctx.text(f"red_envelope.points.entry.{key}", points=row.points, why=" · ".join([why, *about]), at=row.at)

    @command("points give")
    async def give(self, ctx: Here, event: CommandUsed, who: str, points: int, note: Rest | None = None) -> None:
        """Give somebody points of yours."""
        ctx.transact(counter.give, event.who, await self._gift(ctx, event, who, points, note))

    @command("points grant", needs="red_envelope.grant")
    async def grant(self, ctx: Here, event: CommandUsed, who: str, points: int, reason: Rest | None = None) -> None:
        """Give somebody points out of the treasury."""
        ctx.transact(counter.grant, event.who, await self._gift(ctx, event, who, points, reason))

    async def _gift(self, ctx: Here, event: CommandUsed, who: str, points: int, note: str | None) -> Gift:
        account, name = await ctx.find(who)
        return Gift(account, one_line(name, NAME_LIMIT), points, note or "", f"gift:{event.key}")

    @command("checkin")
    async def check_in(self, ctx: Here, event: CommandUsed) -> None:
        """Take the points of the day."""
        ctx.transact(counter.check_in, event.who, ctx.config)
