"""No point is lost or made, nobody owes, and one person has one share, whatever people and kills do."""

from collections import defaultdict
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select
from tests.properties.stage import Stage, bounded

from xiaoer import ButtonPressed, MemberJoined, MemberLeft, Statement
from xiaoer.linking import PART, POINT
from xiaoer.tables import accounts, balances, transfers
from xiaoer.testing import FakePlatform
from xiaoer.transaction import Transaction
from xiaoer_red_envelope import RedEnvelope
from xiaoer_red_envelope.tables import envelopes, shares

BALANCES = Statement(select(balances.c.holder, balances.c.points))
TRANSFERS = Statement(select(func.count().label("number")).select_from(transfers))
ENVELOPES = Statement(select(envelopes))
SHARES = Statement(select(shares.c.envelope, shares.c.number, shares.c.points, shares.c.account))
SAME = Statement(select(accounts.c.account, accounts.c.same_as))

PLATFORMS = ("fake", "other")
PEOPLE = [f"{platform}:{name}" for platform in PLATFORMS for name in ("ann", "bob", "cat")]
people = st.sampled_from(PEOPLE)
CLOSED = ("empty", "expired", "cancelled")


class Sharing(RuleBasedStateMachine):
    """People of two platforms send and open envelopes, give points, link and part, come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.platforms = {name: FakePlatform() for name in PLATFORMS}
        self.stage = Stage(RedEnvelope, communities={"town": PLATFORMS}, platforms=self.platforms)
        self.person = {account: account for account in (*PEOPLE, "fake:boss")}
        self.present: set[str] = set()
        self.held: dict[int, set[str]] = defaultdict(set)
        """Which accounts have a share of an envelope."""
        self.told: list[Any] = []
        self.sent = 0

    @initialize()
    def everybody_comes(self) -> None:
        for account in PEOPLE:
            self.come(account)
            self.use("fake:boss", f"points grant {account} 50 because")

    def tell(self, event: Any) -> None:
        self.told.append(event)
        self.stage.run(self.stage.town.tell(event))

    def use(self, account: str, line: str) -> str:
        platform, _, name = account.partition(":")
        event = self.stage.command(name, line, "town", platform)
        self.tell(event)
        (answer,) = [m for m in self.platforms[platform].messages.values() if m.answers == event.handle]
        self.present.add(account)
        return answer.text

    @rule(account=people)
    def come(self, account: str) -> None:
        self.move(account, MemberJoined)
        self.present.add(account)

    @rule(account=people)
    def go(self, account: str) -> None:
        self.move(account, MemberLeft)
        self.present.discard(account)

    def move(self, account: str, kind: Any) -> None:
        platform, _, name = account.partition(":")
        base = self.stage.message(name, "", "town", platform)
        self.tell(kind(key=f"{base.key}:moved", at=base.at, space=base.space, who=base.who))

    @rule(
        account=people,
        kind=st.sampled_from(["send", "equal"]),
        points=st.integers(0, 60),
        count=st.sampled_from([0, 1, 2, 2, 3, 4, 6]),
        pressers=st.lists(people, max_size=6),
    )
    def send(self, account: str, kind: str, points: int, count: int, pressers: list[str]) -> None:
        if "is out" in self.use(account, f"hongbao {kind} {points} {count}"):
            self.sent += 1
            self.press_on(self.sent, pressers, again=False)

    @rule(account=people, other=people, points=st.integers(0, 60))
    def give(self, account: str, other: str, points: int) -> None:
        self.use(account, f"points give {other} {points}")

    @rule(account=people)
    def check_in(self, account: str) -> None:
        self.use(account, "checkin")

    @precondition(lambda self: self.sent)
    @rule(account=people, data=st.data())
    def cancel(self, account: str, data: st.DataObject) -> None:
        self.use(account, f"hongbao cancel {data.draw(st.integers(1, self.sent))}")

    @precondition(lambda self: self.sent)
    @rule(pressers=st.lists(people, min_size=1, max_size=8), again=st.booleans(), data=st.data())
    def press(self, pressers: list[str], again: bool, data: st.DataObject) -> None:
        self.press_on(data.draw(st.integers(1, self.sent)), pressers, again=again)

    def press_on(self, number: int, pressers: list[str], *, again: bool) -> None:
        before = self.row(number)
        events = [event for account in pressers if (event := self.pressing(account, number)) is not None]
        self.told += events
        self.stage.run(self.stage.town.tell_at_once(*events, *(events if again else [])))
        self.stage.settle()
        if before is None or before["state"] != "open":
            return
        left = before["shares"] - before["taken"]
        holders = {self.person[account] for account in self.held[number]}
        for event in events:
            account = event.who.account
            wins = left > 0 and self.is_there(account) and self.person[account] not in holders
            if wins:
                left -= 1
                holders.add(self.person[account])
                self.held[number].add(account)
        assert self.accounts_with(number) == self.held[number], "first come, first served, and one share a person"

    def is_there(self, account: str) -> bool:
        return any(self.person[one] == self.person[account] for one in self.present)

    def row(self, number: int) -> dict[str, Any] | None:
        found = {row.id: {"state": row.state, "shares": row.shares, "taken": row.taken} for row in self.envelopes()}
        return found.get(number)

    def envelopes(self) -> list[Any]:
        return self.stage.rows(ENVELOPES)

    def accounts_with(self, number: int) -> set[str]:
        return {row.account for row in self.stage.rows(SHARES) if row.envelope == number and row.account}

    def pressing(self, account: str, number: int) -> ButtonPressed | None:
        platform, _, name = account.partition(":")
        for message in self.platforms[platform].messages.values():
            for button in message.buttons:
                if button.data == str(number):
                    base = self.stage.message(name, "", "town", platform)
                    return ButtonPressed(
                        key=f"{base.key}:press",
                        at=base.at,
                        space=base.space,
                        chat=base.chat,
                        who=base.who,
                        message=message.id,
                        button=button.id,
                        handle=base.key,
                    )
        return None

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

    @rule(hours=st.sampled_from([1, 12, 25]))
    def pass_time(self, hours: int) -> None:
        self.stage.pass_time(hours=hours)

    @rule(kill=st.booleans(), data=st.data())
    def restart(self, kill: bool, data: st.DataObject) -> None:
        self.stage.restart(kill=kill)
        before = self.stage.rows(TRANSFERS)
        for event in data.draw(st.lists(st.sampled_from(self.told), max_size=5)):
            self.stage.run(self.stage.town.tell(event))
        assert self.stage.rows(TRANSFERS) == before, "what is told again changes nothing"

    @invariant()
    def the_books_are_true(self) -> None:
        held = {row.holder: row.points for row in self.stage.rows(BALANCES)}
        assert sum(held.values()) == 0
        assert min([points for holder, points in held.items() if holder != "treasury"], default=0) >= 0
        taken: dict[int, int] = defaultdict(int)
        for row in self.stage.rows(SHARES):
            if row.account is not None:
                taken[row.envelope] += row.points
        for row in self.envelopes():
            kept = held[f"red_envelope/{row.id}"]
            assert kept == (0 if row.state in CLOSED else row.points - taken[row.id])
            assert (row.state == "empty") == (row.taken == row.shares)

    def teardown(self) -> None:
        self.stage.close()


TestSharing = Sharing.TestCase
TestSharing.settings = bounded(12, 25)
