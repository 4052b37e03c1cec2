"""Taking a roll of holders in, all of it or nothing, after saying what would become of it; and writing it out."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any, NamedTuple

from xiaoer import (
    ActionEnded,
    Button,
    CommandUsed,
    Community,
    Content,
    Context,
    KeepFile,
    Part,
    Refusal,
    Stored,
    Text,
    Then,
    Transaction,
    Who,
    one_line,
    plain,
)
from xiaoer_tier_badges import board, porter, seating
from xiaoer_tier_badges.census import Person, Taken, Verdict, judge
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.place import Spot, here, spot_at
from xiaoer_tier_badges.records import (
    ALL_HOLDERS,
    GIVE_ALL,
    IN_PLACE,
    NO_ROLL,
    NOTE_ALL,
    OLD_ROLLS,
    PENDING_AT,
    PERSONS,
    PROPOSE,
    ROLL,
)
from xiaoer_tier_badges.roll import MOST_BYTES, Entry, Fault, Holder, decoded, doubled, read, written
from xiaoer_tier_badges.seat import Place, find_places
from xiaoer_tier_badges.wording import called, name_of, rank_of

Here = Context[TierBadgesConfig]

CONFIRM = ("confirm", "确认")
LINES = 20
"""So many lines are told of what would be done, or of what is wrong; the others are counted."""

KEPT = timedelta(days=1)
"""So long an import waits for the word, and a file that was written can be fetched."""

_ACCOUNT = re.compile(r"[a-z]+:\S+")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Looked(NamedTuple):
    """A roll that was read, with whom its words mean."""

    entries: list[Entry]
    people: dict[str, Person]
    faults: list[Fault]


class Asker(NamedTuple):
    """Who brought a roll, and where they hear of it; no chat where they are answered."""

    account: str
    chat: str | None = None


# What is typed


async def take_in(ctx: Here, event: CommandUsed, typed: str) -> None:
    """Read the roll that was typed or hangs on the message that the command is used on, or confirm the last one.

    Raises:
        Refusal: there is none.
    """
    if typed.strip().casefold() in CONFIRM:
        await confirm(ctx, event.who)
        return
    quoted, chat = event.quoted, event.chat or event.space
    file = next(iter(quoted.attachments), None) if quoted is not None and not typed else None
    if file is not None:
        then = Then("roll", {"account": event.who.account, "chat": chat})
        ctx.request(KeepFile(chat=chat, attachment=file, then=then))
        ctx.answer(ctx.content("tier_badges.import.reading", file=one_line(file.name, 60)))
        return
    text = typed or (quoted.text if quoted is not None else "")
    if not text.strip():
        raise Refusal("tier_badges.refused.no_roll")
    data = text.encode("utf-8", "replace")
    ctx.transact(propose, ctx.config, Asker(event.who.account), await _look(ctx, data), data)


async def kept(ctx: Here, event: ActionEnded) -> None:
    """Read the roll that hung on a message, or say why it could not be."""
    asker = Asker(event.data["account"], event.data["chat"])
    row = None if event.file is None else await ctx.file(event.file)
    if row is None:
        why = plain(ctx.text(event.why, to="all", **event.values)) if event.why else event.error or ""
        ctx.send(
            event.data["chat"], ctx.content("tier_badges.import.no_file", to="all", why=why), only_to=asker.account
        )
        return
    ctx.transact(propose, ctx.config, asker, await _look(ctx, row.data), str(row.digest))


async def confirm(ctx: Here, who: Who, said: str = "") -> None:
    """Take in the roll that somebody was shown what would become of.

    Args:
        ctx: the command's or button's.
        who: who says so.
        said: how the digest of the roll begins that they say so of; empty for the last one.

    Raises:
        Refusal: there is none, or another one came after it.
    """
    rows = await ctx.read(ROLL, here=ctx.community.id, who=who.account)
    if not rows:
        raise Refusal("tier_badges.refused.no_proposal")
    if not rows[0].digest.startswith(said):
        raise Refusal("tier_badges.refused.old_proposal")
    file = await ctx.file(rows[0].digest)
    if file is None:
        raise Refusal("tier_badges.refused.no_proposal")
    looked = await _look(ctx, file.data)
    ready = await asyncio.to_thread(_ready, looked, ctx.community, who.account, ctx.now)
    ctx.transact(settle, ctx.config, who, looked, ready, rows[0].digest)


async def _look(ctx: Here, data: bytes) -> Looked:
    """Read a roll and look whom it means."""
    if len(data) > MOST_BYTES:
        return Looked([], {}, [Fault(1, "tier_badges.import.too_large", {"most": MOST_BYTES // 1_000})])
    text = decoded(data)
    if text is None:
        return Looked([], {}, [Fault(1, "tier_badges.import.encoding", {})])
    roll = await asyncio.to_thread(read, text, ctx.config.board, ctx.community.name, ctx.now.date())
    people: dict[str, Person] = {}
    faults = list(roll.faults)
    wrong: dict[str, Refusal] = {}
    for entry in roll.entries:
        if entry.person not in people and entry.person not in wrong:
            try:
                people[entry.person] = await _person(ctx, entry.person)
            except Refusal as refusal:
                wrong[entry.person] = refusal
        if entry.person in wrong:
            faults.append(Fault(entry.line, wrong[entry.person].key, wrong[entry.person].values))
    return Looked(roll.entries, people, faults)


async def _person(ctx: Here, word: str) -> Person:
    """Return whom a word means; an account of a platform that the community is on need not be known yet."""
    try:
        found = await ctx.find(word)
    except Refusal:
        platforms = {space.partition(":")[0] for space in ctx.community.spaces}
        if not _ACCOUNT.fullmatch(word) or word.partition(":")[0] not in platforms:
            raise
        return Person(word, "", known=False)
    return Person(found.account, found.name, known=True)


# What becomes of it


def propose(tx: Transaction, config: TierBadgesConfig, asker: Asker, looked: Looked, data: bytes | str) -> None:
    """Say what would become of a roll, and keep it until whoever brought it says that it shall be so.

    Args:
        tx: the transaction.
        config: the community's.
        asker: who brought it.
        looked: what it says.
        data: its bytes, or the digest under which they are kept already.
    """
    forget_last(tx, asker.account)
    verdict = _judged(tx, config, looked)
    if verdict.faults:
        if isinstance(data, str):
            tx.forget_file(data)
        _say(tx, asker, Content(_faults(tx, verdict.faults)))
        return
    if not verdict.give:
        if isinstance(data, str):
            tx.forget_file(data)
        _say(tx, asker, tx.content("tier_badges.import.nothing_new", to=_to(asker), same=len(verdict.same)))
        return
    digest = data if isinstance(data, str) else tx.keep_file(data, "roll.csv", "text/csv")
    tx.run(PROPOSE, community=tx.community.id, account=asker.account, digest=digest, at=tx.now)
    label = plain(tx.text("tier_badges.import.yes", to=_to(asker)))
    text = _table(tx, config, looked, verdict, _to(asker))
    _say(tx, asker, Content(text, ((Button(label, "roll", digest[:16]),),)))


def settle(
    tx: Transaction, config: TierBadgesConfig, who: Who, looked: Looked, ready: Mapping[int, str], digest: str
) -> None:
    """Take a roll in, unless something speaks against any of it by now; then nothing of it is.

    Args:
        tx: the transaction.
        config: the community's.
        who: who says so.
        looked: what it says.
        ready: its rows as statements take them, by their lines.
        digest: under which it is kept.

    Raises:
        Refusal: it was taken in already.
    """
    row = tx.one(ROLL, here=tx.community.id, who=who.account)
    if row is None or row.digest != digest:
        raise Refusal("tier_badges.refused.no_proposal")
    verdict = _judged(tx, config, looked)
    if verdict.faults:
        tx.answer(Content(_faults(tx, verdict.faults)))
        return
    _write(tx, config, looked, verdict.give, ready)
    forget_last(tx, who.account)
    tx.answer(tx.content("tier_badges.import.done", count=len(verdict.give), same=len(verdict.same)))


def _judged(tx: Transaction, config: TierBadgesConfig, looked: Looked) -> Verdict:
    """Return what becomes of a roll as everything is now; with faults, nothing else matters."""
    if looked.faults:
        return Verdict([], [], sorted(looked.faults, key=lambda fault: fault.line))
    accounts = sorted({person.account for person in looked.people.values()})
    stands = {row.account: row.person for row in tx.all(PERSONS, rows=json.dumps(accounts))}
    persons = {word: stands[person.account] for word, person in looked.people.items()}
    seats: dict[tuple[Place, int], Taken] = {}
    for place in {entry.place for entry in looked.entries}:
        for row in tx.all(IN_PLACE, **here(tx, place)):
            seats[place, row.number] = Taken(row.state, row.person or "", row.name)
    verdict = judge(looked.entries, persons, seats, config.board)
    faults = [*doubled(looked.entries, persons), *verdict.faults]
    return verdict._replace(faults=sorted(faults, key=lambda fault: fault.line))


def _write(
    tx: Transaction, config: TierBadgesConfig, looked: Looked, give: Sequence[Entry], rows: Mapping[int, str]
) -> None:
    """Give all seats of a roll with one statement, note it with another, and let badges follow in parts."""
    written = f"[{','.join(rows[entry.line] for entry in give)}]"
    given = tx.run(GIVE_ALL, rows=written)
    assert given == len(give)  # noqa: S101 - each was looked at in this transaction
    tx.run(NOTE_ALL, rows=written)
    accounts = {looked.people[entry.person].account for entry in give}
    for place in {entry.place for entry in give}:
        for row in tx.all(PENDING_AT, **here(tx, place), rows=json.dumps(sorted(accounts))):
            seating.wants_nothing_more(tx, spot_at(config, *place), row.person)
        board.refresh(tx, config, place)
    porter.begin(tx)


def _ready(looked: Looked, community: Community, by: str, now: datetime) -> dict[int, str]:
    """Return the rows of a roll as statements take them, by their lines: not in the transaction, where time counts."""
    here = {"community": community.id, "state": "confirmed", "what": "imported", "by": by, "why": ""}
    ready: dict[int, str] = {}
    for entry in looked.entries:
        if (person := looked.people.get(entry.person)) is None:
            continue
        row: dict[str, Any] = {
            **here,
            **entry.place._asdict(),
            "number": entry.number,
            "holder": person.account,
            "account": person.account,
            "name": name_of(person.account, entry.name or person.name),
            "since": _moment(_since(entry, community, now)),
            "at": _moment(now),
        }
        ready[entry.line] = json.dumps(row, ensure_ascii=False)
    return ready


def _since(entry: Entry, community: Community, now: datetime) -> datetime:
    return now if entry.since is None else min(datetime.combine(entry.since, time.min, community.timezone), now)


def _moment(at: datetime) -> int:
    """Return a moment as the database keeps it."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def forget_last(tx: Transaction, account: str) -> None:
    """Forget the roll that waits for somebody's word."""
    row = tx.one(ROLL, here=tx.community.id, who=account)
    if row is not None:
        tx.run(NO_ROLL, here=tx.community.id, who=account)
        tx.forget_file(row.digest)


