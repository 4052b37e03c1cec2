"""Accounts link and part as a partition; codes expire, wrong ones are counted, members come and go."""

import re
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select
from tests.properties.stage import Stage, bounded

from xiaoer import JoinSource, MemberJoined, MemberLeft, Statement, person_of
from xiaoer.attempts import TRIES
from xiaoer.linking import LIFETIME
from xiaoer.tables import accounts, members
from xiaoer.testing import FakePlatform

PLATFORMS = ("fake", "left", "right")
COMMUNITIES = {"town": PLATFORMS, "village": ("fake", "right")}
ACCOUNTS = ("fake:ann", "fake:bob", "left:ann", "left:cid", "right:ann", "right:bob")
PERSONS = Statement(select(accounts.c.account, accounts.c.same_as, person_of(accounts.c.account).label("person")))
MEMBERS = Statement(select(members.c.space, members.c.account).where(members.c.left.is_(None)))

who = st.sampled_from(ACCOUNTS)
where = st.sampled_from([*COMMUNITIES])


class Linking(RuleBasedStateMachine):
    """People show codes, type them, guess, part, come and go on three platforms and in two communities."""

    codes = Bundle("codes")

    def __init__(self) -> None:
        super().__init__()
        self.platforms = {name: FakePlatform() for name in PLATFORMS}
        self.stage = Stage(communities=COMMUNITIES, platforms=self.platforms)
        self.groups = {account: frozenset({account}) for account in ACCOUNTS}
        self.met: set[str] = set()
        self.present: set[tuple[str, str]] = set()
        self.good: dict[tuple[str, str], tuple[str, datetime]] = {}
        self.wrong: dict[tuple[str, str], list[datetime]] = {}

    def use(self, account: str, community: str, line: str) -> str:
        """Use a command where the account's platform has a space of the community; return the answer."""
        platform, _, name = account.partition(":")
        event = self.stage.command(name, line, community, platform)
        self.stage.run(self.stage.town.tell(event))
        self.meet(account, event.space)
        (answer,) = [m for m in self.platforms[platform].messages.values() if m.answers == event.handle]
        assert answer.only_to == account
        return answer.text

    def meet(self, account: str, space: str) -> None:
        self.met.add(account)
        self.present.add((space, account))

    @initialize(target=codes)
    def first_code(self) -> tuple[str, str]:
        return self.shown("fake:ann", "town")

    @rule(target=codes, account=who, community=where)
    def show(self, account: str, community: str) -> tuple[str, str]:
        return self.shown(account, community)

    def shown(self, account: str, community: str) -> tuple[str, str]:
        if account.partition(":")[0] not in COMMUNITIES[community]:
            community = "town"
        found = re.search(r"/link (\w{4}-\w{4})", self.use(account, community, "link"))
        assert found is not None
        self.good[community, account] = found[1], self.stage.clock.now() + LIFETIME
        return community, found[1]

    @rule(account=who, shown=codes)
    def type(self, account: str, shown: tuple[str, str]) -> None:
        community, code = shown
        if account.partition(":")[0] not in COMMUNITIES[community]:
            community = "town"
        said = self.use(account, community, f"link {code.lower()}")
        assert self.expected(account, community, code) in said

    @rule(account=who, other=who, minutes=st.sampled_from([9, 10, 11]))
    def type_after(self, account: str, other: str, minutes: int) -> None:
        shown = self.shown(account, "town")
        self.pass_time(minutes)
        self.type(other, shown)

    @rule(account=who, times=st.integers(1, TRIES + 1))
    def guess(self, account: str, times: int) -> None:
        for _ in range(times):
            assert "not good any more" in self.use(account, "town", "link AAAA-AAAA")
            self.expected(account, "town", "AAAA-AAAA")

    def expected(self, account: str, community: str, code: str) -> str:
        """Return what is answered, and note what it means."""
        now = self.stage.clock.now()
        wrong = self.wrong.setdefault((community, account), [])
        wrong[:] = [moment for moment in wrong if moment > now - timedelta(hours=1)]
        if len(wrong) >= TRIES:
            return "not good any more"
        owners = [
            other
            for (place, other), (shown, until) in self.good.items()
            if (place, shown) == (community, code) and until > now
        ]
        if not owners:
            wrong.append(now)
            return "not good any more"
        (other,) = owners
        if other == account:
            return "your own code"
        if other in self.groups[account]:
            return "linked already"
        del self.good[community, other]
        together = self.groups[account] | self.groups[other]
        self.groups.update(dict.fromkeys(together, together))
        return "now one person"

    @rule(account=who)
    def part(self, account: str) -> None:
        said = self.use(account, "town", "unlink")
        rest = self.groups[account] - {account}
        assert ("not linked with any other" in said) == (not rest)
        self.groups.update(dict.fromkeys(rest, rest))
        self.groups[account] = frozenset({account})

    @rule(account=who, community=where)
    def join(self, account: str, community: str) -> None:
        platform, _, name = account.partition(":")
        if platform in COMMUNITIES[community]:
            base = self.stage.message(name, "", community, platform)
            source = JoinSource("name", "exact")
            event = MemberJoined(key=f"{base.key}:join", at=base.at, space=base.space, who=base.who, source=source)
            self.stage.run(self.stage.town.tell(event))
            self.meet(account, base.space)

    @rule(account=who, community=where)
    def leave(self, account: str, community: str) -> None:
        platform, _, name = account.partition(":")
        if platform in COMMUNITIES[community]:
            base = self.stage.message(name, "", community, platform)
            self.stage.run(
                self.stage.town.tell(MemberLeft(key=f"{base.key}:leave", at=base.at, space=base.space, who=base.who))
            )
            self.met.add(account)
            self.present.discard((base.space, account))

    @rule(minutes=st.sampled_from([4, 11, 31, 61]))
    def pass_time(self, minutes: int) -> None:
        self.stage.pass_time(minutes=minutes)

    @rule(kill=st.booleans())
    def restart(self, kill: bool) -> None:
        self.stage.restart(kill=kill)

    @invariant()
    def persons_are_those_of_the_model(self) -> None:
        rows = self.stage.rows(PERSONS)
        assert {row.account for row in rows} == self.met
        stands = {row.same_as for row in rows} - {None}
        assert all(row.same_as is None for row in rows if row.account in stands), "at most one step deep"
        persons = {row.account: row.person for row in rows}
        for account in persons:
            together = {other for other in persons if persons[other] == persons[account]}
            assert together == self.groups[account] & self.met

    @invariant()
    def members_are_those_of_the_model(self) -> None:
        assert {(row.space, row.account) for row in self.stage.rows(MEMBERS)} == self.present

    def teardown(self) -> None:
        self.stage.close()


TestLinking = Linking.TestCase
TestLinking.settings = bounded(15, 25)
