"""The broadcaster's hooks, commands and buttons: they look and queue; library, peak and desk decide."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel

from xiaoer import (
    ActionEnded,
    ButtonPressed,
    CommandUsed,
    Context,
    Cron,
    MessagePosted,
    Misfire,
    Plugin,
    ReactionChanged,
    Refusal,
    Rest,
    Role,
    ScheduleDue,
    button,
    command,
    continuation,
    on_message,
    on_reaction,
    on_schedule,
    picture,
)
from xiaoer_broadcaster import (
    agenda,
    broadcast,
    catalogue,
    desk,
    exchange,
    folder,
    gauge,
    library,
    peak,
    sheet,
    teasing,
)
from xiaoer_broadcaster.config import BroadcasterConfig
from xiaoer_broadcaster.item import Field, State
from xiaoer_broadcaster.library import Script
from xiaoer_broadcaster.shelf import item_of
from xiaoer_broadcaster.slot import EVERY_DAY
from xiaoer_broadcaster.statements import LIBRARY, REACTED, REPLIED

Here = Context[BroadcasterConfig]
DAYS_OF_CRON = (1, 2, 3, 4, 5, 6, 0)


class Broadcaster(Plugin[BroadcasterConfig]):
    """Posts the right thing at the daily peaks, out of a library that people write together."""

    name: ClassVar[str] = "broadcaster"
    config: ClassVar[type[BaseModel]] = BroadcasterConfig
    capabilities: ClassVar[dict[str, Role]] = {
        "broadcaster.edit": "xiaoer",
        "broadcaster.approve": "secretary",
        "broadcaster.schedule": "secretary",
        "broadcaster.import": "owner",
    }

    def timers(self, config: BroadcasterConfig) -> Iterable[Cron]:
        """Return when slots begin and when their teasers do; the exact times follow from there."""
        late = Misfire("merge")
        yield Cron("purge", "3 4 * * *", late)
        for name, window in config.windows().items():
            days = "*" if window.days == EVERY_DAY else ",".join(str(DAYS_OF_CRON[day]) for day in sorted(window.days))
            yield Cron(f"begin.{name}", f"{window.begins.minute} {window.begins.hour} * * {days}", late)
            for minutes in sorted(set(config.teasers)):
                start = (60 * window.begins.hour + window.begins.minute - minutes) % 1440
                yield Cron(f"before.{name}.{minutes}", f"{start % 60} {start // 60} * * *", late)

    @picture("calendar")
    def draw_calendar(self, data: dict[str, Any]) -> bytes:
        """Draw the coming two weeks."""
        return sheet.calendar(data)

    @on_schedule
    async def due(self, ctx: Here, event: ScheduleDue) -> None:
        """Do what is due."""
        job = event.job.partition(".")[0]
        if job == "part":
            ctx.transact(peak.spread, ctx.config, event.data["post"], event.data["start"])
        elif job == "teased":
            ctx.transact(peak.announce, ctx.config, event.data["teaser"], event.data["start"])
        elif job == "ended":
            ctx.transact(broadcast.ended, event.data["post"])
        elif job == "measure":
            ctx.transact(gauge.measure, event.data["post"])
        else:
            ctx.transact(peak.look, ctx.config, event.due)
        if job == "purge":
            ctx.transact(peak.purge)

    @continuation("posted")
    async def posted(self, ctx: Here, event: ActionEnded) -> None:
        """Note where a post stands."""
        ctx.transact(gauge.stands, event)

    @continuation("teased")
    async def teased(self, ctx: Here, event: ActionEnded) -> None:
        """Note where a teaser stands."""
        ctx.transact(teasing.stands, event)

    @on_message
    async def hear(self, ctx: Here, event: MessagePosted) -> None:
        """Count a reply to a post."""
        if event.reply_to is not None and not event.edited:
            ctx.write(REPLIED, there=event.chat or event.space, to=event.reply_to, moment=event.at)

    @on_reaction
    async def feel(self, ctx: Here, event: ReactionChanged) -> None:
        """Count reactions to a post."""
        more = len(event.added) - len(event.removed)
        if more:
            ctx.write(REACTED, there=event.chat or event.space, to=event.message, moment=event.at, more=more)

    @button("useful")
    async def useful(self, ctx: Here, event: ButtonPressed, data: str) -> None:
        """Take somebody's word that they like a post."""
        ctx.transact(gauge.press, event.who, int(data))

    @command("script list", default=True, needs="broadcaster.edit")
    async def list_scripts(self, ctx: Here, event: CommandUsed, state: State | None = None) -> None:
        """Show the library."""
        del event
        ctx.transact(catalogue.show_list, state or "")

    @command("script show", needs="broadcaster.edit")
    async def show_script(self, ctx: Here, event: CommandUsed, number: int) -> None:
        """Show an item and what was done to it."""
        del event
        ctx.transact(catalogue.show, number)

    @command("script submit", on_message=True)
    async def submit(self, ctx: Here, event: CommandUsed, text: Rest | None = None) -> None:
        """Give the library a text, or the message that the command is used on."""
        quoted, chat = event.quoted, event.chat or event.space
        author = (quoted.who if quoted is not None else None) or event.who
        words = text or (quoted.text if quoted is not None else "")
        file = next(iter(quoted.attachments), None) if quoted is not None else None
        if not words and file is None:
            raise Refusal("broadcaster.refused.no_text")
        ctx.transact(library.submit, event.who, Script(words, author.account, author.name, chat, file), ctx.config)

    @continuation("kept")
    async def kept(self, ctx: Here, event: ActionEnded) -> None:
        """Note the copy of a file that goes with an item."""
        ctx.transact(library.kept, event)

    @command("script edit", needs="broadcaster.edit")
    async def edit(self, ctx: Here, event: CommandUsed, number: int, field: Field, value: Rest) -> None:
        """Change an item."""
        ctx.transact(library.edit, event.who, number, field, value, ctx.config)

    @command("script approve", needs="broadcaster.approve")
    async def approve(self, ctx: Here, event: CommandUsed, number: int) -> None:
        """Let an item go out."""
        ctx.transact(library.approve, event.who, number, ctx.config)

    @command("script reject", needs="broadcaster.approve")
    async def reject(self, ctx: Here, event: CommandUsed, number: int, reason: Rest | None = None) -> None:
        """Take an item off."""
        ctx.transact(library.reject, event.who, number, reason or "", ctx.config)

    @command("script schedule", needs="broadcaster.schedule")
    async def schedule(self, ctx: Here, event: CommandUsed, number: int, day: str, slot: str) -> None:
        """Put an item on the calendar."""
        ctx.transact(library.schedule, event.who, number, day, slot, ctx.config)

    @command("script withdraw")
    async def withdraw(self, ctx: Here, event: CommandUsed, number: int) -> None:
        """Take back what you wrote."""
        ctx.transact(library.withdraw, event.who, number, ctx.config)

    @command("script calendar", needs="broadcaster.edit")
    async def calendar(self, ctx: Here, event: CommandUsed) -> None:
        """Show the coming two weeks."""
        del event
        ctx.transact(agenda.show, ctx.config)

    @command("script import", needs="broadcaster.import")
    async def take_in(self, ctx: Here, event: CommandUsed, how: Literal["now", "dry"] = "now") -> None:
        """Take the folder in, or say what would become of the library."""
        slots, today = tuple(ctx.config.slots), ctx.now.date()
        pages, faults = await asyncio.to_thread(folder.read, self._folder(ctx), slots, today)
        if faults:
            ctx.answer(exchange.told(ctx, "broadcaster.import.faults", faults))
        else:
            ready = await exchange.prepare(ctx, event.who, pages)
            ctx.transact(exchange.take_in, ready, how == "dry", ctx.config)

    @command("script export", needs="broadcaster.import")
    async def write_out(self, ctx: Here, event: CommandUsed) -> None:
        """Write the library into its folder."""
        del event
        items = [item_of(row) for row in await ctx.report(LIBRARY, here=ctx.community.id)]
        faults = await asyncio.to_thread(folder.write, self._folder(ctx), items)
        if faults:
            ctx.answer(exchange.told(ctx, "broadcaster.export.faults", faults))
        else:
            ctx.answer(ctx.content("broadcaster.export.done", count=len(items)))

    def _folder(self, ctx: Here) -> Path:
        if not ctx.config.folder:
            raise Refusal("broadcaster.refused.no_folder")
        return Path(ctx.config.folder)

    @command("peak show", default=True)
    async def show_peaks(self, ctx: Here, event: CommandUsed) -> None:
        """Show when posts go out."""
        del event
        ctx.transact(desk.show, ctx.config)

    @command("peak set", needs="broadcaster.schedule")
    async def set_peak(self, ctx: Here, event: CommandUsed, slot: str, window: Rest) -> None:
        """Move a slot."""
        ctx.transact(desk.move, event.who, slot, window, ctx.config)

    @command("peak skip", needs="broadcaster.schedule")
    async def skip(self, ctx: Here, event: CommandUsed, slot: str = "") -> None:
        """Leave the next post out."""
        ctx.transact(desk.skip, event.who, slot, ctx.config)

    @command("peak preview", needs="broadcaster.edit")
    async def preview(self, ctx: Here, event: CommandUsed, slot: str = "") -> None:
        """Show what goes out next."""
        del event
        ctx.transact(desk.preview, slot, ctx.config)

    @command("broadcast status", default=True, needs="broadcaster.edit")
    async def status(self, ctx: Here, event: CommandUsed) -> None:
        """Show how far the newest post is."""
        del event
        ctx.transact(broadcast.status)

    @command("broadcast pause", needs="broadcaster.schedule")
    async def pause(self, ctx: Here, event: CommandUsed) -> None:
        """Hold what is not sent yet."""
        del event
        ctx.transact(broadcast.pause)

    @command("broadcast resume", needs="broadcaster.schedule")
    async def resume(self, ctx: Here, event: CommandUsed) -> None:
        """Let go what is held."""
        del event
        ctx.transact(broadcast.resume)

    @command("broadcast cancel", needs="broadcaster.schedule")
    async def cancel(self, ctx: Here, event: CommandUsed) -> None:
        """Take back what is not sent yet."""
        ctx.transact(broadcast.cancel, event.who)