def purge(tx: Transaction) -> None:
    """Forget the rolls that waited too long."""
    for row in tx.all(OLD_ROLLS, here=tx.community.id, moment=tx.now - KEPT):
        forget_last(tx, row.account)


# What is said


def _to(asker: Asker) -> Any:
    return None if asker.chat is None else "all"


def _say(tx: Transaction, asker: Asker, content: Content) -> None:
    if asker.chat is None:
        tx.answer(content)
    else:
        tx.send(asker.chat, content, only_to=asker.account)


def _faults(tx: Transaction, faults: Sequence[Fault]) -> Text:
    """Return what is wrong, a line each."""
    parts: list[Part] = [*tx.text("tier_badges.import.faults", count=len(faults))]
    for fault in faults[:LINES]:
        values: dict[str, Any] = fault.values
        parts += ["\n", *tx.text("tier_badges.import.at", line=fault.line), *tx.text(fault.key, **values)]
    return (*parts, *_more(tx, len(faults) - LINES))


def _more(tx: Transaction, count: int, to: Any = None) -> Text:
    return ("\n", *tx.text("tier_badges.import.more", to=to, count=count)) if count > 0 else ()


def _table(tx: Transaction, config: TierBadgesConfig, looked: Looked, verdict: Verdict, to: Any) -> Text:
    """Return what would be done, a line each."""
    strangers = sum(not looked.people[entry.person].known for entry in verdict.give)
    values: dict[str, Any] = {"count": len(verdict.give), "same": len(verdict.same), "strangers": strangers}
    parts: list[Part] = [*tx.text("tier_badges.import.would", to=to, **values)]
    for entry in verdict.give[:LINES]:
        parts += ["\n", *_line(tx, config, entry, looked.people[entry.person], to)]
    parts += _more(tx, len(verdict.give) - LINES, to)
    return (*parts, "\n", *tx.text("tier_badges.import.how", to=to))


