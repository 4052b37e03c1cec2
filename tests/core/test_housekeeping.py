from sqlalchemy import select

from xiaoer import Content, Context, MessagePosted, NoConfig, Plugin, Statement, on_message
from xiaoer.housekeeping import tidy
from xiaoer.tables import outbox, seen
from xiaoer.testing import Town, play

KEYS = Statement(select(seen.c.key))
ACTIONS = Statement(select(outbox.c.id))


class Echo(Plugin[NoConfig]):
    """Says something."""

    name = "echo"

    @on_message
    async def answer(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        ctx.send(event.chat or event.space, Content(("echo",)))


async def kept(town: Town) -> tuple[int, int]:
    await tidy(town.app.store, town.now())
    return len(await town.rows(KEYS)), len(await town.rows(ACTIONS))


async def test_keys_are_kept_a_week_and_what_was_done_a_month() -> None:
    async with play(Echo) as town:
        await town.say("ann", "hello")
        await town.pass_time(days=6)
        assert await kept(town) == (1, 1)
        await town.pass_time(days=2)
        assert await kept(town) == (0, 1)
        await town.pass_time(days=23)
        assert await kept(town) == (0, 0)


async def test_more_than_one_chunk_is_thrown_away_too() -> None:
    async with play(Echo) as town:
        await town.tell_at_once(*[town.writing("ann", str(number)) for number in range(1_100)])
        await town.pass_time(days=31)
        assert await kept(town) == (0, 0)
