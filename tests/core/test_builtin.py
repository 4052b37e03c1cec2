from xiaoer import CommandUsed, Content, Context, NoConfig, Plugin, Quoted, Refusal, command
from xiaoer.attempts import TRIES
from xiaoer.testing import FakeMessage, play

ON_MESSAGE = "(in answer to a message; on Discord, from its menu)"


class Desk(Plugin[NoConfig]):
    """Has something for everybody and something for owners."""

    name = "desk"

    @command("greet")
    async def greet(self, ctx: Context[NoConfig], event: CommandUsed) -> None:
        """Greet."""

    @command("mark", on_message=True)
    async def mark(self, ctx: Context[NoConfig], event: CommandUsed) -> None:
        """Mark a message."""
        if event.quoted is None:
            raise Refusal("xiaoer.command.on_nothing", path="mark")
        ctx.answer(Content((event.quoted.text,)))

    @command("close", needs="desk.close")
    async def close(self, ctx: Context[NoConfig], event: CommandUsed) -> None:
        """Close."""
        ctx.answer(ctx.content("desk.closed"))


def text(message: FakeMessage | None) -> str:
    assert message is not None
    return message.text


async def test_help_lists_what_this_person_may_use_and_only_they_see_it() -> None:
    async with play(Desk) as town:
        helped = await town.use("ann", "/help")
        assert "/greet" in text(helped)
        assert "/close" not in text(helped)
        assert helped is not None
        assert helped.only_to == "fake:ann"
        assert "/close" in text(await town.use("boss", "/help", role="owner"))


async def test_help_says_which_commands_are_used_on_messages() -> None:
    async with play(Desk) as town:
        lines = text(await town.use("ann", "/help")).splitlines()
        marked = [line for line in lines if line.endswith(ON_MESSAGE)]
        assert ["/mark" in line for line in marked] == [True]
        told = await town.app._adapters["fake"].host.commands("town", town.person("ann"))
        assert [one.path for one in told if one.summary.endswith(ON_MESSAGE)] == ["mark"]


async def test_a_command_hears_what_it_was_used_on() -> None:
    async with play(Desk) as town:
        quoted = Quoted("m1", town.person("bob"), "tea?")
        assert text(await town.use("ann", "/mark", quoted=quoted)) == "tea?"
        assert "Answer the message" in text(await town.use("ann", "/mark"))


async def test_who_may_not_use_a_command_hears_that_before_how_it_is_written() -> None:
    async with play(Desk) as town:
        assert "owner" in text(await town.use("ann", "/close all the doors"))
        assert "/close" in text(await town.use("boss", "/close all the doors", role="owner"))


async def test_help_speaks_the_language_of_the_person() -> None:
    async with play(Desk) as town:
        town.person("ming", locale="zh-hans")
        assert "指令" in text(await town.use("ming", "/help"))


async def test_the_claim_code_makes_an_owner_once_and_for_all() -> None:
    async with play(Desk) as town:
        code = (await town.app.claim_codes())["town"]
        assert "owner" in text(await town.use("ann", "/close"))
        assert "owner" in text(await town.use("ann", f"/claim  {code.lower().replace('-', ' ')} "))
        await town.restart()
        assert text(await town.use("ann", "/close")) == "desk.closed"
        assert "already" in text(await town.use("ann", f"/claim {code}"))
        assert "not right" in text(await town.use("bob", f"/claim {code}")), "a code is good for one claim"
        assert await town.app.claim_codes() == {}, "a community with an owner needs no code"


async def test_after_too_many_wrong_codes_even_the_right_one_is_refused_for_an_hour() -> None:
    async with play(Desk) as town:
        code = (await town.app.claim_codes())["town"]
        for _ in range(TRIES):
            assert "not right" in text(await town.use("ann", "/claim nonsense"))
        assert "not right" in text(await town.use("ann", f"/claim {code}"))
        await town.pass_time(minutes=61)
        assert "owner" in text(await town.use("ann", f"/claim {code}"))
