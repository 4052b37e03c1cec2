"""What is looked at every hour: who deserves a seat, who waits for one that is there, who has two since a linking."""

from __future__ import annotations

from datetime import timedelta
from itertools import islice
from typing import Any

from xiaoer import MEMBERS_SINCE, POINTS_TOP, Context, Transaction
from xiaoer_tier_badges import board, merit, waitlist
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.holders import note
from xiaoer_tier_badges.merit import AT_ONCE, Candidate
from xiaoer_tier_badges.place import here
from xiaoer_tier_badges.seat import Place, Subject, Track
from xiaoer_tier_badges.statements import (
    DOUBLES,
    HAD_OFFERS,
    INVITERS,
    NOTED,
    OPEN_OFFERS,
    SEAT,
    SEATED,
    TAKEN_COUNT,
    WAITING_PLACES,
)

MOST = 20_000
"""So many people are looked at."""

SOON = timedelta(minutes=1)
"""After this those are offered seats who were too many for one transaction."""


async def look(ctx: Context[TierBadgesConfig]) -> None:
    """Look who deserves a seat, whether there are more seats than there were, and who has two."""
    ctx.transact(tidy, ctx.config)
    left = AT_ONCE
    for track in ctx.config.board.values():
        for subject in track.subjects.values():
            if subject.terms.how == "hand" or (room := await _room(ctx, track, subject.place)) <= 0:
                continue
            found = (await _candidates(ctx, subject))[:room]
            if found[:left]:
                ctx.transact(merit.offer_all, subject.place, found[:left], ctx.config)
            if len(found) > left:
                ctx.schedule("more", ctx.now + SOON)
                return
            left -= len(found)


async def _room(ctx: Context[TierBadgesConfig], track: Track, place: Place) -> int:
    """Return for how many seats of a subject there is no offer yet."""
    there = _there(ctx, place)
    (taken,) = await ctx.report(TAKEN_COUNT, **there, refill=int(track.refill), capacity=track.capacity)
    (offered,) = await ctx.report(OPEN_OFFERS, **there)
    return track.capacity - int(taken.count) - int(offered.count)


def _there(ctx: Context[TierBadgesConfig], place: Place) -> dict[str, Any]:
    return {"here": ctx.community.id, "of_track": place.track, "of_subject": place.subject}


async def _candidates(ctx: Context[TierBadgesConfig], subject: Subject) -> list[Candidate]:
    """Return who has what a seat is offered for, and neither seat nor offer."""
    terms = subject.terms
    match terms.how:
        case "points":
            rows = await ctx.report(POINTS_TOP, here=ctx.community.id, most=MOST)
            rows = [row for row in rows if row.points >= terms.points]
        case "referrals":
            rows = await ctx.report(INVITERS, here=ctx.community.id, least=terms.referrals, most=MOST)
        case "joined":
            until = ctx.now - timedelta(days=terms.days)
            rows = await ctx.report(MEMBERS_SINCE, here=ctx.community.id, until=until, most=MOST)
        case "hand":
            return []
    there = _there(ctx, subject.place)
    had = {row.person for known in (HAD_OFFERS, SEATED) for row in await ctx.report(known, **there)}
    members = await ctx.report(MEMBERS_SINCE, here=ctx.community.id, until=ctx.now, most=MOST)
    names = {row.person: row.name for row in members if row.person not in had}
    found = (Candidate(row.person, names[row.person]) for row in rows if row.person in names)
    return list(islice(found, AT_ONCE + 1))


def tidy(tx: Transaction, config: TierBadgesConfig) -> None:
    """Offer free numbers to those who wait, and note once who has two seats because their accounts were linked."""
    left = waitlist.AT_ONCE
    for row in tx.all(WAITING_PLACES, here=tx.community.id):
        left -= waitlist.fill(tx, config, Place(row.track, row.subject))
        if left <= 0:
            tx.schedule("more", tx.now + SOON)
            break
    for row in tx.all(DOUBLES, here=tx.community.id):
        place = Place(row.track, row.subject)
        if tx.one(NOTED, **here(tx, place), nr=row.last, act="linked") is None:
            seat = tx.one(SEAT, **here(tx, place), nr=row.last)
            if seat is not None:
                note(tx, place, row.last, seat.holder, seat.name, "linked", "", f"№{row.first}")
                values: dict[str, Any] = {"name": seat.name, "first": row.first, "last": row.last, "place": str(place)}
                tx.tell_admins(tx.content("tier_badges.linked", to="all", **values))


def fill(tx: Transaction, place: Place, config: TierBadgesConfig) -> None:
    """Offer free numbers to those who wait."""
    if waitlist.fill(tx, config, place):
        board.refresh(tx, config, place)
