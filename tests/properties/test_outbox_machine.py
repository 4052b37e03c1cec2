"""Each action is performed as it was declared, and each that nobody can tell of is reported."""

from collections import Counter, defaultdict
from typing import Any, ClassVar, Literal, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlalchemy import bindparam, insert, select
from tests.properties.stage import Stage, bounded

from xiaoer import (
    ActionEnded,
    Answer,
    CommandUsed,
    Content,
    Context,
    Hopeless,
    MessagePosted,
    NoConfig,
    NotPrivately,
    Plugin,
    Receipt,
    Rest,
    Send,
    SendMessage,
    Statement,
    Then,
    TryLater,
    Unclear,
    Unreachable,
    command,
    continuation,
    on_message,
)
from xiaoer.adapter import Request
from xiaoer.outbox import MID_AIR
from xiaoer.tables import outbox, values
from xiaoer.testing import FakePlatform, rest

ENDED = Statement(insert(values).values(name=bindparam("name"), value=bindparam("value")))
HEARD = Statement(select(values.c.name, values.c.value).where(values.c.name.like("ended.%")))
STATES = Statement(select(outbox.c.id, outbox.c.plugin, outbox.c.state, outbox.c.reason).order_by(outbox.c.id))

Way = Literal["later", "unreachable", "hopeless", "unclear", "lost", "broken", "not privately", "hang", "hang late"]
WAYS: tuple[Way, ...] = (
    "later",
    "unreachable",
    "hopeless",
    "unclear",
    "lost",
    "broken",
    "not privately",
    "hang",
    "hang late",
)
ONCE_TOO_OFTEN = ("lost", "hang late")
"""Ways to fail in which the platform has done it all the same."""


class Moody(FakePlatform):
    """A platform that fails with each text as the test says, and remembers what everybody or one person saw."""

    def __init__(self) -> None:
        super().__init__()
        self.moods: dict[str, list[Way]] = defaultdict(list)
        self.seen: Counter[str] = Counter()
        self.public: set[str] = set()
        self.hanging: set[str] = set()

    def perform(self, request: Request) -> Receipt:
        if not isinstance(request, Send | Answer):
            return super().perform(request)
        text = request.content.plain
        way = self.moods[text].pop(0) if self.moods[text] else None
        alone = request.only_to if isinstance(request, Send) else request.private
        if way == "not privately" and not alone:
            way = None
        self.hang = way in ("hang", "hang late")
        if way in (None, *ONCE_TOO_OFTEN):
            self.seen[text] += 1
            if not alone:
                self.public.add(text)
        if way is None:
            return super().perform(request)
        if self.hang:
            self.hanging.add(text)
            return Receipt()
        raise _failure(way)


def _failure(way: Way) -> Exception:
    failures: dict[str, Exception] = {
        "later": TryLater(5.0, "slow down"),
        "unreachable": Unreachable(1.0, "no line"),
        "hopeless": Hopeless("chat not found"),
        "unclear": Unclear("timed out"),
        "lost": Unclear("connection reset"),
        "broken": ValueError("a fault of the adapter"),
        "not privately": NotPrivately("not to one person"),
    }
    return failures[way]


class Wish(NamedTuple):
    """An action that was asked for."""

    text: str
    once: bool
    alone: bool
    public_instead: bool
    then: bool
    answers: bool
    kills: int
    """How often the app had been killed before."""


