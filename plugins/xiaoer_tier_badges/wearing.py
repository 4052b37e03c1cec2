"""What people wear: asked for when something about their seats changes, put right again, shown on demand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from xiaoer import (
    ActionEnded,
    Badge,
    BadgesChanged,
    Content,
    Part,
    Picture,
    Refusal,
    Row,
    Text,
    Then,
    Transaction,
    WearBadges,
    one_line,
    plain,
)
from xiaoer_tier_badges.badge import NAME, PASSES, Held, badges_of
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.gate import Gate, admits, wanted
from xiaoer_tier_badges.place import here
from xiaoer_tier_badges.records import BARE, HELD_FOR, REPAIRED, SEEN, STANDING, WEAR, WORN, WORN_BY
from xiaoer_tier_badges.seat import Place
from xiaoer_tier_badges.statements import MINE, SEAT
from xiaoer_tier_badges.wording import NAME_LIMIT, language, name_of

REPAIRS = 10
"""So often in an hour somebody's badges are put right; more is a quarrel with somebody who takes them each time."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def held(tx: Transaction, account: str) -> list[Held]:
    """Return the confirmed seats of the person behind an account."""
    return [Held(Place(row.track, row.subject), row.number) for row in tx.all(MINE, here=tx.community.id, who=account)]


def offered(tx: Transaction, account: str) -> list[Held]:
    """Return the seats that are held for the person behind an account."""
    rows = tx.all(HELD_FOR, here=tx.community.id, who=account)
    return [Held(Place(row.track, row.subject), row.number) for row in rows]


def refresh(tx: Transaction, config: TierBadgesConfig, account: str) -> None:
    """Ask that the person behind an account wears what their seats say, wherever in the community they are."""
    seats = held(tx, account)
    for space, one in tx.memberships(account):
        row = _worn(tx, space, one)
        badges = _dress(tx, config, space, one, seats)
        if badges or row is not None:
            _ask(tx, space, one, badges, row)


def _worn(tx: Transaction, space: str, account: str) -> Row | None:
    return tx.one(WORN, here=tx.community.id, who=account, place=space)


def _dress(
    tx: Transaction, config: TierBadgesConfig, space: str, account: str, seats: Sequence[Held]
) -> tuple[Badge, ...]:
    """Return what an account wears in a space: the badges of its person's seats, and what lets it into chats there."""
    spoken = language(tx, "all")
    passes = [
        pass_of(tx, config, gate)
        for gate in config.gates
        if not gate.whole and gate.space == space and (admits(gate, config.board, seats) or _stays(tx, gate, account))
    ]
    return (*badges_of(config.board, seats, spoken), *passes)


def _stays(tx: Transaction, gate: Gate, account: str) -> bool:
    return tx.one(STANDING, here=tx.community.id, who=account, place=gate.chat) is not None


def pass_of(tx: Transaction, config: TierBadgesConfig, gate: Gate) -> Badge:
    """Return the badge that lets into a gated chat: it has neither tag nor colour, and stands below all ranks."""
    of = wanted(gate, config.board, language(tx, "all"))
    name = plain(tx.text("tier_badges.gate.pass", to="all", of=of))
    return Badge(gate.kind, one_line(name, NAME), order=PASSES)


def _ask(tx: Transaction, space: str, account: str, badges: tuple[Badge, ...], row: Row | None) -> None:
    """Ask for badges; who wears nothing and was stripped of everything is forgotten."""
    if not badges and row is not None and not row.kinds and row.state == "worn":
        tx.run(BARE, here=tx.community.id, who=account, place=space)
    else:
        _request(tx, space, account, badges)


def _request(tx: Transaction, space: str, account: str, badges: tuple[Badge, ...]) -> None:
    kinds = [badge.kind for badge in badges]
    row = tx.one(WEAR, community=tx.community.id, account=account, space=space, kinds=kinds, since=tx.now)
    assert row is not None  # noqa: S101 - just written
    then = Then("worn", {"space": space, "account": account, "version": row.version})
    tx.request(WearBadges(chat=space, account=account, badges=badges, then=then))


