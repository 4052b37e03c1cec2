"""Where people get their links: made when they ask, one for each platform, made anew when it is good no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from xiaoer import (
    Content,
    CreateInvite,
    Link,
    Named,
    Part,
    Refusal,
    RevokeInvite,
    Row,
    Text,
    Then,
    Transaction,
    Who,
    one_line,
)
from xiaoer_referral.config import ReferralConfig
from xiaoer_referral.statements import (
    ADD_LINK,
    ASKED_SINCE,
    BECOME,
    COUNTS,
    KEPT,
    LINK,
    LINK_BY_ID,
    LIVE,
    MADE,
    OLDEST,
)

NAME_LIMIT = 32
SOON = timedelta(hours=1)
"""A link that is over so soon is made anew."""

LOST_AFTER = timedelta(minutes=10)
"""After this nobody waits for a link any more that was asked for."""


def mine(tx: Transaction, who: Who, config: ReferralConfig) -> None:
    """Show somebody their links and what came of them; links that they lack are asked for."""
    parts: list[Part] = [*_counted(tx, who.account)]
    for platform, space in doors(tx).items():
        parts += ["\n", *_line(tx, who, platform, space, config)]
    tx.answer(Content(tuple(parts)))


def doors(tx: Transaction) -> dict[str, str]:
    """Return the space of each platform of the community into which links lead: the first."""
    found: dict[str, str] = {}
    for space in tx.community.spaces:
        found.setdefault(space.partition(":")[0], space)
    return found


def _counted(tx: Transaction, account: str) -> Text:
    rows = {row.state: row for row in tx.all(COUNTS, here=tx.community.id, who=tx.person(account))}

    def number(*states: str) -> int:
        return sum(rows[state].number for state in states if state in rows)

    values: dict[str, Any] = {
        "brought": number("pending", "flagged", "paid", "capped", "silent"),
        "waiting": number("pending"),
        "checked": number("flagged"),
        "settled": number("paid", "capped"),
        "points": rows["paid"].points if "paid" in rows else 0,
    }
    return tx.text("referral.mine.counts", **values)


def _line(tx: Transaction, who: Who, platform: str, space: str, config: ReferralConfig) -> Text:
    name = _called(platform)
    row = tx.one(LINK, here=tx.community.id, who=tx.person(who.account), place=space)
    if row is not None and row.state == "live" and not _is_over(tx, row):
        return (*tx.text("referral.mine.link", platform=name), " ", Link(row.invite, row.invite))
    if row is not None and row.state == "asked" and tx.now - row.made < LOST_AFTER:
        return tx.text("referral.mine.asked", platform=name)
    if _asked_today(tx, who) >= config.links_a_day:
        return tx.text("referral.mine.tomorrow", platform=name, count=config.links_a_day)
    _ask(tx, who, space, config)
    return tx.text("referral.mine.asked", platform=name)


def _called(platform: str) -> str:
    return {"web": "Web"}.get(platform, platform.capitalize())


def _is_over(tx: Transaction, row: Row) -> bool:
    return row.expires is not None and row.expires - tx.now < SOON


def _asked_today(tx: Transaction, who: Who) -> int:
    since = tx.now - timedelta(days=1)
    row = tx.one(ASKED_SINCE, here=tx.community.id, who=tx.person(who.account), since=since)
    number: int = 0 if row is None else row.number
    return number


def _ask(tx: Transaction, who: Who, space: str, config: ReferralConfig) -> None:
    _make_room(tx, space, config)
    expires = tx.now + timedelta(days=config.expires_days) if config.expires_days else None
    name = one_line(who.name, NAME_LIMIT) or who.account
    row = tx.one(
        ADD_LINK,
        community=tx.community.id,
        space=space,
        owner=who.account,
        name=name,
        made=tx.now,
        expires=expires,
    )
    assert row is not None  # noqa: S101 - just written
    tx.request(CreateInvite(chat=space, name=name, expires=expires, then=Then("linked", {"link": row.id})))


def _make_room(tx: Transaction, space: str, config: ReferralConfig) -> None:
    """Revoke the links that were unused for longest where a platform has as many as it may have."""
    most = config.most_links.get(space.partition(":")[0])
    kept = tx.one(KEPT, place=space)
    for _ in range(0 if most is None or kept is None else kept.number - most + 1):
        oldest = tx.one(OLDEST, place=space)
        if oldest is not None:
            _revoke(tx, oldest)


def _revoke(tx: Transaction, row: Row) -> None:
    tx.run(BECOME, number=row.id, became="revoked")
    if row.invite is not None:
        tx.request(RevokeInvite(chat=row.space, invite=row.invite))


def linked(tx: Transaction, number: int, invite: str | None) -> None:
    """Give somebody the link that was made for them, or tell them that there is none."""
    row = tx.one(LINK_BY_ID, here=tx.community.id, number=number)
    if row is None:
        return
    platform = _called(row.space.partition(":")[0])
    if invite is None:
        tx.run(BECOME, number=number, became="failed")
        tx.tell(row.owner, tx.content("referral.mine.failed", to=tx.who(row.owner), platform=platform))
    elif row.state != "asked":  # it was revoked before it was there
        tx.request(RevokeInvite(chat=row.space, invite=invite))
    else:
        tx.run(MADE, number=number, address=invite)
        words = tx.text("referral.mine.link", to=tx.who(row.owner), platform=platform)
        tx.tell(row.owner, Content((*words, " ", Link(invite, invite))))


def renew(tx: Transaction, who: Who, config: ReferralConfig) -> None:
    """Revoke somebody's links and make new ones.

    Raises:
        Refusal: they had too many today.
    """
    if _asked_today(tx, who) >= config.links_a_day:
        raise Refusal("referral.refused.links", count=config.links_a_day)
    _revoke_all(tx, who.account)
    mine(tx, who, config)


def _revoke_all(tx: Transaction, account: str) -> int:
    rows = tx.all(LIVE, here=tx.community.id, who=tx.person(account))
    for row in rows:
        _revoke(tx, row)
    return len(rows)


def revoke(tx: Transaction, named: Named) -> None:
    """Let an admin revoke all links of somebody, who gets new ones when they ask.

    Raises:
        Refusal: they have none.
    """
    count = _revoke_all(tx, named.account)
    if not count:
        raise Refusal("referral.refused.no_links", name=named.name)
    tx.answer(tx.content("referral.revoked", name=one_line(named.name, NAME_LIMIT), count=count))
    tx.tell(named.account, tx.content("referral.revoked_yours", to=tx.who(named.account)))