class Speaker(Plugin[NoConfig]):
    """Asks for what the test says, in a message or in an answer."""

    name = "speaker"
    wishes: ClassVar[dict[str, Wish]] = {}

    @on_message
    async def speak(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        for text in event.text.split():
            wish = self.wishes[text]
            action = SendMessage(
                chat=f"{event.space}/{text[-1]}",
                content=Content((text,)),
                only_to="fake:ann" if wish.alone else None,
                public_instead=wish.public_instead,
                guarantee="at_most_once" if wish.once else "at_least_once",
                then=Then("ended", {"text": text}) if wish.then else None,
            )
            ctx.request(action)

    @continuation("ended")
    async def ended(self, ctx: Context[NoConfig], event: ActionEnded) -> None:
        ctx.write(ENDED, name=f"ended.{event.data['text']}", value=event.error or "")

    @command("whisper", answer="private")
    async def whisper(self, ctx: Context[NoConfig], event: CommandUsed, text: Rest) -> None:
        ctx.answer(Content((text,)))

    @command("shout", answer="public")
    async def shout(self, ctx: Context[NoConfig], event: CommandUsed, text: Rest) -> None:
        ctx.answer(Content((text,)))


moods = st.lists(st.sampled_from(WAYS), max_size=3)


class Speaking(RuleBasedStateMachine):
    """Actions of every kind meet failures of every kind, and the app is killed while they are in the air."""

    def __init__(self) -> None:
        super().__init__()
        self.platform = Moody()
        self.stage = Stage(Speaker, platforms={"fake": self.platform})
        self.wishes = Speaker.wishes = {}
        self.moods: dict[str, list[Way]] = {}
        self.kills = 0

    def wish(self, mood: list[Way], **kind: bool) -> str:
        text = f"w{len(self.wishes)}{'ab'[len(self.wishes) % 2]}"
        self.wishes[text] = Wish(text, **kind, kills=self.kills)
        self.moods[text] = list(mood)
        self.platform.moods[text] = list(mood)
        return text

    @rule(
        moods=st.lists(moods, min_size=1, max_size=3),
        once=st.booleans(),
        alone=st.booleans(),
        instead=st.booleans(),
        then=st.booleans(),
    )
    def send(self, moods: list[list[Way]], once: bool, alone: bool, instead: bool, then: bool) -> None:
        kind = {"once": once, "alone": alone, "public_instead": instead, "then": then, "answers": False}
        self.tell(self.stage.message("ann", " ".join(self.wish(mood, **kind) for mood in moods)))

    @rule(mood=moods, private=st.booleans())
    def answer(self, mood: list[Way], private: bool) -> None:
        text = self.wish(mood, once=True, alone=private, public_instead=False, then=False, answers=True)
        self.tell(self.stage.command("ann", f"{'whisper' if private else 'shout'} {text}"))

    def tell(self, event: Any) -> None:
        async def stored() -> None:
            await self.stage.app.pipeline.submit(event)

        self.stage.run(stored())

    @rule(seconds=st.sampled_from([0.0, 1.0, 6.0, 400.0]))
    def wait(self, seconds: float) -> None:
        self.stage.run(self.stage.clock.advance(seconds))

    @rule(kill=st.booleans(), turns=st.integers(0, 60))
    def restart(self, kill: bool, turns: int) -> None:
        self.stage.run(rest(turns))
        if kill:
            self.kill()
        else:
            self.stage.run(self.restart_well())

    def kill(self) -> None:
        self.kills += 1
        self.stage.run(self.stage.town.restart_without_waiting())

    async def restart_well(self) -> None:
        town = self.stage.town
        await town.app.stop()
        town.app = self.stage.make()
        await town.app.start()

    def bring_to_an_end(self) -> None:
        """Let no new failure happen, wait out all pauses, and end what hangs by a kill."""
        self.platform.moods.clear()
        for _ in range(2):
            self.kill()
            for _ in range(3):
                self.stage.run(self.quiet())
                self.stage.run(self.stage.clock.advance(400.0))
            self.stage.run(self.quiet())

    async def quiet(self) -> None:
        await rest()
        await self.stage.app.settled()

    def teardown(self) -> None:
        try:
            self.bring_to_an_end()
            self.judge()
        finally:
            self.stage.close()

    def judge(self) -> None:
        rows = {row.id: row for row in self.stage.rows(STATES)}
        assert {row.state for row in rows.values()} <= {"done", "failed", "unknown"}
        own = [row for row in rows.values() if row.plugin == "speaker"]
        assert len(own) == len(self.wishes)
        heard = {row.name.removeprefix("ended."): row.value for row in self.stage.rows(HEARD)}
        for wish, row in zip(self.wishes.values(), own, strict=True):
            times, mood = self.platform.seen[wish.text], self.moods[wish.text]
            if wish.once:
                assert times <= 1, "at most once"
                assert times == {"done": 1, "failed": 0}.get(row.state, times)
            else:
                assert row.state != "unknown"
                unheard = sum(way in ONCE_TOO_OFTEN for way in mood) + self.kills - wish.kills
                assert times <= 1 + unheard, "repeated only where nobody knew that it was done"
                assert times >= (row.state == "done")
            if wish.alone and not wish.public_instead:
                assert wish.text not in self.platform.public, "never public when private"
            if wish.then:
                assert wish.text in heard, "whoever asked to be told is told"
                assert (heard[wish.text] == "") == (row.state == "done")
        reports = [m.text for m in self.platform.messages.values() if m.chat == "fake:town/admins"]
        unknown = [wish for wish, row in zip(self.wishes.values(), own, strict=True) if row.state == "unknown"]
        told = [text for text in reports if "not known whether" in text]
        assert len(told) >= len([wish for wish in unknown if not wish.answers]), "each unknown one is reported"


TestSpeaking = Speaking.TestCase
TestSpeaking.settings = bounded(12, 20)


def test_whoever_asked_to_be_told_hears_of_an_action_that_a_kill_left_in_mid_air() -> None:
    machine = Speaking()
    try:
        machine.send([["hang"]], once=True, alone=False, instead=False, then=True)
        machine.stage.run(machine.stage.town.until(lambda: bool(machine.platform.hanging)))
        machine.bring_to_an_end()
        assert [row.value for row in machine.stage.rows(HEARD)] == [MID_AIR]
    finally:
        machine.stage.close()
