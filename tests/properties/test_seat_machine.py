"""No number twice, never above capacity, one seat a person and in the order of asking, whatever people and kills do."""

from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select
from tests.properties.stage import Stage, bounded

from xiaoer import MemberJoined, MemberLeft, Statement
from xiaoer.linking import PART, POINT
from xiaoer.testing import FakePlatform
from xiaoer.transaction import Transaction
from xiaoer_tier_badges import TierBadges
from xiaoer_tier_badges.config import TrackConfig
from xiaoer_tier_badges.tables import offers, seats, trail, waiting

SEATS = Statement(select(seats).order_by(seats.c.number))
OFFERS = Statement(select(offers).order_by(offers.c.id))
WAITING = Statement(select(waiting).order_by(waiting.c.id))
TRAIL = Statement(select(trail).order_by(trail.c.id))

CAPACITY = 3
RANKS = {1: "First", 2: "Second", 3: "Second"}
PLATFORMS = ("fake", "other")
PEOPLE = [f"{platform}:{name}" for platform in PLATFORMS for name in ("ann", "bob", "cat", "dan")]
people = st.sampled_from(PEOPLE)


class Seating(RuleBasedStateMachine):
    """People of two platforms take, decline, give up and hand on three seats, link and part, come and go."""

    vacant: ClassVar[str] = "refill"

    def __init__(self) -> None:
        super().__init__()
        self.platforms = {name: FakePlatform() for name in PLATFORMS}
        ranks = {"a": {"numbers": "1", "en": "First"}, "b": {"numbers": "2-3", "en": "Second"}}
        track = {"capacity": CAPACITY, "open": True, "vacant": self.vacant, "ranks": ranks}
        config = {
            "tracks": {"tea": TrackConfig.model_validate(track)},
            "offer_days": 2,
            "transfer_days": 1,
            "on_leave": "vacate",
            "grace_days": 1,
        }
        self.stage = Stage(
            TierBadges,
            communities={"town": PLATFORMS},
            platforms=self.platforms,
            configs={"tier_badges": config},
        )
        self.person = {account: account for account in (*PEOPLE, "fake:boss")}
        self.told: list[Any] = []
        self.line: list[str] = []
        """Who asked when all was taken, in the order of asking."""
        self.had: dict[int, str] = {}
        """Who had which number after the step before."""
        self.retired: set[int] = set()
        self.seen = 0
        """Up to which offer the order of the waiting list was looked at."""

    @initialize(asking=st.integers(2, 6))
    def everybody_comes_and_the_first_ask(self, asking: int) -> None:
        for account in PEOPLE:
            self.move(account, MemberJoined)
        for account in PEOPLE[:asking]:
            self.confirm(account)
            self.look()

    def look(self) -> None:
        """See after each step that everything holds."""
        self.numbers_are_given_once_and_there_are_no_more_than_seats()
        self.nobody_gets_a_second_seat()
        self.what_is_retired_stays_so()
        self.who_asked_first_is_first()

    def tell(self, event: Any) -> None:
        self.told.append(event)
        self.stage.run(self.stage.town.tell(event))

    def use(self, account: str, line: str) -> str:
        platform, _, name = account.partition(":")
        event = self.stage.command(name, line, "town", platform)
        self.tell(event)
        (answer,) = [m for m in self.platforms[platform].messages.values() if m.answers == event.handle]
        assert "went wrong" not in answer.text
        return answer.text

    def move(self, account: str, kind: Any) -> None:
        platform, _, name = account.partition(":")
        base = self.stage.message(name, "", "town", platform)
        self.tell(kind(key=f"{base.key}:moved", at=base.at, space=base.space, who=base.who))

    @rule(account=people)
    def come(self, account: str) -> None:
        self.move(account, MemberJoined)

    @rule(account=people)
    def go(self, account: str) -> None:
        self.move(account, MemberLeft)

    @rule(account=people)
    def confirm(self, account: str) -> None:
        text = self.use(account, "seat confirm")
        if "is yours" in text:
            now = self.now()
            (number,) = [nr for nr, holder in now.items() if holder == account and self.had.get(nr) != account]
            assert text == f"Seat №{number} of Town is yours: {RANKS[number]}."
        elif "You are on the waiting list, at" in text:
            self.line.append(account)

    @rule(account=people, leaves=st.booleans())
    def join_or_leave_the_list(self, account: str, leaves: bool) -> None:
        text = self.use(account, f"seat waitlist tea {'leave' if leaves else 'join'}")
        if "You are on the waiting list of Town, at position" in text:
            self.line.append(account)
        elif "You are off" in text:
            self.line = [one for one in self.line if self.person[one] != self.person[account]]

    @rule(account=people, number=st.sampled_from(["", "1", "2", "3", "4"]))
    def offer(self, account: str, number: str) -> None:
        self.use("fake:boss", f"seat offer {account} tea {number}".rstrip())

    @rule(data=st.data())
    def decline(self, data: st.DataObject) -> None:
        offered = [row.account for row in self.stage.rows(OFFERS) if row.state == "open"]
        self.use(data.draw(st.sampled_from(offered or PEOPLE)), "seat decline")

    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        offered = [row.account for row in self.stage.rows(OFFERS) if row.state == "open"]
        self.confirm(data.draw(st.sampled_from(offered or PEOPLE)))

    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        number, account = data.draw(st.sampled_from(sorted(self.had.items()) or [(1, PEOPLE[0])]))
        gone = "gave up" in self.use(account, f"seat vacate tea {number}")
        assert not gone or self.had[number] == account

    @rule(number=st.integers(1, 3))
    def revoke(self, number: int) -> None:
        self.use("fake:boss", f"seat revoke tea {number} because")

    @rule(data=st.data(), other=people, meanwhile=people, kill=st.booleans())
    def hand_on(self, data: st.DataObject, other: str, meanwhile: str, kill: bool) -> None:
        account = data.draw(st.sampled_from(sorted(self.had.values()) or PEOPLE))
        if "is asked whether" not in self.use(account, f"seat transfer {other}"):
            return
        if data.draw(st.booleans()):
            self.link(other, meanwhile)
            self.nobody_gets_a_second_seat()
        before = self.now()
        self.stage.restart(kill=kill)
        if not data.draw(st.booleans()) or "is yours" not in self.use(other, "seat confirm"):
            return
        after = self.now()
        changed = [number for number in range(1, CAPACITY + 1) if before.get(number) != after.get(number)]
        assert [after[number] for number in changed] == [other], "one seat has another holder, and nothing else changes"

    @rule(account=people, other=people)
    def link(self, account: str, other: str) -> None:
        stands, old = self.person[other], self.person[account]
        if stands != old:
            self.stage.run(self.stage.app.store.transact(Transaction.run, POINT, stands=stands, old=old))
            self.person = {one: stands if person == old else person for one, person in self.person.items()}

    @rule(account=people)
    def part(self, account: str) -> None:
        others = [one for one in PEOPLE if one != account and self.person[one] == self.person[account]]
        if not others:
            return
        if self.person[account] == account:
            self.stage.run(self.stage.app.store.transact(Transaction.run, POINT, stands=others[0], old=account))
            self.person |= dict.fromkeys(others, others[0])
        self.stage.run(self.stage.app.store.transact(Transaction.run, PART, who=account))
        self.person[account] = account

    @rule(hours=st.sampled_from([1, 13, 25, 50]))
    def pass_time(self, hours: int) -> None:
        self.stage.pass_time(hours=hours)

    @rule(kill=st.booleans(), data=st.data())
    def restart(self, kill: bool, data: st.DataObject) -> None:
        self.stage.restart(kill=kill)
        before = self.stage.rows(SEATS), self.stage.rows(TRAIL), self.stage.rows(WAITING)
        for event in data.draw(st.lists(st.sampled_from(self.told), max_size=5)):
            self.stage.run(self.stage.town.tell(event))
        after = self.stage.rows(SEATS), self.stage.rows(TRAIL), self.stage.rows(WAITING)
        assert after == before, "what is told again changes nothing"

    def now(self) -> dict[int, str]:
        return {row.number: row.holder for row in self.stage.rows(SEATS) if row.state == "confirmed"}

    @invariant()
    def numbers_are_given_once_and_there_are_no_more_than_seats(self) -> None:
        given = {row.number for row in self.stage.rows(SEATS) if row.state != "vacant"}
        held = [row.number for row in self.stage.rows(OFFERS) if row.state == "open" and row.number is not None]
        assert len(held) == len(set(held)), "a number is held for one"
        assert not given & set(held), "what somebody has is held for nobody"
        assert given | set(held) <= set(range(1, CAPACITY + 1))
        if self.stage.rows(WAITING):
            assert len(given) + len(held) == CAPACITY, "nobody waits while a number is free"

    @invariant()
    def nobody_gets_a_second_seat(self) -> None:
        now = self.now()
        for number, holder in now.items():
            if self.had.get(number) != holder:
                others = [one for nr, one in now.items() if nr != number]
                assert self.person[holder] not in {self.person[one] for one in others}
        self.had = now

    @invariant()
    def what_is_retired_stays_so(self) -> None:
        retired = {row.number for row in self.stage.rows(SEATS) if row.state == "retired"}
        assert self.retired <= retired
        self.retired = retired
        assert not retired or self.vacant == "retire"

    @invariant()
    def who_asked_first_is_first(self) -> None:
        waits = [row.account for row in self.stage.rows(WAITING)]
        for row in self.stage.rows(OFFERS)[self.seen :]:
            self.seen = row.id
            if row.how == "waitlist":
                ahead = self.line[: self.line.index(row.account)]
                assert not set(ahead) & set(waits), "nobody is passed by while they wait"
        self.line = [one for one in self.line if one in waits]
        assert self.line == waits

    def teardown(self) -> None:
        self.stage.close()


class Retiring(Seating):
    """The same, where a number that falls vacant is never given again."""

    vacant = "retire"


TestSeating = Seating.TestCase
TestSeating.settings = bounded(8, 20)
TestRetiring = Retiring.TestCase
TestRetiring.settings = bounded(4, 20)
