"""What commands and buttons mean that name a subject, a board or a transfer: found first, then done."""

from __future__ import annotations

from typing import Literal

from xiaoer import Named, Transaction, Who
from xiaoer_tier_badges import board, counter, desk, handover, waitlist
from xiaoer_tier_badges.config import TierBadgesConfig
from xiaoer_tier_badges.place import meant
from xiaoer_tier_badges.seat import Place
from xiaoer_tier_badges.statements import MINE, WAITS


def take(tx: Transaction, who: Who, number: int, config: TierBadgesConfig) -> None:
    """Give somebody a seat by the button of a board."""
    counter.take(tx, who, board.spot(tx, config, number), config)


def open_board(tx: Transaction, chat: str, word: str, config: TierBadgesConfig) -> None:
    """Put up the board of a subject; the one that everybody may take seats of goes without saying."""
    open_to_all = {
        subject.place for track in config.board.values() for subject in track.subjects.values() if subject.terms.open
    }
    board.show(tx, meant(tx, config, word, open_to_all), chat)


def agree(tx: Transaction, who: Who, number: int, config: TierBadgesConfig) -> None:
    """Take somebody's word that they take a seat over."""
    handover.agree(tx, who, handover.find(tx, who, number), config)


def refuse(tx: Transaction, who: Who, number: int, config: TierBadgesConfig) -> None:
    """Take somebody's word that they do not."""
    handover.refuse(tx, handover.find(tx, who, number), config)


def hand_on(tx: Transaction, who: Who, to: Named, word: str, config: TierBadgesConfig) -> None:
    """Ask somebody whether they take a seat over; the only one that somebody has goes without saying."""
    own = {Place(row.track, row.subject) for row in tx.all(MINE, here=tx.community.id, who=who.account)}
    handover.ask(tx, who, to, meant(tx, config, word, own), config)


def wait(tx: Transaction, who: Who, word: str, do: Literal["show", "join", "leave"], config: TierBadgesConfig) -> None:
    """Show a waiting list, or put somebody on it or take them off."""
    own = {Place(row.track, row.subject) for row in tx.all(WAITS, here=tx.community.id, who=who.account)}
    spot = meant(tx, config, word, own if do != "join" else ())
    match do:
        case "join":
            waitlist.join(tx, who, spot)
        case "leave":
            waitlist.leave(tx, who, spot)
        case "show":
            desk.waiting(tx, who, spot, config)
