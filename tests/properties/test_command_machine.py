"""Whatever people type they are answered, nobody's plugin fails, and what is refused stores nothing."""

from contextlib import suppress
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlalchemy import Table, bindparam, func, insert, select
from tests.properties.stage import Stage, bounded

from xiaoer import (
    CommandUsed,
    Content,
    Context,
    NoConfig,
    Plugin,
    Range,
    Refusal,
    Rest,
    Statement,
    Transaction,
    command,
)
from xiaoer.commands import CommandTree
from xiaoer.tables import faults, roles, shown, timers, values
from xiaoer.testing import FakeMessage

KEEP = Statement(insert(values).values(name=bindparam("name"), value=bindparam("value")))
KEPT = Statement(select(values.c.name).where(values.c.name.like("kept.%")))
FAULTS = Statement(select(faults.c.plugin, faults.c.reason))


def counting(table: Table) -> Statement:
    return Statement(select(func.count().label("number")).select_from(table))


COUNTED = [counting(table) for table in (faults, roles, shown, timers, values)]


class Desk(Plugin[NoConfig]):
    """Keeps what it is given and says so, or refuses at some moment."""

    name = "desk"
    capabilities: ClassVar[dict[str, Any]] = {"desk.manage": "owner"}

    @command("keep")
    async def keep(self, ctx: Context[NoConfig], event: CommandUsed, what: str, note: Rest | None = None) -> None:
        self._keep(ctx, event, [what, note])

    @command("order tea", default=True)
    async def tea(
        self,
        ctx: Context[NoConfig],
        event: CommandUsed,
        size: Literal["small", "large"],
        cups: Annotated[int, Range(1, 9)] = 1,
        hot: bool = True,
    ) -> None:
        self._keep(ctx, event, [size, cups, hot])

    @command("order cake")
    async def cake(self, ctx: Context[NoConfig], event: CommandUsed, pieces: int) -> None:
        self._keep(ctx, event, [pieces])

    @command("regret", answer="public")
    async def regret(self, ctx: Context[NoConfig], event: CommandUsed, what: Rest) -> None:
        self._keep(ctx, event, [what])
        raise Refusal("desk.regretted", what=what)

    @command("decide")
    async def decide(self, ctx: Context[NoConfig], event: CommandUsed, what: Rest) -> None:
        self._keep(ctx, event, [what])
        ctx.schedule("later", ctx.now)
        ctx.show("board", event.space, Content((what,)))
        ctx.transact(refuse, what)

    @command("manage", needs="desk.manage")
    async def manage(self, ctx: Context[NoConfig], event: CommandUsed, what: Rest) -> None:
        self._keep(ctx, event, [what])

    def _keep(self, ctx: Context[NoConfig], event: CommandUsed, what: list[Any]) -> None:
        ctx.write(KEEP, name=f"kept.{event.key}", value=what)
        ctx.answer(Content(("kept",)))


def refuse(tx: Transaction, what: str) -> None:
    raise Refusal("desk.decided", what=what)


WORDS = ["keep", "order", "tea", "cake", "regret", "decide", "manage", "help", "small", "large", "5", "９", "-3", "yes"]
ODD = [
    *["", '"', "“", "”", "「", "'", "/", "\x00", "\u202e", "{", "}", "<b>", "%s", "Ⅷ", "²"],
    " ",
    "　",
    "\n",
    "a" * 300,
    "9" * 30,
]
words = st.sampled_from(WORDS) | st.sampled_from(ODD) | st.text(max_size=6)
lines = st.lists(words, max_size=6).map(" ".join) | st.lists(words, max_size=6).map("".join) | st.text(max_size=60)
options = st.none() | st.dictionaries(
    st.sampled_from(["what", "note", "size", "cups", "hot", "pieces", "other"]), words, max_size=4
)
OWN = ("link", "unlink", "claim")
"""What the core has: other machines use these, and a wrong code leaves a count on purpose."""

TREE = CommandTree([("desk", Desk())])


@given(lines, options)
def test_a_line_is_a_command_or_refused(line: str, given: dict[str, str] | None) -> None:
    with suppress(Refusal):
        assert TREE.resolve(line, given).command in list(TREE)


class Typing(RuleBasedStateMachine):
    """People type lines at random, and each is answered once, and kept only when it says so."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage(Desk)

    def numbers(self) -> list[int]:
        return [self.stage.rows(statement)[0].number for statement in COUNTED]

    @rule(typed=st.lists(st.tuples(lines, options), min_size=1, max_size=8), again=st.booleans())
    def type(self, typed: list[tuple[str, dict[str, str] | None]], again: bool) -> None:
        for line, values_by_name in typed:
            if not {*OWN}.intersection(line.casefold().split(maxsplit=1)[:1]):
                self.type_one(line, values_by_name, again=again)

    def type_one(self, line: str, values_by_name: dict[str, str] | None, *, again: bool) -> None:
        event = self.stage.command("ann", line)
        event = msgspec.structs.replace(event, options=values_by_name)
        before = self.numbers()
        for _ in range(1 + again):
            self.stage.run(self.stage.town.tell(event))
        assert not self.stage.rows(FAULTS)
        (answer,) = self.answers(event)
        kept = any(row.name == f"kept.{event.key}" for row in self.stage.rows(KEPT))
        assert (answer.text == "kept") == kept
        if not kept:
            assert self.numbers() == before

    def answers(self, event: CommandUsed) -> list[FakeMessage]:
        return [m for m in self.stage.town.fake.messages.values() if m.answers == event.handle]

    @rule(kill=st.booleans())
    def restart(self, kill: bool) -> None:
        self.stage.restart(kill=kill)

    def teardown(self) -> None:
        self.stage.close()


TestTyping = Typing.TestCase
TestTyping.settings = bounded(8, 12)