def repair(tx: Transaction, config: TierBadgesConfig, event: BadgesChanged) -> None:
    """Put right what somebody wears, unless somebody else changes it again and again.

    While something is asked for, it is that which changes it, or it puts it right by itself.
    """
    space, account, row = event.space, event.who.account, _worn(tx, event.space, event.who.account)
    if row is not None and row.state == "asked":
        return
    fresh = row is None or tx.now - row.since >= HOUR
    number = 1 if row is None or fresh else row.repairs + 1
    began = tx.now if row is None or fresh else row.since
    warned = row.warned if row is not None and tx.now - row.since < DAY else 0
    if number > REPAIRS:
        if not warned:
            name = name_of(account, event.who.name)
            tx.tell_admins(tx.content("tier_badges.badge.quarrel", to="all", name=name, count=REPAIRS))
        number, warned = REPAIRS, 1
    else:
        _request(tx, space, account, _dress(tx, config, space, account, held(tx, account)))
    tx.run(REPAIRED, here=tx.community.id, who=account, place=space, began=began, number=number, said=warned)


def seen(tx: Transaction, event: ActionEnded) -> None:
    """Note whether badges can be seen; the person is told once why they cannot."""
    space, account = event.data["space"], event.data["account"]
    row = _worn(tx, space, account)
    if row is None or row.version != event.data["version"]:
        return  # something newer was asked for
    became, why, said = "worn", "", ""
    if event.error is not None:
        became, why, said = "unseen", event.why or "", row.told
        if why and why != said and row.kinds:
            them = tx.who(account)
            reason = plain(tx.text(why, to=them, **event.values))
            tx.tell(account, tx.content("tier_badges.badge.unseen", to=them, platform=called(space), why=reason))
            said = why
    place = {"here": tx.community.id, "who": account, "place": space, "asked": row.version}
    tx.run(SEEN, **place, became=became, reason=why, names=event.values, said=said)


def called(space: str) -> str:
    """Return what people call a space's platform."""
    platform = space.partition(":")[0]
    return {"web": "Web"}.get(platform, platform.capitalize())


def forget(tx: Transaction, space: str, account: str) -> None:
    """Forget what somebody wore who left: the platform takes it from them."""
    tx.run(BARE, here=tx.community.id, who=account, place=space)


def show(tx: Transaction, config: TierBadgesConfig, account: str, name: str) -> None:
    """Show somebody's badges, where they cannot be seen and why, and the certificate of the most important seat.

    Args:
        tx: the transaction.
        config: the community's.
        account: whose.
        name: what they are called.

    Raises:
        Refusal: they have none.
    """
    badges = badges_of(config.board, held(tx, account), language(tx))
    if not badges:
        raise Refusal("tier_badges.refused.no_badge", name=one_line(name, NAME_LIMIT))
    parts: list[Part] = [*tx.text("tier_badges.badge.title", name=one_line(name, NAME_LIMIT))]
    for badge in badges:
        parts += ["\n", *tx.text("tier_badges.badge.line", tag=badge.tag, name=badge.name)]
    for row in tx.all(WORN_BY, here=tx.community.id, who=account):
        if row.kinds:
            parts += ["\n", *_how(tx, row)]
    rows = tx.all(MINE, here=tx.community.id, who=account)
    best = next(row for row in rows if badges[0].kind.startswith(f"{row.track}.{row.subject}."))
    tx.answer(Content(tuple(parts), picture=paper(tx, config, Place(best.track, best.subject), best.number)))


def _how(tx: Transaction, row: Row) -> Text:
    platform = called(row.space)
    if row.state != "unseen":
        return tx.text(f"tier_badges.badge.{row.state}", platform=platform)
    why = row.why or "tier_badges.badge.not_permitted"
    return tx.text("tier_badges.badge.hidden", platform=platform, why=plain(tx.text(why, **row.named)))


def paper(tx: Transaction, config: TierBadgesConfig, place: Place, number: int) -> Picture:
    """Return the certificate of a seat that somebody has, in the language of whoever is answered."""
    row = tx.one(SEAT, **here(tx, place), nr=number)
    assert row is not None  # noqa: S101 - somebody has it
    track = config.board.get(row.track)
    subject = None if track is None else track.subjects.get(row.subject)
    rank = None if track is None else track.rank(row.number)
    values: dict[str, Any] = {"community": tx.community.name, "name": row.name, "number": row.number}
    data: dict[str, Any] = values | {
        "track": track.names if track is not None and any(track.names) else (row.track, row.track),
        "subject": subject.names if subject is not None else (row.subject, row.subject),
        "rank": rank.names if rank is not None else ("", ""),
        "colour": None if rank is None else rank.colour,
        "since": row.since.astimezone(tx.community.timezone).date().isoformat(),
        "locale": language(tx),
    }
    return Picture("certificate", data, plain(tx.text("tier_badges.certificate.alt", **values)))
