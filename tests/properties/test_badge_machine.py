"""Nobody is moved out who qualifies or whose grace is not over, and badges equal seats after a repair."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select
from tests.properties.stage import Stage, bounded

from xiaoer import BadgesChanged, MemberJoined, MemberLeft, Statement
from xiaoer.linking import PART, POINT
from xiaoer.testing import FakePlatform
from xiaoer.transaction import Transaction
from xiaoer_tier_badges import TierBadges, TierBadgesConfig
from xiaoer_tier_badges.badge import Held, badges_of
from xiaoer_tier_badges.config import TrackConfig
from xiaoer_tier_badges.gate import Gate
from xiaoer_tier_badges.records import standing
from xiaoer_tier_badges.seat import Place
from xiaoer_tier_badges.tables import seats

SEATS = Statement(select(seats).where(seats.c.state == "confirmed"))
STANDING = Statement(select(standing))
PLATFORMS = ("fake", "other")
PEOPLE = [f"{platform}:{name}" for platform in PLATFORMS for name in ("ann", "bob", "cat")]
CLUB, ROOM = "other:town", "fake:town/room"
"""A space and a chat that admit holders of number 1 alone."""

GRACE = timedelta(days=1)
GATES = [Gate(chat=chat, track="tea", ranks=["a"], grace_days=1, remove=True) for chat in (CLUB, ROOM)]
RANKS = {"a": {"numbers": "1", "en": "First"}, "b": {"numbers": "2-3", "en": "Second"}}
CONFIG = TierBadgesConfig(
    tracks={"tea": TrackConfig.model_validate({"capacity": 3, "open": True, "ranks": RANKS})}, gates=GATES
)
people = st.sampled_from(PEOPLE)


class Wearing(RuleBasedStateMachine):
    """People take and give up seats, link and part, come and go, and somebody takes badges by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.platforms = {name: FakePlatform() for name in PLATFORMS}
        config = {"tracks": CONFIG.tracks, "gates": GATES}
        self.stage = Stage(
            TierBadges, communities={"town": PLATFORMS}, platforms=self.platforms, configs={"tier_badges": config}
        )
        self.person = {account: account for account in (*PEOPLE, "fake:boss")}
        self.there: set[str] = set()
        self.well: dict[str, datetime] = {}
        """When those in the club came, or last qualified."""
        self.gone = 0
        """So many removals were looked at."""

    @initialize()
    def everybody_comes(self) -> None:
        for account in PEOPLE:
            self.move(account, MemberJoined)

    def event(self, kind: Any, account: str) -> Any:
        platform, _, name = account.partition(":")
        base = self.stage.message(name, "", "town", platform)
        return kind(key=f"{base.key}:{kind.__name__}", at=base.at, space=base.space, who=base.who)

    def move(self, account: str, kind: Any) -> None:
        event = self.event(kind, account)
        if kind is MemberLeft:
            self.there.discard(account)
            self.platforms[account.partition(":")[0]].badges.pop((event.space, account, "tier_badges"), None)
        else:
            self.there.add(account)
            self.well[account] = self.stage.town.now()
        self.stage.run(self.stage.town.tell(event))

    def use(self, account: str, line: str) -> None:
        platform, _, name = account.partition(":")
        self.there.add(account)
        self.stage.run(self.stage.town.tell(self.stage.command(name, line, "town", platform)))

    @rule(account=people)
    def come(self, account: str) -> None:
        if account not in self.there:
            self.move(account, MemberJoined)

    @rule(account=people)
    def go(self, account: str) -> None:
        if account in self.there:
            self.move(account, MemberLeft)

    @rule(account=people)
    def confirm(self, account: str) -> None:
        if account in self.there:
            self.use(account, "seat confirm")

    @rule(account=people, number=st.integers(1, 3))
    def give_up(self, account: str, number: int) -> None:
        if account in self.there:
            self.use(account, f"seat vacate tea {number}")

    @rule(account=people)
    def take_by_hand(self, account: str) -> None:
        event = self.event(BadgesChanged, account)
        if account in self.there:
            self.platforms[account.partition(":")[0]].badges[event.space, account, "tier_badges"] = ()
            self.stage.run(self.stage.town.tell(event))

    @rule(account=people, other=people)
    def link(self, account: str, other: str) -> None:
        stands, old = self.person[other], self.person[account]
        if stands != old:
            self.stage.run(self.stage.app.store.transact(Transaction.run, POINT, stands=stands, old=old))
            self.person = {one: stands if person == old else person for one, person in self.person.items()}

    @rule(account=people)
    def part(self, account: str) -> None:
        others = [one for one in PEOPLE if one != account and self.person[one] == self.person[account]]
        if others and self.person[account] != account:
            self.stage.run(self.stage.app.store.transact(Transaction.run, PART, who=account))
            self.person[account] = account

    @rule(hours=st.sampled_from([1, 13, 25]))
    def pass_time(self, hours: int) -> None:
        self.stage.pass_time(hours=hours)

    @rule(kill=st.booleans())
    def restart(self, kill: bool) -> None:
        self.stage.restart(kill=kill)

    @rule()
    def repair(self) -> None:
        self.stage.pass_time(seconds=1)  # two repairs in one and the same moment are one
        self.use("fake:boss", "badge repair")
        stands = {(row.account, row.chat) for row in self.stage.rows(STANDING)}
        for account in self.there - {"fake:boss"}:
            platform = account.partition(":")[0]
            worn = self.platforms[platform].badges.get((f"{platform}:town", account, "tier_badges"), ())
            ranks = tuple(badge for badge in worn if not badge.kind.startswith("pass."))
            assert ranks == badges_of(CONFIG.board, self.held(account), "en"), "badges equal seats"
            passes = platform == "fake" and (self.qualifies(account) or (account, ROOM) in stands)
            assert (worn != ranks) is passes, "who qualifies or has a grace can see the room, and nobody else"

    def held(self, account: str) -> list[Held]:
        place = Place("tea", "main")
        theirs = [row for row in self.stage.rows(SEATS) if self.person[row.holder] == self.person[account]]
        return [Held(place, row.number) for row in theirs]

    def qualifies(self, account: str) -> bool:
        return any(seat.number == 1 for seat in self.held(account))

    @invariant()
    def nobody_is_moved_out_who_qualifies_or_before_the_grace_is_over(self) -> None:
        removed = [account for _, account in self.platforms["other"].removed[self.gone :]]
        self.gone += len(removed)
        for account in removed:
            assert not self.qualifies(account)
            assert self.stage.town.now() - self.well[account] >= GRACE
            self.move(account, MemberLeft)
        for account in PEOPLE:
            if self.qualifies(account):
                self.well[account] = self.stage.town.now()

    def teardown(self) -> None:
        self.stage.close()


TestWearing = Wearing.TestCase
TestWearing.settings = bounded(5, 20)
