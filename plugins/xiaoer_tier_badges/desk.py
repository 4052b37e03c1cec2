"""What is shown of seats: mine, the registry, the waiting lists, and everything that was done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xiaoer import Content, Part, Refusal, Row, Text, Transaction, Who
from xiaoer_tier_badges import handover, waitlist
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.place import Spot, here, meant, spot_of
from xiaoer_tier_badges.seat import Place
from xiaoer_tier_badges.statements import COUNTS, HOLDERS, MINE, OFFERED, TRAIL, WAITING, WAITS
from xiaoer_tier_badges.wording import called, rank_of, redacted

LINES = 30
"""Lines of one page."""

LAST = 20
"""So much of what was done is shown."""


def mine(tx: Transaction, who: Who, config: TierBadgesConfig) -> None:
    """Show somebody their seats, what they are offered, and where they wait."""
    lines: list[Text] = [*_seats(tx, who, config), *_offers(tx, who, config), *_waits(tx, who, config)]
    lines += [_asked(tx, row, config) for row in handover.asked_of(tx, who.account)]
    if not lines:
        lines.append(tx.text("tier_badges.mine.none"))
    tx.answer(Content(_joined(tx.text("tier_badges.mine.title"), lines)))


def _joined(title: Text, lines: Sequence[Text]) -> Text:
    parts: list[Part] = [*title]
    for line in lines:
        parts += ["\n", *line]
    return tuple(parts)


def _called(tx: Transaction, row: Row, config: TierBadgesConfig) -> str:
    spot = spot_of(config, Place(row.track, row.subject))
    return f"{row.track}/{row.subject}" if spot is None else called(tx, spot.subject)


def _rank(tx: Transaction, row: Row, config: TierBadgesConfig) -> str:
    track = config.board.get(row.track)
    return "–" if track is None else rank_of(tx, track, row.number)


def _seats(tx: Transaction, who: Who, config: TierBadgesConfig) -> list[Text]:
    return [
        tx.text(
            "tier_badges.mine.seat",
            number=row.number,
            rank=_rank(tx, row, config),
            subject=_called(tx, row, config),
            since=row.since,
        )
        for row in tx.all(MINE, here=tx.community.id, who=who.account)
    ]


def _offers(tx: Transaction, who: Who, config: TierBadgesConfig) -> list[Text]:
    rows = [row for row in tx.all(OFFERED, here=tx.community.id, who=who.account) if row.expires > tx.now]
    return [
        tx.text(
            "tier_badges.mine.offer" if row.number is None else "tier_badges.mine.held",
            number=row.number,
            subject=_called(tx, row, config),
            place=f"{row.track}/{row.subject}",
            until=row.expires,
        )
        for row in rows
    ]


def _waits(tx: Transaction, who: Who, config: TierBadgesConfig) -> list[Text]:
    return [
        tx.text(
            "tier_badges.mine.waits",
            subject=_called(tx, row, config),
            position=waitlist.position(tx, Place(row.track, row.subject), who.account),
        )
        for row in tx.all(WAITS, here=tx.community.id, who=who.account)
    ]


def _asked(tx: Transaction, row: Row, config: TierBadgesConfig) -> Text:
    values: dict[str, Any] = {"name": row.giver_name, "number": row.number, "subject": _called(tx, row, config)}
    return tx.text("tier_badges.mine.asked", until=row.expires, place=f"{row.track}/{row.subject}", **values)


def registry(tx: Transaction, word: str, page: int, config: TierBadgesConfig) -> None:
    """Show who has which seat of a subject; without one, how many seats of each are taken.

    Raises:
        Refusal: there is no such subject, or no such page.
    """
    if not word and sum(len(track.subjects) for track in config.board.values()) > 1:
        _overview(tx, page, config)
    else:
        _holders(tx, meant(tx, config, word), page, config)


def _overview(tx: Transaction, page: int, config: TierBadgesConfig) -> None:
    taken = {Place(row.track, row.subject): row.count for row in tx.all(COUNTS, here=tx.community.id)}
    spots = [Spot(track, subject) for track in config.board.values() for subject in track.subjects.values()]
    lines = [
        tx.text(
            "tier_badges.registry.subject",
            subject=called(tx, spot.subject),
            place=str(spot.place),
            count=taken.get(spot.place, 0),
            capacity=spot.track.capacity,
        )
        for spot in _page(spots, page)
    ]
    title = tx.text("tier_badges.registry.title", subject=tx.community.name, count=sum(taken.values()))
    tx.answer(Content(_paged(tx, _joined(title, lines), page, len(spots), '/seat registry ""')))


def _holders(tx: Transaction, spot: Spot, page: int, config: TierBadgesConfig) -> None:
    rows = tx.all(HOLDERS, **here(tx, spot.place))
    lines = [
        tx.text(
            "tier_badges.registry.line",
            number=row.number,
            rank=rank_of(tx, spot.track, row.number),
            name=_shown(row.name, config),
        )
        for row in _page(rows, page)
    ]
    key = "tier_badges.registry.title" if rows else "tier_badges.registry.nobody"
    title = tx.text(key, subject=called(tx, spot.subject), count=len(rows))
    tx.answer(Content(_paged(tx, _joined(title, lines), page, len(rows), f"/seat registry {spot.place}")))


def _shown(name: str, config: TierBadgesConfig) -> str:
    return name if config.registry == "names" else redacted(name)


def _page(rows: Sequence[Any], page: int) -> Sequence[Any]:
    found = rows[(page - 1) * LINES : page * LINES]
    if not found and rows:
        raise Refusal("tier_badges.refused.no_page", pages=_pages(len(rows)))
    return found


def _pages(count: int) -> int:
    return max(1, -(-count // LINES))


def _paged(tx: Transaction, text: Text, page: int, count: int, command: str) -> Text:
    pages = _pages(count)
    if pages == 1:
        return text
    after = page % pages + 1
    return (*text, "\n", *tx.text("tier_badges.registry.page", page=page, pages=pages, next=f"{command} {after}"))


def waiting(tx: Transaction, who: Who, spot: Spot, config: TierBadgesConfig) -> None:
    """Show who waits for a seat of a subject, and whether the person who asks is among them."""
    rows = tx.all(WAITING, **here(tx, spot.place))
    subject = called(tx, spot.subject)
    lines = [
        tx.text("tier_badges.waitlist.line", position=number, name=_shown(row.name, config))
        for number, row in enumerate(rows[:LAST], 1)
    ]
    if len(rows) > LAST:
        lines.append(tx.text("tier_badges.waitlist.more", count=len(rows) - LAST))
    mine = waitlist.position(tx, spot.place, who.account)
    if mine is not None:
        lines.append(tx.text("tier_badges.waitlist.mine", position=mine, place=str(spot.place)))
    else:
        lines.append(tx.text("tier_badges.waitlist.how", place=str(spot.place)))
    key = "tier_badges.waitlist.title" if rows else "tier_badges.waitlist.nobody"
    tx.answer(Content(_joined(tx.text(key, subject=subject, count=len(rows)), lines)))


def audit(tx: Transaction, word: str, number: int, config: TierBadgesConfig) -> None:
    """Show an admin what was done last to the seats of a subject, or to one of them: who, when and why."""
    spot = meant(tx, config, word)
    rows = tx.all(TRAIL, **here(tx, spot.place), nr=number, most=LAST)
    lines = [_done(tx, row) for row in rows]
    key = "tier_badges.audit.title" if rows else "tier_badges.audit.nothing"
    tx.answer(Content(_joined(tx.text(key, subject=called(tx, spot.subject)), lines)))


def _done(tx: Transaction, row: Row) -> Text:
    what = tx.text(f"tier_badges.trail.{row.what}", number=row.number or "–", name=row.name)
    by = (row.name if row.by == row.account else row.by) or tx.text("tier_badges.audit.machine")
    line = tx.text("tier_badges.audit.line", at=row.at, what=what, by=by)
    if row.what in ("offered", "held"):
        return (*line, " · ", *tx.text(f"tier_badges.how.{row.why}"))
    return (*line, f" · {row.why}") if row.why else line
