"""What stands in the chats in the end is what was wanted last, whatever failed on the way."""

from collections import defaultdict
from dataclasses import replace
from typing import ClassVar, Literal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.properties.stage import Stage, bounded

from xiaoer import (
    Content,
    Context,
    Hopeless,
    Limits,
    MessagePosted,
    NoConfig,
    Plugin,
    Receipt,
    Send,
    TryLater,
    Unclear,
    on_message,
)
from xiaoer.adapter import Request
from xiaoer.testing import FakePlatform, rest

KEYS, CHATS = ("board", "poll"), ("fake:town/a", "fake:town/b")
Place = tuple[str, str]
Look = tuple[str | None, bool]
Way = Literal["later", "unclear", "lost", "hopeless", "broken", "hang", "hang late"]
WAYS: tuple[Way, ...] = ("later", "unclear", "lost", "hopeless", "broken", "hang", "hang late")


class Forgetful(FakePlatform):
    """A platform whose chats fail as the test says, and that may know a message when it is asked for it again."""

    def __init__(self, limits: Limits, *, knows_repeats: bool) -> None:
        super().__init__(limits=limits)
        self.knows_repeats = knows_repeats
        self.moods: dict[str, list[Way]] = defaultdict(list)
        self.sent: dict[str, Receipt] = {}
        self.unheard: dict[Place, int] = defaultdict(int)
        self.refused: set[Place] = set()
        self.hung = False

    def perform(self, request: Request) -> Receipt:
        if request.chat not in CHATS:
            return super().perform(request)
        place = request.id.split("/")[3], request.chat
        way = self.moods[request.chat].pop(0) if self.moods[request.chat] else None
        self.hang = False
        if way in ("lost", "hang late", None):
            receipt = self.do(request)
            self.unheard[place] += way is not None and isinstance(request, Send)
            if way is None:
                return receipt
        if way in ("hang", "hang late"):
            self.hang = self.hung = True
            return Receipt()
        if way == "hopeless":
            self.refused.add(place)
            raise Hopeless("no right to do that")
        if way == "later":
            raise TryLater(3.0, "slow down")
        if way == "broken":
            raise ValueError("a fault of the adapter")
        raise Unclear("connection reset")

    def do(self, request: Request) -> Receipt:
        if isinstance(request, Send) and self.knows_repeats:
            if request.id not in self.sent:
                self.sent[request.id] = super().perform(request)
            receipt = self.sent[request.id]
            if (known := self.messages.get(receipt.message or "")) is not None:
                self.messages[known.id] = replace(known, content=request.content)
            return receipt
        return super().perform(request)


class Board(Plugin[NoConfig]):
    """Shows what the test wants."""

    name = "board"
    wants: ClassVar[list[tuple[Place, Look]]] = []

    @on_message
    async def show(self, ctx: Context[NoConfig], event: MessagePosted) -> None:
        for (key, chat), (text, pinned) in self.wants:
            ctx.show(key, chat, None if text is None else Content((f"{key}: {text}",)), pinned=pinned)


looks = st.tuples(st.sampled_from(["one", "two", "three", None]), st.booleans())
places = st.tuples(st.sampled_from(KEYS), st.sampled_from(CHATS))


class Showing(RuleBasedStateMachine):
    """Messages are wanted, changed and taken away in chats that fail, and the app is killed now and then."""

    @initialize(knows_repeats=st.booleans(), slowly=st.booleans())
    def begin(self, knows_repeats: bool, slowly: bool) -> None:
        limits = Limits(per_second=5.0, chat_pause=1.0, change_pause=2.0) if slowly else Limits()
        self.platform = Forgetful(limits, knows_repeats=knows_repeats)
        self.stage = Stage(Board, platforms={"fake": self.platform})
        self.wanted: dict[Place, Look] = {}
        self.kills = 0

    @rule(changes=st.lists(st.tuples(places, looks), min_size=1, max_size=4))
    def show(self, changes: list[tuple[Place, Look]]) -> None:
        Board.wants = changes
        self.platform.refused -= {place for place, _ in changes}
        self.wanted.update(changes)

        async def say() -> None:
            await self.stage.app.pipeline.submit(self.stage.message("ann", "go"))

        self.stage.run(say())

    @rule(chat=st.sampled_from(CHATS), mood=st.lists(st.sampled_from(WAYS), max_size=4))
    def fail(self, chat: str, mood: list[Way]) -> None:
        self.platform.moods[chat] = mood

    @rule(seconds=st.sampled_from([0.0, 1.0, 5.0, 400.0]), turns=st.integers(0, 60))
    def wait(self, seconds: float, turns: int) -> None:
        self.stage.run(self.stage.clock.advance(seconds))
        self.stage.run(rest(turns))

    @rule()
    def kill(self) -> None:
        self.kills += 1
        self.platform.hung = False
        self.stage.run(self.stage.town.restart_without_waiting())

    @rule()
    def let_all_be_done(self) -> None:
        self.platform.moods.clear()
        if self.platform.hung:
            self.kill()  # nothing else ends a request that hangs

        async def quiet() -> None:
            await rest()
            await self.stage.app.settled()

        for _ in range(3):
            self.stage.run(quiet())
            self.stage.run(self.stage.clock.advance(400.0))
        self.stage.run(quiet())
        for place, look in self.wanted.items():
            if place not in self.platform.refused:
                self.judge(place, look)

    def judge(self, place: Place, look: Look) -> None:
        key, chat = place
        text, pinned = look
        standing = [m for m in self.stage.town.messages(chat) if m.text.startswith(f"{key}:")]
        right = [m for m in standing if m.text == f"{key}: {text}" and m.pinned == pinned]
        if text is not None:
            assert right, f"{place} should say {look}, and there is {standing}"
        doubled = 0 if self.platform.knows_repeats else self.platform.unheard[place] + self.kills
        assert len(standing) <= (text is not None) + doubled

    def teardown(self) -> None:
        if not hasattr(self, "stage"):
            return
        try:
            self.let_all_be_done()
            self.show([(place, ("at last", False)) for place in self.wanted] or [((KEYS[0], CHATS[0]), ("one", True))])
            self.let_all_be_done()
        finally:
            self.stage.close()


TestShowing = Showing.TestCase
TestShowing.settings = bounded(12, 20)
