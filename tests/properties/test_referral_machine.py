"""Nobody is paid twice for one person, for themselves, for a rejoin or over a cap, whatever people and kills do."""

from collections import Counter
from datetime import date
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select
from tests.properties.stage import Stage, bounded

from xiaoer import ButtonPressed, Candidate, Delete, JoinSource, MemberJoined, MemberLeft, Statement
from xiaoer.linking import PART, POINT
from xiaoer.tables import balances, transfers
from xiaoer.testing import FakePlatform
from xiaoer.transaction import Transaction
from xiaoer_referral import Referral
from xiaoer_referral.tables import joins, links

BALANCES = Statement(select(balances.c.holder, balances.c.points))
TRANSFERS = Statement(select(transfers).order_by(transfers.c.id))
JOINS = Statement(select(joins).order_by(joins.c.id))
LINKS = Statement(select(links).where(links.c.invite.is_not(None)).order_by(links.c.id))

PLATFORMS = ("fake", "other")
PEOPLE = [f"{platform}:{name}" for platform in PLATFORMS for name in ("ann", "bob", "cat", "dan", "eve")]
people = st.sampled_from(PEOPLE)
DAILY, TOTAL = 1, 2


class Bringing(RuleBasedStateMachine):
    """People of two platforms bring each other, come, write, go, link and part; admins decide; time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.platforms = {name: FakePlatform() for name in PLATFORMS}
        spare = Delete("", "other:town", "")
        self.platforms["other"].requests += [spare] * 10_000  # so that its invites have addresses of their own
        config = {"referral": {"stay_days": 1, "daily": DAILY, "total": TOTAL, "mass": 3, "patience_days": 5}}
        self.stage = Stage(Referral, communities={"town": PLATFORMS}, platforms=self.platforms, configs=config)
        self.person = {account: account for account in PEOPLE}
        self.been: set[str] = set()
        self.again: set[str] = set()
        """The keys of the joins of people who had been here."""
        self.seen: set[str] = set()
        self.told: list[Any] = []
        self.paid: list[tuple[Any, date]] = []
        """The joins that were paid, and on which day, in their order."""

    @initialize()
    def some_have_links(self) -> None:
        for account in PEOPLE[:2]:
            self.come(account, JoinSource("name", "exact"))
            self.use(account, "invite")

    def tell(self, event: Any) -> None:
        self.told.append(event)
        self.seen.add(event.who.account)
        self.stage.run(self.stage.town.tell(event))
        self.stage.settle()

    def use(self, account: str, line: str) -> str:
        platform, _, name = account.partition(":")
        event = self.stage.command(name, line, "town", platform)
        self.tell(event)
        (answer,) = [m for m in self.platforms[platform].messages.values() if m.answers == event.handle]
        return answer.text

    def come(self, account: str, source: JoinSource) -> None:
        event: Any = self.move(account, MemberJoined, source=source)
        if any(self.person[one] == self.person[account] for one in self.been):
            self.again.add(event.key)
        self.been.add(account)
        self.tell(event)

    def move(self, account: str, kind: Any, **more: Any) -> Any:
        platform, _, name = account.partition(":")
        base = self.stage.message(name, "", "town", platform)
        return kind(key=f"{base.key}:moved", at=base.at, space=base.space, who=base.who, **more)

    def links(self) -> list[str]:
        return [row.invite for row in self.stage.rows(LINKS)]

    @rule(account=people, data=st.data())
    def come_by_a_link(self, account: str, data: st.DataObject) -> None:
        invite = data.draw(st.sampled_from(self.links()))
        self.come(account, JoinSource("referral", "exact", invite=invite))

    @rule(account=people, data=st.data(), second=st.one_of(st.none(), people), linked=st.booleans())
    def come_and_stay(self, account: str, data: st.DataObject, second: str | None, linked: bool) -> None:
        self.come_by_a_link(account, data)
        self.write(account)
        if second is not None:
            self.come_by_a_link(second, data)
            self.write(second)
            if linked:
                self.link(second, account)
        self.pass_time(25)

    @rule(account=people, data=st.data(), by=people)
    def come_somehow(self, account: str, data: st.DataObject, by: str) -> None:
        either = tuple(Candidate(one) for one in self.links()[:2])
        ways = [
            JoinSource(),
            JoinSource("referral", "ambiguous", candidates=either),
            JoinSource("pulled_in", "exact", by),
        ]
        self.come(account, data.draw(st.sampled_from(ways)))

    @rule(account=people)
    def go(self, account: str) -> None:
        self.been.add(account)
        self.tell(self.move(account, MemberLeft))

    @rule(account=people)
    def write(self, account: str) -> None:
        platform, _, name = account.partition(":")
        self.tell(self.stage.message(name, "hello", "town", platform))

    @rule(account=people, other=people)
    def name_somebody_who_agrees(self, account: str, other: str) -> None:
        if "is asked" not in self.use(account, f"invite who {other}"):
            return
        platform = other.partition(":")[0]
        for message in self.platforms[platform].messages.values():
            for button in message.buttons:
                if message.only_to == other and button.name == "yes":
                    self.press(other, message, button)

    def press(self, account: str, message: Any, button: Any) -> None:
        platform, _, name = account.partition(":")
        base = self.stage.message(name, "", "town", platform)
        self.tell(
            ButtonPressed(
                key=f"{base.key}:press",
                at=base.at,
                space=base.space,
                chat=base.chat,
                who=base.who,
                message=message.id,
                button=button.id,
                handle=base.key,
            )
        )

    @rule(account=people)
    def revoke(self, account: str) -> None:
        self.use("fake:boss", f"invite revoke {account}")

    @rule(number=st.integers(1, 12), decision=st.sampled_from(["approve", "refuse"]))
    def decide(self, number: int, decision: str) -> None:
        self.use("fake:boss", f"invite audit {number} {decision}")

    @rule(account=people, other=people)
    def link(self, account: str, other: str) -> None:
        stands, old = self.person[other], self.person[account]
        if stands != old and {account, other} <= self.seen:
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

    @rule(hours=st.sampled_from([1, 13, 25, 130]))
    def pass_time(self, hours: int) -> None:
        self.stage.pass_time(hours=hours)

    @rule(kill=st.booleans(), data=st.data())
    def restart(self, kill: bool, data: st.DataObject) -> None:
        self.stage.restart(kill=kill)
        before = self.stage.rows(JOINS)
        for event in data.draw(st.lists(st.sampled_from(self.told), max_size=5)):
            self.stage.run(self.stage.town.tell(event))
        assert self.stage.rows(JOINS) == before, "what is told again changes nothing"

    @rule(account=people)
    def ask_why(self, account: str) -> None:
        text = self.use(account, "invite why")
        for row in [row for row in self.stage.rows(JOINS) if row.newcomer == account][-1:]:
            assert f"No. {row.id}: " in text
            assert row.state != "paid" or "Paid " in text

    @invariant()
    def every_reward_is_due(self) -> None:
        rows = {f"referral/join:{row.key}": row for row in self.stage.rows(JOINS)}
        moved = self.stage.rows(TRANSFERS)
        gone = {transfer.reverses for transfer in moved if transfer.reverses is not None}
        rewards = [transfer for transfer in moved if transfer.reverses is None]
        for transfer in rewards[len(self.paid) :]:
            row = rows[transfer.key]
            day = transfer.at.date()
            earlier = [(one, on) for (one, on), old in zip(self.paid, rewards, strict=False) if old.id not in gone]
            self.check(row, day, earlier)
            self.paid.append((row, day))
        assert sum(row.points for row in self.stage.rows(BALANCES)) == 0
        assert Counter(row.state for row in rows.values())["paid"] == len(rewards) - len(gone)

    def check(self, row: Any, day: date, earlier: list[tuple[Any, date]]) -> None:
        newcomer, inviter = self.person[row.newcomer], self.person[row.inviter]
        assert newcomer != inviter, "nobody is paid for themselves"
        assert row.key not in self.again, "a rejoin pays nothing"
        assert newcomer not in {self.person[one.newcomer] for one, _ in earlier}, "nobody is paid for twice"
        assert row.messages >= 1
        had = [on for one, on in earlier if self.person[one.inviter] == inviter]
        assert len(had) < TOTAL
        assert had.count(day) < DAILY

    def teardown(self) -> None:
        self.stage.close()


TestBringing = Bringing.TestCase
TestBringing.settings = bounded(12, 25)