def _line(tx: Transaction, config: TierBadgesConfig, entry: Entry, person: Person, to: Any) -> Text:
    track = config.board[entry.place.track]
    spot = Spot(track, track.subjects[entry.place.subject])
    values: dict[str, Any] = {
        "line": entry.line,
        "subject": called(tx, spot.subject, to),
        "number": entry.number,
        "rank": rank_of(tx, track, entry.number, to),
        "name": name_of(person.account, entry.name or person.name),
        "account": person.account,
    }
    return tx.text("tier_badges.import.line", to=to, **values)


# Writing it out


async def write_out(ctx: Here, word: str) -> None:
    """Give an admin the roll of holders as a file.

    Raises:
        Refusal: there is no such subject, or nobody has a seat there.
    """
    places = {subject.place for subject in find_places(ctx.config.board, word, ctx.community.name)}
    rows = await ctx.report(ALL_HOLDERS, here=ctx.community.id)
    holders = list(_holders(ctx, [row for row in rows if not word or (row.track, row.subject) in places]))
    if not holders:
        raise Refusal("tier_badges.refused.no_holders")
    ctx.transact(_hand_out, await asyncio.to_thread(written, holders), len(holders))


def _holders(ctx: Here, rows: Iterable[Any]) -> Iterable[Holder]:
    for row in rows:
        track = ctx.config.board.get(row.track)
        rank = None if track is None else track.rank(row.number)
        since = row.since.astimezone(ctx.timezone).date()
        yield Holder(
            Place(row.track, row.subject), row.number, "" if rank is None else rank.id, row.holder, row.name, since
        )


def _hand_out(tx: Transaction, data: bytes, count: int) -> None:
    name = f"seats-{tx.now.astimezone(tx.community.timezone):%Y-%m-%d}.csv"
    digest = tx.keep_file(data, name, "text/csv")
    tx.schedule(f"forget.{digest}", tx.now + KEPT, {"digest": digest})
    text = tx.text("tier_badges.export.done", count=count)
    tx.answer(Content(text, file=Stored(digest, name, alt=name)))


def forget(tx: Transaction, digest: str) -> None:
    """Keep a file no longer that was written for somebody."""
    tx.forget_file(digest)
