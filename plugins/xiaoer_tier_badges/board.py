"""The board of a subject: a message in the main chats that says how many seats there are, with a button to take one."""

from __future__ import annotations

from typing import Any

from xiaoer import Button, Refusal, Row, Transaction, plain
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.place import Spot, free_seats, here, spot_at, spot_of
from xiaoer_tier_badges.seat import Place
from xiaoer_tier_badges.statements import BOARD, BOARD_BY_ID, OPEN_BOARD
from xiaoer_tier_badges.wording import called


def show(tx: Transaction, spot: Spot, chat: str) -> None:
    """Put up the board of a subject whose seats everybody may take.

    Raises:
        Refusal: not everybody may.
    """
    subject, place = called(tx, spot.subject), spot.place
    if not spot.subject.terms.open:
        raise Refusal("tier_badges.refused.not_open", subject=subject)
    chats = list(tx.community.chats.get("main", ())) or [chat]
    tx.run(OPEN_BOARD, community=tx.community.id, track=place.track, subject=place.subject, chats=chats)
    row = tx.one(BOARD, **here(tx, place))
    assert row is not None  # noqa: S101 - just written
    _draw(tx, spot, row)
    tx.answer(tx.content("tier_badges.board.up", subject=subject))


def refresh(tx: Transaction, config: TierBadgesConfig, place: Place) -> None:
    """Let the board of a subject say what is so now, if there is one."""
    row = tx.one(BOARD, **here(tx, place))
    spot = spot_of(config, place)
    if row is not None and spot is not None:
        _draw(tx, spot, row)


def spot(tx: Transaction, config: TierBadgesConfig, number: int) -> Spot:
    """Return the subject of a board.

    Raises:
        Refusal: there is none any more.
    """
    row = tx.one(BOARD_BY_ID, here=tx.community.id, nr=number)
    if row is None:
        raise Refusal("tier_badges.refused.gone", subject=f"№{number}")
    return spot_at(config, row.track, row.subject)


def _draw(tx: Transaction, spot: Spot, row: Row) -> None:
    free = free_seats(tx, spot)
    values: dict[str, Any] = {
        "subject": called(tx, spot.subject, "all"),
        "place": str(spot.place),
        "free": free,
        "capacity": spot.track.capacity,
    }
    label = "tier_badges.board.take" if free else "tier_badges.board.wait"
    button = Button(plain(tx.text(label, to="all")), "take", str(row.id))
    content = tx.content("tier_badges.board", to="all", buttons=((button,),), **values)
    for chat in row.chats:
        tx.show(f"board:{row.id}", chat, content)
