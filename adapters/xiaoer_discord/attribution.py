"""Which invite somebody came in by, told from how often each was used: pure rules, which never guess.

Discord says of a join when it was and of an invite how often it was used, and nothing that leads from one to the other
(Discord docs, Guild Member Add and Invite Metadata). So the uses that were counted between two looks are set against
the joins that were heard of. If both are as many, each use is one of these joins and each join one of these uses; then
the answer is exact where all uses are of one invite. What makes that true is that every use which a look shows is heard
of as a join before the look is judged. Counters may be as late as they like: then there are fewer uses than joins, and
joins are remembered for a while after they were answered, so that a late use is not taken for somebody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from xiaoer import Candidate, JoinSource

ADDRESS = "https://discord.gg/"
"""What stands before the code of an invite."""

ABOUT = timedelta(seconds=5)
"""An invite that was gone so long before somebody came was not theirs."""


class Count(msgspec.Struct, frozen=True):
    """An invite, and how often it was used when it was looked at.

    Args:
        code: its name.
        uses: how often.
        limit: how often it can be used; 0 for any number.
        until: when it is over; None for never.
        by: the account that made it; None for the bot itself.
        public: whether it is nobody's: the server's own address, or its widget.
    """

    code: str
    uses: int
    limit: int = 0
    until: datetime | None = None
    by: str | None = None
    public: bool = False

    @property
    def address(self) -> str:
        """What people click on."""
        return ADDRESS + self.code


Counts = Mapping[str, Count]


class Used(NamedTuple):
    """What happened to invites between two looks.

    Args:
        uses: how often each was used that is still there, those that were not left out.
        gone: how often each may have been used that is not there any more; None for any number.
        clear: whether all of that can be told; counters that went back cannot.
    """

    uses: dict[str, int]
    gone: dict[str, int | None]
    clear: bool


def compare(before: Counts, after: Counts, since: datetime) -> Used:
    """Return how invites were used between two looks.

    Args:
        before: the first look.
        after: the second; one that is new there began at zero.
        since: what was over before that was not used by anybody who counts.
    """
    uses: dict[str, int] = {}
    clear = True
    for code, count in after.items():
        known = before.get(code)
        if known is None and count.public and count.uses:
            clear = False  # the server's own address was changed, and keeps its uses
        more = count.uses - (known.uses if known is not None else 0)
        if more < 0:
            clear = False
        elif more:
            uses[code] = more
    gone = {
        code: max(0, count.limit - count.uses) if count.limit else None
        for code, count in before.items()
        if code not in after and (count.until is None or count.until >= since)
    }
    return Used(uses, {code: left for code, left in gone.items() if left != 0}, clear)


def judge(used: Used, joins: int, known: Counts, used_up: Iterable[str] = ()) -> JoinSource:
    """Return how each of some people came in: the same for all of them, because nothing tells one from another.

    Args:
        used: how invites were used while they came.
        joins: how many they are.
        known: the invites.
        used_up: those that Discord said are gone at about that time, as it does when one is used up.

    Returns:
        ``exact`` when all uses are of one invite and as many as the joins; ``inferred`` when no use is left to tell by,
        and one invite was used up for which they are just as many; else ``ambiguous`` with all that it may have been,
        or ``unknown``.
    """
    total = sum(used.uses.values())
    if used.clear and total == joins and len(used.uses) == 1:
        return _by(known[next(iter(used.uses))], "exact")
    if used.clear and total == joins:
        kinds = {_kind(known[code]) for code in used.uses}
        return msgspec.structs.replace(_one_of(used.uses, known), kind=kinds.pop() if len(kinds) == 1 else "unknown")
    if used.clear and not total and len(used.gone) == 1:
        ((code, left),) = used.gone.items()
        if left == joins and code in used_up:
            return _by(known[code], "inferred")
    return _one_of([*used.uses, *used.gone], known)


def judge_missed(used: Used, joins: int, known: Counts) -> JoinSource:
    """Return how each of some people came in while nobody listened, some of whom may have come and gone unseen."""
    source = judge(used, joins, known)
    inferred = source.certainty == "exact" and not used.gone
    return msgspec.structs.replace(source, certainty="inferred") if inferred else _doubtful(source)


def _doubtful(source: JoinSource) -> JoinSource:
    if source.certainty not in ("exact", "inferred") or source.invite is None:
        return source
    return JoinSource("unknown", "ambiguous", candidates=(Candidate(source.invite, source.by),))


def _kind(count: Count) -> Literal["public_link", "referral"]:
    return "public_link" if count.public else "referral"


def _by(count: Count, certainty: Literal["exact", "inferred"]) -> JoinSource:
    return JoinSource(_kind(count), certainty, by=count.by, invite=count.address)


def _one_of(codes: Iterable[str], known: Counts) -> JoinSource:
    ways = tuple(Candidate(known[code].address, known[code].by) for code in codes)
    return JoinSource("unknown", "ambiguous", candidates=ways) if ways else JoinSource()


class Heard(NamedTuple):
    """A join that is not accounted for.

    Args:
        seconds: when it was heard of, in platform time.
        at: when it was, as Discord tells it.
    """

    seconds: float
    at: datetime


class Tally:
    """The joins of a guild that are not accounted for, and how often its invites were used before them and since.

    Attributes:
        before: the invites when all joins were accounted for; None before the first look.
    """

    def __init__(self) -> None:
        self.before: dict[str, Count] | None = None
        self._after: dict[str, Count] = {}
        self._heard: dict[str, Heard] = {}
        self._deleted: dict[str, float] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._heard

    @property
    def oldest(self) -> float | None:
        """When the first join was heard of that is not accounted for; None when all are."""
        return min((heard.seconds for heard in self._heard.values()), default=None)

    def hear(self, key: str, seconds: float, at: datetime) -> None:
        """Hear that somebody came in."""
        self._heard[key] = Heard(seconds, at)

    def made(self, count: Count) -> None:
        """Hear that there is a new invite, which may be gone again at the next look."""
        if self.before is not None:
            self.before.setdefault(count.code, count)
            self._after.setdefault(count.code, count)

    def deleted(self, code: str, seconds: float) -> None:
        """Hear that an invite is not there any more: somebody revoked it, or it is used up."""
        self._deleted[code] = seconds

    def look(self, counts: Mapping[str, Count]) -> None:
        """Take a look; the first one is what later ones are compared with."""
        self._after = dict(counts)
        if self.before is None:
            self._rebase()

    def forget(self, seconds: float) -> None:
        """Account no more for joins that were heard of before a moment, nor for any use up to the last look.

        Args:
            seconds: their uses were surely counted before that look began, or never will be.
        """
        if any(heard.seconds <= seconds for heard in self._heard.values()):
            self.let_go(seconds)
            self._rebase()

    def let_go(self, seconds: float) -> None:
        """Account no more for joins that were heard of before a moment, while there was no look yet."""
        self._heard = {key: heard for key, heard in self._heard.items() if heard.seconds > seconds}

    def start_again(self) -> None:
        """Know nothing of the invites any more; the joins may still be counted."""
        self.before = None

    def conclude(self, *, last: bool, sure: bool = True) -> JoinSource | None:
        """Return how everybody came in who is not accounted for; None if another look may tell more.

        Args:
            last: whether there will be no other look for them.
            sure: whether everybody was heard of whom the last look counted; otherwise nothing is exact.
        """
        if self.before is None:
            return JoinSource() if last else None
        known = {**self.before, **self._after}
        used = self._used(self.before)
        joins, total = len(self._heard), sum(used.uses.values())
        if sure and used.clear and total == joins:
            source = judge(used, joins, known)
            self._heard.clear()
            self._rebase()
            return source
        if not last:
            return None
        source = judge(used, joins, known, self._just_deleted())
        if total > joins or not used.clear:
            self._rebase()
        return source if sure else _doubtful(source)

    def missed(self, before: Counts | None, counts: Counts, joins: int, since: datetime) -> JoinSource:
        """Return how each of some people came in of whom nobody heard then, and begin anew.

        Args:
            before: the invites before they came; None when nobody knows.
            counts: a look, which was taken after they had come.
            joins: how many they are.
            since: when the last of what came before them was safe.
        """
        self._after = dict(counts)
        self._rebase()
        if before is None or not joins:
            return JoinSource()
        return judge_missed(compare(before, counts, since), joins, {**before, **counts})

    def _used(self, before: Counts) -> Used:
        """Return how invites were used, without those that were gone before the first join was heard of."""
        first = min((heard.at for heard in self._heard.values()), default=datetime.max.replace(tzinfo=UTC))
        long_gone = self._deleted.keys() - self._just_deleted()
        there = {code: count for code, count in before.items() if code not in long_gone or code in self._after}
        return compare(there, self._after, first - ABOUT)

    def _just_deleted(self) -> set[str]:
        since = (self.oldest or 0.0) - ABOUT.total_seconds()
        return {code for code, seconds in self._deleted.items() if seconds >= since}

    def _rebase(self) -> None:
        self.before = dict(self._after)
        self._deleted = {code: seconds for code, seconds in self._deleted.items() if code in self.before}
