"""No slot twice, none outside its window, no item beyond its reuse, whatever people, clocks and kills do."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select
from tests.properties.stage import Stage, bounded

from xiaoer import Send, Statement
from xiaoer.buttons import ButtonSigner
from xiaoer.clocks import LAST
from xiaoer.hosting import AppHost
from xiaoer.tables import outbox
from xiaoer_broadcaster import Broadcaster
from xiaoer_broadcaster.item import CADENCES
from xiaoer_broadcaster.tables import items, posts, teasers

ITEMS = Statement(select(items))
POSTS = Statement(select(posts))
TEASERS = Statement(select(teasers))

SENT = Statement(select(outbox.c.batch, outbox.c.ended).where(outbox.c.state == "done", outbox.c.batch.is_not(None)))

ZONES = ("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Pacific/Apia")
STARTS = (
    datetime(2026, 3, 2, 4, tzinfo=UTC),
    datetime(2026, 3, 8, 5, 50, tzinfo=UTC),  # an hour before New York puts its clocks forward
    datetime(2026, 11, 1, 4, 50, tzinfo=UTC),  # and an hour before it puts them back
    datetime(2026, 4, 4, 14, 20, tzinfo=UTC),  # Lord Howe puts them back by half an hour
)
SLOTS = ("morning", "noon", "evening")
WINDOWS = ("07:30-09:00", "01:30-02:30", "02:10-02:20", "23:30-00:30", "12:15-13:30 mon-fri", "00:00-12:00", "off")


class Peaks(RuleBasedStateMachine):
    """Two admins fill a library and move the slots, while the clock jumps and the program dies."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0
        self.windows: dict[str, list[str]] = {}

    @initialize(zone=st.sampled_from(ZONES), start=st.sampled_from(STARTS), data=st.data())
    def open(self, zone: str, start: datetime, data: st.DataObject) -> None:
        config = {
            "jitter": data.draw(st.sampled_from([0, 20])),
            "misfire": data.draw(st.sampled_from(["late", "skip"])),
            "teasers": data.draw(st.sampled_from([(), (60, 10)])),
            "approvals": 0,
        }
        self.stage = Stage(Broadcaster, timezone=zone, configs={"broadcaster": config}, start=start)
        self.zone = ZoneInfo(zone)
        defaults = ("07:30-09:00", "12:15-13:30", "20:30-22:00")
        self.windows = {slot: [window] for slot, window in zip(SLOTS, defaults, strict=True)}
        for cadence in data.draw(st.lists(st.sampled_from(["daily", *CADENCES]), min_size=2, max_size=4)):
            self.submit(cadence, data.draw(st.sampled_from([0, 1, 1, 2])), "any")

    def use(self, line: str) -> str:
        event = self.stage.command("boss", line)
        self.stage.run(self.stage.town.tell(event))
        found = self.stage.town.fake.messages.values()
        return next(message.text for message in found if message.answers == event.handle)

    @rule(cadence=st.sampled_from(CADENCES), most=st.sampled_from([0, 1, 2]), slot=st.sampled_from(["any", *SLOTS]))
    def write(self, cadence: str, most: int, slot: str) -> None:
        self.submit(cadence, most, slot)

    def submit(self, cadence: str, most: int, slot: str) -> None:
        if "goes out once" not in self.use(f"script submit script {self.count + 1}"):
            return
        self.count += 1
        self.use(f"script edit {self.count} cadence {cadence}")
        self.use(f"script edit {self.count} most {most}")
        self.use(f"script edit {self.count} slot {slot}")
        self.use(f"script approve {self.count}")

    @rule(data=st.data(), day=st.sampled_from(["today", "tomorrow"]), slot=st.sampled_from(SLOTS))
    def schedule(self, data: st.DataObject, day: str, slot: str) -> None:
        self.use(f"script schedule {self.one(data)} {day} {slot}")

    @rule(data=st.data(), act=st.sampled_from(["edit", "edit", "take off", "move", "move", "skip", "look"]))
    def meddle(self, data: st.DataObject, act: str) -> None:
        """Do what changes plans; in one rule, so that time passes more often than plans change."""
        number, slot = self.one(data), data.draw(st.sampled_from(SLOTS))
        if act == "edit":
            field = data.draw(st.sampled_from(["text other words", "teasers 90,5", "expires tomorrow", "tags a"]))
            self.use(f"script edit {number} {field}")
            self.use(f"script approve {number}")
        elif act == "take off":
            self.use(f"script {data.draw(st.sampled_from(['withdraw', 'reject']))} {number}")
        elif act == "move":
            window = data.draw(st.sampled_from(WINDOWS))
            self.use(f"peak set {slot} {window}")
            self.windows[slot].append(window)
        elif act == "skip":
            self.use(f"peak skip {slot}")
        else:
            assert self.use(data.draw(st.sampled_from(["peak", "peak preview", "script calendar", "broadcast"])))

    def one(self, data: st.DataObject) -> int:
        return data.draw(st.integers(1, self.count))

    @rule(minutes=st.lists(st.sampled_from([7, 60, 200, 700, 1440]), min_size=1, max_size=4))
    def pass_time(self, minutes: list[int]) -> None:
        for some in minutes:
            self.stage.pass_time(minutes=some)

    @rule(minutes=st.sampled_from([5, 45, 90, 150, 300, 800, 4000]))
    def stand_still(self, minutes: int) -> None:
        self.stage.stand_still(minutes=minutes)

    @rule(minutes=st.sampled_from([-3000, -700, -90, 30, 300, 1440, 50_000]))
    def jump(self, minutes: int) -> None:
        host = AppHost(self.stage.app, "fake", ButtonSigner(b""))
        if self.stage.app.clock.now() < LAST - timedelta(days=400):
            self.stage.run(host.move_clock(timedelta(minutes=minutes)))
            self.stage.settle()

    @rule(kill=st.booleans())
    def restart(self, kill: bool) -> None:
        self.stage.restart(kill=kill)

    def began(self, day: date, window: str) -> datetime:
        """Return when a window begins on a day: the first moment of it at which clocks show its time or a later one."""
        wanted = datetime.combine(day, time.fromisoformat(window[:5]))
        moment = datetime.combine(day, time(), tzinfo=UTC) - timedelta(hours=15)
        while True:
            shown = moment.astimezone(self.zone).replace(tzinfo=None)
            if shown >= wanted:
                return moment
            moment += timedelta(minutes=max(1, int((wanted - shown).total_seconds() / 60) - 180))

    @invariant()
    def every_slot_is_posted_once_and_inside_its_window(self) -> None:
        if not self.windows:
            return
        for row in self.stage.rows(POSTS):
            if row.item is None:
                continue
            day = date.fromisoformat(row.day)
            spans = [window for window in self.windows[row.slot] if window != "off"]
            found = [self.began(day, window) for window in spans]
            lengths = [length(window) for window in spans]
            assert any(begin <= row.at <= begin + long for begin, long in zip(found, lengths, strict=True)), row
        sent = Counter(
            request.content.plain.split("\n")[0]
            for request in self.stage.town.fake.requests
            if isinstance(request, Send) and request.only_to is None and "✍️" in request.content.plain
        )
        out: dict[int, int] = defaultdict(int)
        for row in self.stage.rows(POSTS):
            out[row.item] += row.item is not None
        assert sum(sent.values()) <= sum(out.values()), "nothing is sent that is not noted, nor twice"

    @invariant()
    def no_item_goes_out_more_often_than_it_may(self) -> None:
        if not self.windows:
            return
        out = Counter(row.item for row in self.stage.rows(POSTS) if row.item is not None)
        for item in self.stage.rows(ITEMS):
            assert item.uses == out[item.number]
            limit = 1 if item.cadence == "once" else item.most
            assert not limit or item.uses <= limit
            assert (item.state == "scheduled") == (item.day is not None)

    @invariant()
    def nothing_is_sent_after_its_time(self) -> None:
        if not self.windows:
            return
        until = {f"teaser:{row.id}": row.due for row in self.stage.rows(TEASERS)}
        until |= {f"post:{row.id}": row.deadline for row in self.stage.rows(POSTS)}
        for row in self.stage.rows(SENT):
            assert row.ended <= until.get(row.batch, row.ended), row

    def teardown(self) -> None:
        if self.windows:
            self.stage.close()


def length(window: str) -> timedelta:
    first, last = (time.fromisoformat(part) for part in window[:11].split("-"))
    return timedelta(minutes=(60 * (last.hour - first.hour) + last.minute - first.minute) % 1440)


TestPeaks = Peaks.TestCase
TestPeaks.settings = bounded(10, 25)
